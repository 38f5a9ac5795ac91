package io.tokensaving.promptcache;

/**
 * A boundary that can be marked, and what is known of it. Used by one thread.
 */
final class MarkCandidate {

	final int boundary;

	final int tokens;

	final PrefixKind kind;

	/**
	 * Tokens since the candidate before.
	 */
	int segment;

	/**
	 * For each time that can be asked for, how probable it is that the prefix is used
	 * again within it, and then read.
	 */
	double[] reuse = {};

	/**
	 * The time that is preferred because it was chosen before, or -1 if none was.
	 */
	int lastTtl = -1;

	/**
	 * Whether the kind was decided before.
	 */
	boolean decided;

	boolean inFlight;

	/**
	 * Whether the mark behind this one may ask for another time.
	 */
	boolean divides = true;

	/**
	 * The longest prefix that a mark here should find, in tokens, and how probable it is
	 * that it does.
	 */
	int near;

	double nearShare;

	int nearBoundary = -1;

	/**
	 * A longer one that is farther back than the provider is said to look, or 0.
	 */
	int far;

	double farShare;

	int farBoundary = -1;

	MarkCandidate(int boundary, int tokens, PrefixKind kind) {
		this.boundary = boundary;
		this.tokens = tokens;
		this.kind = kind;
	}

}
