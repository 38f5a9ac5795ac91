package io.tokensaving.batch;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.memory.ChatMemoryRepository;
import org.springframework.ai.chat.messages.Message;

/**
 * Keeps what a piece of work writes to conversations until the work has its answers, so
 * that running it again repeats no message. All others read and write as before.
 * Thread-safe if the repository is.
 */
public final class DeferredChatMemoryRepository implements ChatMemoryRepository {

	private final ChatMemoryRepository delegate;

	/**
	 * Create it.
	 * @param delegate keeps the conversations
	 */
	public DeferredChatMemoryRepository(ChatMemoryRepository delegate) {
		this.delegate = delegate;
	}

	private static @Nullable DeferredMemory memory() {
		BatchScope scope = BatchScope.current();
		return (scope != null) ? scope.memory() : null;
	}

	@Override
	public List<String> findConversationIds() {
		return this.delegate.findConversationIds();
	}

	@Override
	public List<Message> findByConversationId(String conversationId) {
		DeferredMemory memory = memory();
		return (memory != null) ? memory.find(this.delegate, conversationId)
				: this.delegate.findByConversationId(conversationId);
	}

	@Override
	public void saveAll(String conversationId, List<Message> messages) {
		DeferredMemory memory = memory();
		if (memory != null) {
			memory.write(this.delegate, conversationId, messages);
		}
		else {
			this.delegate.saveAll(conversationId, messages);
		}
	}

	@Override
	public void deleteByConversationId(String conversationId) {
		DeferredMemory memory = memory();
		if (memory != null) {
			memory.write(this.delegate, conversationId, null);
		}
		else {
			this.delegate.deleteByConversationId(conversationId);
		}
	}

}
