package io.tokensaving.cache.exact.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.SetArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.redis.LettuceConnections;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnection;

/**
 * Reads and writes asynchronously on the connection that Spring Data shares between
 * threads, so that no thread is needed to wait. While that connection is down, commands
 * fail at once instead of queueing. Thread-safe.
 */
final class LettuceEntryConnection implements EntryConnection {

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

	private static final Duration WRITE_TIMEOUT = Duration.ofSeconds(5);

	private final RedisConnectionFactory connectionFactory;

	private final Executor connector = Executors.newCachedThreadPool(new DaemonThreads("token-saving-redis-connect"));

	private volatile @Nullable RedisClusterAsyncCommands<byte[], byte[]> commands;

	private @Nullable CompletableFuture<RedisClusterAsyncCommands<byte[], byte[]>> connecting;

	/**
	 * Create a connection.
	 * @param connectionFactory provides the shared connection
	 */
	LettuceEntryConnection(RedisConnectionFactory connectionFactory) {
		this.connectionFactory = connectionFactory;
	}

	@Override
	public CompletionStage<byte @Nullable []> get(byte[] key, long maxBytes) {
		RedisClusterAsyncCommands<byte[], byte[]> commands = this.commands;
		if (commands == null) {
			return connected().thenCompose((connected) -> connected.getrange(key, 0, maxBytes - 1));
		}
		if (!isOpen(commands)) {
			return CompletableFuture.failedFuture(notConnected());
		}
		return commands.getrange(key, 0, maxBytes - 1);
	}

	@Override
	public void set(byte[] key, byte[] value, long ttlMillis) {
		RedisClusterAsyncCommands<byte[], byte[]> commands = this.commands;
		if (commands == null) {
			commands = await(connected(), CONNECT_TIMEOUT);
		}
		if (!isOpen(commands)) {
			throw notConnected();
		}
		RedisFuture<String> written = commands.set(key, value, SetArgs.Builder.px(ttlMillis));
		try {
			await(written.toCompletableFuture(), WRITE_TIMEOUT);
		}
		finally {
			written.cancel(true);
		}
	}

	@Override
	public void connect() {
		if (this.commands == null) {
			var unused = connected();
		}
	}

	private boolean isOpen(RedisClusterAsyncCommands<byte[], byte[]> commands) {
		if (LettuceConnections.isOpen(commands)) {
			return true;
		}
		// The connection may have been replaced
		var unused = connected();
		return false;
	}

	private synchronized CompletableFuture<RedisClusterAsyncCommands<byte[], byte[]>> connected() {
		CompletableFuture<RedisClusterAsyncCommands<byte[], byte[]>> running = this.connecting;
		if (running != null && !running.isDone()) {
			return running;
		}
		CompletableFuture<RedisClusterAsyncCommands<byte[], byte[]>> started = CompletableFuture
			.supplyAsync(this::connectNow, this.connector);
		this.connecting = started;
		return started;
	}

	private RedisClusterAsyncCommands<byte[], byte[]> connectNow() {
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			RedisClusterAsyncCommands<byte[], byte[]> connected = ((LettuceConnection) connection)
				.getNativeConnection();
			this.commands = connected;
			return connected;
		}
	}

	private static <T> T await(CompletableFuture<T> future, Duration timeout) {
		try {
			return future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while writing to Redis", ex);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException("Redis refused a write", ex.getCause());
		}
		catch (TimeoutException ex) {
			throw new IllegalStateException("Redis did not answer a write in time", ex);
		}
	}

	private static RuntimeException notConnected() {
		return new RedisConnectionFailureException("Redis is not connected");
	}

	@Override
	public void close() {
		// The connection belongs to the application and stays open
	}

}
