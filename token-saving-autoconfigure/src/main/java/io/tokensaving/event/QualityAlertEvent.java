package io.tokensaving.event;

/**
 * Judged answers of a tier were worse more often than the plan tolerates. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan
 * @param tier the name of the tier
 * @param feature the feature of the application whose requests it answered
 * @param judged the number of its answers that were judged
 * @param bad the number of those that were worse, or of no use
 * @param action what was done about it: {@code alert}, {@code raise_tier} or
 * {@code suspend}
 */
public record QualityAlertEvent(String workspace, String plan, String tier, String feature, long judged, long bad,
		String action) implements TokenSavingEvent {

}
