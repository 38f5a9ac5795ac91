package io.tokensaving.event;

/**
 * A feature, or a part of it, has suspended itself for a plan in this instance.
 * Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan
 * @param feature the name of the feature in kebab case, or of the part of it that is
 * suspended, such as {@code semantic-confirmation}
 * @param reason why, a sentence
 */
public record FeatureSuspendedEvent(String workspace, String plan, String feature,
		String reason) implements TokenSavingEvent {

}
