package io.tokensaving.cache.semantic.redis;

/**
 * A Redis server has no search module, or none that can be used.
 */
@SuppressWarnings("serial")
public final class RedisSearchMissingException extends RuntimeException {

	/**
	 * Create an exception.
	 * @param message what is missing where
	 * @param cause what the server replied, if it was asked
	 */
	public RedisSearchMissingException(String message, Throwable cause) {
		super(message, cause);
	}

}
