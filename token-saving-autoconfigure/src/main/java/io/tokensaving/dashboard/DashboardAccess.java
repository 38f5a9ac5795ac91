package io.tokensaving.dashboard;

import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Decides who may see the dashboard, and what of it. Implementations are thread-safe.
 */
@FunctionalInterface
public interface DashboardAccess {

	/**
	 * Decide about a request.
	 * @param request the request
	 * @return what the one who asks may see
	 * @throws DeniedException if that is nothing
	 */
	Viewer viewer(DashboardRequest request);

	/**
	 * What somebody may see.
	 *
	 * @param name the name that is shown and logged, or {@code null} if it is not known
	 * @param writes whether plans may be written and answers evicted
	 * @param reviews whether the texts of questions and answers may be read, if the
	 * application shows them at all
	 * @param workspace the workspace that is shown at first, or {@code null} for that of
	 * the application
	 * @param workspaces the workspaces that may be read, and written if anything may; or
	 * {@code null} for all, and what is known of all of them together
	 */
	record Viewer(@Nullable String name, boolean writes, boolean reviews, @Nullable String workspace,
			@Nullable Predicate<String> workspaces) {

		boolean sees(String other) {
			return this.workspaces == null || this.workspaces.test(other);
		}

	}

	/**
	 * Somebody may see nothing.
	 */
	final class DeniedException extends RuntimeException {

		private final boolean known;

		/**
		 * Create a new exception.
		 * @param message what is missing, a sentence that is shown
		 * @param known whether it is known who asks
		 */
		public DeniedException(String message, boolean known) {
			super(message);
			this.known = known;
		}

		boolean isKnown() {
			return this.known;
		}

	}

}
