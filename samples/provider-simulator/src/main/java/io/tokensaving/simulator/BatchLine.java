package io.tokensaving.simulator;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

/**
 * A line of a batch and what became of it.
 *
 * @param provider whose batch it is
 * @param batch the batch's id
 * @param customId the line's id, which is the client's
 * @param model the model's name in the line, empty until the line was read
 * @param state what became of it
 * @param problem the error that was answered, or null
 * @param input what the cache did with its input
 * @param outputTokens the answer and the thinking
 * @param usd what is billed for it, 0 unless it is done
 */
public record BatchLine(Provider provider, String batch, String customId, String model, State state,
		@Nullable String problem, CacheTokens input, int outputTokens, BigDecimal usd) {

	/**
	 * Whether it is billed, however little it costs.
	 * @return whether
	 */
	public boolean isBilled() {
		return this.state == State.DONE;
	}

	/** What became of a line. */
	public enum State {

		/** Nothing so far. */
		WAITING,

		/** It was answered and is billed. */
		DONE,

		/** It was answered with an error. */
		ERRORED,

		/** The window was over before. */
		EXPIRED,

		/** The batch was cancelled before. */
		CANCELLED,

		/** The batch failed before any line was read, or ended without giving results. */
		DROPPED

	}

}
