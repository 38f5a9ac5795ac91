package io.tokensaving.savings;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link StatisticsAggregator}.
 */
@ExtendWith(OutputCaptureExtension.class)
class StatisticsAggregatorTests {

	private static final LocalDate TODAY = LocalDate.parse("2026-03-31");

	private final TestClock clock = new TestClock(TODAY + "T23:59:58Z");

	private final SavingsStatistics statistics = new SavingsStatistics(() -> 0);

	private final ScriptedRepository repository = new ScriptedRepository(this.clock);

	private final StatisticsAggregator aggregator = new StatisticsAggregator(this.statistics, this.repository,
			this.clock, Duration.ofHours(1));

	@AfterEach
	void close() {
		this.repository.fail = false;
		this.repository.blocked.countDown();
		this.aggregator.close();
	}

	@Test
	void sumsAreWhatTheInstanceCounted() {
		recordEverything("bot");
		recordEverything("other");
		this.statistics.recordUnknownPlan();
		StatisticsSnapshot own = this.statistics.plan("bot").snapshot();
		assertThat(this.aggregator.plan("bot")).isEqualTo(new ScopedStatistics<>(StatisticsScope.SHARED, own));
		assertThat(own.totalRequests()).isEqualTo(5);
		assertThat(own.unpricedModels()).containsExactly("secret-model", "unknown");
		OverallStatistics all = this.aggregator.all().figures();
		assertThat(all.plan("bot")).isEqualTo(own);
		assertThat(all.totals()).isEqualTo(this.statistics.totals());
		assertThat(all.unknownPlans()).isEqualTo(1);
		assertThat(all.errors()).hasSize(Component.values().length)
			.containsEntry(Component.EXACT_CACHE, 2L)
			.containsEntry(Component.PLAN, 0L);
		assertThat(all.plan("never-used").totalRequests()).isZero();
		assertThat(this.aggregator.days("bot").figures()).isEqualTo(Map.of(TODAY, own));
	}

	@Test
	void startsFromWhatIsThereAlready() {
		this.repository.delegate.add(new StatisticsBatch("earlier", 9, TODAY.minusDays(2), Map.of("bot",
				new StatisticsCounters(Map.of("requests.miss", 40L, "cost_saved_pico_usd", -1L), Set.of("old")))));
		this.statistics.record(report("bot", Outcome.MISS), false);
		StatisticsSnapshot sums = this.aggregator.plan("bot").figures();
		assertThat(sums.misses()).isEqualTo(41);
		assertThat(sums.costSavedUsd()).isEqualByComparingTo("0.499999999999");
		assertThat(sums.unpricedModels()).containsExactly("old", "secret-model");
		assertThat(this.aggregator.days("bot").figures().keySet()).containsExactly(TODAY, TODAY.minusDays(2));
		assertThat(this.aggregator.all().figures().totals().misses()).isEqualTo(41);
	}

