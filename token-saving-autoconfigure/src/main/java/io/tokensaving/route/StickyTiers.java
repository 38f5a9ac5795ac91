package io.tokensaving.route;

import java.time.Duration;
import java.util.List;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.TokenSaving;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.CallState;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * Knows which tier has answered a conversation so far: by the mark that an answer carries
 * in its metadata, where no model reads it, and for histories that have lost it by the id
 * of the conversation. Of these, {@value #MAX_CONVERSATIONS} are remembered, and none
 * that is longer than {@value #MAX_ID_LENGTH} characters. Thread-safe.
 */
final class StickyTiers {

	private static final int MAX_CONVERSATIONS = 10_000;

	private static final int MAX_ID_LENGTH = 256;

	private static final Duration REMEMBERED = Duration.ofHours(1);

	private final Cache<Conversation, String> conversations;

	StickyTiers(Ticker ticker) {
		this.conversations = Caffeine.newBuilder()
			.ticker(ticker)
			.maximumSize(MAX_CONVERSATIONS)
			.expireAfterAccess(REMEMBERED)
			.build();
	}

	/**
	 * Return the tier that has begun the tool loop which a request continues.
	 * @param request the request
	 * @return the name of the tier, or {@code null} if the request continues none, or it
	 * is not known
	 */
	static @Nullable String ofToolLoop(ChatClientRequest request) {
		List<Message> messages = request.prompt().getInstructions();
		if (messages.isEmpty() || !(messages.get(messages.size() - 1) instanceof ToolResponseMessage)) {
			return null;
		}
		for (int i = messages.size() - 1; i >= 0 && !(messages.get(i) instanceof UserMessage); i--) {
			String mark = mark(messages.get(i));
			if (mark != null) {
				return mark;
			}
		}
		return null;
	}

	/**
	 * Return the tier that has answered last in the conversation of a request.
	 * @param plan the plan and its workspace
	 * @param request the request
	 * @return the name of the tier, or {@code null} if it is not known
	 */
	@Nullable String ofConversation(PlanKey plan, ChatClientRequest request) {
		List<Message> messages = request.prompt().getInstructions();
		for (int i = messages.size() - 1; i >= 0; i--) {
			String mark = mark(messages.get(i));
			if (mark != null) {
				return mark;
			}
		}
		Conversation conversation = conversation(plan, request);
		return (conversation != null) ? this.conversations.getIfPresent(conversation) : null;
	}

	/**
	 * Remember the tier that answers a conversation.
	 * @param plan the plan and its workspace
	 * @param request the request
	 * @param tier the name of the tier
	 */
	void remember(PlanKey plan, ChatClientRequest request, String tier) {
		Conversation conversation = conversation(plan, request);
		if (conversation != null) {
			this.conversations.put(conversation, tier);
		}
	}

	private static @Nullable Conversation conversation(PlanKey plan, ChatClientRequest request) {
		Object id = request.context().get(ChatMemory.CONVERSATION_ID);
		String text = (id != null) ? id.toString() : "";
		if (text.isEmpty() || text.length() > MAX_ID_LENGTH) {
			return null;
		}
		CallState call = CallState.of(request);
		return new Conversation(plan, (call != null) ? call.tenant() : null, text);
	}

	/**
	 * Return the tier that has written a message.
	 * @param message the message
	 * @return the name of the tier, or {@code null} if it is not known
	 */
	static @Nullable String mark(Message message) {
		return (message instanceof AssistantMessage
				&& message.getMetadata().get(TokenSaving.TIER) instanceof String mark) ? mark : null;
	}

	private record Conversation(PlanKey plan, @Nullable String tenant, String id) {

	}

}
