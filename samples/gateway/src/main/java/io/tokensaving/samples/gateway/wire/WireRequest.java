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
 */
public record WireRequest(List<Message> messages, WireOptions options, boolean stream, Parameters parameters) {

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
