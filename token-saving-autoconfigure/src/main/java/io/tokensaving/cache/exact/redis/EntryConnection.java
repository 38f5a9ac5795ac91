package io.tokensaving.cache.exact.redis;

import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

/**
 * The commands of every request, on any client. Thread-safe.
 */
interface EntryConnection extends AutoCloseable {

	/**
	 * Start to read a value. Does not block.
	 * @param key the key
	 * @return the value, or {@code null} if there is none
	 */
	CompletionStage<byte @Nullable []> get(byte[] key);

	/**
	 * Write a value, and wait until it is written.
	 * @param key the key
	 * @param value the value
	 * @param ttlMillis its time to live in milliseconds
	 */
	void set(byte[] key, byte[] value, long ttlMillis);

	/**
	 * Connect in the background, if that is not done yet.
	 */
	void connect();

	@Override
	void close();

}
