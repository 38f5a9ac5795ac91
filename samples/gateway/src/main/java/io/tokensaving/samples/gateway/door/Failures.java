package io.tokensaving.samples.gateway.door;

import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;

import io.tokensaving.budget.TokenBudgetExceededException;
import io.tokensaving.samples.gateway.key.RefusedException;
import io.tokensaving.samples.gateway.upstream.UnknownModelException;
import io.tokensaving.samples.gateway.upstream.UpstreamException;
import io.tokensaving.samples.gateway.wire.WireException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Says what clients are told of what was thrown. What is not known is logged once, and
 * the client is told the id of the request only.
 */
final class Failures {

	private static final Log logger = LogFactory.getLog(DoorServlet.class);

	private static final String SHOULD_RETRY = "x-should-retry";

	private static final int MAX_DEPTH = 10;

	private Failures() {
	}

	/**
	 * Describe a failure.
	 * @param thrown what was thrown
	 * @param requestId the id of the request
	 * @return what the client is told
	 */
	static Failure of(Throwable thrown, String requestId) {
		Throwable cause = thrown;
		for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
			Failure failure = known(cause);
			if (failure != null) {
				return failure;
			}
			cause = cause.getCause();
		}
		logger.error("Request " + requestId + " failed", thrown);
		return new Failure(500, Failure.API_ERROR,
				"The gateway failed to answer. Its log has more under the id of this request, " + requestId, null,
				"internal_error");
	}

	private static @Nullable Failure known(Throwable thrown) {
		if (thrown instanceof DoorException refused) {
			return refused.failure();
		}
		if (thrown instanceof RefusedException refused) {
			return new Failure(refused.status(), refused.type(), message(refused), refused.param(), refused.code(),
					refused.headers(), null);
		}
		if (thrown instanceof UnknownModelException unknown) {
			return new Failure(unknown.status(), Failure.INVALID_REQUEST, message(unknown), "model", "model_not_found");
		}
		if (thrown instanceof UpstreamException upstream) {
			return of(upstream);
		}
		if (thrown instanceof WireException wire) {
			// What a client sends is read at the door, so this is what an upstream sent
			return new Failure(502, Failure.API_ERROR, "The upstream sent what cannot be read: " + message(wire), null,
					"bad_upstream_answer");
		}
		if (thrown instanceof TokenBudgetExceededException budget) {
			return of(budget);
		}
		if (thrown instanceof HttpTimeoutException || thrown instanceof TimeoutException) {
			return new Failure(504, Failure.API_ERROR, "The upstream has not answered in time", null,
					"upstream_timeout");
		}
		return null;
	}

	// Limits of rates are those of the gateway's own key, so they tell a client nothing
	private static Failure of(UpstreamException upstream) {
		Map<String, String> headers = new HashMap<>();
		upstream.headers().forEach((name, values) -> {
			switch (name) {
				case "content-type", "retry-after", "retry-after-ms", SHOULD_RETRY -> {
					headers.put(name, values.get(0));
				}
				case "x-request-id", "request-id" -> {
					headers.put("x-upstream-request-id", values.get(0));
				}
				default -> {
					// Is not passed on
				}
			}
		});
		return new Failure(upstream.status(), Failure.API_ERROR, message(upstream), null, upstream.code(), headers,
				upstream.body());
	}

	private static Failure of(TokenBudgetExceededException budget) {
		if (budget.getReason() == TokenBudgetExceededException.Reason.UNAVAILABLE) {
			return new Failure(503, Failure.API_ERROR, message(budget), null, "budget_unavailable");
		}
		// Clients retry a 429 by themselves, which does not help here
		long seconds = Math.max(1, Duration.between(Instant.now(), budget.getResetsAt()).toSeconds());
		return new Failure(429, "insufficient_quota", message(budget), null, "insufficient_quota",
				Map.of(SHOULD_RETRY, "false", "retry-after", Long.toString(seconds)), null);
	}

	private static String message(Throwable thrown) {
		return String.valueOf(thrown.getMessage());
	}

}
