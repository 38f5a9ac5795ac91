package io.tokensaving.batch;

import org.jspecify.annotations.Nullable;

/**
 * How far a batch is. Immutable.
 *
 * @param state how far it is
 * @param answered the lines that have been answered so far, 0 or more
 * @param failed the lines that have failed so far, 0 or more
 * @param error why the whole batch failed, {@code null} if it did not or it is not known
 */
public record BatchStatus(State state, int answered, int failed, @Nullable String error) {

	/**
	 * The states of a batch.
	 */
	public enum State {

		/**
		 * It is being processed, or waits for it, or is being cancelled.
		 */
		RUNNING,

		/**
		 * It has ended in some way, and what was answered until then can be read.
		 */
		ENDED,

		/**
		 * The provider refused all of it, because of one of its limits, before any line
		 * was processed; it may accept it later.
		 */
		REFUSED_FOR_NOW,

		/**
		 * The provider refused all of it for good, or does not know it.
		 */
		REFUSED

	}

}
