package io.tokensaving.statistics;

import org.jspecify.annotations.Nullable;

/**
 * A failure whose message is fit for the log, because it quotes nothing of a request or
 * an answer.
 */
public class DescribedException extends RuntimeException {

	private final String description;

	/**
	 * Create a failure.
	 * @param description what happened, in words that quote no request and no answer
	 */
	public DescribedException(String description) {
		this(description, null);
	}

	/**
	 * Create a failure.
	 * @param description what happened, in words that quote no request and no answer
	 * @param cause the cause, which is not logged, or {@code null} if there is none
	 */
	public DescribedException(String description, @Nullable Throwable cause) {
		super(description, cause);
		this.description = description;
	}

	/**
	 * Return what happened.
	 * @return the message
	 */
	public String description() {
		return this.description;
	}

}
