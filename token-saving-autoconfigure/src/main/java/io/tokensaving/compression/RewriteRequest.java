package io.tokensaving.compression;

import java.util.List;
import java.util.function.ToIntFunction;

import org.jspecify.annotations.Nullable;

/**
 * Old turns to be replaced by a text. Immutable.
 *
 * @param parts what was said, in order; begins with the earlier rewriting if there is one
 * @param maxTokens how many tokens the text may have, in those of the request's model, at
 * least 1
 * @param tokens counts the tokens of a text for the request's model
 * @param model the {@code summary-model} of the plan, or {@code null} if it names none
 */
public record RewriteRequest(List<Part> parts, int maxTokens, ToIntFunction<String> tokens, @Nullable String model) {

	/**
	 * Copy the parts.
	 */
	public RewriteRequest {
		parts = List.copyOf(parts);
	}

	/**
	 * One message of the conversation, or the text that stands for earlier ones.
	 *
	 * @param speaker who says it
	 * @param text what is said, not blank
	 */
	public record Part(Speaker speaker, String text) {

	}

	/**
	 * Who says something.
	 */
	public enum Speaker {

		/**
		 * The text that an engine has made of earlier messages.
		 */
		REWRITTEN,

		/**
		 * The user.
		 */
		USER,

		/**
		 * The assistant, with the tools that it calls.
		 */
		ASSISTANT,

		/**
		 * A tool, with its results.
		 */
		TOOL

	}

}
