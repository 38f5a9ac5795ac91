package io.tokensaving.ledger;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import org.jspecify.annotations.Nullable;

/**
 * The list prices of many models, in the form of the public price table of LiteLLM.
 * Immutable.
 */
public final class PriceList {

	private static final String BUILT_IN = "model-prices.json";

	private final @Nullable String date;

	private final Map<String, ListPrice> prices;

	// By the name without its version; empty if versions have different prices
	private final Map<String, Optional<ListPrice>> versions = new HashMap<>();

	/**
	 * Create a list.
	 * @param date the date of the prices, or {@code null} if it is not known
	 * @param prices the prices by name in lower case
	 * @param aliases the names that are not those of rows; they stand for nothing else
	 */
	PriceList(@Nullable String date, Map<String, ListPrice> prices, Set<String> aliases) {
		this.date = date;
		this.prices = Map.copyOf(prices);
		this.prices.forEach((name, price) -> {
			for (int end = name.length() - 1; end > 0 && !aliases.contains(name); end--) {
				if (isVersion(name, end)) {
					this.versions.merge(name.substring(0, end), Optional.of(price),
							(one, other) -> (one.isPresent() && one.get().sameAs(price)) ? one : Optional.empty());
				}
			}
		});
	}

	/**
	 * Read the list that comes with the library.
	 * @param dialects the dialects that say how rows are to be read
	 * @return the list
	 */
	static PriceList builtIn(Dialects dialects) {
		try (InputStream in = PriceList.class.getResourceAsStream(BUILT_IN)) {
			if (in == null) {
				throw new IllegalStateException("The resource '" + BUILT_IN + "' is missing");
			}
			return read(in, dialects);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Read a list. It is read whole or not at all: rows of models of text are checked,
	 * those of others are left out.
	 * @param in a JSON object with a row for each model, of which at most 32 MiB are
	 * read; it is not closed
	 * @param dialects the dialects that say how rows are to be read
	 * @return the list
	 * @throws IllegalArgumentException if it is not such an object, holds no price or one
	 * that cannot be right; the message names the row, the field and the value
	 * @throws IOException if it cannot be read
	 */
	public static PriceList read(InputStream in, Dialects dialects) throws IOException {
		return new PriceListReader(dialects).read(in);
	}

	/**
	 * Return the date of the prices.
	 * @return the date in ISO form, or {@code null} if the list does not say it
	 */
	public @Nullable String date() {
		return this.date;
	}

	/**
	 * Return the names that have a price.
	 * @return the names in lower case
	 */
	public Set<String> names() {
		return this.prices.keySet();
	}

	/**
	 * Find the price of a model, of the model that it is a dated version of, or, if they
	 * all cost the same, of its dated versions.
	 * @param model the name
	 * @return the price, or {@code null} if there is none
	 */
	@Nullable ListPrice find(String model) {
		String name = model.toLowerCase(Locale.ROOT);
		ListPrice found = this.prices.get(name);
		for (int end = name.length() - 1; found == null && end > 0; end--) {
			found = isVersion(name, end) ? this.prices.get(name.substring(0, end)) : null;
		}
		for (int end = name.length(); found == null && end > 0; end--) {
			found = (end == name.length() || isVersion(name, end))
					? this.versions.getOrDefault(name.substring(0, end), Optional.empty()).orElse(null) : null;
		}
		return found;
	}

	private static boolean isVersion(String name, int end) {
		char separator = name.charAt(end);
		if ((separator != '-' && separator != '@') || end + 1 == name.length()) {
			return false;
		}
		// Most parts of names are seen at a glance to be no version
		char next = name.charAt(end + 1);
		return ((next >= '0' && next <= '9') || next == 'l' || next == 'v')
				&& ModelPrice.isVersion(name.substring(0, end), name);
	}

	/**
	 * A price of the list.
	 *
	 * @param price the price
	 * @param offPeak the price at quiet times, or {@code null} if it is always the same
	 */
	record ListPrice(ModelPrice price, @Nullable OffPeak offPeak) {

		/**
		 * Return the price at a time.
		 * @param time the time
		 * @return the price
		 */
		ModelPrice at(Instant time) {
			return (this.offPeak != null && this.offPeak.windows().contains(time)) ? this.offPeak.price() : this.price;
		}

		/**
		 * Return the price under another name.
		 * @param name the other name
		 * @return the price
		 */
		ListPrice named(String name) {
			return new ListPrice(new ModelPrice(name, this.price.price(), this.price.variants()), this.offPeak);
		}

		boolean sameAs(ListPrice other) {
			return this.price.price().equals(other.price.price())
					&& this.price.variants().equals(other.price.variants())
					&& (this.offPeak != null) == (other.offPeak != null);
		}

	}

	/**
	 * The price at quiet times.
	 *
	 * @param price the price
	 * @param windows the times
	 */
	record OffPeak(ModelPrice price, QuietTimes windows) {

	}

}
