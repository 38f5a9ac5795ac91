package io.tokensaving.promptcache;

import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;

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
 * @param volatileText what is done about text that differs between the system texts of
 * successive requests
 */
public record PromptCacheSettings(boolean sortTools, boolean canonicalSchemas, boolean key, boolean extendedRetention,
		VolatileText volatileText) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "prompt-cache";

	/**
	 * The defaults.
	 */
	public static final PromptCacheSettings DEFAULTS = new PromptCacheSettings(true, true, true, false,
			VolatileText.REPORT);

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
		values.put("volatile", SettingText.of(this.volatileText));
		return values;
	}

	/**
	 * What is done about text that differs between the system texts of successive
	 * requests.
	 */
	public enum VolatileText {

		/**
		 * It is reported.
		 */
		REPORT,

		/**
		 * It is reported, and the system text is sent in two parts where the provider
		 * takes that, the same characters in the same order, so that the part in front of
		 * it can be kept.
		 */
		SPLIT,

		/**
		 * It is reported, and whole lines that differ in nothing but a date, a time or an
		 * identifier are sent behind the rest: at the end of the system text if they stay
		 * the same within a conversation, in front of the last question otherwise.
		 */
		MOVE

	}

}
