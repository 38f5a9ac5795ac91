package io.tokensaving.sampling;

import java.util.Arrays;
import java.util.SplittableRandom;

import io.tokensaving.sampling.ErrorRateMonitor.Verification;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link ErrorRateMonitor}.
 */
class ErrorRateMonitorTests {

	private static final int RUNS = 10_000;

	@ParameterizedTest
	@CsvSource({ "10, 0, 0.0, 0.27753", "10, 1, 0.01788, 0.40415", "100, 5, 0.02155, 0.11175", "20, 20, 0.83887, 1.0",
			"0, 0, 0.0, 1.0" })
	void intervalIsThatOfWilson(long verified, long wrong, double lower, double upper) {
		Verification verification = Verification.of(verified, wrong, false);
		assertThat(verification.lower()).isCloseTo(lower, within(1e-4));
		assertThat(verification.upper()).isCloseTo(upper, within(1e-4));
	}

	@Test
	void suspendsOnlyWhenTheRateIsSurelyTooHigh() {
		ErrorRateMonitor monitor = new ErrorRateMonitor();
		assertThat(monitor.record(false, 0.05)).isFalse();
		assertThat(monitor.record(false, 0.05)).isFalse();
		assertThat(monitor.isSuspended()).isFalse();
		assertThat(monitor.record(false, 0.05)).isTrue();
		assertThat(monitor.isSuspended()).isTrue();
		assertThat(monitor.record(false, 0.05)).isFalse();
	}

	@ParameterizedTest
	@CsvSource({ "0.01", "0.05", "0.2" })
	void seldomSuspendsAtARateThatEqualsTheLimitHoweverOftenItLooks(double limit) {
		SplittableRandom random = new SplittableRandom(17);
		int suspended = 0;
		for (int run = 0; run < RUNS; run++) {
			suspended += (suspendedAfter(new ErrorRateMonitor(), random, limit, limit, 2000) <= 2000) ? 1 : 0;
		}
		assertThat((double) suspended / RUNS).isLessThan(0.05);
	}

	@Test
	void findsARateThatRisesAfterAGoodPeriodAsSoonAsOneThatIsHighFromTheStart() {
		SplittableRandom random = new SplittableRandom(18);
		int[] fromStart = new int[RUNS];
		int[] afterGood = new int[RUNS];
		for (int run = 0; run < RUNS; run++) {
			fromStart[run] = suspendedAfter(new ErrorRateMonitor(), random, 0.12, 0.05, 5000);
			ErrorRateMonitor monitor = new ErrorRateMonitor();
			if (suspendedAfter(monitor, random, 0.02, 0.05, 1000) > 1000) {
				afterGood[run] = suspendedAfter(monitor, random, 0.12, 0.05, 5000);
			}
		}
		Arrays.sort(fromStart);
		Arrays.sort(afterGood);
		assertThat(fromStart[RUNS / 2]).isLessThanOrEqualTo(90);
		assertThat(fromStart[RUNS * 9 / 10]).isLessThanOrEqualTo(230);
		assertThat(afterGood[RUNS / 2]).isLessThanOrEqualTo(90);
		assertThat(afterGood[RUNS * 9 / 10]).isLessThanOrEqualTo(200);
		assertThat(Arrays.stream(afterGood).filter((count) -> count == 0).count()).as("suspended while good")
			.isLessThan(RUNS / 100);
	}

	// One more than the most that were verified if it is not suspended
	private static int suspendedAfter(ErrorRateMonitor monitor, SplittableRandom random, double rate, double limit,
			int most) {
		for (int i = 1; i <= most; i++) {
			if (monitor.record(random.nextDouble() >= rate, limit)) {
				return i;
			}
		}
		return most + 1;
	}

	@Test
	void aLimitOfZeroToleratesNoErrorAndAHighestLimitAll() {
		assertThat(new ErrorRateMonitor().record(false, 0)).isTrue();
		ErrorRateMonitor monitor = new ErrorRateMonitor();
		for (int i = 0; i < 1000; i++) {
			assertThat(monitor.record(false, 1)).isFalse();
		}
	}

	@Test
	void anotherLimitStartsTheTestsAnew() {
		ErrorRateMonitor monitor = new ErrorRateMonitor();
		monitor.record(false, 0.05);
		monitor.record(false, 0.05);
		assertThat(monitor.record(false, 0.06)).isFalse();
		assertThat(monitor.snapshot().wrong()).isEqualTo(3);
	}

	@Test
	void toleratesWrongAnswersWithinTheLimit() {
		ErrorRateMonitor monitor = new ErrorRateMonitor();
		for (int i = 1; i <= 10_000; i++) {
			monitor.record(i % 25 != 0, 0.05);
		}
		assertThat(monitor.isSuspended()).isFalse();
		assertThat(monitor.snapshot().errorRate()).isEqualTo(0.04);
	}

	@Test
	void resumesOnlyWhenToldToAndCountsAnew() {
		ErrorRateMonitor monitor = new ErrorRateMonitor();
		for (int i = 0; i < 20; i++) {
			monitor.record(false, 0.05);
		}
		assertThat(monitor.resume()).isTrue();
		assertThat(monitor.resume()).isFalse();
		assertThat(monitor.snapshot()).isEqualTo(Verification.of(0, 0, false));
	}

}
