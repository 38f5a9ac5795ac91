package io.tokensaving.sampling;

/**
 * Says that answers are surely bad more often than tolerated. What follows is up to the
 * feature: it tells somebody, has a dearer tier answer, or stops. Immutable.
 *
 * @param key whose quality it is
 * @param cause which test found it
 * @param judged the number of answers that were judged since the start or the last resume
 * @param bad the number of those that were worse or of no use
 * @param limit the share of bad answers that is tolerated
 * @param evidence the value of the test, at least 20
 */
public record QualityAlarm(QualityKey key, Cause cause, long judged, long bad, double limit, double evidence) {

	/**
	 * Which test has raised an alarm.
	 */
	public enum Cause {

		/**
		 * Too many bad answers since the start or the last change.
		 */
		SINCE_CHANGE,

		/**
		 * Too many bad answers after a good period, without a change that is known.
		 */
		DRIFT

	}

}
