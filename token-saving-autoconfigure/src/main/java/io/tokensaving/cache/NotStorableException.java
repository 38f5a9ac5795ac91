package io.tokensaving.cache;

/**
 * Thrown for an answer that cannot be restored from its stored form. It has no stack
 * trace, because it is not a failure of the cache.
 */
final class NotStorableException extends IllegalArgumentException {

	NotStorableException(String message) {
		super(message);
	}

	@Override
	public synchronized Throwable fillInStackTrace() {
		return this;
	}

}
