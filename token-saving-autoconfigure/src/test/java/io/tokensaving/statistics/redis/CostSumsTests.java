package io.tokensaving.statistics.redis;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

import io.tokensaving.Outcome;
import io.tokensaving.RedisTestServer;
import io.tokensaving.SavingTechnique;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.Purchase;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.CallMeasures;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.Measure;
import io.tokensaving.statistics.ModelFailure;
import io.tokensaving.statistics.OpenTask;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsBatch;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.data.redis.connection.RedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that what is kept by feature and model adds up to what is kept of the plan, to
 * the pico-dollar, even if batches are added several times.
 */
class CostSumsTests {

	private static final PlanKey PLAN = new PlanKey("default", "bot");

	private static final SavingTechnique COMPRESSION = SavingTechnique.of("made_up", "Made up");

	private static final SavingTechnique MARKS = SavingTechnique.of("marks", "Made up too");

	private static final PriceTable PRICES = new PriceTable(List.of(
			new ModelPrice("m-0", new BigDecimal("0.000137"), new BigDecimal("0.6"), new BigDecimal("0.0000411"), null),
			new ModelPrice("m-1", new BigDecimal("2.5"), new BigDecimal("10"), new BigDecimal("1.25"),
					new BigDecimal("3.125"))));

	private static final Outcome HIT = Outcome.cacheHit("made_up_hit", "A hit");

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	@Test
	void partsAddUpToTheWholeInMemory() {
		for (int seed = 0; seed < 5; seed++) {
			StatisticsRepository repository = new InMemoryStatisticsRepository(this.clock);
			assertPartsAddUp(repository, repository, new Random(seed), 20_000);
		}
	}

	@Test
	void partsAddUpToTheWholeInRedisWithReplayedBatches() throws Exception {
		for (int seed = 0; seed < 3; seed++) {
			try (RedisTestServer server = RedisTestServer.start()) {
				RedisConnectionFactory connections = RedisClient.LETTUCE.standalone(server.host(), server.port());
				StatisticsRepository repository = new RedisStatisticsRepository(connections, "shop", this.clock);
				Random random = new Random(seed);
				assertPartsAddUp(new Replaying(repository, random), repository, random, 5_000);
				RedisClient.close(connections);
			}
		}
	}

	private void assertPartsAddUp(StatisticsRepository added, StatisticsRepository read, Random random, int calls) {
		long spent = 0;
		long counterfactual = 0;
		long output = 0;
		long tasks = 0;
		long retried = 0;
		Set<String> features = new HashSet<>();
		long known = 0;
		long successes = 0;
		long failures = 0;
		Set<String> reported = new HashSet<>();
		Map<String, Long> costs = new HashMap<>();
		SavingsStatistics[] statistics = { new SavingsStatistics(), new SavingsStatistics() };
		StatisticsAggregator[] aggregators = new StatisticsAggregator[2];
		for (int i = 0; i < 2; i++) {
			aggregators[i] = new StatisticsAggregator(statistics[i], added, this.clock, Duration.ofHours(1));
		}
		for (int i = 0; i < calls; i++) {
			ClosedLedger call = call(random, "f-" + random.nextInt(1000));
			boolean newTask = random.nextBoolean();
			spent += call.cost().spentPicoUsd();
			counterfactual += call.cost().counterfactualPicoUsd();
			output += call.cost().bought().output();
			tasks += newTask ? 1 : 0;
			retried += newTask ? 0 : call.cost().spentPicoUsd();
			// Some tasks have several requests, of several features and models
			String task = (i % 2) + "-" + random.nextInt(calls / 3);
			OpenTask open = statistics[i % 2].tasks().open("default", task);
			statistics[i % 2].plan(PLAN)
				.record(call, new CallMeasures((random.nextInt(20) == 0) ? ModelFailure.RATE_LIMITED : null, newTask,
						!newTask, random.nextInt(1_000_000_000), random.nextInt(1_000_000_000), -1), open);
			long cost = call.cost().spentPicoUsd() + PicoUsd.of(call.report().overheadUsd());
			if (reported.contains(task)) {
				known += cost;
			}
			else {
				costs.merge(task, cost, Long::sum);
			}
			if (random.nextInt(3) == 0) {
				boolean success = random.nextInt(3) > 0;
				assertThat(statistics[i % 2].tasks().report(task, success)).isEqualTo(reported.add(task));
				if (costs.containsKey(task)) {
					known += costs.remove(task);
					successes += success ? 1 : 0;
					failures += success ? 0 : 1;
				}
			}
			if (random.nextInt(500) == 0) {
				aggregators[i % 2].flush();
			}
		}
		for (StatisticsAggregator aggregator : aggregators) {
			// What fails is added the next time
			for (int i = 0; i < 20; i++) {
				aggregator.flush();
			}
		}
		Map<String, Long> whole = new HashMap<>(read.totals(Set.of(PLAN)).get(PLAN).values());
		Map<String, Long> parts = new HashMap<>();
		read.labelled(PLAN).forEach((labels, counters) -> {
			features.add(labels.value("feature"));
			counters.values().forEach((name, value) -> parts.merge(name, value, Long::sum));
		});
		parts.values().removeIf((value) -> value == 0);
		assertThat(features).hasSize(101).contains("other");
		assertThat(whole).containsEntry("spent_pico_usd", spent)
			.containsEntry("counterfactual_pico_usd", counterfactual)
			.containsEntry("tokens.output", output)
			.containsEntry("tasks", tasks)
			.containsEntry("retries", calls - tasks)
			.containsEntry("retry_pico_usd", retried)
			.containsEntry("known_tasks_pico_usd", known)
			.containsEntry("task_outcomes.success", successes)
			.containsEntry("task_outcomes.failure", failures);
		Map<String, Long> byDay = new HashMap<>();
		read.labelledDays(PLAN, 1)
			.values()
			.forEach((day) -> day.values()
				.forEach(
						(counters) -> counters.values().forEach((name, value) -> byDay.merge(name, value, Long::sum))));
		byDay.values().removeIf((value) -> value == 0);
		assertThat(byDay).isEqualTo(parts);
		StatisticsCounters hour = read.hours(PLAN, 1).values().iterator().next();
		assertThat(hour.withLabelled(Map.of())).isEqualTo(read.totals(Set.of(PLAN)).get(PLAN).hourly());
		assertThat(hour.labelled().values().stream().reduce(StatisticsCounters.EMPTY, StatisticsCounters::plus))
			.isEqualTo(new StatisticsCounters(parts, Set.of()).hourly());
		// Distributions are kept by labels only, and what is counted as other of the plan
		parts.keySet()
			.removeIf((name) -> Stream.of("call_us.", "hit_us.", "model_us.", "output_tokens.")
				.anyMatch(name::startsWith));
		whole.keySet().removeIf((name) -> name.startsWith("other_labels."));
		assertThat(parts).isEqualTo(whole);
		assertFigures(aggregators[0], calls);
	}

