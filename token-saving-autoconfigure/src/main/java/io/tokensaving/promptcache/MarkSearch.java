package io.tokensaving.promptcache;

import java.util.Arrays;
import java.util.List;

import io.tokensaving.promptcache.CacheRules.TtlSharing;

/**
 * Finds the marks of one request that are expected to cost least, now and later. Used by
 * one thread.
 * <p>
 * Everything up to the last mark is read or written, so what is to be found is how far
 * the marks reach and how long each part is kept, which never rises along the prompt. A
 * token that is written for a time with multiplier m costs m now. If its prefix is used
 * again within that time, with probability p, it costs r instead of m then. A token
 * without a mark costs 1. So a mark pays if and only if p &gt; (m - 1) / (m - r), and of
 * two times the one with the smaller p r + (1 - p) m costs less in the long run.
 */
final class MarkSearch {

	/**
	 * What a saving at the next use counts for.
	 */
	private static final double PATIENCE = 0.98;

	/**
	 * By how much another choice must be cheaper than the one before.
	 */
	private static final double INERTIA = 0.04;

	/**
	 * What a token costs more for each step to a longer time: that a prefix is not used
	 * within an hour is seen an hour late, so what is seen is better than what is true.
	 */
	private static final double LATENESS = 0.04;

	private final List<MarkCandidate> candidates;

	private final CacheRules rules;

	private final int total;

	private final double limit;

	private final int[] levels;

	private int[] best = {};

	private double bestCost;

	private double bestPremium;

	private double freeCost;

	private int freeReach;

	/**
	 * Prepare a search.
	 * @param candidates what can be marked, in the order of the prompt
	 * @param rules the rules of the provider
	 * @param total the tokens of the prompt
	 * @param limit what may be paid now beyond the cost without marks, in tokens
	 */
	MarkSearch(List<MarkCandidate> candidates, CacheRules rules, int total, double limit) {
		this.candidates = candidates;
		this.rules = rules;
		this.total = total;
		this.limit = limit;
		this.levels = new int[candidates.size()];
		this.bestCost = total;
		this.freeCost = total;
		int before = 0;
		for (MarkCandidate candidate : candidates) {
			candidate.segment = candidate.tokens - before;
			before = candidate.tokens;
			if (candidate.decided && candidate.lastTtl >= 0) {
				this.bestCost += INERTIA * candidate.segment;
			}
		}
		this.freeCost = this.bestCost;
		descend(0, rules.ttls().size() - 1);
	}

	private void descend(int candidate, int longest) {
		if (candidate == this.levels.length) {
			return;
		}
		for (int level = longest; level >= 0; level--) {
			boolean sameAsBefore = candidate > 0 && level != longest;
			if (sameAsBefore && (!this.candidates.get(candidate - 1).divides || this.rules.sharing() == TtlSharing.ALL
					|| (this.rules.sharing() == TtlSharing.FRONT && this.candidates.get(candidate).kind.isFront()))) {
				continue;
			}
			this.levels[candidate] = level;
			evaluate(candidate);
			descend(candidate + 1, level);
		}
	}

	private void evaluate(int last) {
		int near = 0;
		double nearShare = 0;
		int far = 0;
		double farShare = 0;
		double inertia = 0;
		for (int index = 0; index < this.levels.length; index++) {
			MarkCandidate candidate = this.candidates.get(index);
			if (index > last) {
				if (candidate.decided && candidate.lastTtl >= 0) {
					inertia += INERTIA * candidate.segment;
				}
				continue;
			}
			if (candidate.near > near) {
				near = candidate.near;
				nearShare = candidate.nearShare;
			}
			if (candidate.far > far) {
				far = candidate.far;
				farShare = candidate.farShare;
			}
			if (candidate.decided && candidate.lastTtl != this.levels[index]) {
				inertia += INERTIA * candidate.segment;
			}
		}
		double now = nearShare * cost(near, last) + (1 - nearShare) * cost(0, last);
		double later = nearShare * worth(near, last) + (1 - nearShare) * worth(0, last);
		if (far > near) {
			now = farShare * cost(far, last) + (1 - farShare) * now;
			later = farShare * worth(far, last) + (1 - farShare) * later;
		}
		double premium = now - this.total;
		double all = now - later + inertia;
		if (all < this.freeCost) {
			this.freeCost = all;
			this.freeReach = last + 1;
		}
		if (all < this.bestCost && (premium <= 0 || premium <= this.limit)) {
			this.bestCost = all;
			this.bestPremium = premium;
			this.best = Arrays.copyOf(this.levels, last + 1);
		}
	}

	/**
	 * What the prompt costs now.
	 * @param read how many tokens are read
	 * @param last the last candidate that is marked
	 * @return the cost in tokens of input
	 */
	private double cost(int read, int last) {
		double cost = this.rules.readMultiplier() * read;
		int covered = read;
		for (int index = 0; index <= last; index++) {
			int tokens = this.candidates.get(index).tokens;
			if (tokens > covered) {
				cost += this.rules.ttls().get(this.levels[index]).writeMultiplier() * (tokens - covered);
				covered = tokens;
			}
		}
		return cost + this.total - covered;
	}

	// What it is worth that the provider has the marked prefixes after this request; what
	// is read keeps the time that it was written for
	private double worth(int read, int last) {
		double worth = 0;
		int before = 0;
		for (int index = 0; index <= last; index++) {
			MarkCandidate candidate = this.candidates.get(index);
			int kept = Math.max(0, Math.min(read, candidate.tokens) - before);
			if (kept > 0) {
				worth += kept * worth(candidate, 0);
			}
			if (!candidate.inFlight) {
				worth += (candidate.segment - kept)
						* (worth(candidate, this.levels[index]) - LATENESS * this.levels[index]);
			}
			before = candidate.tokens;
		}
		return worth;
	}

	// The same for one token
	private double worth(MarkCandidate candidate, int level) {
		double read = this.rules.readMultiplier();
		double write = this.rules.ttls().get(level).writeMultiplier();
		double reuse = candidate.reuse[level];
		double longRun = reuse * read + (1 - reuse) * write;
		double again = PATIENCE * reuse;
		return again * ((longRun <= 1) ? write - read : (1 - read) / (1 - again));
	}

	/**
	 * Return the times of the candidates that are marked.
	 * @return the index of a time for each of the first candidates; the others are not
	 * marked
	 */
	int[] levels() {
		return this.best;
	}

	/**
	 * Return what the marks are expected to cost.
	 * @return the cost in tokens of input, what they are worth later taken off
	 */
	double cost() {
		return this.bestCost;
	}

	/**
	 * Return what the marks are expected to cost now beyond the cost without them.
	 * @return tokens of input, negative if the marks pay at once
	 */
	double premium() {
		return this.bestPremium;
	}

	/**
	 * Return how many of the candidates would be marked without a limit.
	 * @return the number
	 */
	int reachWithoutLimit() {
		return this.freeReach;
	}

}
