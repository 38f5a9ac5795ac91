package io.tokensaving.compression;

import java.util.EnumMap;
import java.util.Map;

import io.tokensaving.statistics.FeatureState;

/**
 * What the compactions of a plan cost in the provider's prompt cache, and what they were
 * expected to save. Thread-safe.
 */
final class CompactionTally implements FeatureState<CompactionTally> {

	private final Map<Sum, Long> sums = new EnumMap<>(Sum.class);

	synchronized void add(Sum sum, long value) {
		if (value > 0) {
			this.sums.merge(sum, value, Long::sum);
		}
	}

	synchronized long value(Sum sum) {
		return this.sums.getOrDefault(sum, 0L);
	}

	@Override
	public boolean isSuspended() {
		return false;
	}

	@Override
	public boolean resume() {
		return false;
	}

	@Override
	public void foldInto(CompactionTally target) {
		Map<Sum, Long> taken;
		synchronized (this) {
			taken = new EnumMap<>(this.sums);
			this.sums.clear();
		}
		taken.forEach(target::add);
	}

	/**
	 * What is added up.
	 */
	enum Sum {

		/** Compactions. */
		COMPACTIONS("compactions"),

		/** Those that cost more than they were expected to save. */
		UNPAID("compactions_unpaid"),

		/** What the lost prefixes cost, in pico-dollars. */
		PREFIX_COST("compactions_prefix_cost_pico_usd"),

		/** What was expected to be saved up to the next one, in pico-dollars. */
		EXPECTED_SAVING("compactions_expected_saving_pico_usd");

		private final String key;

		Sum(String key) {
			this.key = key;
		}

		String key() {
			return this.key;
		}

	}

}
