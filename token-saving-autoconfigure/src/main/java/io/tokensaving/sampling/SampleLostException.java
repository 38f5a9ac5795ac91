package io.tokensaving.sampling;

import io.tokensaving.statistics.DescribedException;
import org.jspecify.annotations.Nullable;

/**
 * Says why a sample was not worked on, or not in time.
 */
public final class SampleLostException extends DescribedException {

	private final Reason reason;

	/**
	 * Create an exception.
	 * @param reason why the sample was lost
	 * @param description the same in words that quote no request and no answer
	 */
	SampleLostException(Reason reason, String description) {
		this(reason, description, null);
	}

	/**
	 * Create an exception.
	 * @param reason why the sample was lost
	 * @param description the same in words that quote no request and no answer
	 * @param cause the cause, or {@code null} if there is none
	 */
	SampleLostException(Reason reason, String description, @Nullable Throwable cause) {
		super(description, cause);
		this.reason = reason;
	}

	/**
	 * Return why the sample was lost.
	 * @return the reason
	 */
	public Reason reason() {
		return this.reason;
	}

	/**
	 * Why a sample was lost.
	 */
	public enum Reason {

		/**
		 * Too many samples waited.
		 */
		QUEUE_FULL,

		/**
		 * Too many samples hang after their deadline.
		 */
		HANGING,

		/**
		 * It was not done within its deadline.
		 */
		OVERDUE,

		/**
		 * No thread could be started for it.
		 */
		NO_THREAD

	}

}
