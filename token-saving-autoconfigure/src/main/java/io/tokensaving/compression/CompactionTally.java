package io.tokensaving.compression;

import io.tokensaving.statistics.SummedState;

/**
 * What the compactions of a plan cost in the provider's prompt cache, and what they were
 * expected to save. Thread-safe.
 */
final class CompactionTally extends SummedState<CompactionTally> {

	void add(Sum sum, long value) {
		if (value > 0) {
			add(sum.key(), value);
		}
	}

	long value(Sum sum) {
		return value(sum.key());
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
