package io.tokensaving.savings;

import java.time.Duration;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What every {@link StatisticsRepository} must do.
 */
public abstract class StatisticsRepositoryContract {

	protected static final LocalDate TODAY = LocalDate.parse("2026-03-31");

	protected final TestClock clock = new TestClock(TODAY + "T12:00:00Z");

	private final String instance = UUID.randomUUID().toString();

	/**
	 * Return the repository, which is empty when a test starts.
	 */
	protected abstract StatisticsRepository repository();

	@Test
	void isEmptyAtFirst() {
		assertThat(repository().plans()).isEmpty();
		assertThat(repository().days("a")).isEmpty();
		assertThat(repository().totals(Set.of("a")).getOrDefault("a", StatisticsCounters.EMPTY).isEmpty()).isTrue();
		assertThat(repository().totals(Set.of())).isEmpty();
	}

	@Test
	void sumsTotalsAndDaysOfEachPlan() {
		add(1, TODAY.minusDays(1), Map.of("a", counters("x", 2)));
		add(2, TODAY, Map.of("a", counters("x", 3, "y", -7), "b.c-d_e", counters("x", 1)));
		add(3, TODAY, Map.of("a", counters("x", 5)));
		assertThat(repository().plans()).containsExactlyInAnyOrder("a", "b.c-d_e");
		assertThat(repository().totals(List.of("a", "b.c-d_e")))
			.isEqualTo(Map.of("a", counters("x", 10, "y", -7), "b.c-d_e", counters("x", 1)));
		assertThat(repository().days("a"))
			.isEqualTo(Map.of(TODAY.minusDays(1), counters("x", 2), TODAY, counters("x", 8, "y", -7)));
		assertThat(repository().days("b.c-d_e")).isEqualTo(Map.of(TODAY, counters("x", 1)));
	}

	@Test
	void sumsManyPlansAtOnce() {
		Map<String, StatisticsCounters> increments = IntStream.range(0, 50)
			.boxed()
			.collect(Collectors.toMap((i) -> "plan-" + i, (i) -> counters("x", i + 1)));
		add(1, TODAY, increments);
		add(1, TODAY, increments);
		assertThat(repository().plans()).isEqualTo(increments.keySet());
		assertThat(repository().totals(increments.keySet())).isEqualTo(increments);
	}

	@Test
	void keepsExactValuesBeyondThoseOfDoubles() {
		long value = (1L << 60) + 1;
		add(1, TODAY, Map.of("a", counters("x", value, "y", -value)));
		add(2, TODAY, Map.of("a", counters("x", 1)));
		assertThat(total("a")).isEqualTo(counters("x", value + 1, "y", -value));
	}

	@Test
	void addsABatchOnce() {
		StatisticsBatch batch = new StatisticsBatch(this.instance, 7, TODAY, Map.of("a", counters("x", 1)));
		repository().add(batch);
		repository().add(batch);
		add(6, TODAY, Map.of("a", counters("x", 100)));
		assertThat(total("a")).isEqualTo(counters("x", 1));
		assertThat(repository().days("a")).isEqualTo(Map.of(TODAY, counters("x", 1)));
		add(8, TODAY, Map.of("a", counters("x", 10)));
		assertThat(total("a")).isEqualTo(counters("x", 11));
	}

	@Test
	void tellsTheBatchesOfInstancesApart() {
		add(1, TODAY, Map.of("a", counters("x", 1)));
		repository().add(new StatisticsBatch("other", 1, TODAY, Map.of("a", counters("x", 10))));
		assertThat(total("a")).isEqualTo(counters("x", 11));
	}

	@Test
	void keepsABoundedNumberOfModelsWithoutAPrice() {
		add(1, TODAY, Map.of("a", new StatisticsCounters(Map.of(), Set.of("one", "two"))));
		add(2, TODAY, Map.of("a", new StatisticsCounters(Map.of("x", 1L), Set.of("two", "three"))));
		assertThat(total("a")).isEqualTo(new StatisticsCounters(Map.of("x", 1L), Set.of("one", "two", "three")));
		assertThat(repository().days("a")).isEqualTo(Map.of(TODAY, counters("x", 1)));
		Set<String> many = new HashSet<>();
		IntStream.range(0, 500).forEach((i) -> many.add("model-" + i));
		add(3, TODAY, Map.of("a", new StatisticsCounters(Map.of(), many)));
		assertThat(total("a").unpricedModels()).hasSize(StatisticsCounters.MAX_UNPRICED_MODELS)
			.contains("one", "two", "three");
	}

	@Test
	void showsNinetyDays() {
		add(1, TODAY.minusDays(90), Map.of("a", counters("x", 1)));
		add(2, TODAY.minusDays(89), Map.of("a", counters("x", 2)));
		add(3, TODAY, Map.of("a", counters("x", 4)));
		assertThat(repository().days("a").keySet()).containsExactly(TODAY.minusDays(89), TODAY);
		this.clock.pass(Duration.ofDays(1));
		assertThat(repository().days("a").keySet()).containsExactly(TODAY);
		assertThat(total("a")).isEqualTo(counters("x", 7));
	}

	protected final void add(long number, LocalDate day, Map<String, StatisticsCounters> increments) {
		repository().add(new StatisticsBatch(this.instance, number, day, increments));
	}

	protected final StatisticsCounters total(String plan) {
		return repository().totals(Set.of(plan)).getOrDefault(plan, StatisticsCounters.EMPTY);
	}

	protected static StatisticsCounters counters(String name, long value) {
		return new StatisticsCounters(Map.of(name, value), Set.of());
	}

	protected static StatisticsCounters counters(String name, long value, String otherName, long otherValue) {
		return new StatisticsCounters(Map.of(name, value, otherName, otherValue), Set.of());
	}

}
