package io.tokensaving.promptcache;

import java.util.List;

/**
 * What a request is to mark, and why. Its owner hands it back to the planner once the
 * outcome is known. Safe for use by several threads.
 */
public final class CacheDecision {

	private final List<CacheMark> marks;

	private final List<MarkReason> reasons;

	private final PlannedRequest request;

	CacheDecision(List<CacheMark> marks, List<MarkReason> reasons, PlannedRequest request) {
		this.marks = List.copyOf(marks);
		this.reasons = List.copyOf(reasons);
		this.request = request;
	}

	/**
	 * The marks to set: not more than the rules allow, times never rising.
	 * @return marks in the order of the prompt
	 */
	public List<CacheMark> marks() {
		return this.marks;
	}

	/**
	 * Why each boundary is marked or not.
	 * @return a reason for each boundary, in their order
	 */
	public List<MarkReason> reasons() {
		return this.reasons;
	}

	/**
	 * The tokens that an earlier request should have left with the provider, so that this
	 * one reads them.
	 * @return estimated tokens, 0 or more
	 */
	public int expectedRead() {
		return this.request.expectedRead();
	}

	PlannedRequest request() {
		return this.request;
	}

}
