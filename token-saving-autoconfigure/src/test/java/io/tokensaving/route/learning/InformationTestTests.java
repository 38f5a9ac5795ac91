package io.tokensaving.route.learning;

import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link InformationTest}.
 */
class InformationTestTests {

	@ParameterizedTest
	@CsvSource({ "0.03, 0", "0.3, 0", "0.7, 0", "0.97, 0", "0, 0.3", "0.05, 0.05", "0.3, 0.25", "0.5, 0.49" })
	void rarelyFindsSomethingInScoresThatSayNothing(double worse, double better) {
		assertThat(share(worse, better, 0, 3000)).isLessThanOrEqualTo(0.05);
	}

	@Test
	void findsSomethingInScoresThatSayALittle() {
		assertThat(share(0.05, 0, 0.5, 1500)).isGreaterThan(0.9);
		assertThat(share(0.3, 0, 0.3, 1500)).isGreaterThan(0.9);
		assertThat(share(0, 0.05, 0.5, 1500)).isGreaterThan(0.9);
		assertThat(share(0.1, 0.1, 0.4, 1500)).isGreaterThan(0.9);
	}

	@Test
	void findsNothingInScoresThatAreTheWrongWayRound() {
		assertThat(share(0.3, 0.1, -0.3, 1000)).isZero();
	}

	@Test
	void findsNothingInEqualScores() {
		InformationTest test = new InformationTest();
		for (int i = 0; i < 1000; i++) {
			test.observe(0.5, i % 3 - 1);
		}
		assertThat(test.value()).isEqualTo(1);
	}

	@Test
	void doesNotCompareScoresOfDifferentFunctions() {
		InformationTest test = new InformationTest();
		test.observe(0, 0);
		test.startOrder();
		test.observe(100, 1);
		assertThat(test.value()).isEqualTo(1);
		test.observe(0, 0);
		test.observe(100, 1);
		assertThat(test.value()).isGreaterThan(1);
	}

	@Test
	void goesOnFromItsState() {
		InformationTest test = new InformationTest();
		test.observe(0, 0);
		test.observe(1, 1);
		InformationTest restored = new InformationTest();
		restored.restore(test.state());
		assertThat(restored.value()).isEqualTo(test.value());
		assertThatIllegalArgumentException().isThrownBy(() -> restored.restore(new double[] { 1, 1, 1, -1 }));
	}

	private static double share(double worse, double better, double lift, int length) {
		SplittableRandom random = new SplittableRandom(11);
		int runs = 1000;
		int reached = 0;
		for (int run = 0; run < runs; run++) {
			InformationTest test = new InformationTest();
			for (int i = 0; i < length; i++) {
				if (i % 50 == 0) {
					test.startOrder();
				}
				double chance = random.nextDouble();
				int loss = (chance < worse) ? 1 : (chance < worse + better) ? -1 : 0;
				test.observe(random.nextDouble() + loss * lift, loss);
				if (test.value() >= 20) {
					reached++;
					break;
				}
			}
		}
		return (double) reached / runs;
	}

}
