package io.tokensaving.cache.semantic;

import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Rounds similarities down to hundredths.
 */
final class SimilarityStep {

	/**
	 * The step of the similarity 1.
	 */
	static final int HIGHEST = 100;

	// What is less similar is rarely served, and a counter has few labels
	private static final int LOWEST_LABEL = 50;

	// Equal texts have a cosine of 1 only up to the rounding of its sum
	private static final double ROUNDING = 1e-4;

	private static final String[] LABELS = IntStream.rangeClosed(0, HIGHEST)
		.map((step) -> (step < LOWEST_LABEL) ? 0 : step)
		.mapToObj((step) -> String.format(Locale.ROOT, "%.2f", threshold(step)))
		.toArray(String[]::new);

	private SimilarityStep() {
	}

	/**
	 * Return the step of a similarity.
	 * @param similarity the similarity; one that is no number counts as 0
	 * @return the step, 0 to {@value #HIGHEST}
	 */
	static int of(double similarity) {
		return (int) Math.max(0, Math.min(HIGHEST, Math.floor(HIGHEST * similarity + ROUNDING)));
	}

	/**
	 * Return the lowest similarity of a step.
	 * @param step the step
	 * @return the similarity, 0 to 1
	 */
	static double threshold(int step) {
		return (double) step / HIGHEST;
	}

	/**
	 * Return the label under which answers are counted.
	 * @param similarity the similarity
	 * @return the step with two decimals, {@code 0.50} to {@code 1.00}; {@code 0.00} for
	 * all that is below
	 */
	static String label(double similarity) {
		return LABELS[of(similarity)];
	}

}
