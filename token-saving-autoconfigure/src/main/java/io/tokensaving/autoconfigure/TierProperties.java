package io.tokensaving.autoconfigure;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashSet;
import java.util.Set;

import io.tokensaving.LabelText;
import io.tokensaving.tier.Tier;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * The properties of a tier: a model of the bean that a request was made for, another
 * bean, or an endpoint with an OpenAI-compatible API.
 */
public class TierProperties {

	/**
	 * Name of the model. Without it, the default of the bean.
	 */
	private @Nullable String model;

	/**
	 * Name of the ChatModel bean that answers. Without it, and without a base URL, the
	 * one that the request was made for.
	 */
	private @Nullable String bean;

	/**
	 * Address of an endpoint with an OpenAI-compatible API, to which paths such as
	 * /chat/completions are appended.
	 */
	private @Nullable String baseUrl;

	/**
	 * Key of the endpoint. Without it, none is sent.
	 */
	private @Nullable String apiKey;

	/**
	 * Largest number of input and output tokens together; 0 if no limit is known.
	 */
	private long contextWindow;

	/**
	 * Whether the model calls tools.
	 */
	private boolean tools = true;

	/**
	 * Whether the model reads images and other media.
	 */
	private boolean media = true;

	/**
	 * Whether the provider enforces a JSON schema.
	 */
	private boolean nativeSchema = true;

	/**
	 * What else plans can require, such as where data are kept.
	 */
	private Set<String> tags = new LinkedHashSet<>();

	public @Nullable String getModel() {
		return this.model;
	}

	public void setModel(@Nullable String model) {
		this.model = model;
	}

	public @Nullable String getBean() {
		return this.bean;
	}

	public void setBean(@Nullable String bean) {
		this.bean = bean;
	}

	public @Nullable String getBaseUrl() {
		return this.baseUrl;
	}

	public void setBaseUrl(@Nullable String baseUrl) {
		this.baseUrl = baseUrl;
	}

	public @Nullable String getApiKey() {
		return this.apiKey;
	}

	public void setApiKey(@Nullable String apiKey) {
		this.apiKey = apiKey;
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

	public Set<String> getTags() {
		return this.tags;
	}

	public void setTags(Set<String> tags) {
		this.tags = tags;
	}

	/**
	 * Check what can be checked without the beans of the application.
	 * @param name the name of the tier
	 */
	void check(String name) {
		String property = "tiers." + name;
		if (!LabelText.isAccepted(name)) {
			throw ConfigurationErrors.invalid("tiers", name, "a name of " + LabelText.ACCEPTED);
		}
		if (name.equals(Tier.OWN)) {
			throw ConfigurationErrors.invalid(property, name,
					"another name: this is that of the model that a request was made for");
		}
		checkText(property + ".model", this.model, "the name of a model");
		checkText(property + ".bean", this.bean, "the name of a ChatModel bean");
		if (this.bean != null && this.baseUrl != null) {
			throw ConfigurationErrors.invalid(property + ".base-url", shown(this.baseUrl),
					"no address together with 'bean': a tier is a bean or an endpoint");
		}
		if (this.apiKey != null && this.baseUrl == null) {
			throw new InvalidSecretException(TokenSavingProperties.PREFIX + "." + property + ".api-key",
					"is for no endpoint", "Accepted is a key together with '%s.%s.base-url'; a bean has its own."
						.formatted(TokenSavingProperties.PREFIX, property));
		}
		if (this.baseUrl != null) {
			checkBaseUrl(property + ".base-url", this.baseUrl);
			if (this.model == null) {
				throw ConfigurationErrors.missing(property + ".model", "the name of a model of the endpoint");
			}
		}
		else if (this.model == null && this.bean == null) {
			throw ConfigurationErrors.missing(property + ".model",
					"the name of a model, or set 'bean' to the name of a ChatModel bean");
		}
		if (this.contextWindow < 0) {
			throw ConfigurationErrors.invalid(property + ".context-window", this.contextWindow,
					"a number of tokens of at least 1, or 0 if no limit is known");
		}
		for (String tag : this.tags) {
			if (!LabelText.isAccepted(tag)) {
				throw ConfigurationErrors.invalid(property + ".tags", tag, "tags of " + LabelText.ACCEPTED);
			}
		}
	}

	static void checkText(String property, @Nullable String value, String accepted) {
		if (value != null && !StringUtils.hasText(value)) {
			throw ConfigurationErrors.invalid(property, value, accepted);
		}
	}

	static void checkBaseUrl(String property, String value) {
		String accepted = "the address of an endpoint such as 'https://example.com/v1', without user, query and fragment";
		try {
			URI uri = new URI(value);
			boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
			if (http && uri.getHost() != null && uri.getRawUserInfo() == null && uri.getRawQuery() == null
					&& uri.getRawFragment() == null) {
				return;
			}
		}
		catch (URISyntaxException ex) {
			// Nor is it accepted
		}
		throw ConfigurationErrors.invalid(property, shown(value), accepted);
	}

	// A user, or a query, may hold a password
	private static String shown(String url) {
		return url.replaceAll("//[^/]*@", "//...@").replaceAll("[?#].*", "?...");
	}

	/**
	 * Return what the tier can serve.
	 * @return the limits
	 */
	Tier.Limits limits() {
		return new Tier.Limits(this.contextWindow, this.tools, this.media, this.nativeSchema, this.tags);
	}

}
