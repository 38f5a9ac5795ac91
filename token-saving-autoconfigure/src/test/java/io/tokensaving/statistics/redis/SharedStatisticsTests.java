package io.tokensaving.statistics.redis;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.tokensaving.Component;
import io.tokensaving.Eventually;
import io.tokensaving.Outcome;
import io.tokensaving.RedisTestServer;
import io.tokensaving.SavingsReport;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.compression.CompressionFeature;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsScope;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.data.redis.connection.RedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for instances that add their statistics up in one Redis, with servers that fail.
 */
class SharedStatisticsTests {

	private static final PriceTable PRICES = new PriceTable(
			List.of(new ModelPrice("judge", BigDecimal.ONE, BigDecimal.ONE, null, null)));

	private static final Labels LABELS = Labels.NONE.with("feature", "/orders/{id}").with("model", "a:b");

	private final RedisTestServer server = RedisTestServer.start();

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	private final List<AutoCloseable> closeables = new ArrayList<>();

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closeables) {
			closeable.close();
		}
		this.server.close();
	}

	@ParameterizedTest
	@EnumSource
	void instancesSumUpExactlyWhileRequestsAreCounted(RedisClient client) throws Exception {
		List<Instance> instances = List.of(new Instance(client, Duration.ofMillis(1)),
				new Instance(client, Duration.ofMillis(2)));
		int threads = 4;
		int rounds = 200_000;
		CountDownLatch started = new CountDownLatch(1);
		List<Thread> recorders = new ArrayList<>();
		for (int i = 0; i < threads; i++) {
			Instance instance = instances.get(i % 2);
			Thread recorder = new Thread(() -> {
				try {
					started.await();
				}
				catch (InterruptedException ex) {
					return;
				}
				for (int round = 0; round < rounds; round++) {
					instance.record("bot");
				}
			});
			recorder.start();
			recorders.add(recorder);
		}
		instances.forEach((instance) -> instance.aggregator.start());
		started.countDown();
		for (Thread recorder : recorders) {
			recorder.join();
		}
		instances.forEach((instance) -> assertThat(instance.aggregator.flush()).isTrue());
		for (Instance instance : instances) {
			assertRecorded(instance, "bot", (long) threads * rounds);
			assertThat(instance.statistics.plan(new PlanKey("default", "bot"))
				.snapshot()
				.count(CompressionFeature.TIMEOUTS)).isEqualTo((long) threads * rounds / 2);
		}
	}

	@ParameterizedTest
	@EnumSource
	void sumsOutliveTheInstance(RedisClient client) {
		Instance first = new Instance(client);
		first.record("bot");
		first.aggregator.close();
		this.clock.pass(Duration.ofDays(1));
		Instance second = new Instance(client);
		assertRecorded(second, "bot", 1);
		second.record("bot");
		assertRecorded(second, "bot", 2);
		assertThat(second.aggregator.days(new PlanKey("default", "bot")).figures().keySet())
			.containsExactly(LocalDate.parse("2026-04-01"), LocalDate.parse("2026-03-31"));
	}

	@ParameterizedTest
	@CsvSource({ "LETTUCE, 1", "LETTUCE, 20", "JEDIS, 1", "JEDIS, 20" })
	void batchWhoseReplyWasLostIsAddedOnce(RedisClient client, int plans) throws Exception {
		try (ReplyLosingProxy proxy = new ReplyLosingProxy(this.server.host(), this.server.port())) {
			Instance instance = new Instance(client.standalone(this.server.host(), proxy.port()), Duration.ofHours(1));
			Instance other = new Instance(client);
			for (int i = 1; i <= 5; i++) {
				proxy.loseReplies(3);
				instance.recordInAll(plans);
				// Lettuce sends on its own what had no reply
				Eventually.await(() -> instance.aggregator.flush() && proxy.repliesToLose() == 0);
				for (int plan = 0; plan < plans; plan++) {
					assertRecorded(other, "plan-" + plan, i);
				}
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "LETTUCE, 1", "LETTUCE, 20", "JEDIS, 1", "JEDIS, 20" })
	void batchThatWaitedInTheServerIsAddedOnce(RedisClient client, int plans) {
		Instance instance = new Instance(client);
		Instance other = new Instance(client);
		instance.recordInAll(plans);
		assertThat(instance.aggregator.flush()).isTrue();
		for (int i = 0; i < 2; i++) {
			this.server.pause();
			try {
				// The server has the commands, and executes them when it goes on
				instance.recordInAll(plans);
				assertThat(instance.aggregator.flush()).isFalse();
				instance.recordInAll(plans);
				assertThat(instance.aggregator.flush()).isFalse();
			}
			finally {
				this.server.resume();
			}
			Eventually.await(instance.aggregator::flush);
		}
		for (int plan = 0; plan < plans; plan++) {
			assertRecorded(instance, "plan-" + plan, 5);
			assertRecorded(other, "plan-" + plan, 5);
		}
	}

	@ParameterizedTest
	@CsvSource({ "LETTUCE, 1", "LETTUCE, 20", "JEDIS, 1", "JEDIS, 20" })
	void onlyWhatAKilledServerHeldIsLost(RedisClient client, int plans) {
		Instance instance = new Instance(client);
		Instance other = new Instance(client);
		instance.recordInAll(plans);
		other.recordInAll(plans);
		assertThat(instance.aggregator.flush()).isTrue();
		assertThat(other.aggregator.flush()).isTrue();
		this.server.kill();
		for (int i = 0; i < 3; i++) {
			instance.recordInAll(plans);
			assertThat(instance.aggregator.flush()).isFalse();
			other.recordInAll(plans);
			assertThat(other.aggregator.flush()).isFalse();
		}
		assertThat(instance.aggregator.plan(new PlanKey("default", "plan-0")).scope())
			.isEqualTo(StatisticsScope.INSTANCE);
		assertThat(
				instance.aggregator.plan(new PlanKey("default", "plan-0")).figures().count(CompressionFeature.TIMEOUTS))
			.isEqualTo(4);
		this.server.restart();
		Eventually.await(instance.aggregator::flush);
		Eventually.await(other.aggregator::flush);
		for (int plan = 0; plan < plans; plan++) {
			assertRecorded(instance, "plan-" + plan, 6);
			assertRecorded(other, "plan-" + plan, 6);
		}
	}

	@ParameterizedTest
	@EnumSource
	void nothingIsCountedTwiceWhileTheServerStopsAndGoesOn(RedisClient client) throws Exception {
		Instance instance = new Instance(client, Duration.ofMillis(5));
		instance.aggregator.start();
		CountDownLatch stopped = new CountDownLatch(1);
		int[] recorded = new int[1];
		Thread recorder = new Thread(() -> {
			try {
				while (!stopped.await(50, TimeUnit.MICROSECONDS)) {
					instance.record("bot");
					recorded[0]++;
				}
			}
			catch (InterruptedException ex) {
				// The test is over
			}
		});
		recorder.start();
		for (int i = 0; i < 3; i++) {
			long failures = instance.errors();
			this.server.pause();
			try {
				Eventually.await(() -> instance.errors() > failures);
			}
			finally {
				this.server.resume();
			}
			Eventually
				.await(() -> instance.aggregator.plan(new PlanKey("default", "bot")).scope() == StatisticsScope.SHARED);
		}
		stopped.countDown();
		recorder.join();
		Eventually.await(instance.aggregator::flush);
		assertRecorded(instance, "bot", recorded[0]);
	}

	@ParameterizedTest
	@EnumSource
	void closeAddsWhatIsLeft(RedisClient client) {
		Instance instance = new Instance(client, Duration.ofHours(1));
		instance.aggregator.start();
		instance.record("bot");
		instance.aggregator.close();
		assertRecorded(new Instance(client), "bot", 1);
	}

	private static void assertRecorded(Instance instance, String plan, long count) {
		assertThat(instance.aggregator.plan(new PlanKey("default", plan)).scope()).isEqualTo(StatisticsScope.SHARED);
		StatisticsSnapshot sums = instance.aggregator.plan(new PlanKey("default", plan)).figures();
		assertThat(sums.count(CompressionFeature.TIMEOUTS)).isEqualTo(count);
		assertThat(sums.overheadTokens()).isEqualTo(7 * count);
		assertThat(sums.overheadUsd()).isEqualByComparingTo(new BigDecimal("0.000007").multiply(new BigDecimal(count)));
		assertThat(sums.costSavedUsd()).isEqualByComparingTo(sums.overheadUsd().negate());
		assertThat(sums.counts(SemanticCacheFeature.GUARD_VETOES)).containsEntry("numbers", count);
		assertThat(sums.figures(SemanticCacheFeature.ERROR_RATE).verified()).isEqualTo(count);
		assertThat(instance.aggregator.all().figures().plan(new PlanKey("default", plan))).isEqualTo(sums);
		long ofDays = instance.aggregator.days(new PlanKey("default", plan))
			.figures()
			.values()
			.stream()
			.mapToLong((figures) -> figures.count(CompressionFeature.TIMEOUTS))
			.sum();
		assertThat(ofDays).isEqualTo(count);
		assertLabelled(instance.aggregator.labelled(new PlanKey("default", plan)).figures(), count);
		long labelledOfDays = instance.aggregator.labelledDays(new PlanKey("default", plan), 90)
			.figures()
			.values()
			.stream()
			.mapToLong((figures) -> figures.get(LABELS).misses())
			.sum();
		assertThat(labelledOfDays).isEqualTo(count);
	}

	private static ClosedLedger labelledCall(String plan) {
		SavingsReport report = new SavingsReport("default", plan, Outcome.MISS, "model", null, null, 11, 16,
				Map.of("compression", 5L), Map.of(), BigDecimal.ZERO, 0, BigDecimal.ZERO, true, false, Set.of());
		return new ClosedLedger(report, List.of(), List.of(), LABELS);
	}

	private static void assertLabelled(Map<Labels, StatisticsSnapshot> figures, long count) {
		assertThat(figures).containsOnlyKeys(LABELS, Labels.NONE);
		assertThat(figures.get(LABELS).misses()).isEqualTo(count);
		assertThat(figures.get(LABELS).tokensBought()).isEqualTo(11 * count);
		assertThat(figures.get(LABELS).overheadTokens()).isZero();
		assertThat(figures.get(Labels.NONE).misses()).isZero();
		assertThat(figures.get(Labels.NONE).tokensBought()).isZero();
		assertThat(figures.get(Labels.NONE).overheadTokens()).isEqualTo(7 * count);
	}

	/**
	 * An instance of the application.
	 */
	private final class Instance {

		private final SavingsStatistics statistics = new SavingsStatistics();

		private final StatisticsAggregator aggregator;

		Instance(RedisClient client) {
			this(client, Duration.ofHours(1));
		}

		Instance(RedisClient client, Duration flushInterval) {
			this(client.standalone(SharedStatisticsTests.this.server.host(), SharedStatisticsTests.this.server.port()),
					flushInterval);
		}

		Instance(RedisConnectionFactory connectionFactory, Duration flushInterval) {
			this.aggregator = new StatisticsAggregator(this.statistics,
					new RedisStatisticsRepository(connectionFactory, "shop", SharedStatisticsTests.this.clock),
					SharedStatisticsTests.this.clock, flushInterval);
			SharedStatisticsTests.this.closeables.add(this.aggregator);
			SharedStatisticsTests.this.closeables.add(() -> RedisClient.close(connectionFactory));
		}

		long errors() {
			return this.statistics.errors(Component.STATISTICS);
		}

		void recordInAll(int plans) {
			for (int plan = 0; plan < plans; plan++) {
				record("plan-" + plan);
			}
		}

		void record(String plan) {
			this.statistics.plan(new PlanKey("default", plan)).increment(CompressionFeature.TIMEOUTS);
			this.statistics.plan(new PlanKey("default", plan))
				.recordOverhead("judge", new TokenUsage(3, 4, 0, 0, false), PRICES);
			this.statistics.plan(new PlanKey("default", plan)).increment(SemanticCacheFeature.GUARD_VETOES, "numbers");
			this.statistics.plan(new PlanKey("default", plan)).state(SemanticCacheFeature.ERROR_RATE).record(true, 1);
			this.statistics.plan(new PlanKey("default", plan)).record(labelledCall(plan), false);
		}

	}

}
