package io.tokensaving.event;

/**
 * Something that happened to a request or to a plan. Events are immutable and hold no
 * text of a prompt or an answer.
 */
public interface TokenSavingEvent {

	/**
	 * Return the workspace in which it happened.
	 * @return the workspace
	 */
	String workspace();

	/**
	 * Return the plan whose request made it happen.
	 * @return the id of the plan
	 */
	String plan();

}
