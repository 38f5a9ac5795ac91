package io.tokensaving.samples.supportbot.chat;

import java.util.UUID;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.util.StringUtils;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Chats with the bot. The conversation is remembered by its id.
 */
@RestController
class ChatController {

	private final ChatClient chatClient;

	ChatController(ChatClient conversationChatClient) {
		this.chatClient = conversationChatClient;
	}

	@PostMapping("/chat")
	ChatReply chat(@RequestBody ChatMessage message) {
		String conversationId = message.conversationOrNew();
		ChatClientResponse response = ask(message, conversationId).call().chatClientResponse();
		ChatResponse answer = response.chatResponse();
		String text = (answer != null && answer.getResult() != null) ? answer.getResult().getOutput().getText() : null;
		SavingsReport report = (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
		return new ChatReply(conversationId, text, (report != null) ? report.outcome().value() : null,
				(report != null) ? report.tokensSaved() : 0);
	}

	@PostMapping(path = "/chat/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
	Flux<String> stream(@RequestBody ChatMessage message) {
		return ask(message, message.conversationOrNew()).stream().content();
	}

	private ChatClient.ChatClientRequestSpec ask(ChatMessage message, String conversationId) {
		if (!StringUtils.hasText(message.message())) {
			throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "'message' must not be blank");
		}
		String plan = message.plan();
		return this.chatClient.prompt()
			.user(message.message())
			.advisors(StringUtils.hasText(plan) ? TokenSaving.plan(plan) : TokenSaving.defaultPlan())
			.advisors((advisors) -> advisors.param(ChatMemory.CONVERSATION_ID, conversationId));
	}

	record ChatMessage(@JsonProperty("conversation_id") @Nullable String conversationId, @Nullable String message,
			@Nullable String plan) {

		String conversationOrNew() {
			return StringUtils.hasText(this.conversationId) ? this.conversationId : UUID.randomUUID().toString();
		}

	}

	record ChatReply(@JsonProperty("conversation_id") String conversationId, @Nullable String answer,
			@Nullable String outcome, @JsonProperty("tokens_saved") long tokensSaved) {

	}

}
