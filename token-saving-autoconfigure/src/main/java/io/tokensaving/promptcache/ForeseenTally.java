package io.tokensaving.promptcache;

import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.SummedState;
import org.jspecify.annotations.Nullable;

/**
 * What the input of requests that were sent without marks has cost, and what it would
 * have cost with them. Thread-safe.
 */
final class ForeseenTally extends SummedState<ForeseenTally> {

	private static final String PREFIX = "prompt_cache_foreseen_";

	private static final String REQUESTS = PREFIX + "requests";

	private static final String MARKED = PREFIX + "marked";

	private static final String READ = PREFIX + "read_tokens";

	private static final String WRITTEN = PREFIX + "written_tokens";

	private static final String UNCACHED = PREFIX + "uncached_tokens";

	private static final String PREMIUM = PREFIX + "write_premium_pico_usd";

	private static final String INPUT = PREFIX + "input_pico_usd";

	private static final String SPENT = PREFIX + "spent_pico_usd";

	/**
	 * Count a request.
	 * @param spent the input as it was billed
	 * @param foreseen the same input with marks
	 * @param marked whether there is a mark
	 * @param price the price of the model, or {@code null} if it has none
	 */
	void record(TokenUsage spent, TokenUsage foreseen, boolean marked, @Nullable ModelPrice price) {
		add(REQUESTS, 1);
		add(MARKED, marked ? 1 : 0);
		add(READ, foreseen.cacheRead());
		add(WRITTEN, foreseen.cacheWrite());
		add(UNCACHED, foreseen.input() - foreseen.cacheRead() - foreseen.cacheWrite());
		if (price != null) {
			TokenUsage unwritten = new TokenUsage(foreseen.input(), 0, foreseen.cacheRead(), 0, 0, 0, foreseen.tier(),
					foreseen.estimated());
			add(PREMIUM, Math.max(0, price.picoUsd(foreseen) - price.picoUsd(unwritten)));
			add(INPUT, price.picoUsd(foreseen));
			add(SPENT, price.picoUsd(spent));
		}
	}

	static Figures figures(StatisticsCounters sums) {
		return new Figures(sums.value(REQUESTS), sums.value(MARKED), sums.value(READ), sums.value(WRITTEN),
				sums.value(UNCACHED), sums.value(PREMIUM), sums.value(INPUT), sums.value(SPENT));
	}

	/**
	 * The figures of one plan or several. Immutable.
	 *
	 * @param requests requests that would have gone to the provider
	 * @param marked those of them that would have been marked
	 * @param read the tokens that would have been read from the provider's cache
	 * @param written the tokens that would have been written to it
	 * @param uncached the tokens of input that would have been neither
	 * @param premium what the writes would have cost above the price of input, in
	 * pico-dollars
	 * @param input what the input would have cost, in pico-dollars
	 * @param spent what it did cost, in pico-dollars
	 */
	record Figures(long requests, long marked, long read, long written, long uncached, long premium, long input,
			long spent) {

		Map<String, Object> describe() {
			Map<String, Object> described = new LinkedHashMap<>();
			described.put("estimated", true);
			described.put("requests", this.requests);
			described.put("marked", this.marked);
			described.put("input_usd", PicoUsd.toUsd(this.spent));
			described.put("input_with_marks_usd", PicoUsd.toUsd(this.input));
			described.put("would_save_usd", PicoUsd.toUsd(this.spent - this.input));
			described.put("write_premium_usd", PicoUsd.toUsd(this.premium));
			described.put("read_tokens", this.read);
			described.put("written_tokens", this.written);
			described.put("uncached_tokens", this.uncached);
			return described;
		}

	}

}
