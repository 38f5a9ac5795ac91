package io.tokensaving.provider;

import java.util.List;

/**
 * How a row of the public price table of LiteLLM is to be read. Immutable.
 *
 * @param names the names of models that have the prices of the row, in lower case; none
 * if the row is not used
 * @param otherwise names that have the prices of the row if no other row is for them
 * @param fromThreshold whether the prices for long requests begin at the number of tokens
 * that the row names, not above it
 */
public record PriceListing(List<String> names, List<String> otherwise, boolean fromThreshold) {

	/**
	 * The field of a row with the name of the provider.
	 */
	public static final String PROVIDER_FIELD = "litellm_provider";

	static final PriceListing UNUSED = new PriceListing(List.of(), List.of(), false);

	/**
	 * Copy the names.
	 */
	public PriceListing {
		names = List.copyOf(names);
		otherwise = List.copyOf(otherwise);
	}

	static PriceListing of(String... names) {
		return new PriceListing(List.of(names), List.of(), false);
	}

	PriceListing otherwise(String... others) {
		return new PriceListing(this.names, List.of(others), this.fromThreshold);
	}

}
