package io.tokensaving.batch.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

import io.tokensaving.batch.BatchTarget;

/**
 * Where a client sends its requests, and as whom: what is left of the address and the
 * headers of a request when credentials are made unreadable. Immutable.
 *
 * @param baseUrl the address without a slash at its end
 * @param account a digest of the credentials
 * @param headers the headers which decide what the provider does, by names in lower case;
 * of a header which may be a credential there is only a digest
 */
public record BatchAccess(String baseUrl, String account, Map<String, String> headers) {

	private static final String DIGEST = "sha256:";

	private static final List<String> CREDENTIALS = List.of("authorization", "api-key", "x-api-key", "x-goog-api-key");

	// What differs between requests, or says nothing but how the client works
	private static final Set<String> IRRELEVANT = Set.of("accept", "accept-encoding", "accept-language", "baggage",
			"b3", "connection", "content-encoding", "content-length", "content-type", "host", "idempotency-key",
			"traceparent", "tracestate", "user-agent", "x-client-request-id", "x-correlation-id", "x-goog-api-client",
			"x-request-id", "x-server-timeout");

	private static final List<String> IRRELEVANT_BEGINNINGS = List.of("x-stainless-", "x-b3-");

	private static final Pattern SECRET = Pattern
		.compile("auth|key|token|secret|cookie|passw|credential|signature|session");

	/**
	 * Copy the headers.
	 */
	public BatchAccess {
		headers = Map.copyOf(headers);
	}

	/**
	 * Take apart the headers of a request.
	 * @param baseUrl the address
	 * @param headers all headers of the request
	 * @return what they say
	 */
	public static BatchAccess of(String baseUrl, Map<String, String> headers) {
		Map<String, String> kept = new TreeMap<>();
		Map<String, String> credentials = new TreeMap<>();
		headers.forEach((name, value) -> {
			String lower = name.toLowerCase(Locale.ROOT);
			if (CREDENTIALS.contains(lower)) {
				credentials.put(lower, value);
			}
			else if (!IRRELEVANT.contains(lower) && IRRELEVANT_BEGINNINGS.stream().noneMatch(lower::startsWith)) {
				kept.put(lower, (SECRET.matcher(lower).find()) ? DIGEST + digest(value) : value);
			}
		});
		String address = baseUrl;
		while (address.endsWith("/")) {
			address = address.substring(0, address.length() - 1);
		}
		return new BatchAccess(address, digest(String.join("\n", credentials.values())), kept);
	}

	/**
	 * Return the target of a request.
	 * @param provider the name of the provider's API
	 * @param endpoint the path of the request
	 * @param model the name of the model
	 * @return the target
	 */
	public BatchTarget target(String provider, String endpoint, String model) {
		return new BatchTarget(provider, this.baseUrl, this.account, endpoint, model, this.headers);
	}

	/**
	 * Whether requests to a target can be sent with this access.
	 * @param target the target
	 * @return whether address and credentials are the same
	 */
	public boolean serves(BatchTarget target) {
		return this.baseUrl.equals(target.baseUrl()) && this.account.equals(target.account())
				&& digests(this.headers).equals(digests(target.headers()));
	}

	/**
	 * Return the headers that requests to a target have beside those of the client.
	 * @param target the target
	 * @return the headers, without those of which there is only a digest
	 */
	public static Map<String, String> headers(BatchTarget target) {
		Map<String, String> plain = new TreeMap<>(target.headers());
		plain.keySet().removeAll(digests(target.headers()).keySet());
		return plain;
	}

	private static Map<String, String> digests(Map<String, String> headers) {
		Map<String, String> digests = new TreeMap<>();
		headers.forEach((name, value) -> {
			if (SECRET.matcher(name).find()) {
				digests.put(name, value);
			}
		});
		return digests;
	}

	private static String digest(String text) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(digest, 0, 8);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

}
