package io.tokensaving.promptcache;

import java.util.Locale;

import org.springframework.util.Assert;

/**
 * Within which prefixes are shared: a provider keeps nothing for another key, host or
 * model. Immutable.
 *
 * @param workspace the workspace
 * @param baseUrl the host and path of the provider, empty if it is the usual one
 * @param model the name of the model, empty if it is not known
 */
public record CacheScope(String workspace, String baseUrl, String model) {

	/**
	 * Bring names into one form: the model in lower case, the base URL without a slash at
	 * the end.
	 * @throws IllegalArgumentException if the workspace is empty
	 */
	public CacheScope {
		Assert.hasText(workspace, "'workspace' must not be empty");
		model = model.toLowerCase(Locale.ROOT);
		while (baseUrl.endsWith("/")) {
			baseUrl = baseUrl.substring(0, baseUrl.length() - 1);
		}
	}

	PrefixHash.Value digest() {
		return new PrefixHash().text(this.workspace).text(this.baseUrl).text(this.model).at();
	}

}
