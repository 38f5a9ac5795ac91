package io.tokensaving.compression;

import java.util.List;

import org.springframework.ai.chat.messages.Message;

/**
 * Brings the messages of a request within a budget. An application's own engine is a bean
 * of this type; plans select it by the name of the bean.
 * <p>
 * An engine keeps system messages, the last user message and what follows it, and an
 * assistant's tool call together with all its results. It is deterministic, and stable as
 * a conversation grows: the result for a longer conversation starts with the result for
 * the shorter one, except when the limit is crossed again. It never adds tokens. If the
 * result is still over the budget, {@link TrimCompressionEngine} has the last word.
 * Thread-safe.
 */
@FunctionalInterface
public interface CompressionEngine {

	/**
	 * Compress messages that are over the budget.
	 * @param messages all messages of the request, in order; not to be modified
	 * @param budget the budget
	 * @return the messages to send; unchanged ones are the same instances
	 */
	List<Message> compress(List<Message> messages, CompressionBudget budget);

}
