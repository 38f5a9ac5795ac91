package io.tokensaving.benchmarks;

import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import io.tokensaving.benchmarks.RoutingCurve.Routed;
import io.tokensaving.benchmarks.RoutingCurve.Threshold;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests the figures of routing against what is worked out by hand, and against counting.
 */
class RoutingCurveTests {

	private static final double[] WEAK = { 1, 0, 1, 0 };

	private static final double[] STRONG = { 1, 1, 1, 1 };

	@Test
	void areaIsThatOfTheCurveWorkedOutByHand() {
		// Quality after 0 to 4 strong calls: 0.5, 0.75, 0.75, 1, 1
		RoutingCurve curve = new RoutingCurve(new double[] { 3, 4, 1, 2 }, WEAK, STRONG);
		// The mean of the parts of the gap between them: 0.25, 0.5, 0.75, 1
		assertThat(curve.area(curve.ones()).apgr()).isCloseTo(0.625, within(1e-12));
		assertThat(curve.cpt(0.5)).isCloseTo(0.25, within(1e-12));
		assertThat(curve.cpt(0.8)).isCloseTo(0.65, within(1e-12));
		assertThat(curve.cpt(1)).isCloseTo(0.75, within(1e-12));
	}

	@Test
	void equalScoresCountAsIfDrawnInRandomOrder() {
		RoutingCurve curve = new RoutingCurve(new double[4], WEAK, STRONG);
		assertThat(curve.area(curve.ones()).apgr()).isCloseTo(0.5, within(1e-12));
		Threshold threshold = curve.threshold(0.75);
		assertThat(threshold).isEqualTo(new Threshold(0, 0.5));
		assertThat(curve.routed(threshold, curve.ones())).isEqualTo(new Routed(0.5, 0.75, 1));
	}

	@Test
	void thresholdIsInTheMiddleOfFirstAndLastCrossing() {
		// The sum of the qualities after 0 to 8 strong calls: 3, 4, 3, 4, 5, 6, 7, 7, 7
		double[] weak = { 0, 1, 0, 0, 0, 0, 1, 1 };
		double[] strong = { 1, 0, 1, 1, 1, 1, 1, 1 };
		double[] scores = { 8, 7, 6, 5, 4, 3, 2, 1 };
		RoutingCurve curve = new RoutingCurve(scores, weak, strong);
		// Half of 7 is reached after half a call, and for good after 2.5 calls
		Routed routed = curve.routed(curve.threshold(0.5), curve.ones());
		assertThat(routed.share()).isCloseTo(1.5 / 8, within(1e-12));
	}

	@Test
	void weakModelAnswersAllIfItIsGoodEnough() {
		RoutingCurve curve = new RoutingCurve(new double[] { 1, 2 }, new double[] { 1, 0.9 }, new double[] { 1, 1 });
		assertThat(curve.routed(curve.threshold(0.9), curve.ones()).share()).isZero();
	}

	@Test
	void strongModelAnswersAllIfNothingLessIsGoodEnough() {
		RoutingCurve curve = new RoutingCurve(new double[] { 1, 2, 3 }, new double[3], new double[] { 0.3, 0.3, 0.4 });
		assertThat(curve.routed(curve.threshold(1), curve.ones()).share()).isCloseTo(1, within(1e-9));
	}

	@Test
	void weightsCountAsRepeatedRows() {
		Random random = new Random(3);
		for (int round = 0; round < 200; round++) {
			int rows = 2 + random.nextInt(30);
			double[][] columns = new double[3][rows];
			double[] weights = new double[rows];
			for (int i = 0; i < rows; i++) {
				columns[0][i] = random.nextInt(8);
				columns[1][i] = random.nextInt(5) / 10.0;
				columns[2][i] = columns[1][i] + random.nextDouble() / 2;
				weights[i] = random.nextInt(3);
			}
			weights[0] = 1;
			int[] repeated = IntStream.range(0, rows)
				.flatMap((i) -> IntStream.range(0, (int) weights[i]).map((copy) -> i))
				.toArray();
			RoutingCurve weighted = new RoutingCurve(columns[0], columns[1], columns[2]);
			RoutingCurve plain = new RoutingCurve(pick(columns[0], repeated), pick(columns[1], repeated),
					pick(columns[2], repeated));
			Threshold threshold = plain.threshold(0.95);
			assertThat(weighted.area(weights).apgr()).isCloseTo(plain.area(plain.ones()).apgr(), within(1e-9));
			assertThat(weighted.routed(threshold, weights).quality())
				.isCloseTo(plain.routed(threshold, plain.ones()).quality(), within(1e-9));
			assertThat(plain.routed(threshold, plain.ones()).relative()).isGreaterThan(0.95 - 1e-9);
		}
	}

	@Test
	void orderOfGainsIsNeverBeaten() {
		Random random = new Random(4);
		for (int round = 0; round < 200; round++) {
			double[] weak = random.doubles(40).toArray();
			double[] strong = Arrays.stream(weak).map((value) -> value + random.nextDouble() - 0.2).toArray();
			double[] gains = new double[weak.length];
			Arrays.setAll(gains, (i) -> strong[i] - weak[i]);
			RoutingCurve oracle = new RoutingCurve(gains, weak, strong);
			RoutingCurve other = new RoutingCurve(random.doubles(40).toArray(), weak, strong);
			assertThat(oracle.area(oracle.ones()).apgr()).isGreaterThanOrEqualTo(other.area(other.ones()).apgr());
		}
	}

	@Test
	void shufflesKeepTheNumberOfCallsAndForgetTheScores() {
		double[] weak = new double[1000];
		double[] strong = new double[1000];
		Arrays.setAll(strong, (i) -> (i < 500) ? 1 : 0);
		double[] scores = new double[1000];
		Arrays.setAll(scores, (i) -> -i);
		RoutingCurve curve = new RoutingCurve(scores, weak, strong);
		Threshold threshold = new Threshold(-500, 0);
		assertThat(curve.routed(threshold, curve.ones()).relative()).isEqualTo(1);
		SplittableRandom random = new SplittableRandom(1);
		double mean = 0;
		for (int shuffle = 0; shuffle < 100; shuffle++) {
			Routed shuffled = curve.shuffled(threshold, random);
			assertThat(shuffled.share()).isEqualTo(0.5);
			mean += shuffled.relative() / 100;
		}
		assertThat(mean).isCloseTo(0.5, within(0.01));
	}

	private static double[] pick(double[] values, int[] rows) {
		return Arrays.stream(rows).mapToDouble((row) -> values[row]).toArray();
	}

}
