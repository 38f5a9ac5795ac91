package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Makes requests, and elements of their streams.
 */
final class StreamElements {

	private StreamElements() {
	}

	static ExecutorService executor() {
		try {
			// Virtual threads where there are any
			return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
		}
		catch (ReflectiveOperationException ex) {
			return Executors.newCachedThreadPool();
		}
	}

	static ChatClientRequest request(String question, ChatOptions options) {
		return new ChatClientRequest(new Prompt(question, options), new HashMap<>());
	}

	static ChatClientRequest request(String question) {
		return request(question, ChatOptions.builder().model("cheap").build());
	}

	static List<ChatClientResponse> words(String text) {
		List<ChatClientResponse> elements = new ArrayList<>();
		for (String word : text.split("(?<= )")) {
			elements.add(text(word));
		}
		elements.add(end("STOP"));
		return elements;
	}

	static ChatClientResponse text(String text) {
		return element(new Generation(new AssistantMessage(text)));
	}

	static ChatClientResponse thought(String text) {
		return element(
				new Generation(AssistantMessage.builder().content(text).properties(Map.of("isThought", true)).build()));
	}

	static ChatClientResponse toolCall(String id, String name, String arguments) {
		return element(new Generation(AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new ToolCall(id, "function", name, arguments)))
			.build()));
	}

	static ChatClientResponse end(String finishReason) {
		return response(new ChatResponse(
				List.of(new Generation(new AssistantMessage(""),
						ChatGenerationMetadata.builder().finishReason(finishReason).build())),
				ChatResponseMetadata.builder().model("cheap").usage(new DefaultUsage(10, 5, 15)).build()));
	}

	static ChatClientResponse element(Generation generation) {
		return response(new ChatResponse(List.of(generation)));
	}

	static ChatClientResponse response(ChatResponse response) {
		return new ChatClientResponse(response, Map.of());
	}

}
