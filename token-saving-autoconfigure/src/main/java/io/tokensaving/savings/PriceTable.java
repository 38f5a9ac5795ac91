package io.tokensaving.savings;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import org.jspecify.annotations.Nullable;

/**
 * The prices of models. A model that is not in the table has no price: it is never given
 * that of a similar one. Thread-safe.
 */
public final class PriceTable {

	/**
	 * The day on which the built-in prices were noted from the providers' public lists,
	 * standard processing, smallest context tier.
	 */
	public static final String BUILT_IN_DATE = "2025-11-30";

	private static final int REMEMBERED_MODELS = 1000;

	private static final List<ModelPrice> BUILT_IN = List.of(builtIn("gpt-4o", "2.50", "10.00", "1.25", null),
			builtIn("gpt-4o-mini", "0.15", "0.60", "0.075", null), builtIn("gpt-4.1", "2.00", "8.00", "0.50", null),
			builtIn("gpt-4.1-mini", "0.40", "1.60", "0.10", null),
			builtIn("gpt-4.1-nano", "0.10", "0.40", "0.025", null), builtIn("gpt-5", "1.25", "10.00", "0.125", null),
			builtIn("gpt-5.1", "1.25", "10.00", "0.125", null), builtIn("gpt-5-mini", "0.25", "2.00", "0.025", null),
			builtIn("gpt-5-nano", "0.05", "0.40", "0.005", null), builtIn("o3", "2.00", "8.00", "0.50", null),
			builtIn("o4-mini", "1.10", "4.40", "0.275", null),
			builtIn("text-embedding-3-small", "0.02", "0", "0.02", null),
			builtIn("text-embedding-3-large", "0.13", "0", "0.13", null),
			builtIn("text-embedding-ada-002", "0.10", "0", "0.10", null),
			// Runs in this process
			builtIn("all-minilm-l6-v2-q", "0", "0", "0", null),
			builtIn("claude-opus-4-5", "5.00", "25.00", "0.50", "6.25"),
			builtIn("claude-sonnet-4-5", "3.00", "15.00", "0.30", "3.75"),
			builtIn("claude-haiku-4-5", "1.00", "5.00", "0.10", "1.25"));

	private final List<ModelPrice> prices;

	private final ConcurrentMap<String, Optional<ModelPrice>> found = new ConcurrentHashMap<>();

	/**
	 * Create a table.
	 * @param prices prices that are preferred to the built-in ones
	 */
	public PriceTable(Collection<ModelPrice> prices) {
		List<ModelPrice> sorted = new ArrayList<>(prices);
		sorted.sort(Comparator.comparingInt((ModelPrice price) -> price.model().length()).reversed());
		sorted.addAll(BUILT_IN);
		this.prices = List.copyOf(sorted);
	}

	private static ModelPrice builtIn(String model, String input, String output, String cacheRead,
			@Nullable String cacheWrite) {
		return new ModelPrice(model, new BigDecimal(input), new BigDecimal(output), new BigDecimal(cacheRead),
				(cacheWrite != null) ? new BigDecimal(cacheWrite) : null);
	}

	/**
	 * Find the price of a model. The longest name of those given wins; the built-in ones
	 * come last.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @return the price, or {@code null} if the model has none
	 */
	public @Nullable ModelPrice find(@Nullable String model) {
		if (model == null) {
			return null;
		}
		Optional<ModelPrice> known = this.found.get(model);
		if (known == null) {
			known = this.prices.stream().filter((price) -> price.matches(model)).findFirst();
			if (this.found.size() < REMEMBERED_MODELS) {
				this.found.put(model, known);
			}
		}
		return known.orElse(null);
	}

}
