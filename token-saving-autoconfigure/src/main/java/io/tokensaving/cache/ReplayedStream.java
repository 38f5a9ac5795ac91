package io.tokensaving.cache;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.backend.HandOver;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Replays a stored answer as a stream of its words at a fixed rate. The last element has
 * no text, but everything else of the answer: tool calls, media, metadata and finish
 * reason. An answer with several generations is replayed as one element. No thread waits
 * between two words, and a word is only emitted once it is requested.
 */
final class ReplayedStream {

	// Text without spaces is divided too
	private static final int MAX_CHUNK = 24;

	private final ChatClientResponse response;

	private final ChatResponse answer;

	private final Generation generation;

	private final String text;

	private ReplayedStream(ChatClientResponse response, ChatResponse answer, Generation generation, String text) {
		this.response = response;
		this.answer = answer;
		this.generation = generation;
		this.text = text;
	}

	/**
	 * Replay an answer.
	 * @param response the answer as one element
	 * @param wordsPerSecond the rate, at least 1
	 * @return a stream that can be subscribed to several times; its elements arrive on
	 * threads that may be blocked
	 */
	static Flux<ChatClientResponse> of(ChatClientResponse response, int wordsPerSecond) {
		return of(response, wordsPerSecond, Schedulers.parallel(), HandOver.streams());
	}

	/**
	 * Replay an answer.
	 * @param response the answer as one element
	 * @param wordsPerSecond the rate, at least 1
	 * @param timer measures the time between two words
	 * @param elements runs whoever receives the elements
	 * @return the stream
	 */
	static Flux<ChatClientResponse> of(ChatClientResponse response, int wordsPerSecond, Scheduler timer,
			Scheduler elements) {
		ChatResponse answer = response.chatResponse();
		Generation generation = (answer != null && answer.getResults().size() == 1) ? answer.getResult() : null;
		String text = (generation != null) ? generation.getOutput().getText() : null;
		if (answer == null || generation == null || text == null || end(text, 0) == text.length()) {
			return Flux.just(response);
		}
		ReplayedStream stream = new ReplayedStream(response, answer, generation, text);
		Duration pause = Duration.ofNanos(1_000_000_000L / wordsPerSecond);
		return Flux.<ChatClientResponse, Integer>generate(() -> 0, (start, sink) -> {
			if (start == text.length()) {
				sink.next(stream.last());
				sink.complete();
				return start;
			}
			int end = end(text, start);
			sink.next(stream.element(start, end));
			return end;
		}).concatMap((element) -> Mono.just(element).delayElement(pause, timer), 1).publishOn(elements, 1);
	}

	// Words with the white space behind them; no pair of surrogates and no combined
	// character is divided
	private static int end(String text, int start) {
		int end = start;
		boolean space = false;
		while (end < text.length()) {
			int codePoint = text.codePointAt(end);
			boolean blank = Character.isWhitespace(codePoint);
			if ((space && !blank) || (end - start >= MAX_CHUNK && !blank && !continues(codePoint, text, end))) {
				return end;
			}
			space = blank;
			end += Character.charCount(codePoint);
		}
		return end;
	}

	private static boolean continues(int codePoint, String text, int index) {
		return switch (Character.getType(codePoint)) {
			case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK,
					Character.FORMAT, Character.MODIFIER_SYMBOL ->
				true;
			// A zero width joiner in front combines two characters
			default -> text.charAt(index - 1) == '\u200D';
		};
	}

	private ChatClientResponse element(int start, int end) {
		Map<String, Object> properties = new HashMap<>(this.generation.getOutput().getMetadata());
		properties.remove("finishReason");
		properties.remove("finish_reason");
		AssistantMessage message = AssistantMessage.builder()
			.content(this.text.substring(start, end))
			.properties(properties)
			.build();
		ChatResponseMetadata metadata = ChatResponseMetadata.builder()
			.id(this.answer.getMetadata().getId())
			.model(this.answer.getMetadata().getModel())
			.usage(new DefaultUsage(0, 0, 0))
			.build();
		return element(new ChatResponse(List.of(new Generation(message, ChatGenerationMetadata.NULL)), metadata));
	}

	private ChatClientResponse last() {
		AssistantMessage whole = this.generation.getOutput();
		AssistantMessage message = AssistantMessage.builder()
			.content("")
			.properties(whole.getMetadata())
			.toolCalls(whole.getToolCalls())
			.media(whole.getMedia())
			.build();
		return element(new ChatResponse(List.of(new Generation(message, this.generation.getMetadata())),
				this.answer.getMetadata()));
	}

	private ChatClientResponse element(ChatResponse part) {
		return new ChatClientResponse(part, new HashMap<>(this.response.context()));
	}

}
