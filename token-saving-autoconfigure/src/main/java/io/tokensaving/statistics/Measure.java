package io.tokensaving.statistics;

import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * Something of which the distribution over calls is kept, by the labels of calls: counts
 * of values in buckets each of which is 2<sup>1/5</sup> times as wide as the one before,
 * which can be added. A quantile lies within 7.5 % of the exact one.
 */
public enum Measure {

	/**
	 * The time of whole calls, hits included, in microseconds.
	 */
	CALL("call_us"),

	/**
	 * The time of whole calls whose answer was not bought from the model, in
	 * microseconds.
	 */
	HIT("hit_us"),

	/**
	 * The time of the model, in microseconds.
	 */
	MODEL("model_us"),

	/**
	 * The time until the first element of a stream that has content, in microseconds.
	 */
	FIRST_TOKEN("first_token_us"),

	/**
	 * The output tokens of answers that were bought.
	 */
	OUTPUT_TOKENS("output_tokens");

	/**
	 * The number of buckets. The last one has all values that are larger too.
	 */
	static final int BUCKETS = 200;

	private static final double BUCKETS_PER_E = 5 / Math.log(2);

	private static final double[] MIDDLES = middles();

	private final String prefix;

	private final String[] names = new String[BUCKETS];

	Measure(String name) {
		this.prefix = name + '.';
		for (int i = 0; i < BUCKETS; i++) {
			this.names[i] = this.prefix + i;
		}
	}

	/**
	 * Return the bucket of a value.
	 * @param value the value; one below 1 counts as 1
	 * @return the bucket, 0 to {@value #BUCKETS} - 1
	 */
	static int bucket(long value) {
		return (value <= 1) ? 0 : Math.min(BUCKETS - 1, (int) (Math.log(value) * BUCKETS_PER_E + 1e-9));
	}

	// The geometric mean of the lowest and the highest whole number in each bucket
	private static double[] middles() {
		double[] middles = new double[BUCKETS];
		for (int i = 0; i < BUCKETS; i++) {
			middles[i] = Math.sqrt((double) lowest(i) * Math.max(lowest(i), lowest(i + 1) - 1));
		}
		return middles;
	}

	private static long lowest(int bucket) {
		long lowest = Math.max(1, (long) Math.pow(2, bucket / 5.0) - 1);
		while (Math.log(lowest) * BUCKETS_PER_E + 1e-9 < bucket) {
			lowest++;
		}
		return lowest;
	}

	/**
	 * Return the name of the sum that counts a bucket.
	 * @param bucket the bucket
	 * @return the name
	 */
	String sum(int bucket) {
		return this.names[bucket];
	}

	/**
	 * Whether a sum counts a bucket of a distribution.
	 * @param sum the name of the sum
	 * @return whether it does; such sums are kept by labels only
	 */
	static boolean isBucket(String sum) {
		for (Measure measure : values()) {
			if (sum.startsWith(measure.prefix)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Return the distribution that sums hold.
	 * @param sums the sums
	 * @return the distribution, or {@code null} if nothing was measured
	 */
	@Nullable Distribution of(StatisticsCounters sums) {
		TreeMap<Integer, Long> counts = new TreeMap<>();
		long all = 0;
		for (Map.Entry<String, Long> sum : sums.values().entrySet()) {
			int bucket = sum.getKey().startsWith(this.prefix) ? number(sum.getKey().substring(this.prefix.length()))
					: -1;
			if (bucket >= 0 && sum.getValue() > 0) {
				counts.merge(bucket, sum.getValue(), Long::sum);
				all += sum.getValue();
			}
		}
		return (all > 0) ? new Distribution(all, quantile(counts, all, 0.5), quantile(counts, all, 0.95),
				quantile(counts, all, 0.99)) : null;
	}

	private static int number(String text) {
		for (int i = 0; i < text.length(); i++) {
			if (text.charAt(i) < '0' || text.charAt(i) > '9') {
				return -1;
			}
		}
		int number = (text.isEmpty() || text.length() > 3) ? -1 : Integer.parseInt(text);
		return (number < BUCKETS) ? number : -1;
	}

	private static double quantile(TreeMap<Integer, Long> counts, long all, double share) {
		long rank = Math.max(1, (long) Math.ceil(share * all));
		long seen = 0;
		for (Map.Entry<Integer, Long> bucket : counts.entrySet()) {
			seen += bucket.getValue();
			if (seen >= rank) {
				return MIDDLES[bucket.getKey()];
			}
		}
		return MIDDLES[counts.lastKey()];
	}

	/**
	 * A distribution. Immutable.
	 *
	 * @param count the number of values
	 * @param p50 the median
	 * @param p95 the value that 95 % of the values do not exceed
	 * @param p99 the value that 99 % of the values do not exceed
	 */
	public record Distribution(long count, double p50, double p95, double p99) {

	}

}
