package io.tokensaving.cache.exact.redis;

import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

/**
 * The Redis commands that a request needs, for any client. Thread-safe.
 */
interface EntryConnection extends AutoCloseable {

	/**
	 * Start to read a value. Does not block the calling thread.
	 * @param key the key
	 * @param maxBytes the maximum number of bytes to read, at least 1
	 * @return the first bytes of the value, or no bytes or {@code null} if there is none
	 */
	CompletionStage<byte @Nullable []> get(byte[] key, long maxBytes);

	/**
	 * Write a value, and wait until it has been written.
	 * @param key the key
	 * @param value the value
	 * @param ttlMillis its time to live in milliseconds
	 */
	void set(byte[] key, byte[] value, long ttlMillis);

	/**
	 * Connect in the background, unless connected.
	 */
	void connect();

	@Override
	void close();

}
