package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;

import io.tokensaving.feature.ReviewPair;
import io.tokensaving.feature.ReviewPoint;
import org.jspecify.annotations.Nullable;

/**
 * A sample of what the semantic cache of a plan found. Not thread-safe.
 * <p>
 * It is stratified by similarity, in hundredths, and by whether the answer was served,
 * and all strata have about as many pairs. The latest pairs alone would be of no use: a
 * busy plan replaces them within a second, while a person reads one, and almost all would
 * have a similarity of nearly 1. Those near the threshold are rare, and say what it
 * should be. Within a stratum it is a reservoir (J. S. Vitter, Random Sampling with a
 * Reservoir, 1985), so that whether an answer is right does not decide whether it is
 * kept. What was seen before counts a seventh less each day, so that about the last week
 * is sampled.
 */
final class ReviewSample {

	private static final double KEPT_OF_DAY = 6.0 / 7;

	private static final int STEPS = SimilarityStep.HIGHEST + 1;

	private final int maxPairs;

	private final DoubleSupplier chance;

	private final Map<Integer, Stratum> strata = new HashMap<>();

	private final Map<String, ReviewedPair> pairs = new HashMap<>();

	private final long[] served = new long[STEPS];

	private final long[] same = new long[STEPS];

	private final long[] different = new long[STEPS];

	private long bytes;

	/**
	 * Create an empty sample.
	 * @param maxPairs the number of pairs that are kept, at least 1
	 * @param chance supplies random numbers from 0 inclusive to 1 exclusive
	 */
	ReviewSample(int maxPairs, DoubleSupplier chance) {
		this.maxPairs = maxPairs;
		this.chance = chance;
	}

	private static int stratum(int step, boolean served) {
		return served ? step : STEPS + step;
	}

	/**
	 * Count an answer that was found.
	 * @param step the step of its similarity
	 * @param served whether it was served
	 * @param day the present day, as a number that grows by one each day
	 * @param full whether there is no memory for another pair
	 * @return whether it is part of the sample, and is to be {@link #add added}
	 */
	boolean offer(int step, boolean served, long day, boolean full) {
		if (served) {
			this.served[step]++;
		}
		Stratum stratum = this.strata.computeIfAbsent(stratum(step, served), (key) -> new Stratum(day));
		stratum.see(day);
		if (this.pairs.size() < this.maxPairs && !full) {
			return true;
		}
		if (largest().members.size() > stratum.members.size() + 1) {
			return true;
		}
		if (stratum.members.isEmpty()) {
			// There are more strata than pairs
			return this.chance.getAsDouble() * stratum.seen * this.strata.size() < this.maxPairs;
		}
		return this.chance.getAsDouble() * stratum.seen < stratum.members.size();
	}

	/**
	 * Add a pair that the sample has accepted, in the place of others if there is no
	 * room.
	 * @param pair the pair
	 * @param bytes the memory that is left for pairs
	 */
	void add(ReviewedPair pair, long bytes) {
		Stratum stratum = this.strata.computeIfAbsent(stratum(pair.step(), pair.isServed()),
				(key) -> new Stratum(pair.day()));
		long allowed = this.bytes + bytes;
		while (this.pairs.size() >= this.maxPairs || this.bytes + pair.bytes() > allowed) {
			if (this.pairs.isEmpty()) {
				return;
			}
			Stratum largest = largest();
			boolean grows = stratum.members.isEmpty() || largest.members.size() > stratum.members.size() + 1;
			removeOneOf(grows ? largest : stratum);
		}
		stratum.members.add(pair);
		this.pairs.put(pair.id(), pair);
		this.bytes += pair.bytes();
	}

	// Of several that are the largest, any
	private Stratum largest() {
		Stratum largest = null;
		int equal = 0;
		for (Stratum stratum : this.strata.values()) {
			int size = stratum.members.size();
			if (largest == null || size > largest.members.size()) {
				largest = stratum;
				equal = 1;
			}
			else if (size == largest.members.size()) {
				equal++;
				if (this.chance.getAsDouble() * equal < 1) {
					largest = stratum;
				}
			}
		}
		if (largest == null) {
			throw new IllegalStateException("Nothing was offered");
		}
		return largest;
	}

	private void removeOneOf(Stratum stratum) {
		int index = (int) (this.chance.getAsDouble() * stratum.members.size());
		ReviewedPair last = stratum.members.remove(stratum.members.size() - 1);
		ReviewedPair removed = last;
		if (index < stratum.members.size()) {
			removed = stratum.members.set(index, last);
		}
		this.pairs.remove(removed.id());
		this.bytes -= removed.bytes();
	}

	/**
	 * Remove pairs. What was counted of them stays.
	 * @param selected whether a pair is removed
	 */
	void removeIf(Predicate<ReviewedPair> selected) {
		this.pairs.values().removeIf(selected);
		this.strata.values().forEach((stratum) -> stratum.members.removeIf(selected));
		this.bytes = this.pairs.values().stream().mapToLong(ReviewedPair::bytes).sum();
	}

	/**
	 * Return the memory that the pairs take up.
	 * @return the size in bytes
	 */
	long bytes() {
		return this.bytes;
	}

	Collection<ReviewedPair> pairs() {
		return this.pairs.values();
	}

	@Nullable ReviewedPair find(String id) {
		return this.pairs.get(id);
	}

	/**
	 * Count the verdict of a person.
	 * @param pair the pair, which has the verdict already
	 * @param before the verdict before, or {@code null} if there was none
	 */
	void judged(ReviewedPair pair, ReviewPair.@Nullable Verdict before) {
		if (pair.isServed()) {
			count(pair.step(), before, -1);
			count(pair.step(), pair.human(), 1);
		}
	}

	private void count(int step, ReviewPair.@Nullable Verdict verdict, int added) {
		if (verdict != null) {
			((verdict == ReviewPair.Verdict.SAME) ? this.same : this.different)[step] += added;
		}
	}

	List<ReviewPoint> curve() {
		return ReviewCurve.of(this.served, this.same, this.different);
	}

	private static final class Stratum {

		private final List<ReviewedPair> members = new ArrayList<>();

		private long day;

		private double seen;

		Stratum(long day) {
			this.day = day;
		}

		void see(long now) {
			if (now > this.day) {
				this.seen = Math.max(this.members.size(), this.seen * Math.pow(KEPT_OF_DAY, (double) (now - this.day)));
				this.day = now;
			}
			this.seen++;
		}

	}

}
