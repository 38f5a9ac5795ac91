package io.tokensaving.promptcache;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PrefixLengths}.
 */
class PrefixLengthsTests {

	private static final CacheScope SCOPE = new CacheScope("default", "", "model");

	private final PrefixLengths lengths = new PrefixLengths();

	@Test
	void sharesOutWhatIsNotKnownByEstimates() {
		assertThat(measure(2000, boundary(Segment.SYSTEM, 1, 600), boundary(Segment.TAIL, 2, 1000)))
			.containsExactly(1200, 2000);
	}

	// The system text is estimated too high and the rest too low
	@Test
	void theEndOfAPromptIsKnownWithinTheNext() {
		measure(700, boundary(Segment.SYSTEM, 1, 900), boundary(Segment.TAIL, 2, 1000));
		assertThat(measure(1700, boundary(Segment.SYSTEM, 1, 900), boundary(Segment.HISTORY, 2, 1000),
				boundary(Segment.HISTORY, 3, 1100), boundary(Segment.TAIL, 4, 1200)))
			.containsExactly(630, 700, 1200, 1700);
	}

	@Test
	void aFrontIsBestKnownFromAPromptThatHasLittleBehindIt() {
		measure(3000, boundary(Segment.SYSTEM, 1, 900), boundary(Segment.TAIL, 2, 2000));
		assertThat(measure(1000, boundary(Segment.SYSTEM, 1, 900), boundary(Segment.TAIL, 3, 1000)))
			.containsExactly(900, 1000);
		assertThat(measure(5000, boundary(Segment.SYSTEM, 1, 900), boundary(Segment.TAIL, 4, 3000)))
			.containsExactly(900, 5000);
	}

	@Test
	void whatIsLongerThanThePromptIsNotBelieved() {
		measure(1000, boundary(Segment.SYSTEM, 1, 900), boundary(Segment.TAIL, 2, 1000));
		assertThat(measure(600, boundary(Segment.SYSTEM, 1, 900), boundary(Segment.TAIL, 3, 1200))).containsExactly(450,
				600);
	}

	@Test
	void nothingIsKnownOfAnotherModel() {
		measure(1000, boundary(Segment.TAIL, 1, 500));
		assertThat(this.lengths.measure(new CacheScope("default", "", "other"),
				List.of(boundary(Segment.HISTORY, 1, 500), boundary(Segment.TAIL, 2, 1000)), 1000))
			.containsExactly(500, 1000);
	}

	private long[] measure(long input, PrefixBoundary... boundaries) {
		return this.lengths.measure(SCOPE, List.of(boundaries), input);
	}

	private static PrefixBoundary boundary(Segment segment, long digest, int tokens) {
		return new PrefixBoundary(segment, digest, digest, tokens);
	}

}
