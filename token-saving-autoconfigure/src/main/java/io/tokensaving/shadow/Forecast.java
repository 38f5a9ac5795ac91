package io.tokensaving.shadow;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.sampling.ErrorRateMonitor.Verification;
import org.jspecify.annotations.Nullable;

/**
 * What a plan in shadow would have done, and what it may do next. Immutable.
 *
 * @param sums the sums of {@link ShadowTally}
 */
record Forecast(Map<String, Long> sums) {

	private static final double Z = 1.959964;

	private static final int FEWEST_BLOCKS = 4;

	// Neighbouring blocks are somewhat alike, so two of them say about as much as one
	private static final double INDEPENDENT = 0.5;

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

	// A cache learns: its hit rate rises about evenly with each doubling of what it has
	// seen. So a line is laid through the means of the octaves, and read where as many
	// further blocks will be. The interval is that of the mean of those blocks (weighted
	// least squares; N. R. Draper and H. Smith, Applied Regression Analysis)
	private @Nullable Interval interval(String name, String squared, double unit, double min) {
		double starts = Math.max(1, sum(ShadowTally.BLOCKS + 0));
		Line line = new Line();
		for (int octave = 0; octave <= OCTAVES; octave++) {
			long blocks = sum(ShadowTally.BLOCKS + octave);
			if (blocks > 0) {
				double first = Math.scalb(1.0, octave);
				line.add(meanLog(first, first + blocks / starts), blocks, sum(name + octave) / unit,
						sum(squared + octave) / unit / unit);
			}
		}
		if (line.blocks < FEWEST_BLOCKS) {
			return null;
		}
		double seen = line.blocks / starts;
		return line.predict(meanLog(1 + seen, 1 + 2 * seen), min);
	}

	// The mean of log2(x) between two numbers
	private static double meanLog(double from, double to) {
		return (to * Math.log(to) - from * Math.log(from) - (to - from)) / (to - from) / Math.log(2);
	}

	// The 97.5 % quantile of Student's distribution (Cornish and Fisher's expansion)
	private static double quantile(double degrees) {
		double z3 = Z * Z * Z;
		double z5 = z3 * Z * Z;
		return Z + (z3 + Z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * Z) / (96.0 * degrees * degrees);
	}

	/**
	 * Return the share of wrong hits among as many further hits as are likely.
	 * @param seen what was verified so far
	 * @return the interval, or {@code null} if there is none of the hits
	 */
	@Nullable Interval wrongShare(Verification seen) {
		Interval hitRate = hitRate();
		double next = (hitRate != null) ? hitRate.mean() * requests() : 0;
		if (next < 1 || seen.verified() == 0) {
			return null;
		}
		// Chance in what was seen and in what comes add up as if fewer had been verified
		double count = INDEPENDENT / (1.0 / seen.verified() + 1 / next);
		double margin = Z * Z / (2 * count);
		double rate = seen.errorRate();
		double half = Z * Math.sqrt(rate * (1 - rate) / count + Z * Z / (4 * count * count));
		double denominator = 1 + Z * Z / count;
		return new Interval(rate, Math.max(0, (rate + margin - half) / denominator),
				Math.min(1, (rate + margin + half) / denominator), (long) next);
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
			described.put(name, interval.describe());
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
	 * The share of blocks by the logarithm of their number. Not thread-safe.
	 */
	private static final class Line {

		private double blocks;

		private double x;

		private double y;

		private double xx;

		private double xy;

		private double within;

		private int octaves;

		void add(double at, double count, double sum, double sumOfSquares) {
			double mean = sum / count;
			this.octaves++;
			this.blocks += count;
			this.x += count * at;
			this.y += sum;
			this.xx += count * at * at;
			this.xy += at * sum;
			this.within += Math.max(0, sumOfSquares - count * mean * mean);
		}

		Interval predict(double at, double min) {
			double spread = this.xx - this.x * this.x / this.blocks;
			double slope = (spread > 0) ? (this.xy - this.x * this.y / this.blocks) / spread : 0;
			double mean = this.y / this.blocks;
			double next = Math.min(1, Math.max(min, mean + slope * (at - this.x / this.blocks)));
			double variance = this.within / Math.max(1, this.blocks - this.octaves);
			// Blocks that are all alike say nothing of what is rarer than once in them
			variance = Math.max(variance, 1 / (this.blocks * ShadowTally.BLOCK) / ShadowTally.BLOCK);
			double distance = at - this.x / this.blocks;
			double parts = 2 / this.blocks + ((spread > 0) ? distance * distance / spread : 0);
			double margin = quantile(INDEPENDENT * this.blocks - 1) * Math.sqrt(variance * parts / INDEPENDENT);
			return new Interval(next, Math.max(min, next - margin), Math.min(1, next + margin),
					(long) this.blocks * ShadowTally.BLOCK);
		}

	}

	/**
	 * A forecast of a share. Immutable.
	 *
	 * @param mean the share that is likely
	 * @param lower the lower end of the 95 % interval
	 * @param upper the upper end
	 * @param of the number of further requests or hits that it is for
	 */
	record Interval(double mean, double lower, double upper, long of) {

		Map<String, Object> describe() {
			Map<String, Object> described = new LinkedHashMap<>();
			described.put("next", rounded(this.mean));
			described.put("lower", rounded(this.lower));
			described.put("upper", rounded(this.upper));
			described.put("of", this.of);
			return described;
		}

	}

}
