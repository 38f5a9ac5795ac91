package io.tokensaving.promptcache;

/**
 * What ends at a boundary of a prompt, in the order in which providers read it.
 */
public enum Segment {

	/**
	 * The definitions of tools.
	 */
	TOOLS,

	/**
	 * A system text. There may be more than one such boundary.
	 */
	SYSTEM,

	/**
	 * A message that others follow.
	 */
	HISTORY,

	/**
	 * The last message, and with it the prompt.
	 */
	TAIL;

	/**
	 * Whether what ends here stands in front of all messages.
	 * @return whether it is tools or a system text
	 */
	public boolean isFront() {
		return this == TOOLS || this == SYSTEM;
	}

}
