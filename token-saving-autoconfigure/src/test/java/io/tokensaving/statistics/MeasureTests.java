package io.tokensaving.statistics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToLongFunction;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Measure} and {@link Buckets}.
 */
class MeasureTests {

	private static final int SAMPLES = 1_000_000;

	@ParameterizedTest
	@EnumSource
	void quantilesOfAMillionValuesAreWithinEightPercent(Shape shape) {
		for (int seed = 0; seed < 3; seed++) {
			Random random = new Random(seed);
			long[] values = new long[SAMPLES];
			// Two parts, as of two instances or days
			Buckets first = new Buckets(Measure.CALL);
			Buckets second = new Buckets(Measure.CALL);
			for (int i = 0; i < SAMPLES; i++) {
				values[i] = shape.value.applyAsLong(random);
				((i % 3 == 0) ? first : second).record(values[i]);
			}
			Arrays.sort(values);
			Measure.Distribution found = Measure.CALL.of(taken(first).plus(taken(second)));
			assertThat(found.count()).isEqualTo(SAMPLES);
			assertWithin(found.p50(), values, 0.5);
			assertWithin(found.p95(), values, 0.95);
			assertWithin(found.p99(), values, 0.99);
		}
	}

	private static void assertWithin(double found, long[] sorted, double share) {
		long exact = sorted[(int) Math.ceil(share * sorted.length) - 1];
		assertThat(found).isCloseTo(exact, Percentage.withPercentage(8));
	}

	@Test
	void everyValueLiesNearTheMiddleOfItsBucket() {
		for (long value = 1; value < 1L << 39; value += 1 + value / 1000) {
			Buckets buckets = new Buckets(Measure.OUTPUT_TOKENS);
			buckets.record(value);
			assertThat(Measure.OUTPUT_TOKENS.of(taken(buckets)).p50()).isCloseTo(value, Percentage.withPercentage(7.5));
			assertThat(Measure.bucket(value + 1)).isBetween(Measure.bucket(value), Measure.bucket(value) + 5);
		}
	}

	@Test
	void smallWholeNumbersAreExact() {
		for (long value = 1; value <= 7; value++) {
			Buckets buckets = new Buckets(Measure.OUTPUT_TOKENS);
			buckets.record(value);
			assertThat(Measure.OUTPUT_TOKENS.of(taken(buckets)).p99()).isEqualTo(value);
		}
	}

	@Test
	void valuesOutOfRangeAreCountedAndNothingIsTakenTwice() {
		Buckets buckets = new Buckets(Measure.MODEL);
		buckets.record(0);
		buckets.record(-5);
		buckets.record(Long.MAX_VALUE);
		StatisticsCounters taken = taken(buckets);
		assertThat(Measure.MODEL.of(taken).count()).isEqualTo(3);
		assertThat(Measure.MODEL.of(taken(buckets))).isNull();
		assertThat(taken.values().keySet()).allMatch(Measure::isBucket);
		assertThat(Measure.isBucket("requests.miss")).isFalse();
	}

	@Test
	void whatOthersHaveWrittenIsLeftOut() {
		assertThat(Measure.MODEL.of(new StatisticsCounters(Map.of("model_us.", 1L, "model_us.200", 1L, "model_us.-1",
				1L, "model_us.x", 1L, "model_us.99999999999", 1L, "model_us.7", -2L), Set.of())))
			.isNull();
	}

	private static StatisticsCounters taken(Buckets buckets) {
		Map<String, Long> taken = new HashMap<>();
		buckets.take(taken);
		return new StatisticsCounters(taken, Set.of());
	}

	/**
	 * A shape of the values.
	 */
	enum Shape {

		LOG_NORMAL((random) -> (long) Math.exp(13 + random.nextGaussian())),

		UNIFORM((random) -> 1 + random.nextInt(10_000_000)),

		FEW_TOKENS((random) -> 1 + random.nextInt(60)),

		EXPONENTIAL((random) -> (long) (-500_000 * Math.log(1 - random.nextDouble()))),

		HITS_AND_MISSES((random) -> (random.nextInt(100) < 40) ? 150 + random.nextInt(200)
				: (long) Math.exp(14 + 0.5 * random.nextGaussian()));

		private final ToLongFunction<Random> value;

		Shape(ToLongFunction<Random> value) {
			this.value = value;
		}

	}

}
