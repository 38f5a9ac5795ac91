package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.feature.Suggestion;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.SummedState;

/**
 * What the requests of plans that only observe would be shortened by at other limits.
 * Thread-safe.
 */
final class LimitTally extends SummedState<LimitTally> {

	/**
	 * The limits that are looked at, in tokens.
	 */
	static final List<Integer> LIMITS = List.of(1000, 1500, 2000, 3000, 4000, 6000, 8000, 12_000, 16_000, 24_000,
			32_000, 48_000, 64_000, 96_000, 128_000, 192_000, 256_000, 512_000);

	private static final String PREFIX = "compression_observed_";

	private static final String REQUESTS = PREFIX + "requests";

	private static final String SHORTENED = PREFIX + "shortened_";

	private static final String LEFT_OUT = PREFIX + "left_out_";

	private static final String SAVED = PREFIX + "saved_pico_usd_";

	private static final String PREFIX_COST = PREFIX + "prefix_cost_pico_usd_";

	void request() {
		add(REQUESTS, 1);
	}

	/**
	 * Count a request that a limit would shorten.
	 * @param limit the limit
	 * @param leftOut the tokens that would be left out
	 * @param picoUsd what these cost, in pico-dollars
	 * @param prefixPicoUsd what it would cost to send again what the provider's prompt
	 * cache knew before, in pico-dollars
	 */
	void shortened(int limit, long leftOut, long picoUsd, long prefixPicoUsd) {
		add(SHORTENED + limit, 1);
		add(LEFT_OUT + limit, leftOut);
		add(SAVED + limit, picoUsd);
		add(PREFIX_COST + limit, prefixPicoUsd);
	}

	static Figures figures(StatisticsCounters sums) {
		List<Point> points = new ArrayList<>();
		for (int limit : LIMITS) {
			points.add(new Point(limit, sums.value(SHORTENED + limit), sums.value(LEFT_OUT + limit),
					sums.value(SAVED + limit) - sums.value(PREFIX_COST + limit), sums.value(PREFIX_COST + limit)));
		}
		return new Figures(sums.value(REQUESTS), points);
	}

	/**
	 * What was seen. Immutable.
	 *
	 * @param requests the number of requests
	 * @param points what the limits would do, the lowest first
	 */
	record Figures(long requests, List<Point> points) {

		/**
		 * How many requests must have been seen.
		 */
		static final long NEEDED = 200;

		/**
		 * The share of the requests that a limit leaves as they are. What answers lose by
		 * what is left out is not known, so only the longest requests are shortened.
		 */
		static final double WHOLE = 0.95;

		/**
		 * Copy the points.
		 */
		Figures {
			points = List.copyOf(points);
		}

		/**
		 * Choose the limit that saves most of those that leave nearly all requests whole.
		 * @param now the limit of the plan
		 * @return the suggestion
		 */
		Suggestion suggestion(int now) {
			Point chosen = null;
			List<Map<String, Object>> curve = new ArrayList<>();
			for (Point point : this.points) {
				if (point.shortened() == 0) {
					continue;
				}
				curve.add(point.describe(this.requests));
				boolean saves = point.picoUsd() > 0 && (chosen == null || point.picoUsd() > chosen.picoUsd());
				if (saves && point.whole(this.requests) >= WHOLE) {
					chosen = point;
				}
			}
			Integer value = (chosen != null && this.requests >= NEEDED) ? chosen.limit() : null;
			return new Suggestion("compression.max_input_tokens", now, value, false, this.requests, NEEDED, curve);
		}

	}

	/**
	 * What a limit would do. Immutable.
	 *
	 * @param limit the limit, in tokens
	 * @param shortened how many requests it would shorten
	 * @param leftOut the tokens that it would leave out of them
	 * @param picoUsd what that saves, less what the lost prefixes cost, in pico-dollars
	 * @param prefixPicoUsd what the lost prefixes cost, in pico-dollars
	 */
	record Point(int limit, long shortened, long leftOut, long picoUsd, long prefixPicoUsd) {

		private static final double DIGITS = 10_000;

		double whole(long requests) {
			return (requests > 0) ? Math.max(0, 1 - (double) this.shortened / requests) : 1;
		}

		Map<String, Object> describe(long requests) {
			Map<String, Object> described = new LinkedHashMap<>();
			described.put("value", this.limit);
			described.put("shortened", this.shortened);
			described.put("whole_share", Math.round(DIGITS * whole(requests)) / DIGITS);
			described.put("left_out_tokens", this.leftOut);
			described.put("saved_usd", PicoUsd.toUsd(this.picoUsd));
			described.put("prefix_cost_usd", PicoUsd.toUsd(this.prefixPicoUsd));
			return described;
		}

	}

}
