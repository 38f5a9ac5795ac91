package io.tokensaving.request;

import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Reads the finish reasons of all providers.
 */
public final class FinishReason {

	/**
	 * Reasons of an answer that is whole, in lower case: of OpenAI, Anthropic, Google,
	 * Amazon Bedrock, Mistral, DeepSeek, Ollama, Cohere and Hugging Face.
	 */
	private static final Set<String> COMPLETE = Set.of("stop", "end_turn", "stop_sequence", "tool_calls", "tool_call",
			"tool_use", "function_call", "complete", "completed", "eos_token", "finish_reason_stop");

	/**
	 * What stands for no reason; {@code _unknown} is what the OpenAI SDK makes of the
	 * missing reason of an element of a stream.
	 */
	private static final Set<String> NONE = Set.of("", "_unknown", "unknown", "null", "none",
			"finish_reason_unspecified");

	private FinishReason() {
	}

	/**
	 * Whether a reason says that the answer has ended, well or not.
	 * @param reason the reason
	 * @return {@code true} if there is a reason
	 */
	public static boolean isGiven(@Nullable String reason) {
		return reason != null && !NONE.contains(reason.strip().toLowerCase(Locale.ROOT));
	}

	/**
	 * Whether a reason says that the answer is whole, not cut off, filtered or refused.
	 * @param reason the reason
	 * @return {@code true} only for reasons that are known to say so
	 */
	public static boolean isComplete(@Nullable String reason) {
		return reason != null && COMPLETE.contains(reason.strip().toLowerCase(Locale.ROOT));
	}

}
