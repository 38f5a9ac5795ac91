package io.tokensaving.promptcache;

/**
 * Why a boundary is marked or not.
 */
public enum MarkReason {

	/**
	 * Marked: reading it again is expected to save more than writing it costs.
	 */
	PAYS,

	/**
	 * Marked: a mark further back writes these tokens anyway.
	 */
	FREE,

	/**
	 * Marked: the provider has it, so it is read and kept on.
	 */
	READ,

	/**
	 * Not marked: the request cannot say so there.
	 */
	NOT_MARKABLE,

	/**
	 * Not marked: shorter than what the provider keeps.
	 */
	BELOW_MINIMUM,

	/**
	 * Not marked: writing it would cost more than reading it again is expected to save.
	 */
	NO_REUSE,

	/**
	 * Not marked: another request is just writing it, and a second write would cost as
	 * much again.
	 */
	IN_FLIGHT,

	/**
	 * Not marked: more marks are worth it than the provider allows.
	 */
	TOO_MANY,

	/**
	 * Not marked: marks of this class have cost more than they saved.
	 */
	GUARD;

	/**
	 * Whether a boundary with this reason is marked.
	 * @return whether it is
	 */
	public boolean isMarked() {
		return this == PAYS || this == FREE || this == READ;
	}

}
