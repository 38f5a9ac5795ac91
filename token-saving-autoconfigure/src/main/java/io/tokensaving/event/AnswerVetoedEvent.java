package io.tokensaving.event;

/**
 * A similar question was found in a semantic cache, and a guard did not let its answer be
 * served. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan
 * @param guard the name of the guard, as in the counter of vetoes
 */
public record AnswerVetoedEvent(String workspace, String plan, String guard) implements TokenSavingEvent {

}
