package io.tokensaving.dedup.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.backend.redis.RedisSubscription;
import io.tokensaving.dedup.ClusterLeases;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Leases as Redis keys with a time to live. The value of a key is a fencing token: a
 * number that grows with every lease of the same request within a hundred times its time
 * to live, and a random part. Because of the token, an instance that was paused until its
 * lease expired can neither renew nor release nor announce the lease of another instance.
 * The release of a lease is published on one channel together with its token, so that it
 * cannot be mistaken for the release of a later lease. Waiting instances also claim again
 * from time to time, in case a message is lost or their client, other than Lettuce, does
 * not receive messages. Thread-safe. Close the leases to stop their threads.
 */
public final class RedisClusterLeases implements ClusterLeases, SmartLifecycle, AutoCloseable {

	/**
	 * The default time to live of a lease, which it outlives its instance by: ten
	 * seconds.
	 */
	public static final Duration DEFAULT_TTL = Duration.ofSeconds(10);

	private static final Log logger = LogFactory.getLog(RedisClusterLeases.class);

	private static final String PREFIX = "tokensaving:";

	private static final String CHANNEL = PREFIX + "leases";

	/**
	 * How long a lease is renewed at most, even if it is never released.
	 */
	private static final Duration MAX_RENEWAL = Duration.ofMinutes(10);

	private static final int FENCE_LIFETIMES = 100;

	private static final Pattern NOTICE = Pattern.compile("([01]) ([0-9]{1,19}:[0-9a-f-]{36}) (\\S{1,128})");

	private static final int MAX_NOTICE_BYTES = 256;

	/**
	 * The largest number of releases that are remembered for a request before its holder
	 * is known.
	 */
	private static final int MAX_EARLY_NOTICES = 16;

	private static final byte[] ACQUIRE = script("""
			local holder = redis.call('GET', KEYS[1])
			if holder then
			  return holder
			end
			local fence = redis.call('INCR', KEYS[2])
			redis.call('PEXPIRE', KEYS[2], ARGV[3])
			local token = fence .. ':' .. ARGV[1]
			redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
			return token
			""");

