package io.tokensaving.samples.gateway.upstream;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * All upstreams, found by the model that a request names. Immutable.
 */
public final class Upstreams {

	private static final Log logger = LogFactory.getLog(Upstreams.class);

	private static final String PREFIX = "gateway.upstreams.";

	private static final int MAX_RETRIES = 10;

	private static final int MAX_CONCURRENT = 100_000;

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");

	private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

	private static final Pattern HEADER_VALUE = Pattern.compile("[\\x20-\\x7E]*");

	// What only the HTTP client itself may set
	private static final Set<String> RESERVED_HEADERS = Set.of("connection", "content-length", "content-type", "expect",
			"host", "transfer-encoding", "upgrade");

	private final Map<String, UpstreamEndpoint> endpoints = new LinkedHashMap<>();

	/**
	 * Create upstreams.
	 * @param properties the properties
	 * @throws InvalidConfigurationPropertyValueException if a property is wrong, with its
	 * name and what is accepted
	 */
	public Upstreams(UpstreamProperties properties) {
		Set<String> off = new LinkedHashSet<>();
		properties.upstreams().forEach((name, settings) -> {
			UpstreamEndpoint endpoint = read(name, settings);
			if (endpoint != null) {
				this.endpoints.put(name, endpoint);
			}
			else {
				off.add(name);
			}
		});
		checkFallbacks(off);
		checkModels();
		if (!off.isEmpty()) {
			logger.info("Upstreams without an API key are off: " + String.join(", ", off));
		}
	}

	private static @Nullable UpstreamEndpoint read(String name, UpstreamProperties.Settings settings) {
		String prefix = PREFIX + name + ".";
		if (!NAME.matcher(name).matches()) {
			throw invalid(PREFIX + name, name, "A name of an upstream is of letters, digits, '-', '_' and '.'");
		}
		UpstreamProvider provider = provider(name, settings);
		UpstreamSecret secret = secret(prefix, settings);
		if (provider.needsKey() && secret.value() == null) {
			return null;
		}
		String baseUrl = StringUtils.hasText(settings.baseUrl()) ? settings.baseUrl() : provider.baseUrl();
		if (baseUrl == null) {
			throw invalid(prefix + "base-url", null,
					"The provider '%s' needs a base URL, such as 'https://host/v1'".formatted(provider.name()));
		}
		List<String> models = (settings.models() != null) ? settings.models() : provider.models();
		checkModels(prefix, provider, models);
		List<String> formats = (settings.formats() != null) ? settings.formats() : provider.formats();
		if (formats.isEmpty()) {
			throw invalid(prefix + "formats", formats,
					"At least one wire format must be named, such as " + provider.formats());
		}
		Upstream upstream = new Upstream(name, provider.name(), baseUrl(prefix, baseUrl), models, Set.copyOf(formats),
				settings.fallbacks());
		return new UpstreamEndpoint(upstream, secret, provider.auth(), headers(prefix, settings.headers()),
				number(prefix + "max-concurrent", settings.maxConcurrent(), 1, MAX_CONCURRENT),
				duration(prefix + "max-wait", settings.maxWait(), true),
				duration(prefix + "connect-timeout", settings.connectTimeout(), false),
				duration(prefix + "response-timeout", settings.responseTimeout(), false),
				duration(prefix + "idle-timeout", settings.idleTimeout(), false),
				number(prefix + "max-retries", settings.maxRetries(), 0, MAX_RETRIES),
				duration(prefix + "max-retry-after", settings.maxRetryAfter(), true),
				size(prefix + "max-response-size", settings.maxResponseSize()));
	}

	private static UpstreamProvider provider(String name, UpstreamProperties.Settings settings) {
		if (!StringUtils.hasText(settings.provider())) {
			UpstreamProvider named = UpstreamProvider.find(name);
			return (named != null) ? named : known(UpstreamProvider.COMPATIBLE);
		}
		UpstreamProvider provider = UpstreamProvider.find(settings.provider());
		if (provider == null) {
			throw invalid(PREFIX + name + ".provider", settings.provider(),
					"The providers are %s; any other with OpenAI's interface is '%s'"
						.formatted(UpstreamProvider.names(), UpstreamProvider.COMPATIBLE));
		}
		return provider;
	}

	private static UpstreamProvider known(String name) {
		UpstreamProvider provider = UpstreamProvider.find(name);
		if (provider == null) {
			throw new IllegalStateException("No provider '" + name + "'");
		}
		return provider;
	}

