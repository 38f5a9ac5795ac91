package io.tokensaving.statistics;

import java.time.Duration;
import java.time.LocalDate;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link InMemoryStatisticsRepository}.
 */
class InMemoryStatisticsRepositoryTests extends StatisticsRepositoryContract {

	private final InMemoryStatisticsRepository repository = new InMemoryStatisticsRepository(this.clock);

	@Override
	protected StatisticsRepository repository() {
		return this.repository;
	}

	@Test
	void forgetsDaysForGood() {
		for (int i = 0; i < 200; i++) {
			LocalDate day = TODAY.plusDays(i);
			add(i + 1, day, Map.of("a", counters("x", 1)));
			this.clock.pass(Duration.ofDays(1));
		}
		this.clock.pass(Duration.ofDays(-200));
		assertThat(days("a")).hasSize(StatisticsRepository.DAYS)
			.doesNotContainKey(TODAY.plusDays(109))
			.containsKey(TODAY.plusDays(110));
		assertThat(total("a")).isEqualTo(counters("x", 200));
	}

}
