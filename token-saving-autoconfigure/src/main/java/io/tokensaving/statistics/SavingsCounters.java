package io.tokensaving.statistics;

import java.util.Set;

import io.tokensaving.Counter;

/**
 * What is counted of every plan, whatever its features are.
 */
final class SavingsCounters {

	static final Counter REQUESTS = Counter.by("outcome", "requests", "Requests by the way they were answered");

	static final Counter TOKENS_SAVED = Counter.by("technique", "tokens_saved",
			"Tokens that did not have to be bought, by what saved them");

	static final Counter TOKENS_BOUGHT = Counter.of("tokens_bought",
			"Input and output tokens that the model was paid for");

	static final Counter OVERHEAD_TOKENS = Counter.of("overhead_tokens",
			"Tokens that token saving itself spent, such as on embeddings and judges", "tokens");

	static final Counter MODEL_ERRORS = Counter.of("model_errors", "Requests whose model failed");

	static final Counter OTHER_LABELS = Counter.by("label", "other_labels",
			"Requests a label of which is counted as other, because there are too many or it is not accepted");

	static final Counter ERRORS = Counter.of("errors", "Failures of token saving itself");

	static final Counter COST_SAVED = Counter.of("cost_saved_pico_usd", "Net saving");

	static final Counter OVERHEAD = Counter.of("overhead_pico_usd", "What token saving itself spent");

	static final Counter PROVIDER_DISCOUNT = Counter.of("provider_discount_pico_usd",
			"What the provider's prompt cache made cheaper without token saving");

	static final Counter TASKS = Counter.of("tasks",
			"Questions of the application, each with all rounds of its tool loop and all attempts");

	static final Counter RETRIES = Counter.of("retries",
			"Later attempts of tasks, because the answer before was not accepted or the model failed");

	static final Counter RETRY_SPENT = Counter.of("retry_pico_usd", "What providers bill for retries");

	static final Counter TOKENS = Counter.by("kind", "tokens",
			"Tokens that the model was paid for; input and output are wholes, the other kinds parts of them");

	static final Counter SPENT = Counter.of("spent_pico_usd", "What providers bill");

	static final Counter COUNTERFACTUAL = Counter.of("counterfactual_pico_usd",
			"What the same requests would have cost with no plan");

	static final Counter SAVED = Counter.by("technique", "saved_pico_usd",
			"What was saved before overhead, by what saved it");

	static final Counter MODEL_ERRORS_BY_TYPE = Counter.by("type", "model_errors_by_type",
			"Requests whose model failed, by the reason");

	static final Counter TASK_OUTCOMES = Counter.by("outcome", "task_outcomes",
			"Tasks whose outcome is known, by what is known of it");

	static final Counter KNOWN_COST = Counter.of("known_tasks_pico_usd",
			"What tasks cost whose outcome is known, with overhead");

	// These have meters of another kind: costs in US dollars, and failures by component

	private static final Set<Counter> UNMETERED = Set.of(ERRORS, COST_SAVED, OVERHEAD, PROVIDER_DISCOUNT, SPENT,
			COUNTERFACTUAL, SAVED, RETRY_SPENT, KNOWN_COST);

	// What the figures of an hour are made of. Distributions are not among them, as they
	// are most of what is kept of a day
	private static final Set<String> HOURLY = Set.of(REQUESTS.name(), TOKENS_SAVED.name(), TOKENS_BOUGHT.name(),
			OVERHEAD_TOKENS.name(), MODEL_ERRORS.name(), COST_SAVED.name(), OVERHEAD.name(), PROVIDER_DISCOUNT.name(),
			TASKS.name(), RETRIES.name(), RETRY_SPENT.name(), TOKENS.name(), SPENT.name(), COUNTERFACTUAL.name(),
			SAVED.name(), MODEL_ERRORS_BY_TYPE.name(), TASK_OUTCOMES.name(), KNOWN_COST.name());

	private SavingsCounters() {
	}

	/**
	 * Whether a sum is kept by hour.
	 * @param sum the name of the sum
	 * @return whether it is what a figure of calls is made of
	 */
	static boolean isHourly(String sum) {
		int point = sum.indexOf('.');
		return HOURLY.contains((point >= 0) ? sum.substring(0, point) : sum);
	}

	static boolean isMetered(Counter counter) {
		return !UNMETERED.contains(counter);
	}

	/**
	 * Return the name of a sum.
	 * @param counter the counter
	 * @param label the value of its dimension, empty if it has none
	 * @return the name of the counter, with the label behind a point
	 */
	static String sum(Counter counter, String label) {
		return (counter.dimension() != null) ? prefix(counter) + label : counter.name();
	}

	/**
	 * Return what the names of all sums of a counter with a dimension start with.
	 * @param counter the counter
	 * @return its name and a point
	 */
	static String prefix(Counter counter) {
		return counter.name() + '.';
	}

}
