package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What the planner remembers of a request until its outcome is known. Guarded by the lock
 * of its scope, but for what is final.
 */
final class PlannedRequest {

	final ScopePlanner scope;

	final long id;

	final long start;

	/**
	 * The estimated tokens of the prompt.
	 */
	final int total;

	final CacheRules rules;

	/**
	 * What is marked, in the order of the prompt.
	 */
	final List<Marked> marked = new ArrayList<>();

	/**
	 * The last prefix that is marked for longer than the one behind it, or {@code null}
	 * if all are marked for the same time.
	 */
	@Nullable Marked divider;

	/**
	 * The last prefix that is marked.
	 */
	@Nullable PrefixEntry last;

	/**
	 * Prefixes that the provider should have, the longest last.
	 */
	final List<Expected> expected = new ArrayList<>();

	/**
	 * Uses that this request began.
	 */
	final List<Sighting> opened = new ArrayList<>();

	/**
	 * What other instances are told of.
	 */
	final List<Noted> noted = new ArrayList<>();

	/**
	 * Tokens that were taken from the budget.
	 */
	double reserved;

	/**
	 * Why less may be read than an earlier request would have let the provider read, as
	 * far as the prompt tells.
	 */
	@Nullable MissCause cause;

	/**
	 * Up to where an earlier request had the same, in tokens; what is read up to here is
	 * no miss.
	 */
	int known;

	boolean begun;

	boolean done;

	PlannedRequest(ScopePlanner scope, long id, long start, int total, CacheRules rules) {
		this.scope = scope;
		this.id = id;
		this.start = start;
		this.total = total;
		this.rules = rules;
	}

	int expectedRead() {
		return this.expected.isEmpty() ? 0 : this.expected.get(this.expected.size() - 1).tokens();
	}

	/**
	 * A prefix that is marked.
	 *
	 * @param entry what is known of it
	 * @param tokens its tokens
	 * @param ttl the time that is asked for
	 * @param aliveBefore until when it was believed to be kept
	 * @param ttlBefore for how long it was written, in milliseconds
	 * @param expected whether it should be read
	 * @param learners who learns if it is read although it should not be there
	 */
	record Marked(PrefixEntry entry, int tokens, CacheTtl ttl, long aliveBefore, int ttlBefore, boolean expected,
			List<ReuseStats> learners) {

	}

	/**
	 * A prefix that should be read.
	 *
	 * @param entry what is known of it
	 * @param tokens its tokens
	 * @param far whether it is farther back than the provider is said to look
	 */
	record Expected(PrefixEntry entry, int tokens, boolean far) {

	}

	/**
	 * A prefix that other instances are told of.
	 *
	 * @param key the prefix
	 * @param front what stands in front of it, or {@code null} if that is not known
	 * @param kind its kind
	 * @param entry what is known of it
	 */
	record Noted(PrefixKey key, @Nullable PrefixKey front, PrefixKind kind, PrefixEntry entry) {

	}

}
