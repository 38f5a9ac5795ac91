package io.tokensaving.statistics;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
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
		assertThat(days("a")).isEmpty();
		assertThat(total("a").isEmpty()).isTrue();
		assertThat(repository().totals(Set.of())).isEmpty();
	}

	@Test
	void sumsTotalsAndDaysOfEachPlan() {
		add(1, TODAY.minusDays(1), Map.of("a", counters("x", 2)));
		add(2, TODAY, Map.of("a", counters("x", 3, "y", -7), "b.c-d_e", counters("x", 1)));
		add(3, TODAY, Map.of("a", counters("x", 5)));
		assertThat(repository().plans()).containsExactlyInAnyOrder(key("a"), key("b.c-d_e"));
		assertThat(repository().totals(List.of(key("a"), key("b.c-d_e"))))
			.isEqualTo(Map.of(key("a"), counters("x", 10, "y", -7), key("b.c-d_e"), counters("x", 1)));
		assertThat(days("a")).isEqualTo(Map.of(TODAY.minusDays(1), counters("x", 2), TODAY, counters("x", 8, "y", -7)));
		assertThat(days("b.c-d_e")).isEqualTo(Map.of(TODAY, counters("x", 1)));
	}

	@Test
	void sumsManyPlansAtOnce() {
		Map<String, StatisticsCounters> increments = IntStream.range(0, 50)
			.boxed()
			.collect(Collectors.toMap((i) -> "plan-" + i, (i) -> counters("x", i + 1)));
		add(1, TODAY, increments);
		add(1, TODAY, increments);
		assertThat(repository().plans()).isEqualTo(keyed(increments).keySet());
		assertThat(repository().totals(keyed(increments).keySet())).isEqualTo(keyed(increments));
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
		StatisticsBatch batch = new StatisticsBatch(this.instance, 7, TODAY, Map.of(key("a"), counters("x", 1)));
		repository().add(batch);
		repository().add(batch);
		add(6, TODAY, Map.of("a", counters("x", 100)));
		assertThat(total("a")).isEqualTo(counters("x", 1));
		assertThat(days("a")).isEqualTo(Map.of(TODAY, counters("x", 1)));
		add(8, TODAY, Map.of("a", counters("x", 10)));
		assertThat(total("a")).isEqualTo(counters("x", 11));
	}

	@Test
	void tellsTheBatchesOfInstancesApart() {
		add(1, TODAY, Map.of("a", counters("x", 1)));
		repository().add(new StatisticsBatch("other", 1, TODAY, Map.of(key("a"), counters("x", 10))));
		assertThat(total("a")).isEqualTo(counters("x", 11));
	}

	@Test
	void keepsABoundedNumberOfModelsWithoutAPrice() {
		add(1, TODAY, Map.of("a", new StatisticsCounters(Map.of(), Set.of("one", "two"))));
		add(2, TODAY, Map.of("a", new StatisticsCounters(Map.of("x", 1L), Set.of("two", "three"))));
		assertThat(total("a")).isEqualTo(new StatisticsCounters(Map.of("x", 1L), Set.of("one", "two", "three")));
		assertThat(days("a")).isEqualTo(Map.of(TODAY, counters("x", 1)));
		Set<String> many = new HashSet<>();
		IntStream.range(0, 500).forEach((i) -> many.add("model-" + i));
		add(3, TODAY, Map.of("a", new StatisticsCounters(Map.of(), many)));
		assertThat(total("a").unpricedModels()).hasSize(StatisticsCounters.MAX_UNPRICED_MODELS)
			.contains("one", "two", "three");
	}

	@Test
	void tellsPlansOfTwoWorkspacesApart() {
		PlanKey other = new PlanKey("other", "a");
		add(1, TODAY, Map.of("a", counters("x", 1)));
		repository().add(new StatisticsBatch(this.instance, 2, TODAY, Map.of(other, counters("x", 10))));
		assertThat(repository().plans()).containsExactlyInAnyOrder(key("a"), other);
		assertThat(total("a")).isEqualTo(counters("x", 1));
		assertThat(total(other)).isEqualTo(counters("x", 10));
		assertThat(days("a")).isEqualTo(Map.of(TODAY, counters("x", 1)));
		assertThat(repository().days(other)).isEqualTo(Map.of(TODAY, counters("x", 10)));
	}

	@Test
	void foldsADeletedPlanOnceAndKeepsNothingOfIt() {
		add(1, TODAY,
				Map.of("a", new StatisticsCounters(Map.of("x", 5L, "y", -2L), Set.of("model")), "b", counters("x", 1)));
		for (int i = 0; i < 2; i++) {
			repository().fold(key("a"), key(SavingsStatistics.OTHER_PLANS));
			assertThat(total("a").isEmpty()).isTrue();
			assertThat(days("a")).isEmpty();
			assertThat(total(SavingsStatistics.OTHER_PLANS))
				.isEqualTo(new StatisticsCounters(Map.of("x", 5L, "y", -2L), Set.of("model")));
			assertThat(repository().plans()).containsExactlyInAnyOrder(key("b"), key(SavingsStatistics.OTHER_PLANS));
		}
		add(2, TODAY, Map.of("a", counters("x", 7)));
		assertThat(total("a")).isEqualTo(counters("x", 7));
		assertThat(days("a")).isEqualTo(Map.of(TODAY, counters("x", 7)));
		repository().fold(key("a"), key(SavingsStatistics.OTHER_PLANS));
		assertThat(total(SavingsStatistics.OTHER_PLANS).value("x")).isEqualTo(12);
	}

	@Test
	void showsNinetyDays() {
		add(1, TODAY.minusDays(90), Map.of("a", counters("x", 1)));
		add(2, TODAY.minusDays(89), Map.of("a", counters("x", 2)));
		add(3, TODAY, Map.of("a", counters("x", 4)));
		assertThat(days("a").keySet()).containsExactly(TODAY.minusDays(89), TODAY);
		this.clock.pass(Duration.ofDays(1));
		assertThat(days("a").keySet()).containsExactly(TODAY);
		assertThat(total("a")).isEqualTo(counters("x", 7));
	}

	@Test
	void sumsByLabelsInTotalAndByDay() {
		Labels one = Labels.NONE.with("feature", "/orders/{id}").with("model", "m:1");
		Labels two = one.with("model", "m:2");
		add(1, TODAY.minusDays(1), Map.of("a", labelled(Map.of(one, 2L))));
		add(2, TODAY, Map.of("a", labelled(Map.of(one, 3L, two, -7L)), "b", labelled(Map.of(two, 1L))));
		add(3, TODAY, Map.of("a", counters("x", 5)));
		add(3, TODAY, Map.of("a", labelled(Map.of(one, 100L))));
		assertThat(total("a")).isEqualTo(counters("x", 3));
		assertThat(repository().labelled(key("a"))).isEqualTo(Map.of(one, counters("x", 5), two, counters("x", -7)));
		assertThat(repository().labelled(key("b"))).isEqualTo(Map.of(two, counters("x", 1)));
		assertThat(repository().labelled(key("c"))).isEmpty();
		assertThat(days("a")).isEqualTo(Map.of(TODAY.minusDays(1), counters("x", 2), TODAY, counters("x", 1)));
		assertThat(repository().labelledDays(key("a"), 90)).isEqualTo(Map.of(TODAY.minusDays(1),
				Map.of(one, counters("x", 2)), TODAY, Map.of(one, counters("x", 3), two, counters("x", -7))));
		assertThat(repository().labelledDays(key("a"), 1)).containsOnlyKeys(TODAY);
		assertThat(repository().labelledDays(key("c"), 90)).isEmpty();
		this.clock.pass(Duration.ofDays(89));
		assertThat(repository().labelledDays(key("a"), 90)).containsOnlyKeys(TODAY);
		assertThat(repository().labelled(key("a"))).isEqualTo(Map.of(one, counters("x", 5), two, counters("x", -7)));
	}

	@Test
	void sumsWhatIsKeptByHourWithItsLabels() {
		Labels labels = Labels.NONE.with("feature", "f").with("model", "m:1");
		Instant noon = Instant.parse(TODAY + "T12:00:00Z");
		Instant eleven = noon.minus(Duration.ofHours(1));
		StatisticsCounters hour = hourly(labels, 3);
		addHour(1, eleven, hour);
		addHour(2, noon, hour);
		addHour(3, noon, hour);
		addHour(3, noon, hourly(labels, 100));
		add(4, TODAY, Map.of("a", hourly(labels, 1000)));
		assertThat(repository().hours(key("a"), StatisticsRepository.HOURS)).isEqualTo(Map.of(eleven,
				new StatisticsCounters(Map.of("tasks", 3L, "spent_pico_usd", 30L), Set.of(),
						Map.of(labels, counters("tasks", 3))),
				noon, new StatisticsCounters(Map.of("tasks", 6L, "spent_pico_usd", 60L), Set.of(),
						Map.of(labels, counters("tasks", 6)))));
		assertThat(repository().hours(key("a"), 1)).containsOnlyKeys(noon);
		assertThat(repository().hours(key("b"), 1)).isEmpty();
		// Distributions and what features count are kept of the day
		assertThat(days("a").get(TODAY).value("x")).isEqualTo(1009);
		assertThat(repository().labelledDays(key("a"), 1).get(TODAY).get(labels).value("call_us.7")).isEqualTo(1009);
		this.clock.pass(Duration.ofHours(StatisticsRepository.HOURS - 1));
		assertThat(repository().hours(key("a"), StatisticsRepository.HOURS)).containsOnlyKeys(noon);
		this.clock.pass(Duration.ofHours(1));
		assertThat(repository().hours(key("a"), StatisticsRepository.HOURS)).isEmpty();
	}

	@Test
	void countsFurtherLabelsOfAnHourAsOther() {
		Instant noon = Instant.parse(TODAY + "T12:00:00Z");
		for (int i = 0; i < 150; i++) {
			addHour(i + 1, noon, hourly(Labels.NONE.with("feature", "f-" + i), 1));
		}
		StatisticsCounters hour = repository().hours(key("a"), 1).get(noon);
		assertThat(hour.labelled()).hasSize(101);
		assertThat(hour.labelled().get(Labels.NONE.with("feature", Labels.OTHER)).value("tasks")).isEqualTo(50);
		assertThat(hour.value("tasks")).isEqualTo(150);
	}

	@Test
	void keepsNoHoursOfADeletedPlan() {
		Instant noon = Instant.parse(TODAY + "T12:00:00Z");
		addHour(1, noon, hourly(Labels.NONE.with("feature", "f"), 1));
		repository().fold(key("a"), key(SavingsStatistics.OTHER_PLANS));
		assertThat(repository().hours(key("a"), 1)).isEmpty();
		assertThat(total(SavingsStatistics.OTHER_PLANS).value("tasks")).isEqualTo(1);
	}

	private void addHour(long number, Instant hour, StatisticsCounters increments) {
		repository().add(new StatisticsBatch(this.instance, number, TODAY, hour, keyed(Map.of("a", increments))));
	}

	private static StatisticsCounters hourly(Labels labels, long count) {
		return new StatisticsCounters(Map.of("tasks", count, "x", count, "spent_pico_usd", 10 * count), Set.of(),
				Map.of(labels, counters("tasks", count, "call_us.7", count)));
	}

	@Test
	void keepsNoLabelsOfADeletedPlan() {
		Labels labels = Labels.NONE.with("feature", "f");
		add(1, TODAY, Map.of("a", labelled(Map.of(labels, 5L))));
		repository().fold(key("a"), key(SavingsStatistics.OTHER_PLANS));
		assertThat(total(SavingsStatistics.OTHER_PLANS)).isEqualTo(counters("x", 5));
		assertThat(repository().labelled(key("a"))).isEmpty();
		assertThat(repository().labelledDays(key("a"), 90)).isEmpty();
		assertThat(repository().labelled(key(SavingsStatistics.OTHER_PLANS))).isEmpty();
		add(2, TODAY, Map.of("a", labelled(Map.of(labels, 1L))));
		assertThat(repository().labelled(key("a"))).isEqualTo(Map.of(labels, counters("x", 1)));
	}

	@Test
	void countsOneHundredValuesOfALabelApartAndTheOthersAsOther() {
		Labels model = Labels.NONE.with("model", "m");
		Map<Labels, Long> counted = new HashMap<>();
		for (int i = 0; i < 1000; i++) {
			counted.merge(model.with("feature", "feature-" + i), i + 1L, Long::sum);
			if (i % 100 == 99) {
				// By turns by two instances
				repository()
					.add(new StatisticsBatch(this.instance + i % 200, i, TODAY, keyed(Map.of("a", labelled(counted)))));
				counted.clear();
			}
		}
		Map<Labels, StatisticsCounters> sums = repository().labelled(key("a"));
		assertThat(sums).hasSize(101)
			.containsKeys(model.with("feature", "feature-0"), model.with("feature", Labels.OTHER))
			.doesNotContainKey(model.with("feature", "feature-100"));
		assertThat(sum(sums)).isEqualTo(total("a").value("x")).isEqualTo(1000 * 1001 / 2);
		assertThat(sum(repository().labelledDays(key("a"), 1).get(TODAY))).isEqualTo(1000 * 1001 / 2);
		add(2000, TODAY, Map.of("a", labelled(Map.of(model.with("feature", "feature-0").with("model", "new"), 1L)), "b",
				labelled(Map.of(model.with("feature", "feature-100"), 1L))));
		assertThat(repository().labelled(key("a")))
			.containsEntry(model.with("feature", "feature-0").with("model", "new"), counters("x", 1));
		assertThat(repository().labelled(key("b"))).containsOnlyKeys(model.with("feature", "feature-100"));
	}

	@Test
	void keepsABoundedNumberOfSetsOfLabels() {
		Map<Labels, Long> counted = new HashMap<>();
		for (int i = 0; i < 2500; i++) {
			Labels labels = Labels.NONE.with("feature", "f-" + i % 50).with("model", "m-" + i / 50);
			counted.put((i % 2 == 0) ? labels : labels.with("n" + i, "x"), 1L);
		}
		add(1, TODAY, Map.of("a", labelled(counted)));
		Map<Labels, StatisticsCounters> sums = repository().labelled(key("a"));
		assertThat(sums).hasSizeBetween(StatisticsRepository.MAX_LABEL_SETS, StatisticsRepository.MAX_LABEL_SETS + 10);
		assertThat(total("a").value("x")).isEqualTo(2500);
		assertThat(sum(sums)).isLessThanOrEqualTo(2500);
		add(2, TODAY, Map.of("a", labelled(counted)));
		assertThat(repository().labelled(key("a"))).isEqualTo(sums.entrySet()
			.stream()
			.collect(Collectors.toMap(Map.Entry::getKey, (part) -> part.getValue().plus(part.getValue()))));
	}

	private static long sum(Map<Labels, StatisticsCounters> sums) {
		return sums.values().stream().mapToLong((counters) -> counters.value("x")).sum();
	}

	/**
	 * Create counters all of which have labels.
	 */
	protected static StatisticsCounters labelled(Map<Labels, Long> counts) {
		Map<Labels, StatisticsCounters> parts = new HashMap<>();
		counts.forEach((labels, count) -> parts.put(labels, counters("x", count)));
		return counters("x", counts.values().stream().mapToLong(Long::longValue).sum()).withLabelled(parts);
	}

	protected final void add(long number, LocalDate day, Map<String, StatisticsCounters> increments) {
		repository().add(new StatisticsBatch(this.instance, number, day, keyed(increments)));
	}

	protected final StatisticsCounters total(String plan) {
		return total(key(plan));
	}

	protected final StatisticsCounters total(PlanKey plan) {
		return repository().totals(Set.of(plan)).getOrDefault(plan, StatisticsCounters.EMPTY);
	}

	protected final NavigableMap<LocalDate, StatisticsCounters> days(String plan) {
		return repository().days(key(plan));
	}

	protected static PlanKey key(String plan) {
		return new PlanKey("shop", plan);
	}

	private static Map<PlanKey, StatisticsCounters> keyed(Map<String, StatisticsCounters> plans) {
		return plans.entrySet().stream().collect(Collectors.toMap((entry) -> key(entry.getKey()), Map.Entry::getValue));
	}

	protected static StatisticsCounters counters(String name, long value) {
		return new StatisticsCounters(Map.of(name, value), Set.of());
	}

	protected static StatisticsCounters counters(String name, long value, String otherName, long otherValue) {
		return new StatisticsCounters(Map.of(name, value, otherName, otherValue), Set.of());
	}

}
