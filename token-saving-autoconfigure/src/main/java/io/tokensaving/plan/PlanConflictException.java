package io.tokensaving.plan;

import org.jspecify.annotations.Nullable;

/**
 * A plan cannot be written because of the current state of the store.
 */
public class PlanConflictException extends RuntimeException {

	private final Reason reason;

	private final @Nullable Long currentVersion;

	/**
	 * Create a new exception.
	 * @param reason why the plan cannot be written
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
	 * Return why the plan cannot be written.
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
	 * The reason for which a plan cannot be written.
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
		 * This instance cannot read the stored plan, and so cannot change it either.
		 */
		UNREADABLE,

		/**
		 * The workspace has the maximum number of plans.
		 */
		FULL

	}

}
