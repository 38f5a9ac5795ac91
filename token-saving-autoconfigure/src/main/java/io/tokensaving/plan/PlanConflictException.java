package io.tokensaving.plan;

import org.jspecify.annotations.Nullable;

/**
 * A plan cannot be written because of what there is already.
 */
public class PlanConflictException extends RuntimeException {

	private final Reason reason;

	private final @Nullable Long currentVersion;

	/**
	 * Create a new exception.
	 * @param reason what is in the way
	 * @param currentVersion the version of the stored plan, or {@code null} if there is
	 * none or it is not known
	 * @param message what happened, in words
	 */
	public PlanConflictException(Reason reason, @Nullable Long currentVersion, String message) {
		super(message);
		this.reason = reason;
		this.currentVersion = currentVersion;
	}

	/**
	 * Return what is in the way.
	 * @return the reason
	 */
	public Reason getReason() {
		return this.reason;
	}

	/**
	 * Return the version of the stored plan.
	 * @return the version, or {@code null} if there is none or it is not known
	 */
	public @Nullable Long getCurrentVersion() {
		return this.currentVersion;
	}

	/**
	 * What is in the way of a write.
	 */
	public enum Reason {

		/**
		 * The plan has another version than the expected one.
		 */
		STALE_VERSION,

		/**
		 * There is a plan of that id.
		 */
		EXISTS,

		/**
		 * The plan is fixed, such as by the application's configuration.
		 */
		READ_ONLY,

		/**
		 * What is stored cannot be read by this instance, so it cannot be changed either.
		 */
		UNREADABLE,

		/**
		 * The workspace has as many plans as it may have.
		 */
		FULL

	}

}
