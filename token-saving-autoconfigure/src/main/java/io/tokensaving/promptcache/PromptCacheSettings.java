package io.tokensaving.promptcache;

import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.plan.PlanSettings;

/**
 * The {@code prompt-cache} settings of a plan. Immutable.
 *
 * @param sortTools whether tools are sent in the order of their names
 * @param canonicalSchemas whether the keywords of the schemas of tools are sent in a
 * fixed order; the order of properties stays
 * @param key whether requests get a key by which a provider that has such keys finds the
 * machine with their prefix
 * @param extendedRetention whether a provider that keeps prefixes longer on request is
 * asked to
 */
public record PromptCacheSettings(boolean sortTools, boolean canonicalSchemas, boolean key,
		boolean extendedRetention) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "prompt-cache";

	/**
	 * The defaults.
	 */
	public static final PromptCacheSettings DEFAULTS = new PromptCacheSettings(true, true, true, false);

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("enabled", true);
		values.put("sort-tools", this.sortTools);
		values.put("canonical-schemas", this.canonicalSchemas);
		values.put("key", this.key);
		values.put("extended-retention", this.extendedRetention);
		return values;
	}

}
