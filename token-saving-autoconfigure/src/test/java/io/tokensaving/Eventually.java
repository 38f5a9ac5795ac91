package io.tokensaving;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Waits for what happens elsewhere, such as in a server or on a thread of the library,
 * and tells nobody. The limit only ends a test that hangs, so it is long enough for a
 * machine that is busy with something else.
 */
public final class Eventually {

	/**
	 * How long a test waits at most for an event.
	 */
	public static final Duration LIMIT = Duration.ofSeconds(60);

	private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(1);

	private Eventually() {
	}

	/**
	 * Wait until a condition is met.
	 * @param condition the condition
	 */
	public static void await(BooleanSupplier condition) {
		await("the condition is met", condition);
	}

	/**
	 * Wait until a condition is met.
	 * @param what what is waited for
	 * @param condition the condition
	 */
	public static void await(String what, BooleanSupplier condition) {
		awaitResult(what, () -> condition.getAsBoolean() ? what : null);
	}

	/**
	 * Wait until there is a result.
	 * @param <T> the type of the result
	 * @param what what is waited for
	 * @param result returns the result, or {@code null} as long as there is none
	 * @return the result
	 */
	public static <T> T awaitResult(String what, Callable<T> result) {
		long end = System.nanoTime() + LIMIT.toNanos();
		while (true) {
			T found = call(result);
			if (found != null) {
				return found;
			}
			if (System.nanoTime() - end > 0) {
				throw new AssertionError("Waited %d seconds in vain: %s".formatted(LIMIT.toSeconds(), what));
			}
			// Leaves the processor to what is waited for
			LockSupport.parkNanos(PAUSE);
		}
	}

	private static <T> T call(Callable<T> result) {
		try {
			return result.call();
		}
		catch (RuntimeException ex) {
			throw ex;
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
