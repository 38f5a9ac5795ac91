package io.tokensaving.ledger;

import io.tokensaving.provider.Dialect;

/**
 * How the requests of one model are counted. Immutable.
 *
 * @param encoding the name of the encoding by which a text is tokenised
 * @param factor by which the number of those tokens is multiplied, above 0
 * @param dialect knows what is sent to the model beside the texts of messages
 */
public record TokenScale(String encoding, double factor, Dialect dialect) {

	/**
	 * The encoding of OpenAI's current models, by which all others are estimated.
	 */
	public static final String DEFAULT_ENCODING = "o200k_base";

}
