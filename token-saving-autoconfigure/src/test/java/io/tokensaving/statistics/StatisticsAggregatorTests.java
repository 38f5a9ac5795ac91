package io.tokensaving.statistics;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.tokensaving.BuiltInFeatures;
import io.tokensaving.Component;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.compression.CompressionFeature;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.ErrorRateMonitor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

	private final SavingsStatistics statistics = new SavingsStatistics(() -> 0, BuiltInFeatures.all());

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
		StatisticsSnapshot own = this.statistics.plan(new PlanKey("default", "bot")).snapshot();
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")))
			.isEqualTo(new ScopedStatistics<>(StatisticsScope.SHARED, own));
		assertThat(own.totalRequests()).isEqualTo(5);
		assertThat(own.unpricedModels()).containsExactly("secret-model", "unknown");
		OverallStatistics all = this.aggregator.all().figures();
		assertThat(all.plan(new PlanKey("default", "bot"))).isEqualTo(own);
		assertThat(all.totals()).isEqualTo(this.statistics.totals());
		assertThat(all.unknownPlans()).isEqualTo(1);
		assertThat(all.errors()).containsEntry(ExactCacheFeature.COMPONENT, 2L).containsEntry(Component.PLAN, 0L);
		assertThat(all.plan(new PlanKey("default", "never-used")).totalRequests()).isZero();
		assertThat(this.aggregator.days(new PlanKey("default", "bot")).figures()).isEqualTo(Map.of(TODAY, own));
	}

	@Test
	void startsFromWhatIsThereAlready() {
		this.repository.delegate
			.add(new StatisticsBatch("earlier", 9, TODAY.minusDays(2), Map.of(new PlanKey("default", "bot"),
					new StatisticsCounters(Map.of("requests.miss", 40L, "cost_saved_pico_usd", -1L), Set.of("old")))));
		this.statistics.record(report("bot", Outcome.MISS), false);
		StatisticsSnapshot sums = this.aggregator.plan(new PlanKey("default", "bot")).figures();
		assertThat(sums.misses()).isEqualTo(41);
		assertThat(sums.costSavedUsd()).isEqualByComparingTo("0.499999999999");
		assertThat(sums.unpricedModels()).containsExactly("old", "secret-model");
		assertThat(this.aggregator.days(new PlanKey("default", "bot")).figures().keySet()).containsExactly(TODAY,
				TODAY.minusDays(2));
		assertThat(this.aggregator.all().figures().totals().misses()).isEqualTo(41);
	}

	@Test
	void sendsOnlyPlansWithChanges() {
		this.statistics.plan(new PlanKey("default", "idle"));
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.aggregator.flush()).isTrue();
		assertThat(this.aggregator.flush()).isTrue();
		this.statistics.recordUnknownPlan();
		assertThat(this.aggregator.flush()).isTrue();
		assertThat(this.repository.offered).extracting((batch) -> batch.increments().keySet())
			.containsExactly(Set.of(new PlanKey("default", "bot")), Set.of(StatisticsCounters.NO_PLAN));
	}

	@Test
	void batchWhoseReplyWasLostIsOfferedAgainAsItWas() {
		this.repository.fail = true;
		this.repository.addBeforeFailing = true;
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.aggregator.flush()).isFalse();
		for (int i = 0; i < 10; i++) {
			this.statistics.record(report("bot", ExactCacheFeature.HIT), false);
			assertThat(this.aggregator.flush()).isFalse();
		}
		this.repository.fail = false;
		assertThat(this.aggregator.flush()).isTrue();
		List<StatisticsBatch> offered = this.repository.offered;
		// Those that wait are one batch
		assertThat(offered).hasSize(13);
		assertThat(offered.subList(1, 12)).containsOnly(offered.get(0));
		assertThat(offered.get(12).number()).isEqualTo(2);
		assertThat(offered.get(12).increments().get(new PlanKey("default", "bot")).value("requests.exact_hit"))
			.isEqualTo(10);
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")).figures())
			.isEqualTo(this.statistics.plan(new PlanKey("default", "bot")).snapshot());
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
		this.statistics.record(report("bot", ExactCacheFeature.HIT), false);
		Map<LocalDate, StatisticsSnapshot> days = this.aggregator.days(new PlanKey("default", "bot")).figures();
		assertThat(days.keySet()).containsExactly(TODAY.plusDays(1), TODAY);
		assertThat(days.get(TODAY).misses()).isEqualTo(2);
		assertThat(days.get(TODAY).requests(ExactCacheFeature.HIT)).isZero();
		assertThat(days.get(TODAY.plusDays(1)).requests(ExactCacheFeature.HIT)).isEqualTo(1);
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
		Map<LocalDate, StatisticsSnapshot> days = this.aggregator.days(new PlanKey("default", "bot")).figures();
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
		assertThat(this.repository.offered).hasSizeLessThanOrEqualTo(StatisticsRepository.DAYS + 1 + 49);
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")).figures().misses()).isEqualTo(300);
	}

	@Test
	void showsItsOwnFiguresIfTheRepositoryFails() {
		this.repository.delegate.add(new StatisticsBatch("other", 1, TODAY,
				Map.of(new PlanKey("default", "bot"), new StatisticsCounters(Map.of("requests.miss", 40L), Set.of()))));
		this.repository.fail = true;
		recordEverything("bot");
		StatisticsSnapshot own = this.statistics.plan(new PlanKey("default", "bot")).snapshot();
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")))
			.isEqualTo(new ScopedStatistics<>(StatisticsScope.INSTANCE, own));
		assertThat(this.aggregator.all().scope()).isEqualTo(StatisticsScope.INSTANCE);
		assertThat(this.aggregator.all().figures().totals()).isEqualTo(own);
		assertThat(this.aggregator.days(new PlanKey("default", "bot")))
			.isEqualTo(new ScopedStatistics<>(StatisticsScope.INSTANCE, Map.of(TODAY, own)));
	}

	@Test
	void readingDoesNotHang() {
		this.repository.blocked = new CountDownLatch(1);
		this.statistics.record(report("bot", Outcome.MISS), false);
		ScopedStatistics<StatisticsSnapshot> figures = this.aggregator.plan(new PlanKey("default", "bot"));
		assertThat(figures.scope()).isEqualTo(StatisticsScope.INSTANCE);
		assertThat(figures.figures().misses()).isEqualTo(1);
		this.repository.blocked.countDown();
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")).scope()).isEqualTo(StatisticsScope.SHARED);
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")).figures().misses()).isEqualTo(1);
	}

	@Test
	void figuresOfMemoryAreThoseOfTheInstance() {
		try (StatisticsAggregator inMemory = new StatisticsAggregator(this.statistics,
				new InMemoryStatisticsRepository(this.clock), this.clock, Duration.ofSeconds(1))) {
			this.statistics.record(report("bot", Outcome.MISS), false);
			assertThat(inMemory.plan(new PlanKey("default", "bot")).scope()).isEqualTo(StatisticsScope.INSTANCE);
			assertThat(inMemory.days(new PlanKey("default", "bot")).scope()).isEqualTo(StatisticsScope.INSTANCE);
			assertThat(inMemory.days(new PlanKey("default", "bot")).figures().get(TODAY).misses()).isEqualTo(1);
		}
	}

	@Test
	void suspensionIsThatOfTheInstanceAndAResumeCountsAnew() {
		for (int i = 0; i < 20; i++) {
			this.statistics.plan(new PlanKey("default", "bot"))
				.state(SemanticCacheFeature.ERROR_RATE)
				.record(false, 0.05);
		}
		assertThat(
				this.aggregator.plan(new PlanKey("default", "bot")).figures().figures(SemanticCacheFeature.ERROR_RATE))
			.isEqualTo(ErrorRateMonitor.Verification.of(20, 20, true));
		assertThat(this.aggregator.all().figures().totals().figures(SemanticCacheFeature.ERROR_RATE).suspended())
			.isTrue();
		this.statistics.plan(new PlanKey("default", "bot")).state(SemanticCacheFeature.ERROR_RATE).resume();
		this.statistics.plan(new PlanKey("default", "bot")).state(SemanticCacheFeature.ERROR_RATE).record(true, 0.05);
		assertThat(
				this.aggregator.plan(new PlanKey("default", "bot")).figures().figures(SemanticCacheFeature.ERROR_RATE))
			.isEqualTo(ErrorRateMonitor.Verification.of(1, 0, false));
		assertThat(this.aggregator.days(new PlanKey("default", "bot"))
			.figures()
			.get(TODAY)
			.figures(SemanticCacheFeature.ERROR_RATE)).isEqualTo(ErrorRateMonitor.Verification.of(21, 20, false));
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
			assertThat(this.repository.added.await(60, TimeUnit.SECONDS)).isTrue();
			// Goes on after a failure
			this.repository.fail = true;
			this.statistics.recordError(Component.PLAN, null, new IllegalStateException());
			this.repository.failed = new CountDownLatch(2);
			assertThat(this.repository.failed.await(60, TimeUnit.SECONDS)).isTrue();
			this.repository.fail = false;
		}
		frequent.stop();
		assertThat(frequent.isRunning()).isFalse();
		frequent.start();
		this.repository.added = new CountDownLatch(1);
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.repository.added.await(60, TimeUnit.SECONDS)).isTrue();
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
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")).scope()).isEqualTo(StatisticsScope.INSTANCE);
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")).figures().misses()).isEqualTo(2);
	}

	@ParameterizedTest
	@CsvSource({ "false, false", "false, true", "true, false", "true, true" })
	void keepsInAFileWhatCannotBeAddedAndAddsItOnceAtTheNextStart(boolean hangs, boolean added, @TempDir Path directory,
			CapturedOutput output) throws Exception {
		this.aggregator.setSpoolDirectory(directory);
		this.repository.addBeforeFailing = added;
		this.statistics.record(report("b ü\nt", Outcome.MISS), false);
		this.repository.fail = true;
		if (hangs) {
			this.repository.blocked = new CountDownLatch(1);
		}
		assertThat(this.aggregator.flush()).isFalse();
		this.clock.pass(Duration.ofDays(1));
		this.statistics.record(report("bot", ExactCacheFeature.HIT), false);
		this.aggregator.close();
		this.aggregator.close();
		assertThat(output.getOut().lines().filter((line) -> line.contains("Statistics of "))).singleElement()
			.asString()
			.contains("2 requests (40 tokens saved, 20 bought, 1 USD saved)")
			.contains("are kept in");
		try (Stream<Path> files = Files.list(directory)) {
			assertThat(files).hasSize(1);
		}
		this.repository.blocked.countDown();
		for (int start = 0; start < 3; start++) {
			try (StatisticsAggregator next = new StatisticsAggregator(new SavingsStatistics(), this.repository,
					this.clock, Duration.ofHours(1))) {
				next.setSpoolDirectory(directory);
				this.repository.fail = start == 0;
				assertThat(next.flush()).isEqualTo(start > 0);
			}
		}
		assertThat(this.repository.misses("b ü\nt")).isEqualTo(1);
		assertThat(this.repository.delegate.totals(Set.of(new PlanKey("default", "bot"))).values()).singleElement()
			.satisfies((sums) -> {
				assertThat(sums.value("requests.exact_hit")).isEqualTo(1);
				assertThat(sums.unpricedModels()).containsExactly("secret-model");
			});
		assertThat(this.repository.delegate.days(new PlanKey("default", "bot")).keySet())
			.containsExactly(TODAY.plusDays(1));
		assertThat(directory).isEmptyDirectory();
	}

	@Test
	void figuresByLabelsAddUpToThoseOfThePlan() {
		PlanKey key = new PlanKey("default", "bot");
		Labels one = Labels.NONE.with("feature", "one");
		Labels two = Labels.NONE.with("feature", "two").with("tenant", "t");
		recordEverything("bot");
		record("bot", one, ExactCacheFeature.HIT, 2);
		record("bot", two, Outcome.BYPASS, 3);
		this.clock.pass(Duration.ofDays(1));
		assertThat(this.aggregator.flush()).isTrue();
		record("bot", two, Outcome.BYPASS, 1);
		for (boolean failing : new boolean[] { false, true }) {
			this.repository.fail = failing;
			StatisticsSnapshot plan = this.aggregator.plan(key).figures();
			Map<Labels, StatisticsSnapshot> figures = this.aggregator.labelled(key).figures();
			assertThat(figures).containsOnlyKeys(one, two, Labels.NONE);
			assertThat(figures.get(one).requests(ExactCacheFeature.HIT)).isEqualTo(2);
			assertThat(figures.get(one).tokensSaved()).isEqualTo(40);
			assertThat(figures.get(two).bypasses()).isEqualTo(4);
			assertThat(figures.get(two).modelErrors()).isEqualTo(4);
			assertThat(figures.get(two).count(CompressionFeature.TIMEOUTS)).isEqualTo(4);
			assertThat(figures.get(two).costSavedUsd()).isEqualByComparingTo("2");
			assertThat(figures.get(Labels.NONE).totalRequests()).isEqualTo(5);
			assertThat(figures.values().stream().mapToLong(StatisticsSnapshot::tokensSaved).sum())
				.isEqualTo(plan.tokensSaved());
			assertThat(figures.values().stream().map(StatisticsSnapshot::costSavedUsd).reduce(BigDecimal::add))
				.hasValueSatisfying((sum) -> assertThat(sum).isEqualByComparingTo(plan.costSavedUsd()));
			assertThat(figures.values().stream().map(StatisticsSnapshot::overheadUsd).reduce(BigDecimal::add))
				.hasValueSatisfying((sum) -> assertThat(sum).isEqualByComparingTo(plan.overheadUsd()));
			assertThat(figures.values().stream().mapToLong(StatisticsSnapshot::errors).sum()).isEqualTo(plan.errors());
			Map<LocalDate, Map<Labels, StatisticsSnapshot>> days = this.aggregator.labelledDays(key, 2).figures();
			assertThat(days.values().stream().mapToLong((day) -> day.get(two).bypasses()).sum()).isEqualTo(4);
			assertThat(this.aggregator.labelledDays(key, 1).figures().keySet()).containsExactly(TODAY.plusDays(1));
		}
	}

	@Test
	void whatWaitsIsAddedOnceByItsLabels() {
		PlanKey key = new PlanKey("default", "bot");
		Labels labels = Labels.NONE.with("feature", "one");
		this.repository.addBeforeFailing = true;
		for (int i = 0; i < 5; i++) {
			this.repository.fail = i % 2 == 0;
			record("bot", labels, Outcome.MISS, 1);
			this.aggregator.flush();
			this.clock.pass(Duration.ofDays(1));
		}
		this.repository.fail = false;
		assertThat(this.aggregator.labelled(key).figures()).containsOnlyKeys(labels);
		assertThat(this.aggregator.labelled(key).figures().get(labels).misses()).isEqualTo(5);
		assertThat(this.aggregator.labelledDays(key, 90).figures()).hasSize(5);
	}

	@Test
	void whatWaitsForLongerThanAWeekIsAddedWithoutItsLabels() {
		PlanKey key = new PlanKey("default", "bot");
		Labels labels = Labels.NONE.with("feature", "one");
		this.repository.fail = true;
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.aggregator.flush()).isFalse();
		for (int i = 0; i < 10; i++) {
			record("bot", labels, Outcome.MISS, 1);
			assertThat(this.aggregator.flush()).isFalse();
			this.clock.pass(Duration.ofDays(1));
		}
		this.repository.fail = false;
		assertThat(this.aggregator.plan(key).figures().misses()).isEqualTo(11);
		assertThat(this.aggregator.labelled(key).figures().get(labels).misses()).isEqualTo(7);
		assertThat(this.aggregator.labelled(key).figures().get(Labels.NONE).misses()).isEqualTo(4);
	}

	@Test
	void whatIsKeptInAFileKeepsItsLabels(@TempDir Path directory) throws IOException {
		PlanKey key = new PlanKey("default", "b ü\nt");
		Labels labels = Labels.NONE.with("feature", "/a/{b}").with("model", "m:1@2");
		this.aggregator.setSpoolDirectory(directory);
		this.statistics.record(report("b ü\nt", Outcome.MISS), false);
		record("b ü\nt", labels, ExactCacheFeature.HIT, 2);
		this.repository.fail = true;
		this.aggregator.close();
		this.repository.fail = false;
		try (StatisticsAggregator next = new StatisticsAggregator(new SavingsStatistics(), this.repository, this.clock,
				Duration.ofHours(1))) {
			next.setSpoolDirectory(directory);
			assertThat(next.flush()).isTrue();
			Map<Labels, StatisticsSnapshot> figures = next.labelled(key).figures();
			assertThat(figures).containsOnlyKeys(labels, Labels.NONE);
			assertThat(figures.get(labels).requests(ExactCacheFeature.HIT)).isEqualTo(2);
			assertThat(figures.get(Labels.NONE).misses()).isEqualTo(1);
			assertThat(next.plan(key).figures().tokensBought()).isEqualTo(30);
		}
		assertThat(directory).isEmptyDirectory();
	}

	@Test
	void figuresByHourAddUpToThoseOfThePlan(@TempDir Path directory) throws IOException {
		PlanKey key = new PlanKey("default", "bot");
		Labels labels = Labels.NONE.with("feature", "one");
		this.aggregator.setSpoolDirectory(directory);
		recordEverything("bot");
		record("bot", labels, Outcome.BYPASS, 1);
		assertThat(this.aggregator.flush()).isTrue();
		this.repository.fail = true;
		for (int i = 0; i < 3; i++) {
			this.clock.pass(Duration.ofHours(1));
			record("bot", labels, ExactCacheFeature.HIT, 1);
			assertThat(this.aggregator.flush()).isFalse();
		}
		assertThat(this.aggregator.hours(key, 24).scope()).isEqualTo(StatisticsScope.INSTANCE);
		assertThat(this.aggregator.hours(key, 24).figures()).hasSize(4);
		this.aggregator.close();
		this.repository.fail = false;
		try (StatisticsAggregator next = new StatisticsAggregator(new SavingsStatistics(), this.repository, this.clock,
				Duration.ofHours(1))) {
			next.setSpoolDirectory(directory);
			assertThat(next.flush()).isTrue();
			Map<Instant, Map<Labels, StatisticsSnapshot>> hours = next.hours(key, 24).figures();
			assertThat(hours.keySet()).containsExactly(Instant.parse("2026-04-01T02:00:00Z"),
					Instant.parse("2026-04-01T01:00:00Z"), Instant.parse("2026-04-01T00:00:00Z"),
					Instant.parse("2026-03-31T23:00:00Z"));
			assertThat(hours.values()
				.stream()
				.flatMap((hour) -> hour.values().stream())
				.map(StatisticsSnapshot::costSavedUsd)
				.reduce(BigDecimal::add)).hasValueSatisfying(
						(sum) -> assertThat(sum).isEqualByComparingTo(next.plan(key).figures().costSavedUsd()));
			assertThat(next.hours(key, 1).figures()).hasSize(1);
		}
	}

	@Test
	void whatWaitsForLongerThanTwoDaysIsAddedToItsDayOnly() {
		PlanKey key = new PlanKey("default", "bot");
		Labels labels = Labels.NONE.with("feature", "one");
		this.repository.fail = true;
		for (int i = 0; i < 60; i++) {
			this.clock.pass(Duration.ofHours(1));
			record("bot", labels, Outcome.MISS, 1);
			assertThat(this.aggregator.flush()).isFalse();
		}
		this.repository.fail = false;
		assertThat(this.aggregator.flush()).isTrue();
		assertThat(this.aggregator.labelled(key).figures().get(labels).misses()).isEqualTo(60);
		assertThat(this.aggregator.labelledDays(key, 90)
			.figures()
			.values()
			.stream()
			.mapToLong((day) -> day.get(labels).misses())
			.sum()).isEqualTo(60);
		// The first one was offered with its hour
		assertThat(this.aggregator.hours(key, StatisticsRepository.HOURS).figures()).hasSize(50);
	}

	@Test
	void readsAFileThatWasWrittenBeforeThereWereLabels(@TempDir Path directory) throws IOException {
		Files.writeString(directory.resolve("b.statistics"), """
				token-saving-statistics 1
				batch i 1 2026-01-01
				plan default bot
				count requests.miss 1
				end
				""");
		this.aggregator.setSpoolDirectory(directory);
		assertThat(this.aggregator.plan(new PlanKey("default", "bot")).figures().misses()).isEqualTo(1);
	}

	@Test
	void aPlanThatIsForgottenKeepsItsSumsInTotalOnly() {
		PlanKey key = new PlanKey("default", "bot");
		Labels labels = Labels.NONE.with("feature", "one");
		record("bot", labels, Outcome.MISS, 3);
		PlanStatistics underWay = this.statistics.plan(key);
		this.aggregator.forget(key);
		underWay.record(call("bot", labels, Outcome.MISS), false);
		assertThat(this.aggregator.labelled(key).figures()).doesNotContainKey(labels);
		PlanKey others = new PlanKey("default", SavingsStatistics.OTHER_PLANS);
		assertThat(this.aggregator.labelled(others).figures()).containsOnlyKeys(Labels.NONE);
		assertThat(this.aggregator.plan(others).figures().misses()).isEqualTo(4);
	}

	@Test
	void allPlansTogetherHaveABoundedNumberOfLabels() {
		StatisticsAggregator inMemory = new StatisticsAggregator(this.statistics,
				new InMemoryStatisticsRepository(this.clock), this.clock, Duration.ofHours(1));
		for (int plan = 0; plan < 30; plan++) {
			for (int i = 0; i < 400; i++) {
				record("plan-" + plan, Labels.NONE.with("a", "a" + i % 20).with("b", "b" + i / 20), Outcome.MISS, 1);
			}
		}
		int sets = 0;
		for (int plan = 0; plan < 30; plan++) {
			Map<Labels, StatisticsSnapshot> figures = inMemory.labelled(new PlanKey("default", "plan-" + plan))
				.figures();
			sets += figures.size();
			assertThat(figures.values().stream().mapToLong(StatisticsSnapshot::totalRequests).sum()).isEqualTo(400);
		}
		assertThat(sets).isBetween(SavingsStatistics.MAX_LABEL_SETS, SavingsStatistics.MAX_LABEL_SETS + 2 * 30);
		inMemory.forget(new PlanKey("default", "plan-0"));
		assertThat(inMemory.flush()).isTrue();
		Labels labels = Labels.NONE.with("a", "a0").with("b", "b0");
		record("plan-30", labels, Outcome.MISS, 1);
		assertThat(inMemory.labelled(new PlanKey("default", "plan-30")).figures()).containsKey(labels);
		inMemory.close();
	}

	@Test
	void saysWhatIsLostIfThereIsNoDirectory(CapturedOutput output) {
		this.repository.fail = true;
		for (int i = 0; i < 3; i++) {
			this.statistics.record(report("bot", Outcome.MISS), false);
		}
		this.aggregator.close();
		this.aggregator.close();
		assertThat(output.getOut().lines().filter((line) -> line.contains("Statistics of "))).singleElement()
			.asString()
			.contains("3 requests (60 tokens saved, 30 bought, 1.5 USD saved)")
			.contains("are lost");
	}

	@Test
	void saysNothingIfNothingIsLost(CapturedOutput output) {
		this.statistics.record(report("bot", Outcome.MISS), false);
		this.aggregator.close();
		assertThat(output).doesNotContain("Statistics of ");
	}

	@Test
	void leavesAFileAloneThatIsNotWhole(@TempDir Path directory, CapturedOutput output) throws Exception {
		Path file = Files.writeString(directory.resolve("x.statistics"),
				"token-saving-statistics 1\nbatch i 1 2026-01-01");
		this.aggregator.setSpoolDirectory(directory);
		this.statistics.record(report("bot", Outcome.MISS), false);
		assertThat(this.aggregator.flush()).isTrue();
		assertThat(this.repository.misses("bot")).isEqualTo(1);
		assertThat(file).exists();
		assertThat(output).contains("cannot be read and are not added");
	}

	@Test
	void aFileThatCannotBeReadOrRemovedHoldsUpNothing(@TempDir Path directory, CapturedOutput output) throws Exception {
		Files.createDirectory(directory.resolve("a.statistics"));
		Path file = Files.writeString(directory.resolve("b.statistics"), """
				token-saving-statistics 1
				batch i 1 2026-01-01
				plan default bot
				count requests.miss 1
				end
				""");
		this.repository.onAdd = (batch) -> {
			if (batch.instance().equals("i")) {
				try {
					Files.delete(file);
					Files.createDirectories(file.resolve("cannot be removed"));
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			}
		};
		this.aggregator.setSpoolDirectory(directory);
		for (int i = 2; i < 5; i++) {
			this.statistics.record(report("bot", Outcome.MISS), false);
			assertThat(this.aggregator.flush()).isTrue();
			assertThat(this.repository.misses("bot")).isEqualTo(i);
		}
		assertThat(output.getOut().lines().filter((line) -> line.contains("a.statistics"))).singleElement()
			.asString()
			.contains("cannot be read and are not added");
		assertThat(output.getOut().lines().filter((line) -> line.contains("b.statistics"))).singleElement()
			.asString()
			.contains("have been added, but the file cannot be removed");
	}

	@Test
	void refusesAnIntervalOfZero() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new StatisticsAggregator(this.statistics, this.repository, this.clock, Duration.ZERO))
			.withMessageContaining("'flushInterval' must be above 0, but is PT0S");
	}

	private void recordEverything(String plan) {
		for (Outcome outcome : List.of(ExactCacheFeature.HIT, SemanticCacheFeature.HIT, DedupFeature.HIT, Outcome.MISS,
				Outcome.BYPASS)) {
			this.statistics.record(report(plan, outcome), outcome.equals(Outcome.BYPASS));
		}
		PlanStatistics statistics = this.statistics.plan(new PlanKey("default", plan));
		statistics.recordOverhead(null, new TokenUsage(3, 4, 0, 0, false), new PriceTable(List.of()));
		statistics.increment(SemanticCacheFeature.GUARD_VETOES, "numbers");
		statistics.increment(CompressionFeature.TIMEOUTS);
		statistics.state(SemanticCacheFeature.ERROR_RATE).record(false, 0.5);
		statistics.state(SemanticCacheFeature.ERROR_RATE).record(true, 0.5);
		this.statistics.recordError(ExactCacheFeature.COMPONENT, new PlanKey("default", plan),
				new IllegalStateException());
	}

	private void record(String plan, Labels labels, Outcome outcome, int times) {
		for (int i = 0; i < times; i++) {
			this.statistics.plan(new PlanKey("default", plan))
				.record(call(plan, labels, outcome), outcome.equals(Outcome.BYPASS));
		}
	}

	private static ClosedLedger call(String plan, Labels labels, Outcome outcome) {
		return new ClosedLedger(report(plan, outcome), List.of(CompressionFeature.TIMEOUTS), List.of("other-model"),
				labels);
	}

	private static SavingsReport report(String plan, Outcome outcome) {
		return new SavingsReport("default", plan, outcome, "secret-model", null, null, 10, 30,
				Map.of("exact_cache", 15L, "compression", 5L), Map.of(), new BigDecimal("0.5"), 7,
				new BigDecimal("0.000000125"), false, false, Set.of());
	}

	/**
	 * Fails, blocks and remembers.
	 */
	private static final class ScriptedRepository implements StatisticsRepository {

		private final InMemoryStatisticsRepository delegate;

		private final List<StatisticsBatch> offered = new ArrayList<>();

		private volatile boolean fail;

		private volatile boolean addBeforeFailing;

		private volatile Consumer<StatisticsBatch> onAdd = (batch) -> {
		};

		private volatile CountDownLatch blocked = new CountDownLatch(0);

		private volatile CountDownLatch added = new CountDownLatch(0);

		private volatile CountDownLatch failed = new CountDownLatch(0);

		ScriptedRepository(TestClock clock) {
			this.delegate = new InMemoryStatisticsRepository(clock);
		}

		long misses(String plan) {
			StatisticsCounters counters = this.delegate.totals(Set.of(new PlanKey("default", plan)))
				.get(new PlanKey("default", plan));
			return (counters != null) ? counters.value("requests.miss") : 0;
		}

		@Override
		public void add(StatisticsBatch batch) {
			this.offered.add(batch);
			this.onAdd.accept(batch);
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
		public Map<PlanKey, StatisticsCounters> totals(Collection<PlanKey> plans) {
			check();
			return this.delegate.totals(plans);
		}

		@Override
		public NavigableMap<LocalDate, StatisticsCounters> days(PlanKey plan) {
			check();
			return this.delegate.days(plan);
		}

		@Override
		public Map<Labels, StatisticsCounters> labelled(PlanKey plan) {
			check();
			return this.delegate.labelled(plan);
		}

		@Override
		public NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> labelledDays(PlanKey plan, int days) {
			check();
			return this.delegate.labelledDays(plan, days);
		}

		@Override
		public NavigableMap<Instant, StatisticsCounters> hours(PlanKey plan, int hours) {
			check();
			return this.delegate.hours(plan, hours);
		}

		@Override
		public Set<PlanKey> plans() {
			check();
			return this.delegate.plans();
		}

	}

}
