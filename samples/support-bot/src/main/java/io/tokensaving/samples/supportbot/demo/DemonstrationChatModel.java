package io.tokensaving.samples.supportbot.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import com.knuddels.jtokkit.api.EncodingType;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tokenizer.JTokkitTokenCountEstimator;
import org.springframework.ai.tokenizer.TokenCountEstimator;

/**
 * Not a language model: answers the support questions it knows and says of all others
 * that it is a demonstration. The same question always gets the same answer. The usage it
 * reports is counted with the encoding of OpenAI's models.
 */
public final class DemonstrationChatModel implements ChatModel {

	/**
	 * The name of the model; says what it is.
	 */
	public static final String NAME = "demonstration-support-bot";

	private static final ChatGenerationMetadata FINISHED = ChatGenerationMetadata.builder()
		.finishReason("STOP")
		.build();

	private final SupportQuestions questions;

	private final Duration latency;

	private final TokenCountEstimator tokens = new JTokkitTokenCountEstimator(EncodingType.O200K_BASE);

	private final AtomicLong calls = new AtomicLong();

	/**
	 * Create a model.
	 * @param questions the questions it knows
	 * @param latency how long it takes to answer, 0 or more
	 */
	public DemonstrationChatModel(SupportQuestions questions, Duration latency) {
		this.questions = questions;
		this.latency = latency;
	}

	/**
	 * Return how often the model was asked.
	 * @return the number of calls and streams
	 */
	public long calls() {
		return this.calls.get();
	}

	/**
	 * Return what the model answers to a question, without asking it.
	 * @param question the question
	 * @return the answer
	 */
	public String answerTo(String question) {
		return this.questions.answer(question)
			.orElseGet(() -> "I am a demonstration and know no answer to \"" + question
					+ "\". With a real model in my place you would read one here.");
	}

	@Override
	public ChatOptions getOptions() {
		return ChatOptions.builder().model(NAME).build();
	}

	@Override
	public ChatResponse call(Prompt prompt) {
		this.calls.incrementAndGet();
		takeTime();
		String answer = answerTo(prompt.getUserMessage().getText());
		return new ChatResponse(List.of(new Generation(new AssistantMessage(answer), FINISHED)),
				metadata(prompt, answer));
	}

	@Override
	public Flux<ChatResponse> stream(Prompt prompt) {
		return Flux.defer(() -> {
			this.calls.incrementAndGet();
			String answer = answerTo(prompt.getUserMessage().getText());
			List<ChatResponse> elements = new ArrayList<>();
			for (String word : answer.split("(?<= )")) {
				elements.add(new ChatResponse(List.of(new Generation(new AssistantMessage(word)))));
			}
			elements.add(new ChatResponse(List.of(new Generation(new AssistantMessage(""), FINISHED)),
					metadata(prompt, answer)));
			Flux<ChatResponse> stream = Flux.fromIterable(elements);
			return this.latency.isZero() ? stream : stream.delaySubscription(this.latency);
		});
	}

	private void takeTime() {
		try {
			Thread.sleep(this.latency.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while answering", ex);
		}
	}

	private ChatResponseMetadata metadata(Prompt prompt, String answer) {
		int input = 0;
		for (Message message : prompt.getInstructions()) {
			input += this.tokens.estimate(message.getText());
		}
		return ChatResponseMetadata.builder()
			.model(NAME)
			.usage(new DefaultUsage(input, this.tokens.estimate(answer)))
			.build();
	}

}
