package io.tokensaving.route.learning;

import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests of {@link HeldOutLabels}.
 */
class HeldOutLabelsTests {

	@Test
	void knowsNothingWithoutAWorseAnswer() {
		HeldOutLabels labels = new HeldOutLabels();
		assertThat(labels.performanceGapRecovered()).isNaN();
		labels.add(1, 0, 1);
		assertThat(labels.performanceGapRecovered()).isNaN();
	}

	@Test
	void anOrderByChanceRecoversHalf() {
		SplittableRandom random = new SplittableRandom(5);
		HeldOutLabels labels = new HeldOutLabels();
		for (int i = 0; i < 3000; i++) {
			labels.add(random.nextDouble(), (random.nextInt(4) == 0) ? 1 : 0, 1 + random.nextInt(5));
		}
		assertThat(labels.count()).isEqualTo(3000);
		assertThat(labels.performanceGapRecovered()).isCloseTo(0.5, within(0.05));
	}

	@Test
	void equalScoresAreInNoOrder() {
		HeldOutLabels labels = new HeldOutLabels();
		for (int i = 0; i < 100; i++) {
			labels.add(0, (i < 50) ? 1 : 0, 1);
		}
		assertThat(labels.performanceGapRecovered()).isCloseTo(0.5, within(1e-12));
	}

	@Test
	void measuresTheAreaUnderWhatIsAvoided() {
		// The hardest quarter has all worse answers: a triangle of half a quarter is lost
		HeldOutLabels labels = new HeldOutLabels();
		for (int i = 0; i < 100; i++) {
			labels.add(i, (i >= 75) ? 1 : 0, 1);
		}
		assertThat(labels.performanceGapRecovered()).isCloseTo(0.875, within(1e-12));
	}

	@Test
	void anOrderThatAlsoFindsBetterAnswersRecoversMoreThanTheGap() {
		// A quarter gains 1 and is easiest, half loses 1 and is hardest: the net loss is
		// a
		// quarter, and half of all calls avoid twice as much
		HeldOutLabels labels = new HeldOutLabels();
		for (int i = 0; i < 100; i++) {
			labels.add(i, (i < 25) ? -1 : (i >= 50) ? 1 : 0, 1);
		}
		// Areas below the avoided loss: up to a half, up to three quarters, up to all
		assertThat(labels.performanceGapRecovered()).isCloseTo((0.5 * 0.25 + 0.25 * 0.5 + 0.25 * 0.375) / 0.25,
				within(1e-12));
	}

	@Test
	void knowsNothingIfTheCheaperTierLosesNothingOnTheWhole() {
		HeldOutLabels labels = new HeldOutLabels();
		labels.add(1, 1, 1);
		labels.add(0, -1, 1);
		assertThat(labels.performanceGapRecovered()).isNaN();
	}

	@Test
	void countsByWeight() {
		HeldOutLabels labels = new HeldOutLabels();
		labels.add(1, 1, 1);
		labels.add(0, 0, 3);
		assertThat(labels.performanceGapRecovered()).isCloseTo(0.875, within(1e-12));
	}

}
