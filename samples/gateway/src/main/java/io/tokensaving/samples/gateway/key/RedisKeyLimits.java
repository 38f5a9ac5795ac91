package io.tokensaving.samples.gateway.key;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.ProxyManager;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce.LettuceBasedProxyManagerBuilder;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.tokensaving.samples.gateway.key.KeyGuard.Admission;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * Limits that all instances share in Redis. The place of a request is a lease that its
 * instance renews, so that the places of an instance that was killed are free after the
 * time to live of a lease. While Redis is away each instance has its share of the limits,
 * and no request waits for Redis to come back. Thread-safe.
 */
final class RedisKeyLimits implements KeyLimits, AutoCloseable {

	/**
	 * The default time to live of a lease: 30 seconds.
	 */
	static final Duration DEFAULT_TTL = Duration.ofSeconds(30);

	private static final Log logger = LogFactory.getLog(RedisKeyLimits.class);

	private static final Duration TIMEOUT = Duration.ofMillis(500);

	private static final long LOOK_MILLIS = 1000;

	private static final long WARN_MILLIS = Duration.ofMinutes(1).toMillis();

	private static final String NOW = """
			local time = redis.call('TIME')
			local now = time[1] * 1000 + math.floor(time[2] / 1000)
			""";

	private static final String ENTER = NOW + """
			redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
			if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
			  return 0
			end
			redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
			redis.call('PEXPIRE', KEYS[1], ARGV[2])
			return 1
			""";

	// A lease that ended because its instance stood still is taken up again
	private static final String RENEW = NOW + """
			for i = 2, #ARGV do
			  redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])), ARGV[i])
			end
			redis.call('PEXPIRE', KEYS[1], ARGV[1])
			return 1
			""";

	private final RedisConnectionFactory connectionFactory;

	private final LocalKeyLimits local;

	private final Clock clock;

	private final Duration ttl;

	private final ScheduledThreadPoolExecutor thread;

	private final Set<Lease> leases = ConcurrentHashMap.newKeySet();

	private final ConcurrentMap<String, AtomicInteger> running = new ConcurrentHashMap<>();

	private volatile @Nullable Shared shared;

	private volatile long warnedAt = Long.MIN_VALUE;

	/**
	 * Create limits.
	 * @param connectionFactory connects to Redis, by Lettuce
	 * @param local limits while Redis is away
	 * @param clock tells when a warning is due again
	 * @param ttl the time to live of a lease
	 */
	RedisKeyLimits(RedisConnectionFactory connectionFactory, LocalKeyLimits local, Clock clock, Duration ttl) {
		this.connectionFactory = connectionFactory;
		this.local = local;
		this.clock = clock;
		this.ttl = ttl;
		CustomizableThreadFactory threads = new CustomizableThreadFactory("gateway-leases-");
		threads.setDaemon(true);
		this.thread = new ScheduledThreadPoolExecutor(1, threads);
		look();
		long period = Math.max(1, ttl.toMillis() / 3);
		var unused1 = this.thread.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
		var unused2 = this.thread.scheduleWithFixedDelay(this::renew, period, period, TimeUnit.MILLISECONDS);
	}

