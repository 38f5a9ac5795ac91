package io.tokensaving.batch;

/**
 * The process ends here.
 */
final class CrashError extends Error {

	CrashError(String where) {
		super(where, null, false, false);
	}

}
