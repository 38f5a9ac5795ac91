package io.tokensaving.route.log;

import java.util.List;

/**
 * Keeps the log of routing outside this process. An application adds a sink as a bean of
 * this type. All methods but {@link #name()} are called in the background, by one thread
 * at a time, which is interrupted when it takes too long.
 */
public interface RouteSink extends AutoCloseable {

	/**
	 * Return the name.
	 * @return the name in snake case
	 */
	String name();

	/**
	 * Write records, all or none: after a failure the same records are written again,
	 * later.
	 * @param lines the records in the order of their making, at least one
	 * @throws Exception if they could not be written
	 */
	void write(List<RouteLine> lines) throws Exception;

	/**
	 * Delete what is too old to be kept. Called when the application starts, and every
	 * hour. Does nothing by default.
	 * @throws Exception if that is not possible
	 */
	default void expire() throws Exception {
	}

	@Override
	default void close() {
	}

}
