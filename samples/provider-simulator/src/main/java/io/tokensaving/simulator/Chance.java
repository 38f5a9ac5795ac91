package io.tokensaving.simulator;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Throws dice that depend on the seed, on what they are thrown for and on how often that
 * was done before, so that the order of other requests does not change the outcome. Not
 * safe for use by several threads.
 */
final class Chance {

	private static final int LIMIT = 100_000;

	private final long seed;

	private final Map<String, Integer> thrown = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
			return size() > LIMIT;
		}

	};

	Chance(long seed) {
		this.seed = seed;
	}

	boolean happens(double probability, String what) {
		if (probability <= 0) {
			return false;
		}
		int count = this.thrown.merge(what, 1, Integer::sum);
		long mixed = this.seed * 0x9E3779B97F4A7C15L + what.hashCode() * 31L + count;
		return new SplittableRandom(mixed).nextDouble() < probability;
	}

}
