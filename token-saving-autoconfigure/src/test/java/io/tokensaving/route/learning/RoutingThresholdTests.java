package io.tokensaving.route.learning;

import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests of {@link RoutingThreshold}.
 */
class RoutingThresholdTests {

	@Test
	void sendsAsManyAsTheLimitAllows() {
		double[] scores = { 0.4, 0.1, 0.3, 0.2 };
		double[] losses = { 1, 0, 1, 0 };
		double[] weights = { 1, 1, 1, 1 };
		RoutingThreshold threshold = RoutingThreshold.choose(scores, losses, weights, 0.25, 0);
		assertThat(threshold.value()).isCloseTo(0.35, within(1e-12));
		assertThat(threshold.share()).isEqualTo(0.75);
		assertThat(threshold.loss()).isEqualTo(0.25);
		assertThat(threshold.accepts(0.35)).isTrue();
		assertThat(threshold.accepts(0.36)).isFalse();
	}

	@Test
	void countsAnObservationByItsWeight() {
		double[] scores = { 0.1, 0.2 };
		double[] losses = { 0, 1 };
		RoutingThreshold threshold = RoutingThreshold.choose(scores, losses, new double[] { 1, 9 }, 0.8, 0);
		assertThat(threshold.share()).isCloseTo(0.1, within(1e-12));
		threshold = RoutingThreshold.choose(scores, losses, new double[] { 9, 1 }, 0.2, 0);
		assertThat(threshold.share()).isEqualTo(1);
		assertThat(threshold.value()).isEqualTo(0.2);
	}

	@Test
	void betterAnswersMakeUpForWorseOnes() {
		double[] scores = { 0.1, 0.2, 0.3, 0.4 };
		RoutingThreshold threshold = RoutingThreshold.choose(scores, new double[] { -1, 1, 1, 1 },
				new double[] { 1, 1, 1, 1 }, 0.25, 0);
		assertThat(threshold.share()).isEqualTo(0.75);
		assertThat(threshold.loss()).isEqualTo(0.25);
	}

	@Test
	void triesNoThresholdAboveOneThatLosesTooMuch() {
		// All of them together would lose nothing
		double[] scores = { 0.1, 0.2, 0.3, 0.4 };
		RoutingThreshold threshold = RoutingThreshold.choose(scores, new double[] { 0, 1, 0, -1 },
				new double[] { 1, 1, 1, 1 }, 0.2, 0);
		assertThat(threshold.share()).isEqualTo(0.25);
		assertThat(threshold.loss()).isZero();
	}

	@Test
	void staysFurtherBelowTheLimitTheMoreGainsThereAreToBeMadeUpFor() {
		// Nothing is lost net, with much or no chance in it
		double[] scores = new double[400];
		double[] losses = new double[400];
		double[] weights = new double[400];
		for (int i = 0; i < 400; i++) {
			losses[i] = (i % 2 == 0) ? 1 : -1;
			weights[i] = 1;
		}
		assertThat(RoutingThreshold.choose(scores, losses, weights, 0.05, 1.645)).isEqualTo(RoutingThreshold.NONE);
		assertThat(RoutingThreshold.choose(scores, losses, weights, 0.09, 1.645).share()).isEqualTo(1);
		assertThat(RoutingThreshold.choose(scores, new double[400], weights, 0.05, 1.645).share()).isEqualTo(1);
	}

	@Test
	void sendsNothingIfTheEasiestIsTooHard() {
		assertThat(RoutingThreshold.choose(new double[] { 0.1, 0.2 }, new double[] { 1, 1 }, new double[] { 1, 1 }, 0.1,
				0))
			.isEqualTo(RoutingThreshold.NONE);
		assertThat(RoutingThreshold.choose(new double[0], new double[0], new double[0], 0.1, 0))
			.isEqualTo(RoutingThreshold.NONE);
		assertThat(RoutingThreshold.NONE.accepts(-1e300)).isFalse();
	}

	@Test
	void doesNotTellEqualScoresApart() {
		double[] equal = { 0.5, 0.5, 0.5, 0.5 };
		assertThat(RoutingThreshold.choose(equal, new double[] { 0, 0, 0, 1 }, new double[] { 1, 1, 1, 1 }, 0.2, 0))
			.isEqualTo(RoutingThreshold.NONE);
	}

	@Test
	void sendsFewerWithAMarginAndFewerTheFewerObservationsThereAre() {
		double large = choose(2000, 1.645).share();
		double small = choose(200, 1.645).share();
		assertThat(choose(2000, 0).share()).isGreaterThan(large);
		assertThat(large).isGreaterThan(small);
	}

	@Test
	void theLossOfRequestsIsWithinTheLimitInNineteenOfTwentyChoices() {
		// The chance of a loss equals the score, so that the loss of all requests up to a
		// threshold t is half its square
		SplittableRandom random = new SplittableRandom(3);
		int within = 0;
		int runs = 2000;
		for (int run = 0; run < runs; run++) {
			double[] scores = new double[300];
			double[] losses = new double[300];
			double[] weights = new double[300];
			for (int i = 0; i < 300; i++) {
				scores[i] = random.nextDouble();
				losses[i] = (random.nextDouble() < scores[i]) ? 1 : 0;
				weights[i] = 1;
			}
			double value = Math.max(0, RoutingThreshold.choose(scores, losses, weights, 0.05, 1.645).value());
			within += (value * value / 2 <= 0.05) ? 1 : 0;
		}
		assertThat(within).isGreaterThan((int) (0.95 * runs));
	}

	@Test
	void theNetLossOfRequestsIsWithinTheLimitInNineteenOfTwentyChoices() {
		// The chance of a loss less that of a gain is 1.2 times the score less 0.3, so
		// that
		// the net loss of all requests up to a threshold t falls first
		SplittableRandom random = new SplittableRandom(4);
		int within = 0;
		int runs = 2000;
		for (int run = 0; run < runs; run++) {
			double[] scores = new double[300];
			double[] losses = new double[300];
			double[] weights = new double[300];
			for (int i = 0; i < 300; i++) {
				scores[i] = random.nextDouble();
				double chance = random.nextDouble();
				losses[i] = (chance < 0.35 * (1 - scores[i])) ? -1 : (chance > 1 - 0.05 - 0.85 * scores[i]) ? 1 : 0;
				weights[i] = 1;
			}
			double value = Math.max(0, RoutingThreshold.choose(scores, losses, weights, 0.05, 1.645).value());
			within += (0.6 * value * value - 0.3 * value <= 0.05) ? 1 : 0;
		}
		assertThat(within).isGreaterThan((int) (0.95 * runs));
	}

	private static RoutingThreshold choose(int count, double margin) {
		double[] scores = new double[count];
		double[] losses = new double[count];
		double[] weights = new double[count];
		for (int i = 0; i < count; i++) {
			scores[i] = i;
			losses[i] = (i % 10 == 9) ? 1 : 0;
			weights[i] = 1;
		}
		return RoutingThreshold.choose(scores, losses, weights, 0.05, margin);
	}

}
