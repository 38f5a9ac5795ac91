package io.tokensaving.backend.redis;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.tokensaving.backend.DaemonThreads;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisSentinelConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.util.ClassUtils;

/**
 * Connects to Redis for everything that uses the same connection factory. A Lettuce
 * connection factory creates its shared connection under a lock: while Redis is down,
 * callers queue for the lock and each tries to connect for its full timeout, and stopping
 * the factory waits for all of them. This class connects in one thread instead. Callers
 * wait for that thread, at most until it has tried for two seconds, and later callers
 * fail at once; they also fail at once while an existing connection is down. Other
 * connection factories are used as they are.
 * <p>
 * Must be stopped before the connection factory, which a Spring context does by
 * {@link #PHASE}: afterwards nothing connects, and an attempt in progress ends.
 * Thread-safe.
 */
public final class RedisConnector implements SmartLifecycle, AutoCloseable {

	/**
	 * The lifecycle phase: just after connection factories start, and just before they
	 * stop.
	 */
	public static final int PHASE = 1;

	private static final boolean LETTUCE_PRESENT = ClassUtils.isPresent("io.lettuce.core.RedisClient",
			RedisConnector.class.getClassLoader());

	private static final long CONNECT_WAIT_MILLIS = 2000;

	private final RedisConnectionFactory target;

	private final RedisConnectionFactory connectionFactory;

	private volatile @Nullable BooleanSupplier open;

	private volatile boolean stopped;

	private @Nullable Attempt attempt;

	/**
	 * Create a connector. Does not connect yet.
	 * @param connectionFactory connects to Redis
	 */
	public RedisConnector(RedisConnectionFactory connectionFactory) {
		this.target = connectionFactory;
		this.connectionFactory = (LETTUCE_PRESENT && Lettuce.isShared(connectionFactory)) ? new Connections()
				: connectionFactory;
	}

	/**
	 * Return the connection factory to use. Its {@code getConnection()} fails instead of
	 * queueing.
	 * @return the connection factory
	 */
	public RedisConnectionFactory connectionFactory() {
		return this.connectionFactory;
	}

	/**
	 * Return the original connection factory, for code that depends on its class.
	 * @return the connection factory; if its connection is shared, it is connected
	 */
	public RedisConnectionFactory connected() {
		if (isShared()) {
			connect().close();
		}
		return this.target;
	}

	/**
	 * Return whether the client is Lettuce, which uses a separate connection for
	 * subscriptions. Other clients subscribe on a pooled connection of the application
	 * and may return it with unread messages, which the next command would take for its
	 * reply.
	 * @return whether it is
	 */
	public boolean isLettuce() {
		return LETTUCE_PRESENT && Lettuce.isUsedBy(this.target);
	}

	/**
	 * Return whether all users of the factory share one Lettuce connection, which is used
	 * asynchronously.
	 * @return whether they do
	 */
	public boolean isShared() {
		return this.connectionFactory != this.target;
	}

	private RedisConnection connect() {
		BooleanSupplier open = this.open;
		if (this.stopped) {
			throw notConnected(null);
		}
		if (open == null) {
			await(attempt().awaited());
		}
		else if (!open.getAsBoolean()) {
			// Lettuce reconnects by itself, unless the factory was reset
			attempt();
			throw notConnected(null);
		}
		return this.target.getConnection();
	}

	private synchronized Attempt attempt() {
		if (this.stopped) {
			throw notConnected(null);
		}
		Attempt running = this.attempt;
		if (running != null && !running.connected().isDone()) {
			return running;
		}
		CompletableFuture<BooleanSupplier> connected = new CompletableFuture<>();
		Attempt started = new Attempt(connected, connected.copy().orTimeout(CONNECT_WAIT_MILLIS, TimeUnit.MILLISECONDS),
				new DaemonThreads("token-saving-redis-connector").newThread(() -> connectNow(connected)));
		started.thread().start();
		this.attempt = started;
		return started;
	}

	private void connectNow(CompletableFuture<BooleanSupplier> connected) {
		try (RedisConnection connection = this.target.getConnection()) {
			BooleanSupplier open = Lettuce.open(connection);
			this.open = open;
			connected.complete(open);
		}
		catch (Throwable ex) {
			connected.completeExceptionally(ex);
		}
	}

	private static void await(CompletableFuture<BooleanSupplier> connected) {
		try {
			connected.get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw notConnected(ex);
		}
		catch (ExecutionException ex) {
			throw notConnected(ex.getCause());
		}
	}

	private static RedisConnectionFailureException notConnected(@Nullable Throwable cause) {
		return new RedisConnectionFailureException("Redis is not connected", cause);
	}

	/**
	 * Allow connecting again. The previous connection was closed with its factory.
	 */
	@Override
	public synchronized void start() {
		this.open = null;
		this.stopped = false;
	}

	/**
	 * Stop connecting.
	 */
	@Override
	public synchronized void stop() {
		this.stopped = true;
		Attempt running = this.attempt;
		this.attempt = null;
		if (running != null && !running.connected().isDone()) {
			running.awaited().completeExceptionally(notConnected(null));
			running.thread().interrupt();
		}
	}

	/**
	 * Stop connecting, also if the context has never been started.
	 */
	@Override
	public void close() {
		stop();
	}

	@Override
	public boolean isRunning() {
		return !this.stopped;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

	/**
	 * An attempt to connect, in a thread of its own.
	 *
	 * @param connected completes with a check whether the connection is open, once it is
	 * made
	 * @param awaited the same, but fails when callers have waited long enough
	 * @param thread the thread that connects
	 */
	private record Attempt(CompletableFuture<BooleanSupplier> connected, CompletableFuture<BooleanSupplier> awaited,
			Thread thread) {

	}

	/**
	 * A connection factory whose connections are obtained without queueing.
	 */
	private final class Connections implements RedisConnectionFactory {

		@Override
		public RedisConnection getConnection() {
			return connect();
		}

		@Override
		public RedisClusterConnection getClusterConnection() {
			return RedisConnector.this.target.getClusterConnection();
		}

		@Override
		public RedisSentinelConnection getSentinelConnection() {
			return RedisConnector.this.target.getSentinelConnection();
		}

		@Override
		public boolean getConvertPipelineAndTxResults() {
			return RedisConnector.this.target.getConvertPipelineAndTxResults();
		}

		@Override
		public @Nullable DataAccessException translateExceptionIfPossible(RuntimeException ex) {
			return RedisConnector.this.target.translateExceptionIfPossible(ex);
		}

	}

	/**
	 * Holds all references to Lettuce classes, so that this class loads without them.
	 */
	private static final class Lettuce {

		private Lettuce() {
		}

		static boolean isUsedBy(RedisConnectionFactory connectionFactory) {
			return connectionFactory instanceof LettuceConnectionFactory;
		}

		static boolean isShared(RedisConnectionFactory connectionFactory) {
			return connectionFactory instanceof LettuceConnectionFactory lettuce && lettuce.getShareNativeConnection();
		}

		static BooleanSupplier open(RedisConnection connection) {
			RedisClusterAsyncCommands<byte[], byte[]> commands = ((LettuceConnection) connection).getNativeConnection();
			return () -> LettuceConnections.isOpen(commands);
		}

	}

}
