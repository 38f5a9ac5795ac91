package io.tokensaving.dedup.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.dedup.ClusterLeases;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Leases that are keys of Redis with a time to live. The value of a key is a fencing
 * token: a number that grows with every lease of the same request within a hundred times
 * its time to live, and a random part. An instance that was paused longer than its lease
 * lasted can neither prolong nor give back nor announce what is another's by now. The end
 * of a lease is published on one channel; messages that get lost, and instances that do
 * not listen because their client is not Lettuce, are made up for by asking again.
 * Thread-safe; close it to end its threads.
 */
public final class RedisClusterLeases implements ClusterLeases, SmartLifecycle, AutoCloseable {

	/**
	 * How long a lease outlives the instance that held it: ten seconds.
	 */
	public static final Duration DEFAULT_TTL = Duration.ofSeconds(10);

	private static final Log logger = LogFactory.getLog(RedisClusterLeases.class);

	private static final String PREFIX = "tokensaving:";

	private static final String CHANNEL = PREFIX + "leases";

	/**
	 * A lease is not prolonged for ever, even if nobody gives it back.
	 */
	private static final Duration LONGEST = Duration.ofMinutes(10);

	private static final int FENCE_LIFETIMES = 100;

	private static final long SUBSCRIBE_PAUSE_MILLIS = 5000;

	private static final byte[] ACQUIRE = script("""
			if redis.call('EXISTS', KEYS[1]) == 1 then
			  return false
			end
			local fence = redis.call('INCR', KEYS[2])
			redis.call('PEXPIRE', KEYS[2], ARGV[3])
			local token = fence .. ':' .. ARGV[1]
			redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
			return token
			""");

	private static final byte[] PROLONG = script("""
			if redis.call('GET', KEYS[1]) == ARGV[1] then
			  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
			end
			return 0
			""");

	private static final byte[] RELEASE = script("""
			if redis.call('GET', KEYS[1]) == ARGV[1] then
			  redis.call('DEL', KEYS[1])
			  redis.call('PUBLISH', ARGV[2], ARGV[3])
			  return 1
			end
			return 0
			""");

	private final RedisConnectionFactory connectionFactory;

	private final Duration ttl;

	private final ScheduledThreadPoolExecutor upkeep;

	private final ConcurrentMap<String, Set<CompletableFuture<Boolean>>> listening = new ConcurrentHashMap<>();

	private @Nullable RedisConnection subscription;

	private boolean subscribed;

	private boolean stopped;

	private final boolean subscribes;

	/**
	 * Create leases of ten seconds. Does not connect yet.
	 * @param connectionFactory connects to Redis
	 */
	public RedisClusterLeases(RedisConnectionFactory connectionFactory) {
		this(connectionFactory, DEFAULT_TTL);
	}

	/**
	 * Create leases of ten seconds. Does not connect yet.
	 * @param connector connects to Redis for these leases and others
	 */
	public RedisClusterLeases(RedisConnector connector) {
		this(connector, DEFAULT_TTL);
	}

	/**
	 * Create leases. Does not connect yet.
	 * @param connectionFactory connects to Redis
	 * @param ttl how long a lease outlives the instance that held it, at least 100
	 * milliseconds
	 */
	public RedisClusterLeases(RedisConnectionFactory connectionFactory, Duration ttl) {
		this(new RedisConnector(connectionFactory), ttl);
	}

	private RedisClusterLeases(RedisConnector connector, Duration ttl) {
		Assert.isTrue(ttl.toMillis() >= 100, () -> "'ttl' must be at least 100 milliseconds, but is " + ttl);
		this.connectionFactory = connector.connectionFactory();
		this.ttl = ttl;
		this.subscribes = connector.isLettuce();
		this.upkeep = new ScheduledThreadPoolExecutor(2, new DaemonThreads("token-saving-leases"));
		this.upkeep.setRemoveOnCancelPolicy(true);
		this.upkeep.setKeepAliveTime(30, TimeUnit.SECONDS);
		this.upkeep.allowCoreThreadTimeOut(true);
	}

	private static byte[] script(String lua) {
		return lua.getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public @Nullable Lease tryAcquire(String fingerprint) {
		String random = UUID.randomUUID().toString();
		String ttlMillis = String.valueOf(this.ttl.toMillis());
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			byte[] token = connection.scriptingCommands()
				.eval(ACQUIRE, ReturnType.VALUE, 2, bytes(key("lease", fingerprint)), bytes(key("fence", fingerprint)),
						bytes(random), bytes(ttlMillis), bytes(String.valueOf(FENCE_LIFETIMES * this.ttl.toMillis())));
			return (token != null) ? new RedisLease(fingerprint, token) : null;
		}
	}

	// The fingerprint is made of the workspace too; the braces keep both keys on one node
	private static String key(String kind, String fingerprint) {
		return PREFIX + kind + ":{" + fingerprint + "}";
	}

	@Override
	@SuppressWarnings("CollectionUndefinedEquality") // the same future is meant
	public CompletableFuture<Boolean> released(String fingerprint) {
		CompletableFuture<Boolean> future = new CompletableFuture<>();
		this.listening.compute(fingerprint, (key, present) -> {
			Set<CompletableFuture<Boolean>> futures = (present != null) ? present : ConcurrentHashMap.newKeySet();
			futures.add(future);
			return futures;
		});
		var unused = future
			.whenComplete((answered, ex) -> this.listening.computeIfPresent(fingerprint, (key, futures) -> {
				futures.remove(future);
				return futures.isEmpty() ? null : futures;
			}));
		listen();
		return future;
	}

