package io.tokensaving.sampling;

import java.util.Locale;

/**
 * Why an answer that was to be judged was not.
 */
public enum NotJudged {

	/**
	 * The plan had used up its budget of the day.
	 */
	OUT_OF_BUDGET,

	/**
	 * The plan had had its samples of the minute.
	 */
	OVER_LIMIT,

	/**
	 * Too many answers waited to be judged.
	 */
	QUEUE_FULL,

	/**
	 * An earlier judgement of the plan was still open, or hung.
	 */
	HANGING,

	/**
	 * The models or the judge took longer than the deadline.
	 */
	OVERDUE,

	/**
	 * A model gave no answer that can be compared.
	 */
	NO_ANSWER,

	/**
	 * The judge replied with no verdict.
	 */
	NO_VERDICT,

	/**
	 * A model or the judge failed.
	 */
	FAILED;

	/**
	 * Return the name for figures.
	 * @return the name in lower case
	 */
	public String value() {
		return name().toLowerCase(Locale.ROOT);
	}

	static NotJudged of(RuntimeException loss) {
		if (!(loss instanceof SampleLostException lost)) {
			return FAILED;
		}
		return switch (lost.reason()) {
			case QUEUE_FULL -> QUEUE_FULL;
			case HANGING -> HANGING;
			case OVERDUE -> OVERDUE;
			case NO_THREAD -> FAILED;
		};
	}

}
