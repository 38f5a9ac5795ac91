package io.tokensaving.provider;

import org.springframework.util.Assert;

/**
 * A model that a gateway or a region calls by another name. Immutable.
 *
 * @param name the provider's own name of the model, in lower case
 * @param listPrice whether the model has the provider's list price there
 */
public record ModelName(String name, boolean listPrice) {

	/**
	 * Check the name.
	 * @throws IllegalArgumentException if the name is empty
	 */
	public ModelName {
		Assert.hasText(name, "'name' must not be empty");
	}

}
