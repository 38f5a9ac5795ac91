package io.tokensaving.samples.gateway.key;

import org.jspecify.annotations.Nullable;

/**
 * The one check in front of everything that a client can ask. Thread-safe.
 */
public interface KeyGuard {

	/**
	 * Find out who asks. Looks at state and expiry of the key each time.
	 * @param key the secret that the client sent, or {@code null} if it sent none
	 * @return who asks
	 * @throws RefusedException if the key is not accepted
	 */
	Caller authenticate(@Nullable String key);

	/**
	 * Let a request in, within the limits of its key on requests at once and in a time.
	 * @param caller who asks
	 * @return to be closed when the request has ended, however it ended
	 * @throws RefusedException if a limit is reached
	 */
	Admission admit(Caller caller);

	/**
	 * Reserve money for a request that is about to be sent to an upstream.
	 * @param caller who asks
	 * @param model the model
	 * @param maxInputTokens not less than the tokens of its input
	 * @param maxOutputTokens not less than the tokens of its output; negative if the
	 * request does not say
	 * @return to be settled
	 * @throws RefusedException if the quota does not suffice
	 */
	Reservation reserve(Caller caller, String model, long maxInputTokens, long maxOutputTokens);

	/**
	 * A request that was let in.
	 */
	interface Admission extends AutoCloseable {

		/**
		 * Give back its place. Does nothing the second time.
		 */
		@Override
		void close();

	}

	/**
	 * Money that is kept for a request.
	 */
	interface Reservation {

		/**
		 * Replace what was reserved by what was spent. Does nothing the second time.
		 * @param usage what the upstream billed
		 */
		void settle(SpentTokens usage);

		/**
		 * Give back what was reserved, as nothing was spent. Does nothing once settled.
		 */
		void release();

	}

}
