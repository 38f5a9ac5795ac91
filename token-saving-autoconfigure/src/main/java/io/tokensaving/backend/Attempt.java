package io.tokensaving.backend;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import org.jspecify.annotations.Nullable;

/**
 * One call of a backend. Reports the outcome of the call to the circuit breaker of the
 * backend exactly once. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class Attempt {

	private final CircuitBreaker breaker;

	private final Ticker ticker;

	private final long start;

	private final AtomicBoolean over = new AtomicBoolean();

	private Attempt(CircuitBreaker breaker, Ticker ticker) {
		this.breaker = breaker;
		this.ticker = ticker;
		this.start = ticker.read();
	}

	/**
	 * Begin a call.
	 * @param breaker the breaker of the backend
	 * @param ticker times the call
	 * @return the attempt, which the caller has to end, or {@code null} if the breaker
	 * does not permit the call
	 */
	public static @Nullable Attempt begin(CircuitBreaker breaker, Ticker ticker) {
		return breaker.tryAcquirePermission() ? new Attempt(breaker, ticker) : null;
	}

	/**
	 * Report that the backend has answered.
	 */
	public void succeeded() {
		if (this.over.compareAndSet(false, true)) {
			this.breaker.onSuccess(this.ticker.read() - this.start, TimeUnit.NANOSECONDS);
		}
	}

	/**
	 * Report that the backend has failed or timed out.
	 * @param failure the failure
	 */
	public void failed(Throwable failure) {
		if (this.over.compareAndSet(false, true)) {
			this.breaker.onError(this.ticker.read() - this.start, TimeUnit.NANOSECONDS, failure);
		}
	}

	/**
	 * Report that the result is no longer needed. Does nothing if success or failure was
	 * reported.
	 */
	public void end() {
		if (this.over.compareAndSet(false, true)) {
			this.breaker.releasePermission();
		}
	}

}
