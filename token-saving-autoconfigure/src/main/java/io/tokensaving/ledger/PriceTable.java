package io.tokensaving.ledger;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.tokensaving.ledger.PriceList.ListPrice;
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
	 * The date of the built-in prices, which are those of the providers' public lists.
	 */
	public static final String BUILT_IN_DATE = "2026-11-27";

	private static final int MAX_CACHED_MODELS = 1000;

	private static final int MAX_CACHED_LENGTH = 200;

	private final @Nullable PriceTable real;

	private final Dialects dialects;

	private final Clock clock;

	private final List<ModelPrice> prices;

	private volatile @Nullable Listed listed;

	/**
	 * Create a table with the built-in price lists of the providers.
	 * @param prices prices that take precedence over the lists
	 */
	public PriceTable(Collection<ModelPrice> prices) {
		this(prices, Dialects.builtIn());
	}

	/**
	 * Create a table with the built-in price lists of the providers.
	 * @param prices prices that take precedence over the lists
	 * @param dialects the dialects with further prices and the aliases of models
	 */
	public PriceTable(Collection<ModelPrice> prices, Dialects dialects) {
		this(prices, dialects, Clock.systemUTC());
	}

	/**
	 * Create a table with the built-in price lists of the providers.
	 * @param prices prices that take precedence over the lists
	 * @param dialects the dialects with further prices and the aliases of models
	 * @param clock tells whether it is a time at which a provider charges less
	 */
	public PriceTable(Collection<ModelPrice> prices, Dialects dialects, Clock clock) {
		List<ModelPrice> sorted = new ArrayList<>(prices);
		sorted.sort(Comparator.comparingInt((ModelPrice price) -> price.model().length()).reversed());
		sorted.addAll(dialects.prices());
		this.dialects = dialects;
		this.clock = clock;
		this.prices = List.copyOf(sorted);
		this.real = null;
	}

	/**
	 * Create a table for an application in which local models answer, under names that
	 * others may sell.
	 * @param local prices of the local models, which take precedence over all others
	 * @param real the prices of models that are not local
	 */
	public PriceTable(Collection<ModelPrice> local, PriceTable real) {
		List<ModelPrice> all = new ArrayList<>(local);
		all.addAll(real.prices);
		this.dialects = real.dialects;
		this.clock = real.clock;
		this.prices = List.copyOf(all);
		this.real = real;
	}

	/**
	 * Return the prices of models that are not local.
	 * @return this table where no local models answer
	 */
	public PriceTable real() {
		return (this.real != null) ? this.real : this;
	}

	/**
	 * Read the built-in list now, so that the first request does not wait for it.
	 */
	public void load() {
		listed();
	}

	/**
	 * Put another list in the place of the present one. What was counted keeps the prices
	 * at which it was counted.
	 * @param list the list
	 */
	public void replace(PriceList list) {
		this.listed = new Listed(list);
		if (this.real != null) {
			this.real.replace(list);
		}
	}

	/**
	 * Return the list in use.
	 * @return the list, the built-in one if it was not replaced
	 */
	public PriceList list() {
		return listed().list();
	}

	private Listed listed() {
		Listed listed = this.listed;
		return (listed != null) ? listed : readBuiltIn();
	}

	private synchronized Listed readBuiltIn() {
		Listed listed = this.listed;
		if (listed == null) {
			listed = new Listed(PriceList.builtIn(this.dialects));
			this.listed = listed;
		}
		return listed;
	}

	/**
	 * Find the price of a model. Of the prices given to the constructor, the one with the
	 * longest matching name wins; those of dialects and the list come after them. A name
	 * that only a gateway or a region uses has the price of the model that it stands for,
	 * if that costs the same there.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @return the price at this time, or {@code null} if the model has none
	 */
	public @Nullable ModelPrice find(@Nullable String model) {
		if (model == null) {
			return null;
		}
		Listed listed = listed();
		Optional<ListPrice> known = listed.found().get(model);
		if (known == null) {
			known = search(model, listed.list());
			if (listed.found().size() < MAX_CACHED_MODELS && model.length() <= MAX_CACHED_LENGTH) {
				listed.found().put(model, known);
			}
		}
		ListPrice price = known.orElse(null);
		if (price == null) {
			return null;
		}
		return (price.offPeak() != null) ? price.at(this.clock.instant()) : price.price();
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

	private Optional<ListPrice> search(String model, PriceList list) {
		if (model.isBlank()) {
			return Optional.empty();
		}
		List<ModelName> names = this.dialects.models(model).stream().takeWhile(ModelName::listPrice).toList();
		for (ModelName name : names) {
			for (ModelPrice price : this.prices) {
				if (price.matches(name.name())) {
					return Optional.of(new ListPrice(price, null));
				}
			}
		}
		for (ModelName name : names) {
			ListPrice listed = list.find(name.name());
			if (listed != null) {
				return Optional.of(listed);
			}
		}
		return Optional.empty();
	}

	/**
	 * A list, and what was found in it.
	 *
	 * @param list the list
	 * @param found the prices that were found, by name
	 */
	private record Listed(PriceList list, ConcurrentMap<String, Optional<ListPrice>> found) {

		Listed(PriceList list) {
			this(list, new ConcurrentHashMap<>());
		}

	}

}
