package io.tokensaving.cache.semantic;

import java.util.List;

import io.tokensaving.feature.ReviewPoint;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link ReviewCurve}.
 */
class ReviewCurveTests {

	private static final Offset<Double> EXACT = within(1e-6);

	private final long[] served = new long[SimilarityStep.HIGHEST + 1];

	private final long[] same = new long[SimilarityStep.HIGHEST + 1];

	private final long[] different = new long[SimilarityStep.HIGHEST + 1];

	@Test
	void nothingIsEstimatedIfNothingWasServed() {
		assertThat(curve()).isEmpty();
	}

	@Test
	void verdictsCountForWhatTheyStandFor() {
		count(90, 100, 8, 2);
		count(99, 900, 10, 0);
		List<ReviewPoint> points = curve();
		assertThat(points).hasSize(11).extracting(ReviewPoint::threshold).startsWith(0.9, 0.91).endsWith(0.99, 1.0);
		ReviewPoint lowest = points.get(0);
		assertThat(lowest.same()).isEqualTo(18);
		assertThat(lowest.different()).isEqualTo(2);
		assertThat(lowest.kept()).isEqualTo(1);
		// 0.1 * 0.8 + 0.9 * 1, where 18 of 20 would be 0.9
		assertThat(lowest.precision()).isCloseTo(0.98, EXACT);
		// Wilson of 0.98 with 1 / (0.01 / 10 + 0.81 / 10) = 12.195 verdicts, by hand
		assertThat(lowest.precisionLower()).isCloseTo(0.731170, within(1e-5));
		assertThat(lowest.precisionUpper()).isCloseTo(0.998868, within(1e-5));
		ReviewPoint highest = points.get(9);
		assertThat(highest.kept()).isCloseTo(0.9, EXACT);
		assertThat(highest.precision()).isEqualTo(1);
		// Wilson of 10 of 10: 10 / (10 + 1.96 * 1.96)
		assertThat(highest.precisionLower()).isCloseTo(0.722467, within(1e-5));
		assertThat(highest.precisionUpper()).isCloseTo(1, EXACT);
		assertThat(points.get(10)).isEqualTo(new ReviewPoint(1, 0, 0, null, null, null, 0));
	}

	@Test
	void whatNobodyJudgedWidensTheInterval() {
		count(85, 1000, 0, 0);
		count(90, 100, 8, 2);
		count(99, 900, 10, 0);
		ReviewPoint lowest = curve().get(0);
		assertThat(lowest.precision()).isCloseTo(0.98, EXACT);
		assertThat(lowest.precisionLower()).isCloseTo(0.731170 / 2, within(1e-5));
		assertThat(lowest.precisionUpper()).isCloseTo(0.5 + 0.998868 / 2, within(1e-5));
		assertThat(curve().get(5).kept()).isCloseTo(0.5, EXACT);
	}

	@Test
	void nothingIsEstimatedBeforeSomethingIsJudged() {
		count(90, 100, 0, 0);
		assertThat(curve().get(0)).isEqualTo(new ReviewPoint(0.9, 0, 0, null, null, null, 1));
	}

	private void count(int step, long served, long same, long different) {
		this.served[step] = served;
		this.same[step] = same;
		this.different[step] = different;
	}

	private List<ReviewPoint> curve() {
		return ReviewCurve.of(this.served, this.same, this.different);
	}

}
