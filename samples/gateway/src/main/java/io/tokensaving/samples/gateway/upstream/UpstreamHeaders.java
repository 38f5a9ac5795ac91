package io.tokensaving.samples.gateway.upstream;

import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Which headers pass the gateway: a stated list of those of clients, and one of those of
 * upstreams.
 */
public final class UpstreamHeaders {

	// What changes the answer, and is no credential
	private static final Set<String> FORWARDED = Set.of("anthropic-version", "anthropic-beta", "openai-beta");

	private static final Set<String> RETURNED = Set.of("content-type", "retry-after", "retry-after-ms",
			"x-should-retry", "x-request-id", "request-id", "openai-processing-ms", "openai-version");

	private static final List<String> RETURNED_PREFIXES = List.of("x-ratelimit-", "anthropic-ratelimit-");

	private static final Pattern VALUE = Pattern.compile("[\\x20-\\x7E]*");

	private static final String ANTHROPIC_VERSION = "2023-06-01";

	private UpstreamHeaders() {
	}

	/**
	 * Whether upstreams may be sent a header of a client.
	 * @param name the name in lower case
	 * @return whether they may
	 */
	public static boolean isForwarded(String name) {
		return FORWARDED.contains(name);
	}

	/**
	 * Whether clients are shown a header of an upstream.
	 * @param name the name in lower case
	 * @return whether they are
	 */
	public static boolean isReturned(String name) {
		return RETURNED.contains(name) || RETURNED_PREFIXES.stream().anyMatch(name::startsWith);
	}

	static Map<String, List<String>> returned(HttpHeaders headers, @Nullable String secret) {
		Map<String, List<String>> returned = new HashMap<>();
		headers.map().forEach((name, values) -> {
			String lower = name.toLowerCase(Locale.ROOT);
			if (isReturned(lower)
					&& values.stream().allMatch((value) -> VALUE.matcher(value).matches() && !repeats(value, secret))) {
				returned.put(lower, List.copyOf(values));
			}
		});
		return Map.copyOf(returned);
	}

	private static boolean repeats(String value, @Nullable String secret) {
		return secret != null && UpstreamSecret.isHidden(secret) && value.contains(secret);
	}

	static void write(HttpRequest.Builder builder, UpstreamRequest request, UpstreamEndpoint endpoint,
			@Nullable String key) {
		Map<String, String> headers = new HashMap<>();
		headers.put("user-agent", "token-saving-gateway");
		headers.put("accept", request.isStream() ? "text/event-stream" : "application/json");
		if (request.body() != null) {
			headers.put("content-type", request.contentType());
		}
		boolean anthropic = endpoint.auth() == UpstreamProvider.Auth.ANTHROPIC
				&& !request.path().startsWith("/chat/completions");
		if (anthropic) {
			headers.put("anthropic-version", ANTHROPIC_VERSION);
		}
		request.headers().forEach((name, values) -> {
			String value = String.join(",", values);
			if (isForwarded(name) && VALUE.matcher(value).matches()) {
				headers.put(name, value);
			}
		});
		headers.putAll(endpoint.headers());
		if (key != null) {
			switch (endpoint.auth()) {
				case AZURE -> headers.put("api-key", key);
				case ANTHROPIC -> headers.put(anthropic ? "x-api-key" : "authorization", anthropic ? key : bearer(key));
				default -> headers.put("authorization", bearer(key));
			}
		}
		headers.forEach(builder::setHeader);
	}

	private static String bearer(String key) {
		return "Bearer " + key;
	}

}