	private static final byte[] RENEW = script("""
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

	private final ScheduledThreadPoolExecutor maintenance;

	private final ConcurrentMap<String, Set<Listener>> listening = new ConcurrentHashMap<>();

	private final RedisSubscription subscription;

	private volatile boolean stopped;

	/**
	 * Create leases of ten seconds. Does not connect yet.
	 * @param connectionFactory connects to Redis
	 */
	public RedisClusterLeases(RedisConnectionFactory connectionFactory) {
		this(connectionFactory, DEFAULT_TTL);
	}

	/**
	 * Create leases of ten seconds. Does not connect yet.
	 * @param connector connects to Redis; may be shared with other components
	 */
	public RedisClusterLeases(RedisConnector connector) {
		this(connector, DEFAULT_TTL);
	}

	/**
	 * Create leases. Does not connect yet.
	 * @param connectionFactory connects to Redis
	 * @param ttl the time to live of a lease, which it outlives its instance by, at least
	 * 100 milliseconds
	 */
	public RedisClusterLeases(RedisConnectionFactory connectionFactory, Duration ttl) {
		this(new RedisConnector(connectionFactory), ttl);
	}

	private RedisClusterLeases(RedisConnector connector, Duration ttl) {
		Assert.isTrue(ttl.toMillis() >= 100, () -> "'ttl' must be at least 100 milliseconds, but is " + ttl);
		this.connectionFactory = connector.connectionFactory();
		this.ttl = ttl;
		this.subscription = new RedisSubscription(connector, CHANNEL, "token-saving-lease-listener",
				Ticker.systemTicker(), this::receive);
		this.maintenance = new ScheduledThreadPoolExecutor(2, new DaemonThreads("token-saving-leases"));
		this.maintenance.setRemoveOnCancelPolicy(true);
		this.maintenance.setKeepAliveTime(30, TimeUnit.SECONDS);
		this.maintenance.allowCoreThreadTimeOut(true);
	}

	private static byte[] script(String lua) {
		return lua.getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public Claim claim(String fingerprint) {
		String random = UUID.randomUUID().toString();
		String ttlMillis = String.valueOf(this.ttl.toMillis());
		// Listens before it asks, as the other lease may end before the reply arrives
		Listener listener = listenTo(fingerprint);
		boolean waits = false;
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			byte[] token = connection.scriptingCommands()
				.eval(ACQUIRE, ReturnType.VALUE, 2, bytes(key("lease", fingerprint)), bytes(key("fence", fingerprint)),
						bytes(random), bytes(ttlMillis), bytes(String.valueOf(FENCE_LIFETIMES * this.ttl.toMillis())));
			Assert.state(token != null, "Redis did not say who holds the lease");
			String holder = text(token);
			if (holder.endsWith(":" + random)) {
				return Claim.granted(new RedisLease(fingerprint, token));
			}
			listener.await(holder);
			waits = true;
			return Claim.refused(listener.released);
		}
		finally {
			if (!waits) {
				listener.released.cancel(false);
			}
		}
	}

	// The fingerprint is made of the workspace too; the braces keep both keys on one node
	private static String key(String kind, String fingerprint) {
		return PREFIX + kind + ":{" + fingerprint + "}";
	}

	private Listener listenTo(String fingerprint) {
		Listener listener = new Listener();
		this.listening.compute(fingerprint, (key, present) -> {
			Set<Listener> listeners = (present != null) ? present : ConcurrentHashMap.newKeySet();
			listeners.add(listener);
			return listeners;
		});
		var unused = listener.released
			.whenComplete((answered, ex) -> this.listening.computeIfPresent(fingerprint, (key, listeners) -> {
				listeners.remove(listener);
				return listeners.isEmpty() ? null : listeners;
			}));
		this.subscription.listen();
		return listener;
	}

	private void receive(byte[] body) {
		// The message is untrusted: any client may publish
		Matcher notice = (body.length <= MAX_NOTICE_BYTES)
				? NOTICE.matcher(new String(body, StandardCharsets.ISO_8859_1)) : null;
		if (notice == null || !notice.matches()) {
			return;
		}
		Set<Listener> listeners = this.listening.get(notice.group(3));
		if (listeners != null) {
			boolean answered = notice.group(1).equals("1");
			listeners.forEach((listener) -> listener.receive(notice.group(2), answered));
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	@Override
	public void start() {
		this.stopped = false;
		this.subscription.start();
	}

	/**
	 * Stop the subscription, which a Spring context does before it closes connections.
	 * From then on the end of a lease is noticed only by claiming again.
	 */
	@Override
	public void stop() {
		this.stopped = true;
		this.subscription.stop();
	}

	@Override
	public boolean isRunning() {
		return !this.stopped;
	}

	@Override
	public int getPhase() {
		return RedisConnector.PHASE;
	}

	/**
	 * Stop the subscription and all threads. Leases that are held expire.
	 */
	@Override
	public void close() {
		stop();
		this.maintenance.shutdownNow();
	}

	/**
	 * Waits for the release of a lease. Notices may arrive before it is known which lease
	 * that is. Thread-safe.
	 */
	private static final class Listener {

		private final CompletableFuture<Boolean> released = new CompletableFuture<>();

		private final Map<String, Boolean> early = new HashMap<>();

		private @Nullable String awaited;

		synchronized void receive(String token, boolean answered) {
			if (this.awaited == null && this.early.size() < MAX_EARLY_NOTICES) {
				this.early.put(token, answered);
			}
			else if (token.equals(this.awaited)) {
				this.released.complete(answered);
			}
		}

		synchronized void await(String token) {
			this.awaited = token;
			Boolean answered = this.early.get(token);
			this.early.clear();
			if (answered != null) {
				this.released.complete(answered);
			}
		}

	}

	/**
	 * A lease that this instance holds.
	 */
	private final class RedisLease implements Lease {

		private final String fingerprint;

		private final byte[] token;

		private final AtomicBoolean released = new AtomicBoolean();

		private final ScheduledFuture<?> renewal;

		private final ScheduledFuture<?> renewalEnd;

		RedisLease(String fingerprint, byte[] token) {
			this.fingerprint = fingerprint;
			this.token = token;
			RedisClusterLeases leases = RedisClusterLeases.this;
			long period = leases.ttl.toMillis() / 3;
			this.renewal = leases.maintenance.scheduleWithFixedDelay(this::renew, period, period,
					TimeUnit.MILLISECONDS);
			this.renewalEnd = leases.maintenance.schedule(() -> this.renewal.cancel(false), MAX_RENEWAL.toMillis(),
					TimeUnit.MILLISECONDS);
		}

		private void renew() {
			RedisClusterLeases leases = RedisClusterLeases.this;
			try (RedisConnection connection = leases.connectionFactory.getConnection()) {
				Long renewed = connection.scriptingCommands()
					.eval(RENEW, ReturnType.INTEGER, 1, bytes(key("lease", this.fingerprint)), this.token,
							bytes(String.valueOf(leases.ttl.toMillis())));
				if (renewed == null || renewed == 0) {
					this.renewal.cancel(false);
				}
			}
			catch (RuntimeException ex) {
				logger.debug("A lease could not be renewed", ex);
			}
		}

		@Override
		public void release(boolean answered) {
			if (!this.released.compareAndSet(false, true)) {
				return;
			}
			this.renewal.cancel(false);
			this.renewalEnd.cancel(false);
			// In the background, because no request needs to wait for the release
			RedisClusterLeases leases = RedisClusterLeases.this;
			if (!leases.maintenance.isShutdown()) {
				leases.maintenance.execute(() -> releaseNow(answered));
			}
		}

		private void releaseNow(boolean answered) {
			try (RedisConnection connection = RedisClusterLeases.this.connectionFactory.getConnection()) {
				connection.scriptingCommands()
					.eval(RELEASE, ReturnType.INTEGER, 1, bytes(key("lease", this.fingerprint)), this.token,
							bytes(CHANNEL),
							bytes((answered ? "1 " : "0 ") + text(this.token) + " " + this.fingerprint));
			}
			catch (RuntimeException ex) {
				logger.debug("A lease could not be released; it expires by itself", ex);
			}
		}

	}

}
