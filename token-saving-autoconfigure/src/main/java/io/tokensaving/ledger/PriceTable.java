package io.tokensaving.ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelName;
import io.tokensaving.provider.ModelPrice;
import org.jspecify.annotations.Nullable;

/**
 * The prices of models. A model that is not in the table has no price; the price of a
 * similar model is never used instead. Thread-safe.
 */
public final class PriceTable {

	/**
	 * The date of the built-in prices, which are those of the providers' public lists for
	 * standard processing and the smallest context tier.
	 */
	public static final String BUILT_IN_DATE = "2025-11-30";

	private static final int MAX_CACHED_MODELS = 1000;

	private static final int MAX_CACHED_LENGTH = 200;

	private final Dialects dialects;

	private final List<ModelPrice> prices;

	private final ConcurrentMap<String, Optional<ModelPrice>> found = new ConcurrentHashMap<>();

	/**
	 * Create a table with the built-in price lists of the providers.
	 * @param prices prices that take precedence over the lists
	 */
	public PriceTable(Collection<ModelPrice> prices) {
		this(prices, Dialects.builtIn());
	}

	/**
	 * Create a table.
	 * @param prices prices that take precedence over the lists
	 * @param dialects the dialects with the price lists of the providers and the aliases
	 * of models
	 */
	public PriceTable(Collection<ModelPrice> prices, Dialects dialects) {
		List<ModelPrice> sorted = new ArrayList<>(prices);
		sorted.sort(Comparator.comparingInt((ModelPrice price) -> price.model().length()).reversed());
		sorted.addAll(dialects.prices());
		this.dialects = dialects;
		this.prices = List.copyOf(sorted);
	}

	/**
	 * Find the price of a model. Of the prices given to the constructor, the one with the
	 * longest matching name wins; the lists of the providers come after them. A name that
	 * only a gateway or a region uses has the price of the model that it stands for, if
	 * that costs the same there.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @return the price, or {@code null} if the model has none
	 */
	public @Nullable ModelPrice find(@Nullable String model) {
		if (model == null) {
			return null;
		}
		Optional<ModelPrice> known = this.found.get(model);
		if (known == null) {
			known = search(model);
			if (this.found.size() < MAX_CACHED_MODELS && model.length() <= MAX_CACHED_LENGTH) {
				this.found.put(model, known);
			}
		}
		return known.orElse(null);
	}

	/**
	 * Whether two names stand for the same model, such as a name and its dated version,
	 * or the name at a gateway.
	 * @param model the name of the model
	 * @param name the name of the possible version
	 * @return whether both are the same model as far as their names tell
	 */
	boolean isVersion(String model, String name) {
		ModelPrice price = find(model);
		if (price != null && price.equals(find(name))) {
			return true;
		}
		return this.dialects.models(name).stream().anyMatch((other) -> ModelPrice.isVersion(model, other.name()));
	}

	private Optional<ModelPrice> search(String model) {
		if (model.isBlank()) {
			return Optional.empty();
		}
		return this.dialects.models(model)
			.stream()
			.takeWhile(ModelName::listPrice)
			.flatMap((name) -> match(name.name()).stream())
			.findFirst();
	}

	private Optional<ModelPrice> match(String model) {
		return this.prices.stream().filter((price) -> price.matches(model)).findFirst();
	}

}
