package io.tokensaving.cache.semantic.redis;

/**
 * Thrown if a Redis server has no usable search module.
 */
@SuppressWarnings("serial")
public final class RedisSearchMissingException extends RuntimeException {

	/**
	 * Create an exception.
	 * @param message names the server and what is missing
	 * @param cause the reply of the server or the failure to ask it
	 */
	public RedisSearchMissingException(String message, Throwable cause) {
		super(message, cause);
	}

}
