package io.tokensaving.sampling;

import java.util.Arrays;
import java.util.SplittableRandom;

import io.tokensaving.sampling.GradedJudge.Grade;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Simulations of {@link QualityMonitors}: how often they raise a false alarm, and how
 * soon they find what is bad. They print their figures.
 */
class QualitySimulationTests {

	private static final int RUNS = 10_000;

	private static final double LIMIT = 0.05;

	private static final QualityKey KEY = new QualityKey("nano", "triage");

	private static final double BASE_RATE = 0.02;

	@Test
	void seldomSuspendsAtARateThatEqualsTheLimit() {
		SplittableRandom random = new SplittableRandom(31);
		int suspended = 0;
		for (int run = 0; run < RUNS; run++) {
			suspended += (judgedUntilAlarm(new QualityMonitors(), random, LIMIT, 2000) <= 2000) ? 1 : 0;
		}
		System.out.printf("At the limit of 5 %%: %.2f %% of %d runs suspended within 2,000 judged%n",
				100.0 * suspended / RUNS, RUNS);
		assertThat((double) suspended / RUNS).isLessThanOrEqualTo(0.05);
	}

	@Test
	void findsADriftSoonAndIsQuietWithoutOne() {
		SplittableRandom random = new SplittableRandom(32);
		int[] found = new int[RUNS];
		int falseAlarms = 0;
		for (int run = 0; run < RUNS; run++) {
			QualityMonitors monitors = new QualityMonitors();
			if (judgedUntilAlarm(monitors, random, 0.02, 2000) <= 2000) {
				falseAlarms++;
			}
			monitors = new QualityMonitors();
			while (judgedUntilAlarm(monitors, random, 0.02, 1000) <= 1000) {
				monitors = new QualityMonitors();
			}
			found[run] = judgedUntilAlarm(monitors, random, 0.12, 10_000);
		}
		Arrays.sort(found);
		System.out.printf(
				"Drift from 2 %% to 12 %% after 1,000 judged: found after a median of %d and a p90 of %d judged; "
						+ "at 2 %% %.2f %% of %d runs raise an alarm within 2,000 judged%n",
				found[RUNS / 2], found[RUNS * 9 / 10], 100.0 * falseAlarms / RUNS, RUNS);
		assertThat(found[RUNS / 2]).isLessThanOrEqualTo(90);
		assertThat(found[RUNS * 9 / 10]).isLessThanOrEqualTo(200);
		assertThat((double) falseAlarms / RUNS).isLessThanOrEqualTo(0.02);
	}

	@Test
	void findsWhatIsBadFromTheStart() {
		SplittableRandom random = new SplittableRandom(33);
		int[] found = new int[RUNS];
		for (int run = 0; run < RUNS; run++) {
			found[run] = judgedUntilAlarm(new QualityMonitors(), random, 0.12, 10_000);
		}
		Arrays.sort(found);
		System.out.printf("12 %% from the start: found after a median of %d and a p90 of %d judged%n", found[RUNS / 2],
				found[RUNS * 9 / 10]);
		assertThat(found[RUNS / 2]).isLessThanOrEqualTo(90);
		assertThat(found[RUNS * 9 / 10]).isLessThanOrEqualTo(230);
	}

	@ParameterizedTest
	@CsvSource({ "1000, 90, 200", "300, 230, 600" })
	void findsADriftAtTwoPercentSampling(int goodJudgedBefore, int median, int mostOfNinety) {
		SplittableRandom random = new SplittableRandom(34);
		int runs = 1000;
		Traffic[] found = new Traffic[runs];
		long goodDecisions = 0;
		long goodJudged = 0;
		int falseAlarms = 0;
		for (int run = 0; run < runs; run++) {
			Traffic good;
			QualityMonitors monitors;
			do {
				monitors = new QualityMonitors();
				good = decide(monitors, random, 0.02, goodJudgedBefore, Integer.MAX_VALUE);
				goodDecisions += good.decisions();
				goodJudged += good.judged();
				falseAlarms += good.alarm() ? 1 : 0;
			}
			while (good.alarm());
			found[run] = decide(monitors, random, 0.12, Integer.MAX_VALUE, Integer.MAX_VALUE);
		}
		int[] judged = Arrays.stream(found).mapToInt(Traffic::judged).sorted().toArray();
		int[] decisions = Arrays.stream(found).mapToInt(Traffic::decisions).sorted().toArray();
		System.out.printf(
				"Drift from 2 %% to 12 %% at a base rate of 2 %% after %d judged: found after a median of %d and a p90 of "
						+ "%d judged, %d and %d decisions; while good %.2f %% of decisions are judged and %d of %d runs "
						+ "raise an alarm%n",
				goodJudgedBefore, judged[runs / 2], judged[runs * 9 / 10], decisions[runs / 2],
				decisions[runs * 9 / 10], 100.0 * goodJudged / goodDecisions, falseAlarms, runs + falseAlarms);
		assertThat(judged[runs / 2]).isLessThanOrEqualTo(median);
		assertThat(judged[runs * 9 / 10]).isLessThanOrEqualTo(mostOfNinety);
		assertThat(decisions[runs / 2]).as("at a fixed 2 % it would be about 4,000").isLessThan(3000);
		assertThat((double) goodJudged / goodDecisions).isLessThan(0.03);
		assertThat((double) falseAlarms / runs).isLessThan(0.02);
	}

