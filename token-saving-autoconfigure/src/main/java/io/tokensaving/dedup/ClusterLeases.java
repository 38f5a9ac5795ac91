package io.tokensaving.dedup;

import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Leases by which the instances of an application agree which of them calls the model.
 * Implementations must be thread-safe; they may throw any {@link RuntimeException}, and
 * may block for a short time.
 */
public interface ClusterLeases {

	/**
	 * Try to acquire the lease of a request. A lease is renewed until it is released, and
	 * expires soon after the instance that holds it has died.
	 * @param fingerprint the fingerprint of the request, 64 hexadecimal digits
	 * @return the lease, or a future of the end of the lease that another instance holds
	 */
	Claim claim(String fingerprint);

	/**
	 * The result of asking for a lease.
	 *
	 * @param lease the lease, or {@code null} if another instance holds it
	 * @param released completes when the other instance releases its lease, with whether
	 * the answer was stored. It may never complete, for example if that instance dies, so
	 * a caller has to claim again from time to time. A caller that stops waiting cancels
	 * it. Cancelled from the beginning if the lease is granted
	 */
	record Claim(@Nullable Lease lease, CompletableFuture<Boolean> released) {

		/**
		 * Create the claim of the instance that holds the lease.
		 * @param lease the lease
		 * @return the claim
		 */
		public static Claim granted(Lease lease) {
			CompletableFuture<Boolean> none = new CompletableFuture<>();
			none.cancel(false);
			return new Claim(lease, none);
		}

		/**
		 * Create the claim of an instance that has to wait.
		 * @param released completes when the lease of the other instance is released
		 * @return the claim
		 */
		public static Claim refused(CompletableFuture<Boolean> released) {
			return new Claim(null, released);
		}

	}

	/**
	 * The right to call the model for a request. Thread-safe.
	 */
	interface Lease {

		/**
		 * Release the lease and notify the waiting instances, unless the lease has
		 * expired and may be held by another instance. Does nothing when called again.
		 * @param answered whether there is an answer, which the waiting instances then
		 * look up; otherwise one of them acquires the lease
		 */
		void release(boolean answered);

	}

}
