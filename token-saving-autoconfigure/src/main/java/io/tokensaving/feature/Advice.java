package io.tokensaving.feature;

import java.util.Map;

/**
 * What a feature has seen that costs money in a plan and that the application can change.
 * Holds no text of a prompt.
 *
 * @param cause the name of what was seen, in snake case
 * @param description what was seen, a sentence
 * @param remedy what helps, a sentence
 * @param requests in how many requests it was seen since the start, at least 1
 * @param details what else is known, by names in snake case; values that JSON can hold
 */
public record Advice(String cause, String description, String remedy, long requests, Map<String, Object> details) {

	/**
	 * Copy the details.
	 */
	public Advice {
		details = Map.copyOf(details);
	}

}
