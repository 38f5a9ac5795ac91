package io.tokensaving.samples.gateway.upstream;

import java.net.URI;
import java.util.List;
import java.util.Set;

/**
 * A provider, or a server of models. Immutable.
 *
 * @param name the name of the upstream
 * @param provider the name of the provider whose rules apply, such as {@code openai} or
 * {@code anthropic}
 * @param baseUrl the base URL, without a slash at its end
 * @param models the models that it serves, each a name or a prefix followed by {@code *}
 * @param formats the names of the wire formats that it speaks
 * @param fallbacks the names of upstreams that are asked in turn if this one fails
 */
public record Upstream(String name, String provider, URI baseUrl, List<String> models, Set<String> formats,
		List<String> fallbacks) {

	/**
	 * Copy the values.
	 */
	public Upstream {
		models = List.copyOf(models);
		formats = Set.copyOf(formats);
		fallbacks = List.copyOf(fallbacks);
	}

	/**
	 * Whether it serves a model, by name or by prefix.
	 * @param model the name of the model
	 * @return whether it does
	 */
	public boolean serves(String model) {
		return this.models.stream().anyMatch((pattern) -> Upstreams.match(pattern, model) >= 0);
	}

}
