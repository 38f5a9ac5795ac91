package io.tokensaving.savings;

import java.util.List;
import java.util.Random;

import com.knuddels.jtokkit.api.EncodingType;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tokenizer.JTokkitTokenCountEstimator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.withinPercentage;

/**
 * Tests for {@link TokenCounter}.
 */
class TokenCounterTests {

	private static final TokenCounter COUNTER = new TokenCounter();

	@Property(tries = 2_000)
	void neverSaysWithinOfRequestThatIsOver(@ForAll @Size(max = 5) List<String> texts,
			@ForAll @IntRange(min = 0, max = 500) int limit) {
		List<Message> messages = texts.stream().<Message>map(UserMessage::new).toList();
		for (double factor : new double[] { 1, 1.2, 0.7 }) {
			if (COUNTER.isSurelyWithin(new Prompt(messages), limit, factor)) {
				assertThat(messages.stream().mapToLong((message) -> COUNTER.count(message, factor)).sum())
					.isLessThanOrEqualTo(limit);
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "gpt-4o, 1", "openai/gpt-5-mini, 1", "o3, 1", "o4-mini, 1", "chatgpt-4o-latest, 1",
			"claude-sonnet-4-5, 1.2", "llama3.2, 1.2", "mistral-large, 1.2", ", 1.2" })
	void hasFactorForModelsOfOthers(String model, double factor) {
		assertThat(COUNTER.factor(model)).isEqualTo(factor);
	}

	@Test
	void countsNamesOfSpecialTokensAsText() {
		assertThat(COUNTER.count("<|endoftext|> is what I typed <|im_start|>", 1)).isBetween(10, 25);
	}

	@Test
	void countsUnpairedSurrogatesAndEmptyTexts() {
		assertThat(COUNTER.count("\uD800 and \uDC00", 1)).isPositive();
		assertThat(COUNTER.count("", 1)).isZero();
		assertThat(COUNTER.count((String) null, 1)).isZero();
		assertThat(COUNTER.count(AssistantMessage.builder().content(null).build(), 1))
			.isEqualTo(TokenCounter.MESSAGE_OVERHEAD);
	}

	@Test
	void samplesVeryLongText() {
		Random random = new Random(1);
		StringBuilder text = new StringBuilder();
		while (text.length() < 2 * TokenCounter.SAMPLED_LENGTH) {
			text.append(Integer.toString(random.nextInt(100_000), 36))
				.append(random.nextBoolean() ? " the " : ", and ");
		}
		int exact = new JTokkitTokenCountEstimator(EncodingType.O200K_BASE).estimate(text.toString());
		assertThat(COUNTER.count(text.toString(), 1)).isCloseTo(exact, withinPercentage(3));
	}

	@Test
	void refusesFactorThatIsNone() {
		assertThatIllegalArgumentException().isThrownBy(() -> new TokenCounter(0)).withMessageContaining("is 0.0");
		assertThatIllegalArgumentException().isThrownBy(() -> new TokenCounter(Double.NaN));
	}

}