	@Test
	void sendsOnlyPlansWithChanges() {
		this.statistics.plan("idle");
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.aggregator.flush()).isTrue();
		assertThat(this.aggregator.flush()).isTrue();
		this.statistics.recordUnknownPlan();
		assertThat(this.aggregator.flush()).isTrue();
		assertThat(this.repository.offered).extracting((batch) -> batch.increments().keySet())
			.containsExactly(Set.of("bot"), Set.of(StatisticsAggregator.NO_PLAN));
	}

	@Test
	void batchWhoseReplyWasLostIsOfferedAgainAsItWas() {
		this.repository.fail = true;
		this.repository.addBeforeFailing = true;
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.aggregator.flush()).isFalse();
		for (int i = 0; i < 10; i++) {
			this.statistics.record(report("bot", Outcome.EXACT_HIT), false);
			assertThat(this.aggregator.flush()).isFalse();
		}
		this.repository.fail = false;
		assertThat(this.aggregator.flush()).isTrue();
		List<StatisticsBatch> offered = this.repository.offered;
		// Those that wait are one batch
		assertThat(offered).hasSize(13);
		assertThat(offered.subList(1, 12)).containsOnly(offered.get(0));
		assertThat(offered.get(12).number()).isEqualTo(2);
		assertThat(offered.get(12).increments().get("bot").value("requests.exact_hit")).isEqualTo(10);
		assertThat(this.aggregator.plan("bot").figures()).isEqualTo(this.statistics.plan("bot").snapshot());
	}

	@Test
	void countsAFailureAndWarnsOnceAMinute(CapturedOutput output) {
		this.repository.fail = true;
		this.statistics.record(report("bot", Outcome.MISS), false);
		for (int i = 0; i < 3; i++) {
			this.aggregator.flush();
		}
		assertThat(this.statistics.errors(Component.STATISTICS)).isEqualTo(3);
		assertThat(output.getOut().lines().filter((line) -> line.contains("without 'statistics'"))).hasSize(1);
	}

	@Test
	void dayChangesAtMidnightInUtc() {
		this.statistics.record(report("bot", Outcome.MISS), false);
		this.aggregator.flush();
		this.clock.pass(Duration.ofMillis(1999));
		this.statistics.record(report("bot", Outcome.MISS), false);
		this.aggregator.flush();
		this.clock.pass(Duration.ofMillis(1));
		this.statistics.record(report("bot", Outcome.EXACT_HIT), false);
		Map<LocalDate, StatisticsSnapshot> days = this.aggregator.days("bot").figures();
		assertThat(days.keySet()).containsExactly(TODAY.plusDays(1), TODAY);
		assertThat(days.get(TODAY).misses()).isEqualTo(2);
		assertThat(days.get(TODAY).exactHits()).isZero();
		assertThat(days.get(TODAY.plusDays(1)).exactHits()).isEqualTo(1);
		assertThat(days.get(TODAY.plusDays(1)).misses()).isZero();
	}

	@Test
	void putsToItsDayWhatWaitedForTheRepository() {
		this.repository.fail = true;
		for (int i = 0; i < 4; i++) {
			this.statistics.record(report("bot", Outcome.MISS), false);
			this.aggregator.flush();
			this.clock.pass(Duration.ofDays(1));
		}
		this.repository.fail = false;
		assertThat(this.aggregator.flush()).isTrue();
		Map<LocalDate, StatisticsSnapshot> days = this.aggregator.days("bot").figures();
		assertThat(days.keySet()).containsExactly(TODAY.plusDays(3), TODAY.plusDays(2), TODAY.plusDays(1), TODAY);
		assertThat(days.values()).allSatisfy((day) -> assertThat(day.misses()).isEqualTo(1));
	}

	@Test
	void whatWaitsIsBoundedAndStaysComplete() {
		this.repository.fail = true;
		for (int i = 0; i < 300; i++) {
			this.statistics.record(report("bot", Outcome.MISS), false);
			this.aggregator.flush();
			this.clock.pass(Duration.ofDays(1));
		}
		this.repository.fail = false;
		this.repository.offered.clear();
		assertThat(this.aggregator.flush()).isTrue();
		assertThat(this.repository.offered).hasSizeLessThanOrEqualTo(StatisticsRepository.DAYS + 1);
		assertThat(this.aggregator.plan("bot").figures().misses()).isEqualTo(300);
	}

	@Test
	void showsItsOwnFiguresIfTheRepositoryFails() {
		this.repository.delegate.add(new StatisticsBatch("other", 1, TODAY,
				Map.of("bot", new StatisticsCounters(Map.of("requests.miss", 40L), Set.of()))));
		this.repository.fail = true;
		recordEverything("bot");
		StatisticsSnapshot own = this.statistics.plan("bot").snapshot();
		assertThat(this.aggregator.plan("bot")).isEqualTo(new ScopedStatistics<>(StatisticsScope.INSTANCE, own));
		assertThat(this.aggregator.all().scope()).isEqualTo(StatisticsScope.INSTANCE);
		assertThat(this.aggregator.all().figures().totals()).isEqualTo(own);
		assertThat(this.aggregator.days("bot"))
			.isEqualTo(new ScopedStatistics<>(StatisticsScope.INSTANCE, Map.of(TODAY, own)));
	}

	@Test
	void readingDoesNotHang() {
		this.repository.blocked = new CountDownLatch(1);
		this.statistics.record(report("bot", Outcome.MISS), false);
		long start = System.nanoTime();
		ScopedStatistics<StatisticsSnapshot> figures = this.aggregator.plan("bot");
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(1900),
				Duration.ofSeconds(10));
		assertThat(figures.scope()).isEqualTo(StatisticsScope.INSTANCE);
		assertThat(figures.figures().misses()).isEqualTo(1);
		this.repository.blocked.countDown();
		assertThat(this.aggregator.plan("bot").scope()).isEqualTo(StatisticsScope.SHARED);
		assertThat(this.aggregator.plan("bot").figures().misses()).isEqualTo(1);
	}

	@Test
	void figuresOfMemoryAreThoseOfTheInstance() {
		try (StatisticsAggregator inMemory = new StatisticsAggregator(this.statistics,
				new InMemoryStatisticsRepository(this.clock), this.clock, Duration.ofSeconds(1))) {
			this.statistics.record(report("bot", Outcome.MISS), false);
			assertThat(inMemory.plan("bot").scope()).isEqualTo(StatisticsScope.INSTANCE);
			assertThat(inMemory.days("bot").scope()).isEqualTo(StatisticsScope.INSTANCE);
			assertThat(inMemory.days("bot").figures().get(TODAY).misses()).isEqualTo(1);
		}
	}

	@Test
	void suspensionIsThatOfTheInstanceAndAResumeCountsAnew() {
		for (int i = 0; i < 20; i++) {
			this.statistics.plan("bot").semanticErrors().record(false, 0.05);
		}
		assertThat(this.aggregator.plan("bot").figures().verification())
			.isEqualTo(ErrorRateMonitor.Verification.of(20, 20, true));
		assertThat(this.aggregator.all().figures().totals().verification().suspended()).isTrue();
		this.statistics.plan("bot").semanticErrors().resume();
		this.statistics.plan("bot").semanticErrors().record(true, 0.05);
		assertThat(this.aggregator.plan("bot").figures().verification())
			.isEqualTo(ErrorRateMonitor.Verification.of(1, 0, false));
		assertThat(this.aggregator.days("bot").figures().get(TODAY).verification())
			.isEqualTo(ErrorRateMonitor.Verification.of(21, 20, false));
	}

	@Test
	void addsABatchEveryIntervalWhileItRuns() throws InterruptedException {
		StatisticsAggregator frequent = new StatisticsAggregator(this.statistics, this.repository, this.clock,
				Duration.ofMillis(10));
		frequent.start();
		assertThat(frequent.isRunning()).isTrue();
		for (int i = 1; i <= 3; i++) {
			this.repository.added = new CountDownLatch(1);
			this.statistics.record(report("bot", Outcome.MISS), false);
			assertThat(this.repository.added.await(10, TimeUnit.SECONDS)).isTrue();
			// Goes on after a failure
			this.repository.fail = true;
			this.statistics.recordError(Component.PLAN, null, new IllegalStateException());
			this.repository.failed = new CountDownLatch(2);
			assertThat(this.repository.failed.await(10, TimeUnit.SECONDS)).isTrue();
			this.repository.fail = false;
		}
		frequent.stop();
		assertThat(frequent.isRunning()).isFalse();
		frequent.start();
		this.repository.added = new CountDownLatch(1);
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.repository.added.await(10, TimeUnit.SECONDS)).isTrue();
		frequent.close();
		assertThat(this.repository.misses("bot")).isEqualTo(4);
	}

	@Test
	void stopAndCloseAddWhatIsLeft() {
		this.aggregator.start();
		this.statistics.record(report("bot", Outcome.MISS), false);
		this.aggregator.stop();
		assertThat(this.repository.misses("bot")).isEqualTo(1);
		this.statistics.record(report("bot", Outcome.MISS), false);
		this.aggregator.close();
		this.aggregator.close();
		assertThat(this.repository.misses("bot")).isEqualTo(2);
		this.aggregator.start();
		assertThat(this.aggregator.isRunning()).isFalse();
		assertThat(this.aggregator.flush()).isFalse();
		assertThat(this.aggregator.plan("bot").scope()).isEqualTo(StatisticsScope.INSTANCE);
		assertThat(this.aggregator.plan("bot").figures().misses()).isEqualTo(2);
	}

	@Test
	void refusesAnIntervalOfZero() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new StatisticsAggregator(this.statistics, this.repository, this.clock, Duration.ZERO))
			.withMessageContaining("'flushInterval' must be above 0, but is PT0S");
	}

	private void recordEverything(String plan) {
		for (Outcome outcome : Outcome.values()) {
			this.statistics.record(report(plan, outcome), outcome == Outcome.BYPASS);
		}
		PlanStatistics statistics = this.statistics.plan(plan);
		statistics.recordOverhead(null, new TokenUsage(3, 4, 0, 0, false), new PriceTable(List.of()));
		statistics.recordGuardVeto("numbers");
		statistics.recordCompressionTimeout();
		statistics.semanticErrors().record(false, 0.5);
		statistics.semanticErrors().record(true, 0.5);
		this.statistics.recordError(Component.EXACT_CACHE, plan, new IllegalStateException());
	}

	private static SavingsReport report(String plan, Outcome outcome) {
		return new SavingsReport("default", plan, outcome, "secret-model", null, null, 10, 30,
				Map.of("exact_cache", 15L, "compression", 5L), new BigDecimal("0.5"), 7, new BigDecimal("0.000000125"),
				false, false, true);
	}

	/**
	 * Fails, blocks and remembers.
	 */
	private static final class ScriptedRepository implements StatisticsRepository {

		private final InMemoryStatisticsRepository delegate;

		private final List<StatisticsBatch> offered = new ArrayList<>();

		private volatile boolean fail;

		private volatile boolean addBeforeFailing;

		private volatile CountDownLatch blocked = new CountDownLatch(0);

		private volatile CountDownLatch added = new CountDownLatch(0);

		private volatile CountDownLatch failed = new CountDownLatch(0);

		ScriptedRepository(TestClock clock) {
			this.delegate = new InMemoryStatisticsRepository(clock);
		}

		long misses(String plan) {
			StatisticsCounters counters = this.delegate.totals(Set.of(plan)).get(plan);
			return (counters != null) ? counters.value("requests.miss") : 0;
		}

		@Override
		public void add(StatisticsBatch batch) {
			this.offered.add(batch);
			try {
				this.blocked.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			if (!this.fail || this.addBeforeFailing) {
				this.delegate.add(batch);
			}
			check();
			this.added.countDown();
		}

		private void check() {
			if (this.fail) {
				this.failed.countDown();
				throw new IllegalStateException("Scripted failure");
			}
		}

		@Override
		public Map<String, StatisticsCounters> totals(Collection<String> plans) {
			check();
			return this.delegate.totals(plans);
		}

		@Override
		public NavigableMap<LocalDate, StatisticsCounters> days(String plan) {
			check();
			return this.delegate.days(plan);
		}

		@Override
		public Set<String> plans() {
			check();
			return this.delegate.plans();
		}

	}

}
