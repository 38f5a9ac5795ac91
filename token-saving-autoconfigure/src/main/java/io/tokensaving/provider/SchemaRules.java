package io.tokensaving.provider;

import java.util.Set;

/**
 * What a provider demands of a JSON schema by which a model is to answer. Immutable.
 *
 * @param arrays whether the answer may be an array
 * @param tools whether the request may have tools as well
 * @param closed whether every object must forbid properties that it does not name
 * @param allRequired whether every object must require all properties that it names
 * @param refused the keywords that are not accepted
 */
public record SchemaRules(boolean arrays, boolean tools, boolean closed, boolean allRequired, Set<String> refused) {

	/**
	 * Copy the keywords.
	 */
	public SchemaRules {
		refused = Set.copyOf(refused);
	}

}
