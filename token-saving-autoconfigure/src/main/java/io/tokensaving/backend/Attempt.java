package io.tokensaving.backend;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import org.jspecify.annotations.Nullable;

/**
 * One call of a backend, of which its circuit breaker is told exactly once how it ended.
 * Thread-safe.
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
	 * @return the attempt, which has to be ended, or {@code null} if the backend is to be
	 * left alone
	 */
	public static @Nullable Attempt begin(CircuitBreaker breaker, Ticker ticker) {
		return breaker.tryAcquirePermission() ? new Attempt(breaker, ticker) : null;
	}

	/**
	 * The backend has answered.
	 */
	public void succeeded() {
		if (this.over.compareAndSet(false, true)) {
			this.breaker.onSuccess(this.ticker.read() - this.start, TimeUnit.NANOSECONDS);
		}
	}

	/**
	 * The backend has failed, or took too long.
	 * @param failure the failure
	 */
	public void failed(Throwable failure) {
		if (this.over.compareAndSet(false, true)) {
			this.breaker.onError(this.ticker.read() - this.start, TimeUnit.NANOSECONDS, failure);
		}
	}

	/**
	 * Nobody waits for the backend any more. Does nothing if it has answered or failed.
	 */
	public void end() {
		if (this.over.compareAndSet(false, true)) {
			this.breaker.releasePermission();
		}
	}

}
