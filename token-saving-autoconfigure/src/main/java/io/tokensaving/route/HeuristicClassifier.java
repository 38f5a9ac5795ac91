package io.tokensaving.route;

import java.util.List;

/**
 * Guesses how hard a request is from its {@link SurfaceFeatures}, without learning and
 * without the words of any language: longer questions with figures, formulas and code, in
 * longer conversations with more tools are taken to be harder. A guess orders requests
 * only somewhat better than chance, so it suits plans whose cheaper tiers answer nearly
 * everything well. Reads the first {@value SurfaceFeatures#MAX_CHARACTERS} characters of
 * the question; takes some microseconds. Thread-safe.
 */
public final class HeuristicClassifier implements RouteClassifier {

	/**
	 * The name by which plans select it.
	 */
	public static final String NAME = "heuristic";

	private static final String REASON = "score";

	// What a feature adds to the log odds, from which value on, and to which
	private static final List<Weight> WEIGHTS = List.of(new Weight(SurfaceFeatures.WORDS, 0.7, 0, 6.5),
			new Weight(SurfaceFeatures.INPUT_TOKENS, 0.15, 4, 10), new Weight(SurfaceFeatures.WORD_LENGTH, 0.15, 3, 8),
			new Weight(SurfaceFeatures.LINES, 0.25, 0, 4), new Weight(SurfaceFeatures.DIGITS, 4, 0, 0.2),
			new Weight(SurfaceFeatures.MATHEMATICS, 8, 0, 0.15), new Weight(SurfaceFeatures.CODE, 6, 0.01, 0.2),
			new Weight(SurfaceFeatures.QUESTIONS, 0.2, 0.7, 2.5), new Weight(SurfaceFeatures.MESSAGES, 0.2, 1.1, 4),
			new Weight(SurfaceFeatures.TOOLS, 0.25, 0, 3), new Weight(SurfaceFeatures.SCHEMA, -0.3, 0, 1));

	// The log odds of an empty question; about 50 words and nothing else are 0.5
	private static final double BASE = -3.2;

	@Override
	public boolean isQuick() {
		return true;
	}

	@Override
	public RouteChoice choose(RouteRequest request, RouteSettings settings) {
		double score = score(SurfaceFeatures.of(request));
		return new RouteChoice(tier(score, request, settings), REASON, score, null);
	}

	/**
	 * Guess how hard a request is.
	 * @param features its surface features
	 * @return the score, 0 to 1
	 */
	public static double score(float[] features) {
		double odds = BASE;
		for (Weight weight : WEIGHTS) {
			odds += weight.of(features);
		}
		return 1 / (1 + Math.exp(-odds));
	}

	private static String tier(double score, RouteRequest request, RouteSettings settings) {
		List<String> tiers = settings.tiers();
		int index = 0;
		while (index < tiers.size() - 1 && score >= threshold(index, settings)) {
			index++;
		}
		// A tier that cannot serve the request is replaced by a dearer one
		for (; index < tiers.size(); index++) {
			if (request.tiers().contains(tiers.get(index))) {
				return tiers.get(index);
			}
		}
		return request.tiers().get(request.tiers().size() - 1);
	}

	private static double threshold(int index, RouteSettings settings) {
		List<Double> thresholds = settings.thresholds();
		return (index < thresholds.size()) ? thresholds.get(index) : (index + 1.0) / settings.tiers().size();
	}

	private record Weight(int feature, double weight, double from, double to) {

		double of(float[] features) {
			return this.weight * (Math.min(Math.max(features[this.feature], this.from), this.to) - this.from);
		}

	}

}
