package io.tokensaving.sampling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.tokensaving.sampling.AdaptiveRate.Rate;
import io.tokensaving.sampling.GradedJudge.Grade;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link QualityMonitors} and {@link QualitySlot}.
 */
class QualityMonitorsTests {

	private static final QualityKey NANO = new QualityKey("nano", "triage");

	private static final QualityKey NANO_SUMMARY = new QualityKey("nano", "summary");

	private static final QualityKey MID = new QualityKey("mid", "triage");

	private static final double LIMIT = 0.05;

	private static final QualitySlot SLOT = new QualitySlot("routing_quality", "route_quality_", "route", "routing",
			true);

	private final QualityMonitors monitors = new QualityMonitors();

	private QualityAlarm record(QualityKey key, Grade grade, int times) {
		return record(this.monitors, key, grade, times);
	}

	private static QualityAlarm record(QualityMonitors monitors, QualityKey key, Grade grade, int times) {
		QualityAlarm first = null;
		for (int i = 0; i < times; i++) {
			QualityAlarm alarm = monitors.record(key, grade, Rate.ALWAYS, LIMIT);
			first = (first != null) ? first : alarm;
		}
		return first;
	}

	@Test
	void watchesEachTierAndFeatureApart() {
		assertThat(record(NANO, Grade.WORSE, 2)).isNull();
		assertThat(record(NANO_SUMMARY, Grade.UNUSABLE, 2)).isNull();
		assertThat(record(MID, Grade.WORSE, 2)).isNull();
		QualityAlarm alarm = record(NANO, Grade.UNUSABLE, 1);
		assertThat(alarm.key()).isEqualTo(NANO);
		assertThat(alarm.cause()).isEqualTo(QualityAlarm.Cause.SINCE_CHANGE);
		assertThat(alarm.judged()).isEqualTo(3);
		assertThat(alarm.bad()).isEqualTo(3);
		assertThat(alarm.limit()).isEqualTo(LIMIT);
		assertThat(alarm.evidence()).isGreaterThanOrEqualTo(20);
		assertThat(this.monitors.standing(NANO)).as("what follows is up to the feature")
			.isEqualTo(QualityStanding.OPEN);
	}

	@Test
	void tellsADriftFromWhatWasBadSinceTheStart() {
		assertThat(record(NANO, Grade.SAME, 1000)).isNull();
		assertThat(record(NANO, Grade.WORSE, 20).cause()).isEqualTo(QualityAlarm.Cause.DRIFT);
	}

	@Test
	void raisesTheAlarmAgainUntilItIsSuspended() {
		List<Integer> alarms = new ArrayList<>();
		for (int i = 1; i <= 9; i++) {
			if (record(NANO, Grade.WORSE, 1) != null) {
				alarms.add(i);
			}
		}
		assertThat(alarms).containsExactly(3, 6, 9);
		this.monitors.setStanding(NANO, QualityStanding.SUSPENDED);
		assertThat(record(NANO, Grade.WORSE, 30)).isNull();
		assertThat(this.monitors.snapshot().counts().get(NANO).worse()).isEqualTo(39);
	}

	@Test
	void standsUntilItIsResumedAndCountsAnew() {
		record(NANO, Grade.WORSE, 3);
		this.monitors.setStanding(NANO, QualityStanding.SUSPENDED);
		this.monitors.setStanding(MID, QualityStanding.RAISED);
		assertThat(this.monitors.isSuspended()).isTrue();
		assertThat(this.monitors.standing(NANO)).isEqualTo(QualityStanding.SUSPENDED);
		assertThat(this.monitors.standing(NANO_SUMMARY)).isEqualTo(QualityStanding.OPEN);
		assertThat(this.monitors.standings()).containsExactly(Map.entry(MID, QualityStanding.RAISED),
				Map.entry(NANO, QualityStanding.SUSPENDED));
		assertThat(this.monitors.resume()).isTrue();
		assertThat(this.monitors.resume()).isFalse();
		assertThat(this.monitors.isSuspended()).isFalse();
		assertThat(this.monitors.standings()).isEmpty();
		assertThat(this.monitors.evidence(NANO)).isEqualTo(1);
		assertThat(this.monitors.snapshot().total()).isEqualTo(QualityCounts.NONE);
		assertThat(record(NANO, Grade.WORSE, 2)).isNull();
		assertThat(record(NANO, Grade.WORSE, 1)).isNotNull();
		assertThat(this.monitors.sinceStart().worse()).isEqualTo(6);
	}

