package io.tokensaving.structured;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Why Spring AI's validation asks again, as it tells the model.
 */
enum RetryReason {

	/** The answer was no JSON. */
	INVALID_JSON,

	/** There was no answer, or no text in it. */
	EMPTY,

	/** The answer violated the schema. */
	SCHEMA;

	// What the advisor writes behind the question
	private static final String MARKER = "Output JSON validation failed because of: ";

	private final String value = name().toLowerCase(Locale.ROOT);

	String value() {
		return this.value;
	}

	/**
	 * Read the reason of a later attempt.
	 * @param prompt the prompt of the attempt
	 * @return the reason, or {@code null} if something else asks again
	 */
	static @Nullable RetryReason of(Prompt prompt) {
		for (int i = prompt.getInstructions().size() - 1; i >= 0; i--) {
			Message message = prompt.getInstructions().get(i);
			if (message instanceof UserMessage) {
				String text = message.getText();
				int marker = (text != null) ? text.lastIndexOf(MARKER) : -1;
				return (text != null && marker >= 0) ? of(text, marker + MARKER.length()) : null;
			}
		}
		return null;
	}

	private static RetryReason of(String text, int at) {
		if (text.startsWith("Invalid JSON:", at)) {
			return INVALID_JSON;
		}
		return (text.startsWith("Empty JSON", at) || text.startsWith("Missing required json", at)) ? EMPTY : SCHEMA;
	}

}
