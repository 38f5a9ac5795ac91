package io.tokensaving.savings;

import java.util.Optional;

import com.anthropic.models.messages.Usage;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.EmptyUsage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenUsage}.
 */
class TokenUsageTests {

	@Test
	void readsUsageThatHoldsCachedTokens() {
		assertThat(TokenUsage.of(new DefaultUsage(100, 20, 120, null, 80L, null)))
			.isEqualTo(new TokenUsage(100, 20, 80, 0, false));
	}

	@Test
	void addsCachedTokensThatProviderReportsApart() {
		Object anthropic = Usage.builder()
			.inputTokens(10)
			.outputTokens(20)
			.cacheReadInputTokens(5)
			.cacheCreationInputTokens(0)
			.cacheCreation(Optional.empty())
			.inferenceGeo(Optional.empty())
			.outputTokensDetails(Optional.empty())
			.serverToolUse(Optional.empty())
			.serviceTier(Optional.empty())
			.build();
		assertThat(TokenUsage.of(new DefaultUsage(10, 20, 30, anthropic, 5L, 0L)))
			.isEqualTo(new TokenUsage(15, 20, 5, 0, false));
	}

	@Test
	void addsCachedTokensThatCannotBePartOfInput() {
		assertThat(TokenUsage.of(new DefaultUsage(10, 20, 30, null, 500L, 100L)))
			.isEqualTo(new TokenUsage(610, 20, 500, 100, false));
	}

	@Test
	void isNullWhenNothingWasReported() {
		assertThat(TokenUsage.of(null)).isNull();
		assertThat(TokenUsage.of(new EmptyUsage())).isNull();
	}

}
