package io.tokensaving.promptcache;

/**
 * Prefixes that are used again in much the same way.
 */
enum PrefixKind {

	TOOLS,

	SYSTEM,

	/**
	 * The last message, with none before it.
	 */
	FIRST_TAIL,

	/**
	 * The last message of a conversation.
	 */
	LATER_TAIL,

	/**
	 * The first message, with others behind it.
	 */
	FIRST_MESSAGE,

	/**
	 * A message in between.
	 */
	LATER_MESSAGE,

	UNKNOWN;

	static PrefixKind of(Segment segment, boolean first) {
		return switch (segment) {
			case TOOLS -> TOOLS;
			case SYSTEM -> SYSTEM;
			case TAIL -> first ? FIRST_TAIL : LATER_TAIL;
			case HISTORY -> first ? FIRST_MESSAGE : LATER_MESSAGE;
		};
	}

	boolean isTail() {
		return this == FIRST_TAIL || this == LATER_TAIL;
	}

	boolean isFront() {
		return this == TOOLS || this == SYSTEM;
	}

}
