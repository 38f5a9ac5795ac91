package io.tokensaving.samples.supportbot.demo;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DemonstrationChatModel}.
 */
class DemonstrationChatModelTests {

	private final SupportQuestions questions = SupportQuestions.load();

	private final DemonstrationChatModel model = new DemonstrationChatModel(this.questions, Duration.ZERO);

	@Test
	void answersEveryQuestionItKnowsWithAnAnswerOfItsOwn() {
		assertThat(this.questions.questions()).hasSize(40);
		assertThat(this.questions.questions().stream().map(this.model::answerTo)).doesNotHaveDuplicates()
			.noneMatch((answer) -> answer.contains("demonstration"));
	}

	@Test
	void answersQuestionThatIsNearlyTheSame() {
		assertThat(this.model.answerTo("how do I change my PIN"))
			.isEqualTo(this.model.answerTo("How do I change my PIN?"));
	}

	@Test
	void saysInItsNameThatItIsDemonstration() {
		assertThat(this.model.getOptions().getModel()).isEqualTo("demonstration-support-bot");
		assertThat(this.model.call(new Prompt("Where is my new card?")).getMetadata().getModel())
			.isEqualTo("demonstration-support-bot");
	}

	@Test
	void saysThatItIsDemonstrationForAllOthers() {
		assertThat(this.model.answerTo("What is the meaning of life?")).contains("I am a demonstration")
			.contains("What is the meaning of life?");
	}

	@Test
	void streamsWhatItWouldAnswerWithUsageAtTheEnd() {
		Prompt prompt = new Prompt("Where is my new card?");
		ChatResponse called = this.model.call(prompt);
		List<ChatResponse> streamed = this.model.stream(prompt).collectList().block();
		assertThat(streamed).hasSizeGreaterThan(5);
		assertThat(streamed.stream()
			.map((element) -> element.getResult().getOutput().getText())
			.collect(Collectors.joining())).isEqualTo(called.getResult().getOutput().getText());
		ChatResponse last = streamed.get(streamed.size() - 1);
		assertThat(last.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
		assertThat(last.getMetadata().getUsage().getTotalTokens())
			.isEqualTo(called.getMetadata().getUsage().getTotalTokens())
			.isGreaterThan(20);
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void takesItsTimeForCallAndStream() {
		DemonstrationChatModel slow = new DemonstrationChatModel(this.questions, Duration.ofMillis(30));
		Prompt prompt = new Prompt("Where is my new card?");
		long start = System.nanoTime();
		slow.call(prompt);
		slow.stream(prompt).blockLast();
		assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(Duration.ofMillis(60).toNanos());
	}

}
