package io.tokensaving.compression;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.ToIntFunction;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.util.Assert;

/**
 * The token budget of the messages of a request.
 *
 * @param maxTokens the limit for all messages together; 0 or negative if the tool
 * definitions alone reach the limit of the plan
 * @param lowMark the share of the room for history, above 0 and up to 1, that compression
 * leaves filled
 * @param factor the token factor of the model, by which the counters multiply
 * @param encoding the name of the encoding by which they tokenise
 * @param textCounter counts the tokens of a text
 * @param messageCounter counts the tokens of a message
 */
record CompressionBudget(int maxTokens, double lowMark, double factor, String encoding,
		ToIntFunction<String> textCounter, ToIntFunction<Message> messageCounter) {

	private static final Message EMPTY = new UserMessage("");

	/**
	 * Check the budget.
	 * @throws IllegalArgumentException if the low mark is out of its range
	 */
	CompressionBudget {
		Assert.isTrue(lowMark > 0 && lowMark <= 1, () -> "'lowMark' must be above 0 and up to 1, but is " + lowMark);
	}

	/**
	 * Count messages now, so that they need not be counted again and again.
	 * @param messages the messages
	 * @return the same budget, which knows their tokens
	 */
	CompressionBudget counted(Iterable<Message> messages) {
		Map<Message, Integer> tokens = new IdentityHashMap<>();
		for (Message message : messages) {
			tokens.put(message, this.messageCounter.applyAsInt(message));
		}
		return new CompressionBudget(this.maxTokens, this.lowMark, this.factor, this.encoding, this.textCounter,
				(message) -> {
					Integer known = tokens.get(message);
					return (known != null) ? known : this.messageCounter.applyAsInt(message);
				});
	}

	/**
	 * Return the tokens of a message without content.
	 * @return the tokens
	 */
	int messageOverhead() {
		return this.messageCounter.applyAsInt(EMPTY);
	}

	/**
	 * Count the tokens of messages.
	 * @param messages the messages
	 * @return the tokens
	 */
	long count(Iterable<Message> messages) {
		long tokens = 0;
		for (Message message : messages) {
			tokens += this.messageCounter.applyAsInt(message);
		}
		return tokens;
	}

}