	@Test
	void aChangeStartsTheTestsAnewOnceEnoughWasJudged() {
		this.monitors.rate(NANO, "v1", 0.02);
		record(NANO, Grade.WORSE, 2);
		assertThat(this.monitors.rate(NANO, "v2", 0.02).changed()).isTrue();
		assertThat(record(NANO, Grade.WORSE, 1)).as("what is bad cannot hide behind changes").isNotNull();
		record(NANO, Grade.SAME, QualityMonitor.MIN_JUDGED);
		double before = this.monitors.evidence(NANO);
		assertThat(before).isLessThan(0.5);
		Rate inFlight = this.monitors.rate(NANO, "v2", 0.02);
		assertThat(this.monitors.rate(NANO, "v3", 0.02).changed()).isTrue();
		assertThat(this.monitors.evidence(NANO)).isEqualTo(1);
		for (int i = 0; i < 10; i++) {
			assertThat(this.monitors.record(NANO, Grade.WORSE, inFlight, LIMIT)).as("of what was before").isNull();
		}
		assertThat(this.monitors.evidence(NANO)).isEqualTo(1);
		assertThat(this.monitors.snapshot().total().worse()).isEqualTo(13);
		Rate after = this.monitors.rate(NANO, "v3", 0.02);
		for (int i = 0; i < 2; i++) {
			assertThat(this.monitors.record(NANO, Grade.WORSE, after, LIMIT)).isNull();
		}
		assertThat(this.monitors.record(NANO, Grade.WORSE, after, LIMIT)).isNotNull();
	}

	@Test
	void judgesMoreOfAKeyThatIsSuspected() {
		for (int i = 0; i < AdaptiveRate.RAISED_DECISIONS; i++) {
			this.monitors.rate(NANO, "v1", 0.02);
		}
		record(NANO, Grade.SAME, 300);
		assertThat(this.monitors.rate(NANO, "v1", 0.02).propensity()).isEqualTo(0.02);
		record(NANO, Grade.WORSE, 2);
		assertThat(this.monitors.evidence(NANO)).isLessThan(1);
		assertThat(this.monitors.rate(NANO, "v1", 0.02).propensity()).as("after a good period too")
			.isEqualTo(AdaptiveRate.RAISED_RATE);
		assertThat(this.monitors.rate(NANO_SUMMARY, "v1", 0.02).propensity()).isEqualTo(0.02);
	}

