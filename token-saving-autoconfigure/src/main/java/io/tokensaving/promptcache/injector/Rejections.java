package io.tokensaving.promptcache.injector;

import org.jspecify.annotations.Nullable;

/**
 * Recognises the failures by which the SDKs of providers tell that a request was
 * malformed.
 */
final class Rejections {

	private static final int MAX_CAUSES = 20;

	private Rejections() {
	}

	/**
	 * Whether a failure is of a class, or one of its causes is.
	 * @param failure the failure
	 * @param type the name of the class
	 * @return whether it is
	 */
	static boolean isBadRequest(Throwable failure, String type) {
		@Nullable Throwable cause = failure;
		for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
			if (cause.getClass().getName().equals(type)) {
				return true;
			}
			cause = cause.getCause();
		}
		return false;
	}

}