	private static void assertFigures(StatisticsAggregator aggregator, int calls) {
		StatisticsSnapshot plan = aggregator.plan(PLAN).figures();
		Collection<StatisticsSnapshot> parts = aggregator.labelled(PLAN).figures().values();
		assertThat(sum(parts, StatisticsSnapshot::spentUsd)).isEqualByComparingTo(plan.spentUsd());
		assertThat(sum(parts, StatisticsSnapshot::costSavedUsd)).isEqualByComparingTo(plan.costSavedUsd());
		assertThat(plan.spentUsd().add(plan.costSavedUsd()).add(plan.overheadUsd()))
			.isEqualByComparingTo(plan.counterfactualUsd());
		assertThat(plan.savedUsdByTechnique().values().stream().reduce(BigDecimal.ZERO, BigDecimal::add))
			.isEqualByComparingTo(plan.costSavedUsd().add(plan.overheadUsd()));
		assertThat(parts.stream().mapToLong(StatisticsSnapshot::successes).sum()).isPositive()
			.isEqualTo(plan.successes());
		assertThat(parts.stream().mapToLong(StatisticsSnapshot::failures).sum()).isEqualTo(plan.failures());
		assertThat(parts.stream()
			.flatMap((part) -> Stream.ofNullable(part.distribution(Measure.CALL)))
			.mapToLong(Measure.Distribution::count)
			.sum()).isEqualTo(calls);
	}

	private static BigDecimal sum(Collection<StatisticsSnapshot> parts,
			Function<StatisticsSnapshot, BigDecimal> figure) {
		return parts.stream().map(figure).reduce(BigDecimal.ZERO, BigDecimal::add);
	}

	private static ClosedLedger call(Random random, String feature) {
		ChatClientRequest request = new ChatClientRequest(new Prompt("question"), new HashMap<>());
		SavingsLedger.open(request);
		SavingsLedger ledger = SavingsLedger.of(request);
		long written = random.nextInt(500);
		long read = random.nextInt(5000);
		TokenUsage usage = new TokenUsage(read + written + random.nextInt(5000), random.nextInt(2000), read, written,
				false)
			.withWritesOfOneHour(random.nextInt(500))
			.withReasoning(random.nextInt(500));
		if (random.nextInt(3) == 0) {
			ledger.record(new LedgerEvent.Compressed(COMPRESSION, random.nextInt(3000)));
		}
		if (random.nextInt(3) == 0) {
			ledger.record(new LedgerEvent.CacheMarked(MARKS));
		}
		if (random.nextInt(3) == 0) {
			ledger.record(new LedgerEvent.Discounted(COMPRESSION, new BigDecimal("0.000000000001")));
		}
		ledger.recordOverhead("m-0", new TokenUsage(random.nextInt(50), 0, 0, 0, false));
		ledger.record(new LedgerEvent.Labelled(Labels.FEATURE, feature));
		if (random.nextInt(3) == 0) {
			ledger.recordHit(HIT, COMPRESSION, usage, "m-0", 1L, null);
		}
		// The third model has no price
		String model = "m-" + random.nextInt(3);
		return ledger.close(PLAN, new Purchase(model, model, usage, random.nextInt(10) > 0), PRICES);
	}

	/**
	 * Adds batches several times, and often fails to say that they were added.
	 */
	private record Replaying(StatisticsRepository repository, Random random) implements StatisticsRepository {

		@Override
		public void add(StatisticsBatch batch) {
			for (int i = 0; i < 1 + this.random.nextInt(3); i++) {
				this.repository.add(batch);
			}
			if (this.random.nextInt(3) == 0) {
				throw new IllegalStateException("The reply was lost");
			}
		}

		@Override
		public Map<PlanKey, StatisticsCounters> totals(Collection<PlanKey> plans) {
			return this.repository.totals(plans);
		}

		@Override
		public NavigableMap<LocalDate, StatisticsCounters> days(PlanKey plan) {
			return this.repository.days(plan);
		}

		@Override
		public Map<Labels, StatisticsCounters> labelled(PlanKey plan) {
			return this.repository.labelled(plan);
		}

		@Override
		public Set<PlanKey> plans() {
			return this.repository.plans();
		}

	}

}
