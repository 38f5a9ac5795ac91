package io.tokensaving.benchmarks;

import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.cache.exact.ExactCacheFeature;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@link ExactHitBenchmark} measures what it says.
 */
class ExactHitBenchmarkTests {

	@Test
	void hitsAreHitsAndPlanOffIsOff() {
		ExactHitBenchmark benchmark = new ExactHitBenchmark();
		benchmark.setUp();
		assertThat(outcome(benchmark.exactHit())).isEqualTo(ExactCacheFeature.HIT);
		assertThat(outcome(benchmark.exactHitOfFreshStrings())).isEqualTo(ExactCacheFeature.HIT);
		assertThat(benchmark.planOff().context()).isEmpty();
		assertThat(benchmark.withoutAdvisors().context()).isEmpty();
		assertThat(benchmark.messages).hasSize(20);
		assertThat(benchmark.messages.stream().mapToInt((message) -> Fixture.COUNTER.count(message, 1)).sum())
			.isBetween(8_000, 8_600);
	}

	private static Outcome outcome(ChatClientResponse response) {
		return ((SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY)).outcome();
	}

}
