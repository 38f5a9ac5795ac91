package io.tokensaving.shadow;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.ledger.PicoUsd;
import org.jspecify.annotations.Nullable;

/**
 * What a plan in shadow would have done, and what it may do next. Immutable.
 *
 * @param sums the sums of {@link ShadowTally}
 */
record Forecast(Map<String, Long> sums) {

	private static final double Z = 1.959964;

	private static final int MIN_BLOCKS = 8;

	private static final int FEWEST_BLOCKS = 4;

	// Neighbouring blocks are somewhat alike, so three of them say as much as two
	private static final double INDEPENDENT = 2.0 / 3;

	private static final int OCTAVES = 63;

	private static final String[] AGES = { "1m", "10m", "1h", "6h", "1d", "7d", "more" };

	/**
	 * Copy the sums.
	 */
	Forecast {
		sums = Map.copyOf(sums);
	}

	private long sum(String name) {
		return this.sums.getOrDefault(name, 0L);
	}

	long requests() {
		return sum(ShadowTally.REQUESTS);
	}

	long hits() {
		return sum(ShadowTally.HITS);
	}

	/**
	 * Return the share of hits among as many requests as the forecast is made from, if
	 * they are like these.
	 * @return the interval, or {@code null} if fewer than four blocks have been seen
	 */
	@Nullable Interval hitRate() {
		return interval(ShadowTally.BLOCK_HITS, ShadowTally.BLOCK_HITS_SQUARED, ShadowTally.BLOCK, 0);
	}

	/**
	 * Return the share of the cost that the plan would save.
	 * @return the interval, or {@code null} if fewer than four blocks have been seen
	 */
	@Nullable Interval savedShare() {
		return interval(ShadowTally.BLOCK_SHARE, ShadowTally.BLOCK_SHARE_SQUARED, ShadowTally.SHARE, -1);
	}

	// The blocks of the last octave are about half of all, those after the cache has
	// filled. The interval is that of the mean of as many further blocks (Student's t),
	// so it allows for the chance in both
	private @Nullable Interval interval(String name, String squared, double unit, double min) {
		long blocks = 0;
		double sum = 0;
		double sumOfSquares = 0;
		for (int octave = OCTAVES; octave >= 0 && blocks < MIN_BLOCKS; octave--) {
			blocks += sum(ShadowTally.BLOCKS + octave);
			sum += sum(name + octave) / unit;
			sumOfSquares += sum(squared + octave) / unit / unit;
		}
		if (blocks < FEWEST_BLOCKS) {
			return null;
		}
		double mean = sum / blocks;
		double variance = Math.max(0, (sumOfSquares - blocks * mean * mean) / (blocks - 1));
		// Even blocks that are all alike say nothing of what is rarer than once in them
		variance = Math.max(variance, 1.0 / (blocks * (double) ShadowTally.BLOCK) / ShadowTally.BLOCK);
		double independent = INDEPENDENT * blocks;
		double margin = quantile(independent - 1) * Math.sqrt(2 * variance / independent);
		return new Interval(mean, Math.max(min, mean - margin), Math.min(1, mean + margin), blocks);
	}

	// The 97.5 % quantile of Student's distribution (Cornish and Fisher's expansion)
	private static double quantile(double degrees) {
		double z3 = Z * Z * Z;
		double z5 = z3 * Z * Z;
		return Z + (z3 + Z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * Z) / (96.0 * degrees * degrees);
	}

	/**
	 * Return the figures as the endpoint shows them.
	 * @return texts, numbers and maps by name in snake case
	 */
	Map<String, Object> describe() {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("requests", requests());
		described.put("skipped", sum(ShadowTally.SKIPPED));
		described.put("failed", sum(ShadowTally.FAILED));
		described.put("outcomes", byName(ShadowTally.OUTCOME));
		described.put("spent_usd", usd(sum(ShadowTally.SPENT)));
		described.put("would_save_usd", usd(sum(ShadowTally.SAVED)));
		described.put("would_save_tokens", sum(ShadowTally.TOKENS_SAVED));
		Map<String, Object> techniques = new LinkedHashMap<>();
		byName(ShadowTally.TECHNIQUE).forEach((technique, value) -> techniques.put(technique, usd(value)));
		described.put("would_save_usd_by_technique", techniques);
		describe(described, "hit_rate", hitRate());
		describe(described, "saved_share", savedShare());
		described.put("hits_by_age", ages());
		described.put("hits_by_similarity", similarities());
		return described;
	}

	private static void describe(Map<String, Object> described, String name, @Nullable Interval interval) {
		if (interval != null) {
			described.put(name, Map.of("next", rounded(interval.mean()), "lower", rounded(interval.lower()), "upper",
					rounded(interval.upper()), "from_requests", interval.blocks() * ShadowTally.BLOCK));
		}
	}

	private Map<String, Long> byName(String prefix) {
		Map<String, Long> named = new LinkedHashMap<>();
		this.sums.keySet()
			.stream()
			.filter((name) -> name.startsWith(prefix))
			.sorted()
			.forEach((name) -> named.put(name.substring(prefix.length()), sum(name)));
		return named;
	}

	// How many of the hits a plan with this ttl would have had
	private Map<String, Long> ages() {
		Map<String, Long> ages = new LinkedHashMap<>();
		long younger = 0;
		for (int i = 0; i < AGES.length; i++) {
			younger += sum(ShadowTally.AGE + i);
			ages.put(AGES[i], younger);
		}
		return ages;
	}

	// How many of the semantic hits a plan with this threshold would have had
	private Map<String, Long> similarities() {
		Map<String, Long> similarities = new LinkedHashMap<>();
		long hits = 0;
		for (int i = ShadowTally.SIMILARITIES; i >= 0; i--) {
			long more = sum(ShadowTally.SIMILARITY + i);
			hits += more;
			if (more > 0) {
				similarities.put(BigDecimal.valueOf(i, 2).toPlainString(), hits);
			}
		}
		return similarities;
	}

	private static BigDecimal usd(long picoUsd) {
		return PicoUsd.toUsd(picoUsd);
	}

	private static double rounded(double share) {
		return Math.round(share * 10_000) / 10_000.0;
	}

	/**
	 * A forecast of a share. Immutable.
	 *
	 * @param mean the share that was seen
	 * @param lower the lower end of the 95 % interval
	 * @param upper the upper end
	 * @param blocks the number of blocks that it was seen in
	 */
	record Interval(double mean, double lower, double upper, long blocks) {

	}

}