	@Test
	void weighsByTheInversePropensity() {
		this.monitors.record(NANO, Grade.WORSE, new Rate(0.2, 0, false), LIMIT);
		this.monitors.record(NANO, Grade.SAME, new Rate(0.02, 0, false), LIMIT);
		QualityCounts counts = this.monitors.snapshot().total();
		assertThat(counts).isEqualTo(new QualityCounts(0, 1, 1, 0, 55_000, 5000, 2_525_000));
		assertThat(counts.estimate()).isCloseTo(5.0 / 55, within(1e-9));
		assertThat(counts.effective()).isCloseTo(55.0 * 55 / 2525, within(1e-9));
		assertThat(counts.observed().errorRate()).isEqualTo(0.5);
		assertThat(counts.estimateLower()).isBetween(0.0, counts.estimate());
		assertThat(counts.estimateUpper()).isBetween(counts.estimate(), 1.0);
		assertThat(QualityCounts.NONE.estimateUpper()).isEqualTo(1);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.monitors.record(NANO, Grade.SAME, new Rate(0, 0, false), LIMIT));
	}

	@Test
	void withOneRateTheIntervalIsThatOfTheJudged() {
		for (int i = 0; i < 100; i++) {
			this.monitors.record(NANO, (i < 7) ? Grade.WORSE : Grade.BETTER, new Rate(0.02, 0, false), LIMIT);
		}
		QualityCounts counts = this.monitors.snapshot().total();
		assertThat(counts.effective()).isCloseTo(100, within(1e-9));
		assertThat(counts.estimateLower()).isCloseTo(counts.observed().lower(), within(1e-9));
		assertThat(counts.estimateUpper()).isCloseTo(counts.observed().upper(), within(1e-9));
	}

	@Test
	void keysAreBounded() {
		for (int i = 0; i < 1000; i++) {
			record(new QualityKey("nano", "feature" + i), Grade.SAME, 1);
			record(new QualityKey("tier" + i, "triage"), Grade.SAME, 1);
			this.monitors.rate(new QualityKey("tier" + i, "triage"), "v" + i, 0.02);
		}
		QualityFigures figures = this.monitors.snapshot();
		assertThat(figures.total().judged()).isEqualTo(2000);
		assertThat(figures.counts()).hasSizeLessThanOrEqualTo(QualityMonitors.MAX_KEYS + 17);
		assertThat(figures.byTier()).hasSizeLessThanOrEqualTo(17);
		assertThat(figures.byTier().get("nano").judged()).isEqualTo(1000);
		QualityKey lost = new QualityKey("nano", "feature999");
		QualityAlarm alarm = record(lost, Grade.WORSE, 60);
		assertThat(alarm.key()).isEqualTo(new QualityKey("nano", QualityKey.OTHER));
		this.monitors.setStanding(alarm.key(), QualityStanding.SUSPENDED);
		assertThat(this.monitors.standing(lost)).isEqualTo(QualityStanding.SUSPENDED);
		assertThat(this.monitors.standing(new QualityKey("nano", "feature0"))).isEqualTo(QualityStanding.OPEN);
	}

	@Test
	void aFeatureWhoseNameIsNotAcceptedIsCountedWithTheOthers() {
		assertThat(new QualityKey("nano", "What is my password?, x")).isEqualTo(new QualityKey("nano", "other"));
		assertThatIllegalArgumentException().isThrownBy(() -> new QualityKey("na,no", "x"));
	}

	@Property(tries = 100)
	void sumsOfInstancesComeToTheFiguresOfAll(@ForAll @Size(max = 60) List<Grade> grades,
			@ForAll @Size(max = 20) List<NotJudged> losses) {
		QualityMonitors all = new QualityMonitors();
		QualityMonitors[] instances = { new QualityMonitors(), new QualityMonitors(), new QualityMonitors() };
		QualityKey[] keys = { NANO, NANO_SUMMARY, MID };
		for (int i = 0; i < grades.size(); i++) {
			for (QualityMonitors counted : List.of(all, instances[i % 3])) {
				counted.record(keys[(i / 2) % 3], grades.get(i), new Rate((i % 2 == 0) ? 0.2 : 0.02, 0, false), LIMIT);
				counted.compared(PositionBias.of(grades.get(i), Grade.SAME));
			}
		}
		for (int i = 0; i < losses.size(); i++) {
			all.notJudged(losses.get(i));
			instances[i % 3].notJudged(losses.get(i));
		}
		StatisticsCounters sums = StatisticsCounters.EMPTY;
		for (QualityMonitors instance : instances) {
			sums = sums.plus(counters(instance));
		}
		QualityFigures expected = all.snapshot();
		assertThat(SLOT.figures(sums, false)).isEqualTo(expected);
		assertThat(SLOT.figures(counters(all), false)).isEqualTo(expected);
		QualityMonitors target = new QualityMonitors();
		for (QualityMonitors instance : instances) {
			instance.foldInto(target);
			assertThat(instance.snapshot().total()).isEqualTo(QualityCounts.NONE);
		}
		assertThat(target.snapshot()).isEqualTo(expected);
		instances[0].record(MID, Grade.WORSE, Rate.ALWAYS, LIMIT);
		instances[1].notJudged(NotJudged.FAILED);
		assertThat(target.snapshot().counts().get(MID).worse()).as("what comes later is counted there too")
			.isEqualTo(expected.counts().getOrDefault(MID, QualityCounts.NONE).worse() + 1);
		assertThat(target.snapshot().lost()).isEqualTo(expected.lost() + 1);
	}

	private static StatisticsCounters counters(QualityMonitors monitors) {
		Map<String, Long> sums = new HashMap<>(Map.of("requests.miss", 7L, "route_quality_nonsense", 3L));
		SLOT.tellSums(monitors, (name, value) -> assertThat(sums.put(name, value)).as(name).isNull());
		return new StatisticsCounters(sums, Set.of());
	}

	@Test
	void noSumFallsWhenItIsResumedAndTheFiguresStartAnew() {
		record(NANO, Grade.WORSE, 3);
		record(MID, Grade.BETTER, 2);
		StatisticsCounters before = counters(this.monitors);
		this.monitors.resume();
		record(MID, Grade.SAME, 1);
		StatisticsCounters after = counters(this.monitors);
		before.values().forEach((name, value) -> assertThat(after.value(name)).as(name).isGreaterThanOrEqualTo(value));
		assertThat(after.values().keySet()).anyMatch((name) -> name.endsWith(StateSlot.BEFORE_RESUME));
		assertThat(SLOT.figures(after, false)).isEqualTo(this.monitors.snapshot());
		assertThat(SLOT.figures(after, false).total().judged()).isEqualTo(1);
	}

	@Test
	void describesWholeAndTiersWithoutTexts() {
		record(NANO, Grade.WORSE, 1);
		record(NANO_SUMMARY, Grade.SAME, 9);
		record(MID, Grade.BETTER, 1);
		this.monitors.notJudged(NotJudged.OUT_OF_BUDGET);
		this.monitors.compared(PositionBias.of(Grade.BETTER, Grade.SAME));
		Map<String, Object> described = SLOT.describe(this.monitors.snapshot());
		assertThat(described).containsEntry("judged", 11L)
			.containsEntry("worse_rate", 0.0909)
			.containsEntry("suspended", false);
		assertThat(described.get("tiers")).asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
			.containsOnlyKeys("mid", "nano")
			.extractingByKey("nano")
			.asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
			.containsEntry("judged", 10L)
			.containsEntry("interval_95", List.of(0.0179, 0.4042));
		assertThat(described.get("not_judged").toString()).contains("out_of_budget=1", "overdue=0");
		assertThat(described.get("judge").toString()).contains("compared_in_both_orders=1", "position_bias=0.5");
		SLOT.meters()
			.forEach((meter) -> assertThat(meter.value().applyAsDouble(this.monitors)).isGreaterThanOrEqualTo(0));
	}

	@Test
	@Timeout(60)
	void countsEverythingOnceWhileManyDecideRecordAndFold() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try {
			for (int round = 0; round < 100; round++) {
				QualityMonitors own = new QualityMonitors();
				QualityMonitors target = new QualityMonitors();
				CountDownLatch start = new CountDownLatch(1);
				List<Future<?>> ended = new ArrayList<>();
				for (int thread = 0; thread < 3; thread++) {
					QualityKey key = (thread == 0) ? MID : NANO;
					ended.add(threads.submit(() -> {
						start.await();
						for (int i = 0; i < 100; i++) {
							Rate rate = own.rate(key, "v" + i / 40, 0.02);
							own.record(key, (i % 10 == 0) ? Grade.WORSE : Grade.SAME, rate, LIMIT);
							own.notJudged(NotJudged.FAILED);
						}
						return null;
					}));
				}
				ended.add(threads.submit(() -> {
					start.await();
					own.foldInto(target);
					return null;
				}));
				start.countDown();
				for (Future<?> end : ended) {
					end.get();
				}
				assertThat(own.snapshot().total()).isEqualTo(QualityCounts.NONE);
				assertThat(target.snapshot().total().judged()).isEqualTo(300);
				assertThat(target.snapshot().total().bad()).isEqualTo(30);
				assertThat(target.snapshot().notJudged().get(NotJudged.FAILED)).isEqualTo(300);
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Test
	void whatOthersJudgeIsEvidenceAndNotCounted() {
		QualityMonitors counted = new QualityMonitors();
		for (int i = 0; i < 2; i++) {
			assertThat(this.monitors.observe(NANO, true, LIMIT)).isNull();
			assertThat(record(counted, NANO, Grade.WORSE, 1)).isNull();
		}
		assertThat(this.monitors.evidence(NANO)).isEqualTo(counted.evidence(NANO));
		QualityAlarm alarm = this.monitors.observe(NANO, true, LIMIT);
		assertThat(alarm).isNotNull();
		assertThat(alarm.key()).isEqualTo(NANO);
		assertThat(alarm.judged()).isZero();
		assertThat(this.monitors.snapshot().total().judged()).isZero();
	}

	@Test
	void takesOverStandingsUnlessItWasResumedMeanwhile() {
		int resumes = this.monitors.resumes();
		this.monitors.adoptStanding(NANO, QualityStanding.RAISED, resumes);
		assertThat(this.monitors.standing(NANO)).isEqualTo(QualityStanding.RAISED);
		this.monitors.adoptStanding(NANO, QualityStanding.SUSPENDED, resumes);
		this.monitors.adoptStanding(NANO, QualityStanding.RAISED, resumes);
		assertThat(this.monitors.standing(NANO)).isEqualTo(QualityStanding.SUSPENDED);
		assertThat(this.monitors.resume()).isTrue();
		this.monitors.adoptStanding(NANO, QualityStanding.SUSPENDED, resumes);
		assertThat(this.monitors.standings()).isEmpty();
		assertThat(this.monitors.resumes()).isEqualTo(resumes + 1);
	}

}
