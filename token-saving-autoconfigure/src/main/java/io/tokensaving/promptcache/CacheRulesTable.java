package io.tokensaving.promptcache;

import java.util.Map;

/**
 * The rules of all known providers and models. Immutable.
 */
public final class CacheRulesTable {

	private static final CacheRulesTable BUILT_IN = new CacheRulesTable(Map.of());

	private final Map<String, Map<String, CacheRules>> rules;

	private CacheRulesTable(Map<String, Map<String, CacheRules>> rules) {
		this.rules = rules;
	}

	/**
	 * The rules that come with the library.
	 * @return the table
	 */
	public static CacheRulesTable builtIn() {
		return BUILT_IN;
	}

	/**
	 * The same table with other rules for some models.
	 * @param provider the name of the provider's dialect
	 * @param model what the names of these models begin with; empty for all models of the
	 * provider
	 * @param value the rules
	 * @return a new table
	 */
	public CacheRulesTable with(String provider, String model, CacheRules value) {
		return this;
	}

	/**
	 * The rules for a model: those with the longest beginning of its name.
	 * @param provider the name of the provider's dialect, such as {@code bedrock}
	 * @param model the provider's name of the model
	 * @return the rules, {@link CacheRules#NONE} if nothing is known
	 */
	public CacheRules find(String provider, String model) {
		return CacheRules.NONE;
	}

}
