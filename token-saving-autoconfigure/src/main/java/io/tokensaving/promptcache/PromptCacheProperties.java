package io.tokensaving.promptcache;

import org.jspecify.annotations.Nullable;

/**
 * The {@code prompt-cache} section of a plan.
 */
public class PromptCacheProperties {

	/**
	 * Whether prompts are arranged and marked so that the provider's prompt cache pays.
	 */
	private boolean enabled = true;

	/**
	 * Whether tools are sent in the order of their names.
	 */
	private boolean sortTools = true;

	/**
	 * Whether the keywords of the schemas of tools are sent in a fixed order. The order
	 * of properties stays.
	 */
	private boolean canonicalSchemas = true;

	/**
	 * Whether requests get a key by which a provider that has such keys finds the machine
	 * with their prefix.
	 */
	private boolean key = true;

	/**
	 * Whether a provider that keeps prefixes for a day on request is asked to.
	 */
	private boolean extendedRetention = false;

	/**
	 * What is done about text that differs between the system texts of successive
	 * requests: 'report', 'split' to send the system text in two parts where the provider
	 * takes that, or 'move' to send lines that differ in a date, a time or an identifier
	 * behind the rest.
	 */
	private PromptCacheSettings.VolatileText volatileText = PromptCacheSettings.VolatileText.REPORT;

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public boolean isSortTools() {
		return this.sortTools;
	}

	public void setSortTools(boolean sortTools) {
		this.sortTools = sortTools;
	}

	public boolean isCanonicalSchemas() {
		return this.canonicalSchemas;
	}

	public void setCanonicalSchemas(boolean canonicalSchemas) {
		this.canonicalSchemas = canonicalSchemas;
	}

	public boolean isKey() {
		return this.key;
	}

	public void setKey(boolean key) {
		this.key = key;
	}

	public boolean isExtendedRetention() {
		return this.extendedRetention;
	}

	public void setExtendedRetention(boolean extendedRetention) {
		this.extendedRetention = extendedRetention;
	}

	public PromptCacheSettings.VolatileText getVolatile() {
		return this.volatileText;
	}

	public void setVolatile(PromptCacheSettings.VolatileText volatileText) {
		this.volatileText = volatileText;
	}

	@Nullable PromptCacheSettings toSettings() {
		return this.enabled ? new PromptCacheSettings(this.sortTools, this.canonicalSchemas, this.key,
				this.extendedRetention, this.volatileText) : null;
	}

}
