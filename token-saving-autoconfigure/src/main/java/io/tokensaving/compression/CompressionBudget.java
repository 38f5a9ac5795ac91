package io.tokensaving.compression;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

import io.tokensaving.provider.PrefixPrice;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
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
 * @param prefix what the provider charges for the beginning of a prompt
 */
record CompressionBudget(int maxTokens, double lowMark, double factor, String encoding,
		ToIntFunction<String> textCounter, ToIntFunction<Message> messageCounter, PrefixPrice prefix) {

	private static final Message EMPTY = new UserMessage("");

	/**
	 * Check the budget.
	 * @throws IllegalArgumentException if the low mark is out of its range
	 */
	CompressionBudget {
		Assert.isTrue(lowMark > 0 && lowMark <= 1, () -> "'lowMark' must be above 0 and up to 1, but is " + lowMark);
	}

	/**
	 * Create a budget for a model whose price is not known.
	 */
	CompressionBudget(int maxTokens, double lowMark, double factor, String encoding, ToIntFunction<String> textCounter,
			ToIntFunction<Message> messageCounter) {
		this(maxTokens, lowMark, factor, encoding, textCounter, messageCounter, PrefixPrice.USUAL);
	}

	/**
	 * Return the share of the room for history that a compaction leaves filled.
	 * @param room the tokens for the history
	 * @param fixed how many of them the newest messages take, which stay as they are
	 * @param growth by how many tokens the history grows from request to request
	 * @return the low mark, or less if a compaction to it would not save what it costs
	 */
	double mark(double room, double fixed, double growth) {
		return CompactionEffect.mark(this.lowMark, room, fixed, growth, this.prefix);
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
				}, this.prefix);
	}

	/**
	 * Return the same budget with another limit.
	 * @param tokens the limit for all messages together
	 * @return the budget, which knows the tokens of the same messages
	 */
	CompressionBudget withMaxTokens(int tokens) {
		return new CompressionBudget(tokens, this.lowMark, this.factor, this.encoding, this.textCounter,
				this.messageCounter, this.prefix);
	}

	/**
	 * Return the tokens of a message without content.
	 * @return the tokens
	 */
	int messageOverhead() {
		return this.messageCounter.applyAsInt(EMPTY);
	}

	/**
	 * Return by how many tokens a conversation grows from request to request.
	 * @param messages the messages of the conversation
	 * @return the tokens of its history for each request, the one at hand included
	 */
	double growth(List<Message> messages) {
		long tokens = 0;
		int requests = 1;
		Message before = null;
		for (Message message : messages) {
			tokens += (message instanceof SystemMessage) ? 0 : this.messageCounter.applyAsInt(message);
			requests += (message instanceof AssistantMessage && !(before instanceof AssistantMessage)) ? 1 : 0;
			before = message;
		}
		return (double) tokens / requests;
	}

	/**
	 * Return the tokens that system messages leave for the history.
	 * @param messages the messages of the conversation
	 * @return the tokens, 0 or more
	 */
	long room(List<Message> messages) {
		return Math.max(0, this.maxTokens - count(messages.stream().filter(SystemMessage.class::isInstance).toList()));
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
