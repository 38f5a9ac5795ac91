package io.tokensaving.samples.gateway.upstream;

import java.time.Duration;
import java.util.Map;

/**
 * How an upstream is spoken to. Immutable, but for the key in a file.
 *
 * @param upstream the upstream
 * @param secret the key
 * @param auth how it is shown the key
 * @param headers headers that each request is sent with, by name in lower case
 * @param maxConcurrent the requests at once
 * @param maxWait how long a request may wait for its turn
 * @param connectTimeout how long to connect
 * @param responseTimeout how long until the first byte of an answer
 * @param idleTimeout how long between two bytes of an answer
 * @param maxRetries how often a failed request is sent again
 * @param maxRetryAfter the longest wait that the upstream may ask for
 * @param maxResponseSize the bytes of an answer
 */
record UpstreamEndpoint(Upstream upstream, UpstreamSecret secret, UpstreamProvider.Auth auth,
		Map<String, String> headers, int maxConcurrent, Duration maxWait, Duration connectTimeout,
		Duration responseTimeout, Duration idleTimeout, int maxRetries, Duration maxRetryAfter, int maxResponseSize) {

	private static final int LEAST_HIDDEN = 8;

	UpstreamEndpoint {
		headers = Map.copyOf(headers);
	}

	/**
	 * Hide the values of the headers in an error that repeats them, as they may be
	 * credentials. Short ones are not, and would be found in other words.
	 * @param error the error
	 * @return the same if there are none in it
	 */
	byte[] withoutHeaders(byte[] error) {
		byte[] shown = error;
		for (String value : this.headers.values()) {
			shown = (value.length() >= LEAST_HIDDEN) ? ErrorBodies.withoutSecret(shown, value) : shown;
		}
		return shown;
	}

	// Headers may hold credentials as well
	@Override
	public String toString() {
		return "UpstreamEndpoint[" + this.upstream.name() + "]";
	}

}
