package io.tokensaving.samples.gateway.upstream;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The upstreams of the gateway.
 *
 * @param upstreams the upstreams by name; one that is named like a provider has its
 * settings, so that the key suffices
 */
@ConfigurationProperties("gateway")
public record UpstreamProperties(@DefaultValue Map<String, UpstreamProperties.Settings> upstreams) {

	/**
	 * Copy the values.
	 */
	public UpstreamProperties {
		upstreams = new LinkedHashMap<>(upstreams);
	}

	/**
	 * The settings of an upstream.
	 *
	 * @param provider the provider; by default that of the same name, otherwise
	 * {@code compatible}
	 * @param baseUrl the URL before the path of each format, such as
	 * {@code https://api.openai.com/v1}
	 * @param apiKey the key; without one the upstream is off if its provider needs one
	 * @param apiKeyFile a file that holds the key, read again when it changes
	 * @param headers headers that each request is sent with
	 * @param models the models that it serves: names, or prefixes followed by {@code *}
	 * @param formats the wire formats that it speaks
	 * @param fallbacks the upstreams that are asked in turn if this one fails, each
	 * followed by a slash and a model if it has another name there
	 * @param maxConcurrent the requests at once, at least 1
	 * @param maxWait how long a request may wait for its turn
	 * @param connectTimeout how long to connect
	 * @param responseTimeout how long until the first byte of the answer
	 * @param idleTimeout how long between two bytes of the answer
	 * @param maxRetries how often a failed request is sent again, at most 10
	 * @param maxRetryAfter the longest wait before a retry that the upstream may ask for;
	 * if it asks for more, there is none
	 * @param maxResponseSize the size of an answer
	 */
	public record Settings(@Nullable String provider, @Nullable String baseUrl, @Nullable String apiKey,
			@Nullable String apiKeyFile, @DefaultValue Map<String, String> headers, @Nullable List<String> models,
			@Nullable List<String> formats, @DefaultValue List<String> fallbacks,
			@DefaultValue("4096") int maxConcurrent, @DefaultValue("5s") Duration maxWait,
			@DefaultValue("5s") Duration connectTimeout, @DefaultValue("10m") Duration responseTimeout,
			@DefaultValue("2m") Duration idleTimeout, @DefaultValue("2") int maxRetries,
			@DefaultValue("30s") Duration maxRetryAfter, @DefaultValue("64MB") DataSize maxResponseSize) {

		/**
		 * Copy the values.
		 */
		public Settings {
			headers = Map.copyOf(headers);
			models = (models != null) ? List.copyOf(models) : null;
			formats = (formats != null) ? List.copyOf(formats) : null;
			fallbacks = List.copyOf(fallbacks);
		}

		// Headers may hold credentials as well
		@Override
		public String toString() {
			return "Settings[provider=%s, models=%s, formats=%s, fallbacks=%s]".formatted(this.provider, this.models,
					this.formats, this.fallbacks);
		}

	}

}
