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
 * Connects to Redis for all that uses the same connection factory. A Lettuce factory
 * makes the connection that its users share under a lock, and whoever asks meanwhile
 * tries again for its full timeout, one after the other, which the factory waits for when
 * it is stopped. Here one thread connects for all; who asks waits for it until it has
 * tried for two seconds and fails at once from then on, as while a connection that was
 * there is away. Other factories are asked as they are.
 * <p>
 * Stop it before the connection factory, which a Spring context does: nothing connects
 * from then on, and an attempt that is being made ends. Thread-safe.
 */
public final class RedisConnector implements SmartLifecycle, AutoCloseable {

	/**
	 * The lifecycle phase: just after connection factories start, and just before they
	 * stop.
	 */
	public static final int PHASE = 1;

	private static final boolean LETTUCE_PRESENT = ClassUtils.isPresent("io.lettuce.core.RedisClient",
			RedisConnector.class.getClassLoader());

	private static final long PATIENCE_MILLIS = 2000;

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
	 * Return the connection factory to use, whose {@code getConnection()} fails instead
	 * of queueing.
	 * @return the connection factory
	 */
	public RedisConnectionFactory connectionFactory() {
		return this.connectionFactory;
	}

	/**
	 * Return the connection factory that was given, for what has to know its class.
	 * @return the connection factory, which is connected if its connection is shared
	 */
	public RedisConnectionFactory connected() {
		if (isShared()) {
			connect().close();
		}
		return this.target;
	}

	/**
	 * Return whether the client is Lettuce, which subscribes on a connection of its own.
	 * Others take one from the application's pool and give it back, now and then with
	 * messages that nobody has read, which the next command takes for its reply.
	 * @return whether it is
	 */
	public boolean isLettuce() {
		return LETTUCE_PRESENT && Lettuce.isUsedBy(this.target);
	}

	/**
	 * Return whether all users of the factory share one connection of Lettuce, which is
	 * asked asynchronously.
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
			// Lettuce reconnects by itself; but if somebody has reset the connection of
			// the factory, there is a new one
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
		Attempt started = new Attempt(connected, connected.copy().orTimeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS),
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
	 * Connect again when asked to. The connection of before was closed with its factory.
	 */
	@Override
	public synchronized void start() {
		this.open = null;
		this.stopped = false;
	}

	/**
	 * Connect no more.
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
	 * Connect no more, also if the application has never started.
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
	 * An attempt to connect, by a thread of its own.
	 *
	 * @param connected tells whether the connection is open, once it has been made
	 * @param awaited the same, but fails when who asks has waited long enough
	 * @param thread the thread that connects
	 */
	private record Attempt(CompletableFuture<BooleanSupplier> connected, CompletableFuture<BooleanSupplier> awaited,
			Thread thread) {

	}

	/**
	 * Connections that are got without queueing.
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
	 * Is not loaded without Lettuce.
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