	/**
	 * See whether Redis is there. Connects, which can take long.
	 */
	void look() {
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			Object commands = connection.getNativeConnection();
			Shared present = this.shared;
			if (present == null || present.commands != commands) {
				present = Shared.of(commands);
			}
			await(present.commands.ping());
			this.shared = present;
		}
		catch (RuntimeException ex) {
			fail(ex);
		}
	}

	private void fail(RuntimeException ex) {
		this.shared = null;
		long now = this.clock.millis();
		if (this.warnedAt == Long.MIN_VALUE || now - this.warnedAt >= WARN_MILLIS) {
			this.warnedAt = now;
			logger.warn("Redis fails, so each instance has its share of the limits of keys: " + ex);
		}
	}

	@Override
	public Admission admit(ApiKey key) {
		Shared redis = this.shared;
		if (redis == null) {
			return this.local.admit(key);
		}
		Lease lease = new Lease(key);
		boolean admitted = false;
		try {
			enter(redis, lease);
			checkRates(redis, key);
			admitted = true;
		}
		catch (RefusedException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			// A client that has left says nothing about Redis
			if (Thread.currentThread().isInterrupted()) {
				throw Refusals.unavailable();
			}
			fail(ex);
		}
		finally {
			if (!admitted) {
				lease.close();
			}
		}
		return admitted ? lease : this.local.admit(key);
	}

	private void enter(Shared redis, Lease lease) {
		lease.count.incrementAndGet();
		ApiKey key = lease.key;
		Integer max = key.maxConcurrent();
		if (max == null) {
			return;
		}
		// Before the answer is known, as a lease may have been made though it is lost
		lease.leased = true;
		Long entered = redis.eval(ENTER, lease.name(), lease.id, String.valueOf(this.ttl.toMillis()),
				String.valueOf(max));
		if (entered == null || entered == 0) {
			lease.leased = false;
			throw Refusals.tooManyAtOnce(max);
		}
		this.leases.add(lease);
	}

	private static void checkRates(Shared redis, ApiKey key) {
		if (key.tokensPerMinute() != null) {
			Bucket tokens = redis.tokens(key, key.tokensPerMinute());
			if (tokens.getAvailableTokens() < 1) {
				throw Refusals.tooManyTokens(key, tokens.estimateAbilityToConsume(1).getNanosToWaitForRefill());
			}
		}
		if (key.requestsPerMinute() != null) {
			ConsumptionProbe probe = redis.requests(key, key.requestsPerMinute()).tryConsumeAndReturnRemaining(1);
			if (!probe.isConsumed()) {
				throw Refusals.tooManyRequests(key, probe.getNanosToWaitForRefill());
			}
		}
	}

	/**
	 * {@inheritDoc} Redis is told in the background.
	 */
	@Override
	public void charge(ApiKey key, long tokens) {
		Long perMinute = key.tokensPerMinute();
		if (perMinute == null || tokens <= 0) {
			return;
		}
		if (this.shared == null) {
			this.local.charge(key, tokens);
			return;
		}
		inBackground(() -> {
			Shared redis = this.shared;
			if (redis != null) {
				redis.tokens(key, perMinute).consumeIgnoringRateLimits(tokens);
			}
			else {
				this.local.charge(key, tokens);
			}
		});
	}

	/**
	 * Whether limits are shared at the moment.
	 */
	boolean isShared() {
		return this.shared != null;
	}

	@Override
	public int running(String keyId) {
		AtomicInteger count = this.running.get(keyId);
		return ((count != null) ? count.get() : 0) + this.local.running(keyId);
	}

	@Override
	public void setInstances(int instances) {
		this.local.setInstances(instances);
	}

	private void renew() {
		Shared redis = this.shared;
		if (redis == null) {
			return;
		}
		Map<String, List<String>> ids = new HashMap<>();
		for (Lease lease : this.leases) {
			ids.computeIfAbsent(lease.name(), (name) -> new ArrayList<>(List.of(String.valueOf(this.ttl.toMillis()))))
				.add(lease.id);
		}
		try {
			ids.forEach((name, arguments) -> redis.eval(RENEW, name, arguments.toArray(String[]::new)));
		}
		catch (RuntimeException ex) {
			fail(ex);
		}
	}

	private void leave(Lease lease) {
		this.leases.remove(lease);
		inBackground(() -> {
			Shared redis = this.shared;
			if (redis != null) {
				await(redis.commands.zrem(bytes(lease.name()), bytes(lease.id)));
			}
		});
	}

	private void inBackground(Runnable task) {
		try {
			this.thread.execute(() -> {
				try {
					task.run();
				}
				catch (RuntimeException ex) {
					fail(ex);
				}
			});
		}
		catch (RejectedExecutionException ex) {
			// Closed: leases end by themselves
		}
	}

	/**
	 * Wait until Redis knows what was ended before, for tests.
	 */
	void awaitBackground() {
		try {
			this.thread.submit(() -> {
			}).get(10, TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * End the work that is queued, for at most two seconds.
	 */
	@Override
	public void close() {
		this.thread.shutdown();
		try {
			if (!this.thread.awaitTermination(2, TimeUnit.SECONDS)) {
				this.thread.shutdownNow();
			}
		}
		catch (InterruptedException ex) {
			this.thread.shutdownNow();
			Thread.currentThread().interrupt();
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static <T> @Nullable T await(RedisFuture<T> reply) {
		try {
			return reply.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
		catch (ExecutionException | TimeoutException ex) {
			throw new IllegalStateException("Redis does not answer", ex);
		}
	}

	/**
	 * The place of a request.
	 */
	private final class Lease implements Admission {

		private final String id = UUID.randomUUID().toString();

		private final ApiKey key;

		private final AtomicInteger count;

		private final AtomicBoolean closed = new AtomicBoolean();

		private boolean leased;

		Lease(ApiKey key) {
			this.key = key;
			this.count = RedisKeyLimits.this.running.computeIfAbsent(key.id(), (id) -> new AtomicInteger());
		}

		String name() {
			return Shared.name(this.key, "running");
		}

		@Override
		public void close() {
			if (this.closed.compareAndSet(false, true)) {
				this.count.decrementAndGet();
				if (this.leased) {
					leave(this);
				}
			}
		}

	}

	/**
	 * An open connection. Thread-safe.
	 */
	private static final class Shared {

		private final RedisClusterAsyncCommands<byte[], byte[]> commands;

		private final ProxyManager<byte[]> buckets;

		private Shared(RedisClusterAsyncCommands<byte[], byte[]> commands,
				LettuceBasedProxyManagerBuilder<byte[]> buckets) {
			this.commands = commands;
			this.buckets = buckets.requestTimeout(TIMEOUT)
				.expirationAfterWrite(
						ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofMinutes(1)))
				.build();
		}

		@SuppressWarnings("unchecked")
		static Shared of(Object commands) {
			if (commands instanceof RedisAdvancedClusterAsyncCommands<?, ?> cluster) {
				var typed = (RedisAdvancedClusterAsyncCommands<byte[], byte[]>) cluster;
				return new Shared(typed, Bucket4jLettuce.casBasedBuilder(typed));
			}
			if (commands instanceof RedisAsyncCommands<?, ?> single) {
				var typed = (RedisAsyncCommands<byte[], byte[]>) single;
				return new Shared(typed, Bucket4jLettuce.casBasedBuilder(typed));
			}
			throw new IllegalStateException("The client of Redis must be Lettuce");
		}

		// The braces keep the keys of a workspace on one node
		static String name(ApiKey key, String kind) {
			return "tokensaving:{" + key.workspace() + "}:gateway:" + kind + ":" + key.id();
		}

		Bucket requests(ApiKey key, long perMinute) {
			return bucket(key, "requests", perMinute);
		}

		Bucket tokens(ApiKey key, long perMinute) {
			return bucket(key, "tokens", perMinute);
		}

		private Bucket bucket(ApiKey key, String kind, long perMinute) {
			return this.buckets.builder()
				.withImplicitConfigurationReplacement(key.version(), TokensInheritanceStrategy.AS_IS)
				.build(bytes(name(key, kind)),
						() -> BucketConfiguration.builder().addLimit(LocalKeyLimits.bandwidth(perMinute)).build());
		}

		@Nullable Long eval(String script, String key, String... arguments) {
			byte[][] values = new byte[arguments.length][];
			for (int i = 0; i < values.length; i++) {
				values[i] = bytes(arguments[i]);
			}
			return await(
					this.commands.<Long>eval(script, ScriptOutputType.INTEGER, new byte[][] { bytes(key) }, values));
		}

	}

}
