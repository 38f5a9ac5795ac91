package io.tokensaving.samples.gateway.key;

import java.time.Instant;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The refusals of the guard, with the types and codes that clients of OpenAI know.
 */
final class Refusals {

	private static final String INVALID_REQUEST = "invalid_request_error";

	private static final String RATE_LIMIT = "rate_limit_exceeded";

	private static final String QUOTA = "insufficient_quota";

	private static final String RETRY_AFTER = "retry-after";

	// The clients of OpenAI and Anthropic repeat a 429 unless they are told not to
	private static final Map<String, String> FINAL = Map.of("x-should-retry", "false");

	private Refusals() {
	}

	static RefusedException noKey() {
		return unauthorized("The request has no API key. Send one in the header 'Authorization: Bearer ts-...'");
	}

	static RefusedException wrongKey() {
		return unauthorized("The API key is not known here. Check that it is complete, or ask for a new one");
	}

	static RefusedException expiredKey() {
		return unauthorized("The API key has expired. Ask for a new one");
	}

	static RefusedException revokedKey() {
		return unauthorized("The API key was revoked. Ask for a new one");
	}

	private static RefusedException unauthorized(String message) {
		return new RefusedException(401, INVALID_REQUEST, "invalid_api_key", message,
				Map.of("www-authenticate", "Bearer realm=\"gateway\""));
	}

	static RefusedException tooManyAtOnce(int limit) {
		return new RefusedException(429, "requests", RATE_LIMIT,
				"The API key has as many requests at once as it may have: " + limit + ". Try again when one has ended",
				Map.of(RETRY_AFTER, "1"));
	}

	static RefusedException tooManyRequests(ApiKey key, long nanosToWait) {
		return new RefusedException(
				429, "requests", RATE_LIMIT, "The API key may make " + key.requestsPerMinute()
						+ " requests in a minute. Try again in " + seconds(nanosToWait) + " s",
				Map.of(RETRY_AFTER, seconds(nanosToWait)));
	}

	static RefusedException tooManyTokens(ApiKey key, long nanosToWait) {
		return new RefusedException(
				429, "tokens", RATE_LIMIT, "The API key may use " + key.tokensPerMinute()
						+ " tokens in a minute. Try again in " + seconds(nanosToWait) + " s",
				Map.of(RETRY_AFTER, seconds(nanosToWait)));
	}

	private static String seconds(long nanos) {
		return String.valueOf(Math.max(1, (nanos + 999_999_999) / 1_000_000_000));
	}

	static RefusedException quotaSpent(@Nullable Instant wholeAgain) {
		return new RefusedException(429, QUOTA, QUOTA, "The quota of the API key has no room for this request"
				+ ((wholeAgain != null) ? "; it is whole again at " + wholeAgain : ""), FINAL);
	}

	static RefusedException unpriced() {
		return new RefusedException(403, INVALID_REQUEST, "model_unpriced",
				"The API key has a quota, and the model has no price. Ask for a model with a price, or have "
						+ "'allow_unpriced' set for the key",
				FINAL);
	}

	static RefusedException modelNotAllowed() {
		return new RefusedException(403, "permission_error", "model_not_allowed", "The key may not use this model",
				"model", FINAL);
	}

	static RefusedException unavailable() {
		return new RefusedException(503, "server_error", "keys_unavailable",
				"API keys cannot be checked at the moment. Try again soon", Map.of(RETRY_AFTER, "2"));
	}

}
