package io.tokensaving.route.learning;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests of {@link BettingTest}.
 */
class BettingTestTests {

	private static final int RUNS = 2000;

	@ParameterizedTest
	@CsvSource({ "0.02, 0", "0.05, 0", "0.2, 0", "0.5, 0", "0.02, 0.02", "0.05, 0.05", "0.05, 0.2", "0.05, 0.475",
			"0.2, 0.4", "0.5, 0.25" })
	void isRarelyWrongAtTheLimitHoweverOftenItIsLookedAt(double limit, double better) {
		assertThat(share(BettingTest.below(limit), (time) -> limit + better, better, 2000, 1))
			.isLessThanOrEqualTo(0.05);
		assertThat(share(BettingTest.above(limit), (time) -> limit + better, better, 2000, 2))
			.isLessThanOrEqualTo(0.05);
	}

	@ParameterizedTest
	@ValueSource(doubles = { 0.001, 0.05, 0.5, 0.99 })
	void noBettorGainsOrIsRuinedByWhatHasTheLimitAsItsMean(double limit) {
		for (double low = -1; low < limit; low += 0.05) {
			for (double high = 1; high > limit; high -= 0.05) {
				double chance = (limit - low) / (high - low);
				for (double weight : new double[] { 0.1, 1 }) {
					assertFair(after(BettingTest.below(limit), low, weight),
							after(BettingTest.below(limit), high, weight), chance);
					assertFair(after(BettingTest.above(limit), low, weight),
							after(BettingTest.above(limit), high, weight), chance);
				}
			}
		}
	}

	private static void assertFair(double[] afterLow, double[] afterHigh, double chanceOfHigh) {
		for (int i = 0; i < afterLow.length; i++) {
			assertThat((1 - chanceOfHigh) * afterLow[i] + chanceOfHigh * afterHigh[i]).isCloseTo(1, within(1e-9));
			assertThat(Math.min(afterLow[i], afterHigh[i])).isPositive();
		}
	}

	private static double[] after(BettingTest test, double loss, double weight) {
		test.observe(loss, weight);
		double[] state = test.state();
		return Arrays.copyOf(state, state.length / 2);
	}

	@Test
	void holdsForAMeanNetLossThatChanges() {
		// At the limit on the whole, above and below it in turn
		DoubleUnaryOperator turns = (time) -> (time % 2 == 0) ? 0.4 : 0.3;
		assertThat(share(BettingTest.below(0.05), turns, 0.3, 2000, 7)).isLessThanOrEqualTo(0.05);
		assertThat(share(BettingTest.above(0.05), turns, 0.3, 2000, 8)).isLessThanOrEqualTo(0.05);
	}

	@Test
	void holdsForTheMeanOfLossesThatChange() {
		// Losses that are rarest at first, so that the mean is below the limit until the
		// end, are to be found; the other way round they are not
		DoubleUnaryOperator falling = (time) -> (time < 500) ? 0.08 : 0.02;
		assertThat(share(BettingTest.below(0.05), falling, 0, 1000, 3)).isLessThanOrEqualTo(0.05);
	}

	@Test
	void findsWhatIsClearlyOnTheOtherSide() {
		assertThat(share(BettingTest.below(0.05), (time) -> 0.02, 0, 800, 4)).isGreaterThan(0.9);
		assertThat(share(BettingTest.above(0.05), (time) -> 0.12, 0, 350, 5)).isGreaterThan(0.9);
	}

	@Test
	void betterAnswersMakeUpForWorseOnes() {
		assertThat(share(BettingTest.below(0.05), (time) -> 0.1, 0.1, 1500, 9)).isGreaterThan(0.9);
		assertThat(share(BettingTest.below(0.05), (time) -> 0.1, 0, 1500, 10)).isZero();
		assertThat(share(BettingTest.above(0.05), (time) -> 0.25, 0.1, 800, 11)).isGreaterThan(0.9);
	}

