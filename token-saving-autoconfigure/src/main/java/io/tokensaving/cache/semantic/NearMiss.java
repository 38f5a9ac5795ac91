package io.tokensaving.cache.semantic;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer that was similar enough and not served all the same, without any text.
 * Immutable.
 *
 * @param time when it was held back
 * @param feature the feature of the application that asked
 * @param similarity the cosine similarity of the two questions
 * @param threshold the lowest similarity of the request
 * @param reason what held it back: the name of a guard, or one of the constants
 * @param verdict what was decided
 */
record NearMiss(Instant time, String feature, double similarity, double threshold, String reason, Verdict verdict) {

	/**
	 * The answer is in another language than the question.
	 */
	static final String LANGUAGE = "language";

	/**
	 * The answer had to be confirmed.
	 */
	static final String CONFIRMATION = "confirmation";

	/**
	 * The request demands a younger answer.
	 */
	static final String AGE = "age";

	private static final double DIGITS = 10_000;

	/**
	 * Describe it for the endpoint.
	 * @param plan the id of the plan
	 * @return texts and numbers by name in snake case
	 */
	Map<String, Object> describe(String plan) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("time", this.time.toString());
		described.put("plan", plan);
		described.put("feature", this.feature);
		described.put("similarity", rounded(this.similarity));
		described.put("threshold", rounded(this.threshold));
		described.put("reason", this.reason);
		described.put("verdict", this.verdict.value);
		return described;
	}

	private static double rounded(double value) {
		return Math.round(value * DIGITS) / DIGITS;
	}

	/**
	 * What was decided about an answer.
	 */
	enum Verdict {

		/**
		 * It is the answer to another question, or in another language.
		 */
		VETOED("vetoed"),

		/**
		 * The guard failed.
		 */
		FAILED("failed"),

		/**
		 * It is too old for the request.
		 */
		TOO_OLD("too_old"),

		/**
		 * The model did not confirm it.
		 */
		REFUSED("refused"),

		/**
		 * The model did not say in time whether it confirms it.
		 */
		UNDECIDED("undecided"),

		/**
		 * No model was asked, because that does not pay.
		 */
		NOT_ASKED("not_asked");

		private final String value;

		Verdict(String value) {
			this.value = value;
		}

	}

}
