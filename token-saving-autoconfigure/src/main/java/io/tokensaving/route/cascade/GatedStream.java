package io.tokensaving.route.cascade;

import java.util.List;
import java.util.function.ToIntFunction;

import io.tokensaving.provider.Dialect;
import io.tokensaving.request.StreamMemory;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * How a stream is judged. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param mode how much of the stream is judged
 * @param checks the checks, in the order in which they are asked
 * @param request the request as the model receives it
 * @param dialect the dialect of the provider that answers
 * @param tokens counts the tokens of a text
 * @param memory the memory that the kept elements of all streams share
 * @param maxBytes the size in bytes above which a stream is not kept
 */
public record GatedStream(StreamMode mode, List<NamedCheck> checks, ChatClientRequest request, Dialect dialect,
		ToIntFunction<String> tokens, StreamMemory memory, long maxBytes) {

	/**
	 * The size in bytes above which a stream is usually not kept.
	 */
	public static final long DEFAULT_MAX_BYTES = 4L * 1024 * 1024;

	/**
	 * The number of tokens that a beginning has at most.
	 */
	public static final int PREFIX_TOKENS = 64;

	/**
	 * Copy the checks.
	 */
	public GatedStream {
		checks = List.copyOf(checks);
	}

}