	@Test
	void weighsObservationsThatStandForMoreRequests() {
		// One request in ten is hard: all of those are lost, and one in four is judged.
		// Of the others every one is judged and none is lost
		SplittableRandom random = new SplittableRandom(6);
		int weighted = 0;
		int unweighted = 0;
		for (int run = 0; run < RUNS; run++) {
			BettingTest test = BettingTest.below(0.05);
			BettingTest naive = BettingTest.below(0.05);
			WeightScale scale = new WeightScale(100);
			boolean found = false;
			boolean foundNaively = false;
			for (int i = 0; i < 2000; i++) {
				boolean hard = random.nextInt(10) == 0;
				if (hard && random.nextInt(4) != 0) {
					continue;
				}
				double weight = scale.relate(hard ? 4 : 1);
				if (i >= 100) {
					test.observe(hard ? 1 : 0, weight);
					naive.observe(hard ? 1 : 0, 1);
				}
				found |= test.value() >= 20;
				foundNaively |= naive.value() >= 20;
			}
			weighted += found ? 1 : 0;
			unweighted += foundNaively ? 1 : 0;
		}
		assertThat(weighted).isLessThanOrEqualTo(RUNS / 20);
		assertThat(unweighted).isGreaterThan(RUNS * 9 / 10);
	}

	@Test
	void oneObservationOfGreatWeightDecidesNothing() {
		BettingTest test = BettingTest.below(0.05);
		test.observe(0, 1e9);
		assertThat(test.value()).isBetween(1.0, 1.1);
		test = BettingTest.above(0.05);
		test.observe(1, 1e9);
		assertThat(test.value()).isLessThan(20);
	}

	@Test
	void aLossOfGreatWeightIsAsBadAsMany() {
		BettingTest once = BettingTest.below(0.05);
		BettingTest often = BettingTest.below(0.05);
		once.observe(1, 5);
		for (int i = 0; i < 5; i++) {
			often.observe(1, 1);
		}
		assertThat(once.value()).isCloseTo(often.value(), within(1e-9));
	}

	@Test
	void scalesAWeightByTheLargestBefore() {
		WeightScale scale = new WeightScale(3);
		assertThat(scale.relate(50)).isEqualTo(1);
		assertThat(scale.relate(50)).isEqualTo(1);
		assertThat(scale.relate(5)).isEqualTo(0.1);
		assertThat(scale.relate(100)).isEqualTo(2);
		assertThat(scale.relate(50)).isEqualTo(0.5);
		assertThat(scale.relate(50)).isEqualTo(0.5);
		assertThat(scale.relate(50)).isEqualTo(0.5);
		assertThat(scale.relate(50)).isEqualTo(1);
	}

	@Test
	void staysFiniteForever() {
		BettingTest test = BettingTest.below(0.5);
		for (int i = 0; i < 100_000; i++) {
			test.observe(0, 1);
		}
		assertThat(test.value()).isFinite().isGreaterThan(1e200);
		assertThat(test.detector()).isFinite();
	}

	@Test
	void goesOnFromItsState() {
		BettingTest test = BettingTest.above(0.1);
		for (int i = 0; i < 40; i++) {
			test.observe((i % 4 == 0) ? 1 : 0, 1);
		}
		BettingTest restored = BettingTest.above(0.1);
		restored.restore(test.state());
		assertThat(restored.value()).isEqualTo(test.value());
		assertThat(restored.detector()).isEqualTo(test.detector());
		assertThatIllegalArgumentException().isThrownBy(() -> restored.restore(new double[] { 1 }));
		double[] broken = test.state();
		broken[0] = Double.NaN;
		assertThatIllegalArgumentException().isThrownBy(() -> restored.restore(broken));
	}

	// How often an e-value of 20 is reached
	private static double share(BettingTest fresh, DoubleUnaryOperator worse, double better, int length, long seed) {
		SplittableRandom random = new SplittableRandom(seed);
		double[] start = fresh.state();
		int reached = 0;
		for (int run = 0; run < RUNS; run++) {
			fresh.restore(start);
			for (int i = 0; i < length; i++) {
				double chance = random.nextDouble();
				fresh.observe((chance < better) ? -1 : (chance < better + worse.applyAsDouble(i)) ? 1 : 0, 1);
				if (fresh.value() >= 20) {
					reached++;
					break;
				}
			}
		}
		return (double) reached / RUNS;
	}

}
