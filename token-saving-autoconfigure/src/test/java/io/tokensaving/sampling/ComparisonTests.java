package io.tokensaving.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.DescribedException;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Comparison}.
 */
class ComparisonTests {

	private final List<String> paid = new ArrayList<>();

	private final AtomicBoolean overdue = new AtomicBoolean();

	private final Comparison comparison = new Comparison(Map.of("same", (Judge) (question, given, fresh) -> {
		assertThat(question).isEqualTo("What?");
		return new Judge.Verdict(true, "judge", new TokenUsage(7, 1, 0, 0, false));
	}, "different", (Judge) (question, given, fresh) -> new Judge.Verdict(false, null, TokenUsage.ZERO), "silent",
			(Judge) (question, given, fresh) -> {
				throw new NoVerdictException("replied nothing", "judge", new TokenUsage(9, 0, 0, 0, false));
			}), new TokenCounter());

	@Test
	void givesTheVerdictOfTheJudgeAndTellsWhatIsPaid() {
		assertThat(compare("given", "same", (cutOff) -> ScriptedChatModel.answer("fresh"))).isTrue();
		assertThat(this.paid).hasSize(2).last().isEqualTo("judge 8");
		assertThat(compare("given", "different", (cutOff) -> ScriptedChatModel.answer("fresh"))).isFalse();
	}

	@Test
	void asksNoJudgeAboutEqualAnswers() {
		assertThat(compare("equal", "different", (cutOff) -> ScriptedChatModel.answer("equal"))).isTrue();
		assertThat(this.paid).hasSize(1);
	}

	@Test
	void judgesNothingThatCannotBeComparedButChargesIt() {
		assertThat(this.comparison.compare(sample("given", false), "same",
				(cutOff) -> ScriptedChatModel.answer("fresh"), this.overdue::get, this::pay))
			.isNull();
		assertThat(this.paid).hasSize(1);
		assertThat(compare("given", "same", (cutOff) -> null)).isNull();
		assertThat(this.paid).hasSize(1);
	}

	@Test
	void judgesNothingAfterTheDeadlineButChargesWhatHadArrived() {
		this.overdue.set(true);
		assertThat(compare("given", "same", (cutOff) -> ScriptedChatModel.answer("fresh"))).isNull();
		assertThat(this.paid).hasSize(1);
		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> compare("given", "same", (cutOff) -> {
			cutOff.accept(ScriptedChatModel.answer("fre"));
			throw new IllegalStateException("interrupted");
		}));
		assertThat(this.paid).hasSize(2);
	}

	@Test
	void chargesNoStreamThatFailedBeforeTheDeadline() {
		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> compare("given", "same", (cutOff) -> {
			cutOff.accept(ScriptedChatModel.answer("fre"));
			throw new IllegalStateException("failed");
		}));
		assertThat(this.paid).isEmpty();
	}

	@Test
	void chargesAJudgeThatComesToNoVerdict() {
		assertThatExceptionOfType(DescribedException.class)
			.isThrownBy(() -> compare("given", "silent", (cutOff) -> ScriptedChatModel.answer("fresh")))
			.withMessageContaining("'silent' replied nothing");
		assertThat(this.paid).hasSize(2).last().isEqualTo("judge 9");
	}

	@Test
	void chargesNoAnswerThatIsThereAnyway() {
		Comparison.Sample sample = new Comparison.Sample(new Prompt("What?"), "What?",
				ScriptedChatModel.answer("given"), (fresh) -> true, true);
		assertThat(this.comparison.compare(sample, "same", (cutOff) -> ScriptedChatModel.answer("fresh"),
				this.overdue::get, this::pay))
			.isTrue();
		assertThat(this.paid).containsExactly("judge 8");
	}

	@Test
	void asksNobodyWithoutAJudge() {
		assertThatExceptionOfType(DescribedException.class).isThrownBy(() -> compare("given", "nobody", (cutOff) -> {
			throw new AssertionError("must not be asked");
		})).withMessageContaining("'nobody'");
		assertThat(this.comparison.judgeNames()).containsExactlyInAnyOrder("same", "different", "silent");
	}

	private Boolean compare(String given, String judge, FreshAnswer model) {
		return this.comparison.compare(sample(given, true), judge, model, this.overdue::get, this::pay);
	}

	private void pay(String model, TokenUsage usage) {
		this.paid.add(model + " " + usage.total());
	}

	private static Comparison.Sample sample(String given, boolean comparable) {
		return new Comparison.Sample(new Prompt("What?"), "What?", ScriptedChatModel.answer(given),
				(ChatResponse fresh) -> comparable, false);
	}

}
