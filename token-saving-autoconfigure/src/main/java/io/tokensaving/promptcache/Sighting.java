package io.tokensaving.promptcache;

import java.util.List;

/**
 * A use of a prefix that another one may follow. Guarded by the lock of its scope.
 */
final class Sighting {

	final long at;

	final PrefixKind kind;

	/**
	 * Who learns from it: the kind, the kind behind the same front, and the prefix or its
	 * conversation.
	 */
	final List<ReuseStats> learners;

	/**
	 * The first span that has not been counted.
	 */
	int span;

	boolean closed;

	Sighting(long at, PrefixKind kind, List<ReuseStats> learners) {
		this.at = at;
		this.kind = kind;
		this.learners = learners;
	}

	/**
	 * Count the spans that have passed.
	 * @param spans how many have passed altogether
	 */
	void passed(int spans) {
		for (; this.span < spans; this.span++) {
			for (ReuseStats stats : this.learners) {
				stats.passed(this.span);
			}
		}
	}

	/**
	 * Count that the prefix is used again.
	 * @param now the time
	 */
	void used(long now) {
		int at = ReuseStats.span(now - this.at);
		passed(at);
		if (at < ReuseStats.SPANS) {
			for (ReuseStats stats : this.learners) {
				stats.used(at);
			}
			this.span = at + 1;
		}
		this.closed = true;
	}

}
