package io.tokensaving.simulator;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * An error as a provider sends it. Status, body and headers follow the provider.
 *
 * @param kind what went wrong
 * @param message the message, or null for the provider's usual one
 * @param retryAfter what the provider says to wait, or null
 */
public record SimulatedError(Kind kind, @Nullable String message, @Nullable Duration retryAfter) {

	/**
	 * Too many requests.
	 * @param retryAfter what the provider says to wait
	 * @return the error
	 */
	public static SimulatedError rateLimited(Duration retryAfter) {
		return new SimulatedError(Kind.RATE_LIMITED, null, retryAfter);
	}

	/**
	 * An error with the provider's usual message.
	 * @param kind what went wrong
	 * @return the error
	 */
	public static SimulatedError of(Kind kind) {
		return new SimulatedError(kind, null, null);
	}

	/**
	 * An error with a message.
	 * @param kind what went wrong
	 * @param message the message
	 * @return the error
	 */
	public static SimulatedError of(Kind kind, String message) {
		return new SimulatedError(kind, message, null);
	}

	/** What can go wrong. */
	public enum Kind {

		/** A request that the provider does not take: 400. */
		INVALID_REQUEST,

		/** More tokens than the model takes: 400. */
		CONTEXT_TOO_LONG,

		/**
		 * The prompt was stopped by a filter: 400, at Gemini a response without
		 * candidates.
		 */
		CONTENT_FILTER,

		/** No key, or a wrong one: 401, at Gemini 400. */
		AUTHENTICATION,

		/** The money is gone: 400, 402 or 429, as the provider has it. */
		QUOTA,

		/** Not allowed: 403. */
		PERMISSION,

		/** No such model: 404. */
		NOT_FOUND,

		/** A method that the path does not take: 405. */
		METHOD_NOT_ALLOWED,

		/** A body of too many bytes: 413. */
		TOO_LARGE,

		/** Too many requests: 429. */
		RATE_LIMITED,

		/** No capacity for {@code flex} at present: 429, nothing is billed. */
		UNAVAILABLE,

		/** Waited too long for {@code flex}: 408, nothing is billed. */
		REQUEST_TIMEOUT,

		/** Something is broken: 500. */
		SERVER_ERROR,

		/** A gateway on the way got a bad answer: 502, a page of HTML. */
		BAD_GATEWAY,

		/** Too busy: 503, at Anthropic 529. */
		OVERLOADED,

		/** Too slow: 504. */
		TIMEOUT

	}

}
