package io.tokensaving;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import reactor.core.publisher.Flux;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * A model that answers as it is told and remembers how often it was asked, and what last.
 */
public class ScriptedChatModel implements ChatModel {

	private final AtomicInteger count = new AtomicInteger();

	private volatile Prompt lastPrompt;

	private Function<Prompt, ChatResponse> calls;

	private Function<Prompt, Flux<ChatResponse>> streams;

	private ChatOptions options = ChatOptions.builder().model("scripted-model").build();

	public ScriptedChatModel(Function<Prompt, ChatResponse> calls) {
		this.calls = calls;
		this.streams = (prompt) -> byWords(this.calls.apply(prompt));
	}

	/**
	 * A model that answers with the number of the call and the question.
	 * @return the model
	 */
	public static ScriptedChatModel echoing() {
		AtomicInteger count = new AtomicInteger();
		return new ScriptedChatModel(
				(prompt) -> answer("Answer " + count.incrementAndGet() + " to: " + prompt.getUserMessage().getText()));
	}

	public static ScriptedChatModel answering(ChatResponse response) {
		return new ScriptedChatModel((prompt) -> response);
	}

	public static ChatResponse answer(String text) {
		return answer(text, "STOP");
	}

	public static ChatResponse answer(String text, String finishReason) {
		return response(new Generation(new AssistantMessage(text),
				ChatGenerationMetadata.builder().finishReason(finishReason).build()));
	}

	public static ChatResponse response(Generation... generations) {
		return new ChatResponse(List.of(generations),
				ChatResponseMetadata.builder()
					.id("response-1")
					.model("scripted-model")
					.usage(new DefaultUsage(100, 20, 120))
					.build());
	}

	private static Flux<ChatResponse> byWords(ChatResponse response) {
		String[] words = response.getResult().getOutput().getText().split("(?<= )");
		List<ChatResponse> elements = new ArrayList<>();
		Arrays.stream(words)
			.map((word) -> new ChatResponse(List.of(new Generation(new AssistantMessage(word)))))
			.forEach(elements::add);
		elements
			.add(new ChatResponse(List.of(new Generation(new AssistantMessage(""), response.getResult().getMetadata())),
					response.getMetadata()));
		return Flux.fromIterable(elements);
	}

	public ScriptedChatModel options(ChatOptions options) {
		this.options = options;
		return this;
	}

	public ScriptedChatModel streaming(Function<Prompt, Flux<ChatResponse>> streams) {
		this.streams = streams;
		return this;
	}

	public int calls() {
		return this.count.get();
	}

	public Prompt lastPrompt() {
		return this.lastPrompt;
	}

	private void remember(Prompt prompt) {
		this.lastPrompt = prompt;
		this.count.incrementAndGet();
	}

	@Override
	public ChatOptions getOptions() {
		return this.options;
	}

	@Override
	public ChatResponse call(Prompt prompt) {
		remember(prompt);
		return this.calls.apply(prompt);
	}

	@Override
	public Flux<ChatResponse> stream(Prompt prompt) {
		return Flux.defer(() -> {
			remember(prompt);
			return this.streams.apply(prompt);
		});
	}

}
