package io.tokensaving.event;

/**
 * A request whose answer might come later was answered by a batch. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan, {@code no-plan} if none applies
 * @param work the name of the work that the request belongs to, as the application gave
 * it
 * @param shared whether the line of an equal request answered, which that one pays
 */
public record BatchAnsweredEvent(String workspace, String plan, String work,
		boolean shared) implements TokenSavingEvent {

}
