package io.tokensaving.cache.exact.redis;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.tokensaving.backend.DaemonThreads;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Reads and writes with a client that blocks, such as Jedis, on threads of its own. When
 * all threads are waiting, further commands fail at once. Thread-safe.
 */
final class BlockingEntryConnection implements EntryConnection {

	private static final int MAX_THREADS = 64;

	private final RedisConnectionFactory connectionFactory;

	private final ThreadPoolExecutor readers = new ThreadPoolExecutor(0, MAX_THREADS, 30, TimeUnit.SECONDS,
			new SynchronousQueue<>(), new DaemonThreads("token-saving-redis-read"));

	BlockingEntryConnection(RedisConnectionFactory connectionFactory) {
		this.connectionFactory = connectionFactory;
	}

	@Override
	public CompletionStage<byte @Nullable []> get(byte[] key, long maxBytes) {
		try {
			return CompletableFuture.supplyAsync(() -> {
				try (RedisConnection connection = this.connectionFactory.getConnection()) {
					return connection.stringCommands().getRange(key, 0, maxBytes - 1);
				}
			}, this.readers);
		}
		catch (RejectedExecutionException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	@Override
	public void set(byte[] key, byte[] value, long ttlMillis) {
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			connection.stringCommands().pSetEx(key, ttlMillis, value);
		}
	}

	@Override
	public void connect() {
		// Each command takes a connection from the pool, so there is nothing to connect
	}

	@Override
	public void close() {
		this.readers.shutdownNow();
	}

}
