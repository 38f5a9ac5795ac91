package io.tokensaving.statistics;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HourlySums}.
 */
class HourlySumsTests {

	private static final Instant START = Instant.parse("2026-03-31T00:00:00Z");

	private static final PlanKey PLAN = new PlanKey("default", "bot");

	private static final PlanKey OTHER = new PlanKey("default", "other");

	private final HourlySums sums = new HourlySums(20);

	@Test
	void theOldestHoursGoWhenThereAreTooManyCounters() {
		for (int i = 0; i < 10; i++) {
			// Two of each plan, and one of these with labels besides
			add(i, PLAN);
			add(i, PLAN);
			add(i, OTHER);
		}
		assertThat(this.sums.of(PLAN, START).keySet()).containsExactly(hour(7), hour(8), hour(9));
		assertThat(this.sums.of(PLAN, START).get(hour(9)).value("tasks")).isEqualTo(2);
	}

	@Test
	void whatIsRemovedMakesRoom() {
		for (int i = 0; i < 3; i++) {
			add(i, PLAN);
			add(i, OTHER);
		}
		this.sums.remove(OTHER);
		assertThat(this.sums.of(OTHER, START)).isEmpty();
		for (int i = 3; i < 6; i++) {
			add(i, PLAN);
		}
		assertThat(this.sums.of(PLAN, START)).hasSize(6);
		this.sums.removeBefore(hour(5));
		assertThat(this.sums.of(PLAN, START)).containsOnlyKeys(hour(5));
		for (int i = 6; i < 11; i++) {
			add(i, PLAN);
		}
		assertThat(this.sums.of(PLAN, START)).hasSize(6);
	}

	private void add(int hour, PlanKey plan) {
		StatisticsCounters counters = new StatisticsCounters(Map.of("tasks", 1L, "spent_pico_usd", 2L, "call_us.3", 1L),
				Set.of());
		Labels labels = Labels.NONE.with("feature", "f");
		this.sums.add(hour(hour), plan,
				counters.withLabelled(
						Map.of(labels, new StatisticsCounters(Map.of("tasks", 1L, "call_us.3", 1L), Set.of()))),
				UnaryOperator.identity());
	}

	private static Instant hour(int hour) {
		return START.plus(Duration.ofHours(hour));
	}

}
