package io.tokensaving.batch;

import java.time.Duration;

/**
 * Runs the work of a {@link BatchEngine}. Thread-safe.
 */
public interface BatchScheduling extends AutoCloseable {

	/**
	 * Run short work of the engine itself, one at a time.
	 * @param task the work
	 * @param delay when to run it, zero or more
	 */
	void later(Runnable task, Duration delay);

	/**
	 * Run work that waits for a provider. Takes any number of tasks; how many run at the
	 * same time is up to the implementation.
	 * @param task the work
	 */
	void provider(Runnable task);

	/**
	 * Run what callers do once a request is settled.
	 * @param task the work
	 */
	void callback(Runnable task);

	/**
	 * Run nothing any more, and interrupt what runs.
	 */
	@Override
	void close();

}
