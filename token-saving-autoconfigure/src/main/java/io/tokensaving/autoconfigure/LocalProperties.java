package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.local.LocalPolicy;
import io.tokensaving.tier.Tier;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.StringUtils;

/**
 * The local models that answer while an application is developed.
 */
@ConfigurationProperties(LocalProperties.PREFIX)
public class LocalProperties {

	/**
	 * The prefix of the properties.
	 */
	public static final String PREFIX = TokenSavingProperties.PREFIX + ".local";

	private static final String NAME = "local";

	private static final String DEFAULT = "default";

	/**
	 * Whether local models answer in place of all others, in a profile that 'profiles'
	 * names.
	 */
	private boolean enabled;

	/**
	 * Address of the local endpoint with an OpenAI-compatible API, to which paths such as
	 * /chat/completions are appended.
	 */
	private String baseUrl = "http://localhost:11434/v1";

	/**
	 * Key of the endpoint. Without it, none is sent.
	 */
	private @Nullable String apiKey;

	/**
	 * Name of the local model that answers where 'map' names no other.
	 */
	private @Nullable String model;

	/**
	 * Names of local models by those of tiers; 'own' for the application's own models,
	 * and 'default' for all others.
	 */
	private Map<String, String> map = new LinkedHashMap<>();

	/**
	 * Profiles of which one must be active, otherwise nothing happens.
	 */
	private List<String> profiles = new ArrayList<>(List.of("dev"));

	/**
	 * Profiles with which the application does not start if local models would answer.
	 */
	private List<String> neverIn = new ArrayList<>(List.of("prod", "production"));

	/**
	 * What happens to a request that needs what the local model does not have.
	 */
	private LocalPolicy onMissing = LocalPolicy.FAIL;

	/**
	 * What happens to a request if the local endpoint cannot be reached.
	 */
	private LocalPolicy fallback = LocalPolicy.FAIL;

	/**
	 * Largest number of input and output tokens together; 0 if no limit is known.
	 */
	private long contextWindow;

	/**
	 * Whether the local models call tools.
	 */
	private boolean tools = true;

	/**
	 * Whether the local models read images and other media.
	 */
	private boolean media = true;

	/**
	 * Whether the local endpoint enforces a JSON schema.
	 */
	private boolean nativeSchema = true;

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public String getBaseUrl() {
		return this.baseUrl;
	}

	public void setBaseUrl(String baseUrl) {
		this.baseUrl = baseUrl;
	}

	public @Nullable String getApiKey() {
		return this.apiKey;
	}

	public void setApiKey(@Nullable String apiKey) {
		this.apiKey = apiKey;
	}

	public @Nullable String getModel() {
		return this.model;
	}

	public void setModel(@Nullable String model) {
		this.model = model;
	}

	public Map<String, String> getMap() {
		return this.map;
	}

	public void setMap(Map<String, String> map) {
		this.map = map;
	}

	public List<String> getProfiles() {
		return this.profiles;
	}

	public void setProfiles(List<String> profiles) {
		this.profiles = profiles;
	}

	public List<String> getNeverIn() {
		return this.neverIn;
	}

	public void setNeverIn(List<String> neverIn) {
		this.neverIn = neverIn;
	}

	public LocalPolicy getOnMissing() {
		return this.onMissing;
	}

	public void setOnMissing(LocalPolicy onMissing) {
		this.onMissing = onMissing;
	}

	public LocalPolicy getFallback() {
		return this.fallback;
	}

	public void setFallback(LocalPolicy fallback) {
		this.fallback = fallback;
	}

	public long getContextWindow() {
		return this.contextWindow;
	}

	public void setContextWindow(long contextWindow) {
		this.contextWindow = contextWindow;
	}

	public boolean isTools() {
		return this.tools;
	}

	public void setTools(boolean tools) {
		this.tools = tools;
	}

	public boolean isMedia() {
		return this.media;
	}

	public void setMedia(boolean media) {
		this.media = media;
	}

	public boolean isNativeSchema() {
		return this.nativeSchema;
	}

	public void setNativeSchema(boolean nativeSchema) {
		this.nativeSchema = nativeSchema;
	}

	/**
	 * Return the active profiles in which local models answer.
	 * @param active the active profiles
	 * @return those that count, none if local models are not enabled
	 */
	List<String> activeProfiles(List<String> active) {
		return this.enabled ? active.stream().filter(this.profiles::contains).toList() : List.of();
	}

	/**
	 * Return the active profiles in which local models must not answer.
	 * @param active the active profiles
	 * @return those of them, in whatever case they are written
	 */
	List<String> forbiddenProfiles(List<String> active) {
		return active.stream()
			.filter((profile) -> this.neverIn.stream().anyMatch((never) -> never.equalsIgnoreCase(profile)))
			.toList();
	}

	/**
	 * Check the endpoint, and which models take whose place.
	 * @param tiers the names of the configured tiers, none if the application defines its
	 * own
	 */
	void check(Set<String> tiers) {
		TierProperties.checkBaseUrl(NAME + ".base-url", this.baseUrl);
		TierProperties.checkText(NAME + ".model", this.model, "the name of a model");
		this.map.forEach((name, mapped) -> {
			TierProperties.checkText(NAME + ".map." + name, mapped, "the name of a model");
			if (!name.equals(DEFAULT) && !name.equals(Tier.OWN) && !tiers.isEmpty() && !tiers.contains(name)) {
				throw ConfigurationErrors.invalid(NAME + ".map", name, "names of tiers, which are '"
						+ String.join("', '", tiers) + "', '" + Tier.OWN + "' and '" + DEFAULT + "'");
			}
		});
		if (defaultModel() == null) {
			throw ConfigurationErrors.missing(NAME + ".model", "the name of a model of the local endpoint");
		}
		if (this.contextWindow < 0) {
			throw ConfigurationErrors.invalid(NAME + ".context-window", this.contextWindow,
					"a number of tokens of at least 1, or 0 if no limit is known");
		}
	}

	/**
	 * Return the model that answers where the map names no other.
	 * @return the name, or {@code null} if none is configured
	 */
	@Nullable String defaultModel() {
		String mapped = this.map.get(DEFAULT);
		return StringUtils.hasText(mapped) ? mapped : this.model;
	}

	/**
	 * Return what the local models can serve.
	 * @return the limits
	 */
	Tier.Limits limits() {
		return new Tier.Limits(this.contextWindow, this.tools, this.media, this.nativeSchema, Set.of());
	}

}
