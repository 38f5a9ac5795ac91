package io.tokensaving.savings;

import io.tokensaving.savings.ErrorRateMonitor.Verification;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link ErrorRateMonitor}.
 */
class ErrorRateMonitorTests {

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
		for (int i = 1; i < ErrorRateMonitor.MIN_VERIFIED; i++) {
			assertThat(monitor.record(false, 0.05)).isFalse();
		}
		assertThat(monitor.record(true, 0.05)).isFalse();
		assertThat(monitor.isSuspended()).isFalse();
		assertThat(monitor.record(false, 0.05)).isTrue();
		assertThat(monitor.isSuspended()).isTrue();
		assertThat(monitor.record(false, 0.05)).isFalse();
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
