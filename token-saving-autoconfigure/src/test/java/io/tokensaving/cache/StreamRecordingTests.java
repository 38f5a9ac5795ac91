package io.tokensaving.cache;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.MadeUpChatOptions;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.StreamMemory;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StreamRecording}.
 */
class StreamRecordingTests {

	private static final String UNKNOWN = "alternative";

	private final StreamMemory memory = new StreamMemory(1_000_000);

	@Property(tries = 2000)
	void neverMeltsSeveralCandidatesWhateverTheirNumberIsCalled(@ForAll Numbering numbering,
			@ForAll @IntRange(min = 1, max = 4) int candidates, @ForAll @IntRange(min = 1, max = 5) int rounds,
			@ForAll long seed) {
		Random random = new Random(seed);
		List<StringBuilder> texts = new ArrayList<>();
		List<List<Generation>> elements = new ArrayList<>();
		for (int round = 0; round < rounds; round++) {
			List<Generation> all = new ArrayList<>();
			for (int candidate = 0; candidate < candidates; candidate++) {
				String text = (random.nextInt(4) == 0) ? "" : (char) ('a' + candidate) + "" + random.nextInt(10) + " ";
				if (round == 0) {
					texts.add(new StringBuilder());
				}
				texts.get(candidate).append(text);
				all.add(numbering.generation(candidate, text, (round == rounds - 1) ? "STOP" : null));
			}
			split(numbering, all, random, elements);
		}
		ChatResponse recorded = record(new SeveralOptions(candidates), elements);
		if (recorded != null) {
			assertThat(recorded.getResults()).extracting((generation) -> generation.getOutput().getText())
				.containsExactlyElementsOf(texts.stream().map(StringBuilder::toString).toList());
		}
		assertThat(recorded != null).isEqualTo(candidates == 1 || numbering.isKnown() || numbering.together);
	}

	@Property(tries = 500)
	void neverMeltsCandidatesThatEndOneAfterTheOtherThoughNobodyAskedForSeveral(
			@ForAll @IntRange(min = 2, max = 4) int candidates) {
		List<List<Generation>> elements = new ArrayList<>();
		for (int candidate = 0; candidate < candidates; candidate++) {
			elements.add(List.of(Numbering.NONE_SINGLE.generation(candidate, "a", null)));
			elements.add(List.of(Numbering.NONE_SINGLE.generation(candidate, "b", "STOP")));
		}
		assertThat(record(null, elements)).isNull();
	}

	@Test
	void neverMeltsTwoGenerationsOfOneNumberOrAnUnevenNumberOfGenerations() {
		Numbering google = Numbering.GOOGLE;
		assertThat(record(null, List.of(List.of(google.generation(0, "a", null), google.generation(0, "b", "STOP")))))
			.isNull();
		Numbering none = Numbering.NONE_TOGETHER;
		assertThat(record(null, List.of(List.of(none.generation(0, "a", null), none.generation(1, "b", null)),
				List.of(none.generation(1, "c", null)))))
			.isNull();
	}

	@Test
	void givesUpOnWhatIsTooLongAndGivesItsMemoryBack() {
		StreamRecording recording = new StreamRecording(new Prompt("x"), Dialects.builtIn().of(null), 1000,
				this.memory);
		recording.add(response("a".repeat(400)), StreamRecordingTests::never);
		assertThat(this.memory.used()).isEqualTo(800);
		recording.add(response("b".repeat(101)), StreamRecordingTests::never);
		assertThat(this.memory.used()).isZero();
		recording.add(response("c"), StreamRecordingTests::never);
		assertThat(recording.assemble()).isNull();
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void allRecordingsTogetherKeepNoMoreThanTheirMemory() {
		List<StreamRecording> recordings = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			StreamRecording recording = new StreamRecording(new Prompt("x"), Dialects.builtIn().of(null),
					Long.MAX_VALUE, this.memory);
			recording.add(response("a".repeat(100_000)), StreamRecordingTests::never);
			recordings.add(recording);
		}
		assertThat(recordings.stream().filter((recording) -> recording.assemble() != null)).hasSize(5);
		assertThat(this.memory.used()).isEqualTo(1_000_000);
		recordings.forEach(StreamRecording::close);
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void outOfMemoryEndsTheRecordingOnly() {
		List<Throwable> failures = new ArrayList<>();
		StreamRecording recording = new StreamRecording(new Prompt("x"), Dialects.builtIn().of(null), Long.MAX_VALUE,
				this.memory);
		recording.add(new ChatResponse(List.of()) {

			@Override
			public List<Generation> getResults() {
				throw new OutOfMemoryError("made up");
			}

		}, failures::add);
		recording.add(response("a"), failures::add);
		assertThat(failures).singleElement().isInstanceOf(OutOfMemoryError.class);
		assertThat(recording.assemble()).isNull();
	}

	private static void never(Throwable failure) {
		throw new AssertionError(failure);
	}

	private static ChatResponse response(String text) {
		return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
	}

	private static void split(Numbering numbering, List<Generation> all, Random random,
			List<List<Generation>> elements) {
		if (numbering.together) {
			elements.add(all);
			return;
		}
		int from = 0;
		while (from < all.size()) {
			int to = numbering.isKnown() ? from + 1 + random.nextInt(all.size() - from) : from + 1;
			elements.add(all.subList(from, to));
			from = to;
		}
	}

	private ChatResponse record(ChatOptions options, List<List<Generation>> elements) {
		StreamRecording recording = new StreamRecording(new Prompt("x", options), Dialects.builtIn().of(options),
				Long.MAX_VALUE, this.memory);
		elements.forEach((element) -> recording.add(new ChatResponse(element), StreamRecordingTests::never));
		ChatResponse recorded = recording.assemble();
		recording.close();
		return recorded;
	}

	/**
	 * How a provider tells which candidate a generation is of.
	 */
	enum Numbering {

		OPEN_AI("index", false, true, false), GOOGLE("candidateIndex", false, true, false),
		AZURE("choiceIndex", false, true, false), SNAKE("candidate_index", false, true, false),
		OF_GENERATION("index", true, true, false), UNKNOWN_TOGETHER(UNKNOWN, false, false, true),
		UNKNOWN_SINGLE(UNKNOWN, false, false, false), NONE_TOGETHER(null, false, false, true),
		NONE_SINGLE(null, false, false, false);

		private final String name;

		private final boolean ofGeneration;

		private final boolean known;

		private final boolean together;

		Numbering(String name, boolean ofGeneration, boolean known, boolean together) {
			this.name = name;
			this.ofGeneration = ofGeneration;
			this.known = known;
			this.together = together;
		}

		boolean isKnown() {
			return this.known;
		}

		Generation generation(int candidate, String text, String finishReason) {
			Map<String, Object> number = (this.name != null) ? Map.of(this.name, candidate) : Map.of();
			ChatGenerationMetadata.Builder metadata = ChatGenerationMetadata.builder().finishReason(finishReason);
			if (this.ofGeneration) {
				metadata.metadata(number);
			}
			return new Generation(AssistantMessage.builder()
				.content(text)
				.properties(this.ofGeneration ? Map.of() : new HashMap<>(number))
				.build(), metadata.build());
		}

	}

	static final class SeveralOptions extends MadeUpChatOptions {

		private final int candidateCount;

		SeveralOptions(int candidateCount) {
			this.candidateCount = candidateCount;
		}

		public Integer getCandidateCount() {
			return this.candidateCount;
		}

	}

}