	private static UpstreamSecret secret(String prefix, UpstreamProperties.Settings settings) {
		boolean hasKey = StringUtils.hasText(settings.apiKey());
		if (!StringUtils.hasText(settings.apiKeyFile())) {
			try {
				return UpstreamSecret.of(prefix + "api-key", settings.apiKey());
			}
			catch (IllegalArgumentException ex) {
				throw invalid(prefix + "api-key", null, message(ex));
			}
		}
		if (hasKey) {
			throw invalid(prefix + "api-key-file", settings.apiKeyFile(),
					"Either '%1$sapi-key' or '%1$sapi-key-file' may be set".formatted(prefix));
		}
		try {
			return UpstreamSecret.of(prefix + "api-key-file", Path.of(settings.apiKeyFile()), System::nanoTime);
		}
		catch (InvalidPathException ex) {
			throw invalid(prefix + "api-key-file", settings.apiKeyFile(), "It is no path");
		}
		catch (IllegalArgumentException ex) {
			throw invalid(prefix + "api-key-file", settings.apiKeyFile(), message(ex));
		}
	}

	private static String message(IllegalArgumentException ex) {
		return String.valueOf(ex.getMessage());
	}

	private static URI baseUrl(String prefix, String text) {
		String reason = "A base URL begins with 'http://' or 'https://' and a host, and has no user, query or fragment";
		try {
			URI url = new URI(StringUtils.trimTrailingCharacter(text.strip(), '/'));
			String scheme = (url.getScheme() != null) ? url.getScheme().toLowerCase(Locale.ROOT) : "";
			if ((scheme.equals("http") || scheme.equals("https")) && url.getHost() != null
					&& url.getRawUserInfo() == null && url.getRawQuery() == null && url.getRawFragment() == null) {
				return url;
			}
		}
		catch (URISyntaxException ex) {
			// Refused below, without what may be a password in it
		}
		throw invalid(prefix + "base-url", null, reason);
	}

	private static Map<String, String> headers(String prefix, Map<String, String> given) {
		Map<String, String> headers = new HashMap<>();
		given.forEach((name, value) -> {
			String lower = name.toLowerCase(Locale.ROOT);
			if (!HEADER_NAME.matcher(name).matches() || RESERVED_HEADERS.contains(lower)) {
				throw invalid(prefix + "headers", name,
						"It is no name of a header that can be set; these are not: " + RESERVED_HEADERS);
			}
			if (!HEADER_VALUE.matcher(value).matches()) {
				throw invalid(prefix + "headers." + name, null, "A value of a header is of printable ASCII characters");
			}
			headers.put(lower, value);
		});
		return headers;
	}

	private static int number(String property, int value, int least, int most) {
		if (value < least || value > most) {
			throw invalid(property, value, "It must be from %d to %d".formatted(least, most));
		}
		return value;
	}

	private static Duration duration(String property, Duration value, boolean zero) {
		if (value.isNegative() || (value.isZero() && !zero) || value.compareTo(Duration.ofDays(1)) > 0) {
			throw invalid(property, value,
					"It must be %s and at most one day".formatted(zero ? "0 or more" : "above 0"));
		}
		return value;
	}

	private static int size(String property, DataSize value) {
		if (value.toBytes() < 1024 || value.toBytes() > Integer.MAX_VALUE / 2) {
			throw invalid(property, value, "It must be from 1KB to 1023MB");
		}
		return (int) value.toBytes();
	}

	private static void checkModels(String prefix, UpstreamProvider provider, List<String> models) {
		if (models.isEmpty()) {
			throw invalid(prefix + "models", null,
					"The models of the provider '%s' must be named, such as 'gpt-5' or 'gpt-*'"
						.formatted(provider.name()));
		}
		for (String model : models) {
			int star = model.indexOf('*');
			if (model.isBlank() || (star >= 0 && star != model.length() - 1)) {
				throw invalid(prefix + "models", model, "A model is a name, or a prefix followed by '*'");
			}
		}
	}

	private void checkModels() {
		Map<String, String> owners = new HashMap<>();
		for (UpstreamEndpoint endpoint : this.endpoints.values()) {
			Upstream upstream = endpoint.upstream();
			for (String format : upstream.formats()) {
				for (String model : upstream.models()) {
					String owner = owners.putIfAbsent(format + " " + model, upstream.name());
					if (owner != null) {
						throw invalid(PREFIX + upstream.name() + ".models", model,
								"The upstream '%s' serves it, too: set '%s%s.models' or '%s%s.models' so that each name or prefix is in one of them"
									.formatted(owner, PREFIX, owner, PREFIX, upstream.name()));
					}
				}
			}
		}
	}

