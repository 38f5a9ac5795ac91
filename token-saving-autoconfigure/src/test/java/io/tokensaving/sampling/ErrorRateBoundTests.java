package io.tokensaving.sampling;

import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link ErrorRateBound}.
 */
class ErrorRateBoundTests {

	@Test
	void withoutErrorsTheBoundIsTheRateThatWouldHaveShownOne() {
		// (1 - p)^100 = 0.05 / 4 for 200 answers, of which two count as one
		assertThat(ErrorRateBound.upper(200, 0, 4)).isCloseTo(1 - Math.pow(0.0125, 0.01), within(1e-9));
	}

	@Test
	void nothingIsKnownWithoutAnswers() {
		assertThat(ErrorRateBound.upper(0, 0, 1)).isCloseTo(1, within(1e-9));
		assertThat(ErrorRateBound.upper(10, 10, 1)).isCloseTo(1, within(1e-9));
	}

	@Test
	void isLowerTheMoreIsKnownAndHigherTheMoreThereIsToChoose() {
		assertThat(ErrorRateBound.upper(1000, 20, 5)).isLessThan(ErrorRateBound.upper(100, 2, 5))
			.isGreaterThan(0.02)
			.isLessThan(ErrorRateBound.upper(1000, 20, 50));
	}

	@Test
	void refusesMoreErrorsThanAnswers() {
		assertThatIllegalArgumentException().isThrownBy(() -> ErrorRateBound.upper(1, 2, 1));
		assertThatIllegalArgumentException().isThrownBy(() -> ErrorRateBound.upper(1, 1, 0));
	}

	// Answers come in pairs of which both are right or wrong, and that setting is chosen
	// which looks best although all are alike
	@Test
	void holdsForTheSettingThatIsChosenBecauseItLooksGood() {
		Random random = new Random(7);
		double rate = 0.04;
		int broken = 0;
		for (int run = 0; run < 2000; run++) {
			double best = 1;
			for (int choice = 0; choice < 10; choice++) {
				int wrong = 0;
				for (int pair = 0; pair < 200; pair++) {
					wrong += (random.nextDouble() < rate) ? 2 : 0;
				}
				best = Math.min(best, ErrorRateBound.upper(400, wrong, 10));
			}
			broken += (best < rate) ? 1 : 0;
		}
		assertThat(broken).isLessThan(100);
	}

}
