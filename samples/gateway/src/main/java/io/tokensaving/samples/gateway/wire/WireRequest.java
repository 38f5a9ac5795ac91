package io.tokensaving.samples.gateway.wire;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;

/**
 * A request as it was read. Immutable.
 *
 * @param messages the messages for the advisors; each has the place of what it stands for
 * in the document in its metadata
 * @param options the options, which hold the document
 * @param stream whether the client asked for a stream
 * @param parameters the parameters of this gateway that were in the body
 * @param allowed what a plan may do with it
 */
public record WireRequest(List<Message> messages, WireOptions options, boolean stream, Parameters parameters,
		Allowed allowed) {

	/**
	 * Create a request with which a plan may do all.
	 * @param messages the messages for the advisors
	 * @param options the options, which hold the document
	 * @param stream whether the client asked for a stream
	 * @param parameters the parameters of this gateway that were in the body
	 */
	public WireRequest(List<Message> messages, WireOptions options, boolean stream, Parameters parameters) {
		this(messages, options, stream, parameters, Allowed.ALL);
	}

	/**
	 * What a plan may do with a request, whatever its client asks for. Immutable.
	 *
	 * @param sharing whether its answer may be that of another request: stored, found, or
	 * waited for together
	 * @param routing whether another model may answer
	 */
	public record Allowed(boolean sharing, boolean routing) {

		/**
		 * All of it.
		 */
		public static final Allowed ALL = new Allowed(true, true);

	}

	/**
	 * The parameters of this gateway. Immutable.
	 *
	 * @param plan the id of the plan, or {@code null}
	 * @param feature the feature, or {@code null}
	 * @param tier the tier, or {@code null}
	 * @param cache the directives of the cache, as {@code TokenSaving.CACHE} takes them
	 */
	public record Parameters(@Nullable String plan, @Nullable String feature, @Nullable String tier,
			Map<String, Object> cache) {

		/**
		 * No parameters.
		 */
		public static final Parameters NONE = new Parameters(null, null, null, Map.of());

		/**
		 * Copy the values.
		 */
		public Parameters {
			cache = Map.copyOf(cache);
		}

	}

}
