package io.tokensaving.dedup;

import java.time.Duration;

import io.tokensaving.dedup.DedupSettings.OnError;
import io.tokensaving.dedup.DedupSettings.Scope;
import io.tokensaving.plan.InvalidPlanException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link DedupSettings}.
 */
class DedupSettingsTests {

	@ParameterizedTest
	@ValueSource(strings = { "PT0S", "PT-1S", "PT24H0.001S", "P3000000D" })
	void refusesATimeoutThatIsNoneOrNeverEnds(String timeout) {
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> new DedupSettings(Duration.parse(timeout), OnError.SHARE, null, Scope.INSTANCE))
			.withMessageContaining("'dedup.timeout'")
			.withMessageContaining("a duration above zero and of at most a day");
	}

	@Test
	void acceptsADay() {
		assertThat(new DedupSettings(Duration.ofDays(1), OnError.SHARE, null, Scope.INSTANCE).timeout())
			.isEqualTo(Duration.ofDays(1));
	}

}