	private synchronized void listen() {
		if (this.subscribed || this.stopped || !this.subscribes) {
			return;
		}
		try {
			// Subscribing waits for the server
			new DaemonThreads("token-saving-lease-listener").newThread(this::subscribe).start();
			this.subscribed = true;
		}
		catch (OutOfMemoryError ex) { // there may be no more threads
			logger.debug("Cannot listen for the end of leases; they are asked for", ex);
		}
	}

	// Lettuce subscribes on a connection of its own, and again when it reconnects
	private void subscribe() {
		RedisConnection connection = null;
		try {
			connection = this.connectionFactory.getConnection();
			connection.subscribe((message, pattern) -> tell(message), bytes(CHANNEL));
			synchronized (this) {
				if (!this.stopped) {
					this.subscription = connection;
					return;
				}
			}
		}
		catch (RuntimeException ex) {
			logger.debug("Cannot listen for the end of leases; they are asked for", ex);
			subscribeLater();
		}
		close(connection);
	}

	private synchronized void subscribeLater() {
		if (!this.stopped) {
			var unused = this.upkeep.schedule(() -> {
				synchronized (this) {
					this.subscribed = false;
				}
			}, SUBSCRIBE_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
		}
	}

	private static void close(@Nullable RedisConnection connection) {
		try {
			if (connection != null) {
				connection.close();
			}
		}
		catch (RuntimeException ex) {
			logger.debug("The subscription could not be ended", ex);
		}
	}

	private void tell(Message message) {
		String text = new String(message.getBody(), StandardCharsets.US_ASCII);
		Set<CompletableFuture<Boolean>> futures = (text.length() > 2) ? this.listening.get(text.substring(2)) : null;
		if (futures != null) {
			futures.forEach((future) -> future.complete(text.startsWith("1")));
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public synchronized void start() {
		this.stopped = false;
	}

	/**
	 * End the subscription, which a Spring context does before connections are closed.
	 * The end of leases is asked for from then on.
	 */
	@Override
	public void stop() {
		RedisConnection connection;
		synchronized (this) {
			this.stopped = true;
			this.subscribed = false;
			connection = this.subscription;
			this.subscription = null;
		}
		close(connection);
	}

	@Override
	public synchronized boolean isRunning() {
		return !this.stopped;
	}

	@Override
	public int getPhase() {
		return RedisConnector.PHASE;
	}

	/**
	 * End the subscription and the threads. Leases that are held end by themselves.
	 */
	@Override
	public void close() {
		stop();
		this.upkeep.shutdownNow();
	}

	/**
	 * A lease that is held.
	 */
	private final class RedisLease implements Lease {

		private final String fingerprint;

		private final byte[] token;

		private final AtomicBoolean released = new AtomicBoolean();

		private final ScheduledFuture<?> prolonging;

		private final ScheduledFuture<?> longest;

		RedisLease(String fingerprint, byte[] token) {
			this.fingerprint = fingerprint;
			this.token = token;
			RedisClusterLeases leases = RedisClusterLeases.this;
			long period = leases.ttl.toMillis() / 3;
			this.prolonging = leases.upkeep.scheduleWithFixedDelay(this::prolong, period, period,
					TimeUnit.MILLISECONDS);
			this.longest = leases.upkeep.schedule(() -> this.prolonging.cancel(false), LONGEST.toMillis(),
					TimeUnit.MILLISECONDS);
		}

		private void prolong() {
			RedisClusterLeases leases = RedisClusterLeases.this;
			try (RedisConnection connection = leases.connectionFactory.getConnection()) {
				Long prolonged = connection.scriptingCommands()
					.eval(PROLONG, ReturnType.INTEGER, 1, bytes(key("lease", this.fingerprint)), this.token,
							bytes(String.valueOf(leases.ttl.toMillis())));
				if (prolonged == null || prolonged == 0) {
					this.prolonging.cancel(false);
				}
			}
			catch (RuntimeException ex) {
				logger.debug("A lease could not be prolonged", ex);
			}
		}

		@Override
		public void release(boolean answered) {
			if (!this.released.compareAndSet(false, true)) {
				return;
			}
			this.prolonging.cancel(false);
			this.longest.cancel(false);
			// Nobody has to wait for it
			RedisClusterLeases leases = RedisClusterLeases.this;
			if (!leases.upkeep.isShutdown()) {
				leases.upkeep.execute(() -> releaseNow(answered));
			}
		}

		private void releaseNow(boolean answered) {
			try (RedisConnection connection = RedisClusterLeases.this.connectionFactory.getConnection()) {
				connection.scriptingCommands()
					.eval(RELEASE, ReturnType.INTEGER, 1, bytes(key("lease", this.fingerprint)), this.token,
							bytes(CHANNEL), bytes((answered ? "1 " : "0 ") + this.fingerprint));
			}
			catch (RuntimeException ex) {
				logger.debug("A lease could not be given back; it ends by itself", ex);
			}
		}

	}

}
