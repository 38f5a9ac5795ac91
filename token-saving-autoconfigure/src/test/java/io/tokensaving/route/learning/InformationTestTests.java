package io.tokensaving.route.learning;

import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link InformationTest}.
 */
class InformationTestTests {

	@ParameterizedTest
	@ValueSource(doubles = { 0.03, 0.3, 0.7, 0.97 })
	void rarelyFindsSomethingInScoresThatSayNothing(double rate) {
		assertThat(share(rate, 0, 3000)).isLessThanOrEqualTo(0.05);
	}

	@Test
	void findsSomethingInScoresThatSayALittle() {
		assertThat(share(0.05, 0.5, 1500)).isGreaterThan(0.9);
		assertThat(share(0.3, 0.3, 1500)).isGreaterThan(0.9);
	}

	@Test
	void findsNothingInScoresThatAreTheWrongWayRound() {
		assertThat(share(0.3, -0.3, 1000)).isZero();
	}

	@Test
	void findsNothingInEqualScores() {
		InformationTest test = new InformationTest();
		for (int i = 0; i < 1000; i++) {
			test.observe(0.5, i % 3 == 0);
		}
		assertThat(test.value()).isEqualTo(1);
	}

	@Test
	void doesNotCompareScoresOfDifferentFunctions() {
		InformationTest test = new InformationTest();
		test.observe(0, false);
		test.startOrder();
		test.observe(100, true);
		assertThat(test.value()).isEqualTo(1);
		test.observe(0, false);
		test.observe(100, true);
		assertThat(test.value()).isGreaterThan(1);
	}

	@Test
	void goesOnFromItsState() {
		InformationTest test = new InformationTest();
		test.observe(0, false);
		test.observe(1, true);
		InformationTest restored = new InformationTest();
		restored.restore(test.state());
		assertThat(restored.value()).isEqualTo(test.value());
		assertThatIllegalArgumentException().isThrownBy(() -> restored.restore(new double[] { 1, 1, 1, -1 }));
	}

	private static double share(double rate, double lift, int length) {
		SplittableRandom random = new SplittableRandom(11);
		int runs = 1000;
		int reached = 0;
		for (int run = 0; run < runs; run++) {
			InformationTest test = new InformationTest();
			for (int i = 0; i < length; i++) {
				if (i % 50 == 0) {
					test.startOrder();
				}
				boolean worse = random.nextDouble() < rate;
				test.observe(random.nextDouble() + (worse ? lift : 0), worse);
				if (test.value() >= 20) {
					reached++;
					break;
				}
			}
		}
		return (double) reached / runs;
	}

}