	private void checkFallbacks(Set<String> off) {
		for (UpstreamEndpoint endpoint : this.endpoints.values()) {
			Upstream upstream = endpoint.upstream();
			Set<String> seen = new LinkedHashSet<>();
			for (String fallback : upstream.fallbacks()) {
				String name = fallbackName(fallback);
				String property = PREFIX + upstream.name() + ".fallbacks";
				if (!this.endpoints.containsKey(name) && !off.contains(name)) {
					throw invalid(property, fallback, "The upstreams are " + this.endpoints.keySet());
				}
				if (name.equals(upstream.name())) {
					throw invalid(property, fallback, "An upstream cannot be its own fallback");
				}
				if (!seen.add(fallback)) {
					throw invalid(property, fallback, "It is named twice");
				}
				UpstreamEndpoint other = this.endpoints.get(name);
				if (other != null && Collections.disjoint(other.upstream().formats(), upstream.formats())) {
					throw invalid(property, fallback, "It speaks %s, but '%s' speaks %s"
						.formatted(other.upstream().formats(), upstream.name(), upstream.formats()));
				}
			}
		}
	}

	private static String fallbackName(String fallback) {
		int slash = fallback.indexOf('/');
		return (slash < 0) ? fallback : fallback.substring(0, slash);
	}

	private static InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value,
			String reason) {
		return new InvalidConfigurationPropertyValueException(property, value, reason);
	}

	/**
	 * Find the upstream that serves a model. A name takes precedence over a prefix, and a
	 * longer prefix over a shorter one.
	 * @param model the name of the model
	 * @param format the name of the wire format of the request
	 * @return the upstream
	 * @throws UnknownModelException if there is none
	 */
	public Upstream find(String model, String format) {
		Upstream found = null;
		int best = -1;
		boolean otherwise = false;
		for (UpstreamEndpoint endpoint : this.endpoints.values()) {
			Upstream upstream = endpoint.upstream();
			boolean speaks = upstream.formats().contains(format);
			for (String pattern : upstream.models()) {
				int match = match(pattern, model);
				otherwise |= match >= 0 && !speaks;
				if (speaks && match > best) {
					found = upstream;
					best = match;
				}
			}
		}
		if (found == null) {
			throw new UnknownModelException(model, format, otherwise);
		}
		return found;
	}

	/**
	 * Find the upstreams that can be asked for a model, the first one first.
	 * @param model the name of the model
	 * @param format the name of the wire format of the request
	 * @return the upstream of the model and its fallbacks that speak the format
	 * @throws UnknownModelException if no upstream serves the model
	 */
	public List<UpstreamTarget> targets(String model, String format) {
		Upstream first = find(model, format);
		if (first.fallbacks().isEmpty()) {
			return List.of(new UpstreamTarget(first, model));
		}
		List<UpstreamTarget> targets = new ArrayList<>();
		targets.add(new UpstreamTarget(first, model));
		for (String fallback : first.fallbacks()) {
			String name = fallbackName(fallback);
			UpstreamEndpoint endpoint = this.endpoints.get(name);
			if (endpoint != null && endpoint.upstream().formats().contains(format)) {
				targets.add(new UpstreamTarget(endpoint.upstream(),
						(name.length() < fallback.length()) ? fallback.substring(name.length() + 1) : model));
			}
		}
		return targets;
	}

	// A name ranks above all prefixes
	static int match(String pattern, String model) {
		if (!pattern.endsWith("*")) {
			return pattern.equals(model) ? Integer.MAX_VALUE : -1;
		}
		int length = pattern.length() - 1;
		return model.regionMatches(0, pattern, 0, length) ? length : -1;
	}

	/**
	 * Return the models and prefixes that are served.
	 * @return the upstream by name or prefix followed by {@code *}, in the order of the
	 * configuration
	 */
	public Map<String, Upstream> models() {
		Map<String, Upstream> models = new LinkedHashMap<>();
		for (UpstreamEndpoint endpoint : this.endpoints.values()) {
			for (String model : endpoint.upstream().models()) {
				models.putIfAbsent(model, endpoint.upstream());
			}
		}
		return models;
	}

	/**
	 * Return all upstreams.
	 * @return the upstreams that are not off, in the order of the configuration
	 */
	public List<Upstream> all() {
		return this.endpoints.values().stream().map(UpstreamEndpoint::upstream).toList();
	}

	Collection<UpstreamEndpoint> endpoints() {
		return Collections.unmodifiableCollection(this.endpoints.values());
	}

}