	@Test
	void seldomSuspendsAtTheLimitWhateverTheSamplingAdaptsTo() {
		SplittableRandom random = new SplittableRandom(35);
		int runs = 2000;
		int suspended = 0;
		long judged = 0;
		long decisions = 0;
		for (int run = 0; run < runs; run++) {
			Traffic traffic = decide(new QualityMonitors(), random, LIMIT, 1000, Integer.MAX_VALUE);
			suspended += traffic.alarm() ? 1 : 0;
			judged += traffic.judged();
			decisions += traffic.decisions();
		}
		System.out.printf(
				"At the limit with adaptive sampling: %.2f %% of %d runs suspended within 1,000 judged, %.2f %% of decisions "
						+ "judged%n",
				100.0 * suspended / runs, runs, 100.0 * judged / decisions);
		assertThat((double) suspended / runs).isLessThanOrEqualTo(0.05);
	}

	@Test
	void estimatesTheShareOfAllDecisionsThoughTheSamplingFollowsIt() {
		SplittableRandom random = new SplittableRandom(36);
		int runs = 1000;
		double estimates = 0;
		double observed = 0;
		int covered = 0;
		for (int run = 0; run < runs; run++) {
			QualityMonitors monitors = new QualityMonitors();
			// The first decisions, of which many are judged, are worse than the others
			long bad = 0;
			int all = 20_000;
			for (int i = 0; i < all; i++) {
				boolean wrong = random.nextDouble() < ((i < 100) ? 0.3 : 0.03);
				bad += wrong ? 1 : 0;
				AdaptiveRate.Rate rate = monitors.rate(KEY, "v1", BASE_RATE);
				if (random.nextDouble() < rate.propensity()) {
					monitors.record(KEY, wrong ? Grade.WORSE : Grade.SAME, rate, 0.9);
				}
			}
			QualityCounts counts = monitors.snapshot().total();
			double truth = (double) bad / all;
			estimates += counts.estimate() - truth;
			observed += counts.observed().errorRate() - truth;
			covered += (counts.estimateLower() <= truth && truth <= counts.estimateUpper()) ? 1 : 0;
		}
		System.out.printf("Bias of the estimate %.4f, of the share of the judged %.4f; interval right in %.1f %%%n",
				estimates / runs, observed / runs, 100.0 * covered / runs);
		assertThat(estimates / runs).isBetween(-0.001, 0.001);
		assertThat(observed / runs).as("what is not weighed is wrong").isGreaterThan(0.005);
		assertThat((double) covered / runs).isGreaterThan(0.92);
	}

	@Test
	void findsWhatIsBadThoughTheVersionChangesWithEveryRequest() {
		SplittableRandom random = new SplittableRandom(37);
		int runs = 1000;
		int[] decisions = new int[runs];
		long judged = 0;
		for (int run = 0; run < runs; run++) {
			QualityMonitors monitors = new QualityMonitors();
			int i = 0;
			for (boolean alarm = false; !alarm; i++) {
				AdaptiveRate.Rate rate = monitors.rate(KEY, "version " + i, BASE_RATE);
				if (random.nextDouble() < rate.propensity()) {
					judged++;
					alarm = monitors.record(KEY, grade(random, 0.12), rate, LIMIT) != null;
				}
			}
			decisions[run] = i;
		}
		Arrays.sort(decisions);
		System.out.printf(
				"12 %% with a new version each time: found after a median of %d and a p90 of %d decisions, "
						+ "%.0f judged on average%n",
				decisions[runs / 2], decisions[runs * 9 / 10], (double) judged / runs);
		assertThat(decisions[runs * 9 / 10]).isLessThan(15_000);
	}

	private static Grade grade(SplittableRandom random, double badRate) {
		if (random.nextDouble() >= badRate) {
			return (random.nextInt(10) == 0) ? Grade.BETTER : Grade.SAME;
		}
		return (random.nextInt(4) == 0) ? Grade.UNUSABLE : Grade.WORSE;
	}

	// One more than the most that are judged without an alarm
	private static int judgedUntilAlarm(QualityMonitors monitors, SplittableRandom random, double badRate, int most) {
		for (int i = 1; i <= most; i++) {
			if (monitors.record(KEY, grade(random, badRate), AdaptiveRate.Rate.ALWAYS, LIMIT) != null) {
				return i;
			}
		}
		return most + 1;
	}

	private static Traffic decide(QualityMonitors monitors, SplittableRandom random, double badRate, int mostJudged,
			int mostDecisions) {
		int judged = 0;
		int decisions = 0;
		while (judged < mostJudged && decisions < mostDecisions) {
			decisions++;
			AdaptiveRate.Rate rate = monitors.rate(KEY, "v1", BASE_RATE);
			if (random.nextDouble() < rate.propensity()) {
				judged++;
				if (monitors.record(KEY, grade(random, badRate), rate, LIMIT) != null) {
					return new Traffic(decisions, judged, true);
				}
			}
		}
		return new Traffic(decisions, judged, false);
	}

	/**
	 * What came of some traffic.
	 *
	 * @param decisions the number of decisions
	 * @param judged the number of those that were judged
	 * @param alarm whether an alarm was raised
	 */
	private record Traffic(int decisions, int judged, boolean alarm) {

	}

}
