package io.tokensaving.dedup;

import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Leases by which the instances of an application agree which of them calls the model.
 * Implementations may fail or block, but not for long. Thread-safe.
 */
public interface ClusterLeases {

	/**
	 * Try to become the one who calls. A lease is prolonged until it is released, and
	 * ends by itself soon after the instance that holds it.
	 * @param fingerprint the fingerprint of the request, 64 hexadecimal digits
	 * @return the lease, or {@code null} if another instance holds it
	 */
	@Nullable Lease tryAcquire(String fingerprint);

	/**
	 * Start to listen for the release of a lease. What is never told, such as the end of
	 * an instance, has to be asked for.
	 * @param fingerprint the fingerprint of the request
	 * @return is completed with whether the answer was stored; cancel it when it is no
	 * longer waited for
	 */
	CompletableFuture<Boolean> released(String fingerprint);

	/**
	 * The right to call the model for a request. Thread-safe.
	 */
	interface Lease {

		/**
		 * Give the lease back, unless it has ended and is another's by now, and tell
		 * those who listen. Does nothing the second time.
		 * @param answered whether there was an answer; those who wait then look for it,
		 * and otherwise one of them is next
		 */
		void release(boolean answered);

	}

}
