package io.tokensaving.cache.exact.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.exact.AsyncExactCacheStore;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisClusterNode;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.connection.zset.Tuple;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.util.Assert;

/**
 * Keeps answers in Redis, on the connection factory of the application: Lettuce or Jedis,
 * one server, Sentinel or Cluster. Answers are found in one round trip. They live up to a
 * tenth shorter than asked for, so that what was stored together does not expire
 * together. Thread-safe.
 * <p>
 * Answers are evicted by a cursor over the keys, which blocks nobody but takes its time
 * on a large server; those of a tag by an index that is written along with tagged
 * answers.
 */
public final class RedisExactCacheStore implements AsyncExactCacheStore, AutoCloseable {

	/**
	 * The name of this store in plans.
	 */
	public static final String BACKEND = "redis";

	private static final double JITTER = 0.1;

	private static final int BATCH = 500;

	private static final long STATUS_MILLIS = 1000;

	private static final int EXPIRY_BYTES = Long.BYTES;

	// By how much the clocks of two instances may differ before one does not serve what
	// the other has stored
	private static final long CLOCK_MARGIN_MILLIS = 60_000;

	// Adds a member by its time of expiry, forgets what is expired, and lives as long as
	// its longest-lived member. All by the clock of the server, as the instance with the
	// fastest clock would make all others forget too early
	private static final byte[] ADD_TO_INDEX = """
			local time, ttl = redis.call('TIME'), tonumber(ARGV[1])
			local now = time[1] * 1000 + math.floor(time[2] / 1000)
			redis.call('ZADD', KEYS[1], now + ttl, ARGV[2])
			redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
			if redis.call('PTTL', KEYS[1]) < ttl then
			  redis.call('PEXPIRE', KEYS[1], ttl)
			end
			return 1
			""".getBytes(StandardCharsets.UTF_8);

	private final RedisConnectionFactory connectionFactory;

	private final EntryConnection connection;

	private final EntryCodec codec;

	private final @Nullable NearCache nearCache;

	private final Clock clock;

	private RedisExactCacheStore(Builder builder) {
		this.connectionFactory = builder.connector.connectionFactory();
		this.codec = builder.codec;
		this.nearCache = (builder.nearCacheBytes > 0) ? new NearCache(builder.nearCacheBytes, builder.nearCacheTtl)
				: null;
		this.clock = builder.clock;
		this.connection = builder.connector.isShared() ? new LettuceEntryConnection(this.connectionFactory)
				: new BlockingEntryConnection(this.connectionFactory);
	}

	/**
	 * Connect in the background, so that the first request need not wait for it.
	 */
	public void connect() {
		this.connection.connect();
	}

	/**
	 * Start a store.
	 * @param connectionFactory connects to Redis
	 * @return a builder
	 */
	public static Builder builder(RedisConnectionFactory connectionFactory) {
		return builder(new RedisConnector(connectionFactory));
	}

	/**
	 * Start a store.
	 * @param connector connects to Redis for the store and others
	 * @return a builder
	 */
	public static Builder builder(RedisConnector connector) {
		return new Builder(connector);
	}

	@Override
	public String backend() {
		return BACKEND;
	}

	@Override
	public CompletionStage<Supplier<@Nullable CachedResponse>> findAsync(CacheKey key) {
		CachedResponse near = (this.nearCache != null) ? this.nearCache.find(key) : null;
		if (near != null) {
			return CompletableFuture.completedFuture(() -> near);
		}
		String name = RedisKeys.entry(key);
		long evictions = evictions();
		return this.connection.get(ascii(name)).thenApply((bytes) -> () -> read(key, name, bytes, evictions));
	}

	private @Nullable CachedResponse read(CacheKey key, String name, byte @Nullable [] bytes, long evictions) {
		byte[] content = (bytes != null) ? this.codec.open(bytes, name) : null;
		if (content == null) {
			return null;
		}
		long ttlMillis = ByteBuffer.wrap(content).getLong() - this.clock.millis();
		if (ttlMillis < -CLOCK_MARGIN_MILLIS) {
			// Redis has forgotten it, but somebody has put it back
			return null;
		}
		CachedResponse response = CachedResponseCodec.decode(Arrays.copyOfRange(content, EXPIRY_BYTES, content.length));
		if (this.nearCache != null) {
			this.nearCache.keepRead(key, response, ttlMillis, evictions);
		}
		return response;
	}

	private long evictions() {
		return (this.nearCache != null) ? this.nearCache.evictions() : 0;
	}

	@Override
	public @Nullable CachedResponse find(CacheKey key) {
		try {
			return findAsync(key).toCompletableFuture().join().get();
		}
		catch (CompletionException ex) {
			throw (ex.getCause() instanceof RuntimeException cause) ? cause : ex;
		}
	}

	@Override
	public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
		String name = RedisKeys.entry(key);
		long evictions = evictions();
		long ttlMillis = Math.max(1, (long) (ttl.toMillis() * (1 - JITTER * ThreadLocalRandom.current().nextDouble())));
		byte[] encoded = CachedResponseCodec.encode(response);
		byte[] content = ByteBuffer.allocate(EXPIRY_BYTES + encoded.length)
			.putLong(this.clock.millis() + ttlMillis)
			.put(encoded)
			.array();
		if (!tags.isEmpty()) {
			// Before the answer, so that there is none that its tags do not lead to
			index(key.workspace(), tags, name, ttlMillis);
		}
		this.connection.set(ascii(name), this.codec.seal(content, name), ttlMillis);
		if (this.nearCache != null) {
			// An older answer must not be served any more
			this.nearCache.keepWritten(key, response, ttlMillis, evictions);
		}
	}

	private void index(String workspace, Set<String> tags, String name, long ttlMillis) {
		byte[] ttl = ascii(String.valueOf(ttlMillis));
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			for (String tag : tags) {
				connection.scriptingCommands()
					.eval(ADD_TO_INDEX, ReturnType.INTEGER, 1, ascii(RedisKeys.tag(workspace, tag)), ttl, ascii(name));
			}
		}
	}

	@Override
	public long evict(CacheEviction eviction) {
		try {
			return (eviction.tag() != null)
					? evictTagged(eviction, ascii(RedisKeys.tag(eviction.workspace(), eviction.tag())))
					: evictScanned(eviction);
		}
		finally {
			// Afterwards, so that nothing that Redis still had gets back in
			if (this.nearCache != null) {
				this.nearCache.evict(eviction.workspace());
			}
		}
	}

	private long evictScanned(CacheEviction eviction) {
		// The end of a cursor closes its connection
		RedisConnection scanning = this.connectionFactory.getConnection();
		try (RedisConnection connection = this.connectionFactory.getConnection(); scanning) {
			ScanOptions options = ScanOptions.scanOptions().match(RedisKeys.pattern(eviction)).count(BATCH).build();
			return (scanning instanceof RedisClusterConnection cluster) ? evictNodes(connection, cluster, options)
					: evictScanned(connection, scanning.keyCommands().scan(options));
		}
	}

	private static long evictNodes(RedisConnection connection, RedisClusterConnection cluster, ScanOptions options) {
		long evicted = 0;
		RuntimeException failure = null;
		for (RedisClusterNode node : cluster.clusterGetNodes()) {
			// A master that has failed and was replaced stays in the list without slots
			if (!node.isMaster() || node.getSlotRange().getSlots().isEmpty()) {
				continue;
			}
			try {
				evicted += evictScanned(connection, cluster.scan(node, options));
			}
			catch (RuntimeException ex) {
				if (failure == null) {
					failure = ex;
				}
				else {
					failure.addSuppressed(ex);
				}
			}
		}
		if (failure != null) {
			throw failure;
		}
		return evicted;
	}

	private static long evictScanned(RedisConnection connection, Cursor<byte[]> cursor) {
		try (cursor) {
			long evicted = 0;
			List<byte[]> batch = new ArrayList<>(BATCH);
			while (cursor.hasNext()) {
				batch.add(cursor.next());
				if (batch.size() == BATCH) {
					evicted += unlink(connection, batch);
					batch.clear();
				}
			}
			return evicted + unlink(connection, batch);
		}
	}

	private long evictTagged(CacheEviction eviction, byte[] index) {
		Set<String> names = new HashSet<>();
		try (RedisConnection scanning = this.connectionFactory.getConnection();
				Cursor<Tuple> cursor = scanning.zSetCommands()
					.zScan(index, ScanOptions.scanOptions().count(BATCH).build())) {
			cursor.forEachRemaining((member) -> names.add(new String(member.getValue(), StandardCharsets.US_ASCII)));
		}
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			long evicted = 0;
			List<byte[]> batch = new ArrayList<>(BATCH);
			for (String name : names) {
				if (RedisKeys.matches(eviction, name)) {
					batch.add(ascii(name));
				}
				if (batch.size() == BATCH) {
					evicted += unlink(connection, batch);
					batch.clear();
				}
			}
			// The index keeps them until they expire, as they may be stored again
			// meanwhile
			return evicted + unlink(connection, batch);
		}
	}

	private static long unlink(RedisConnection connection, List<byte[]> keys) {
		Long count = keys.isEmpty() ? null : connection.keyCommands().unlink(keys.toArray(byte[][]::new));
		return (count != null) ? count : 0;
	}

	@Override
	public CacheStoreStatus status() {
		try {
			this.connection.get(ascii(RedisKeys.NONE)).toCompletableFuture().get(STATUS_MILLIS, TimeUnit.MILLISECONDS);
			// How many of the keys of the server are ours is not known
			return new CacheStoreStatus(true, null, null, null, null);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return CacheStoreStatus.UNAVAILABLE;
		}
		catch (ExecutionException | TimeoutException | RuntimeException ex) {
			return CacheStoreStatus.UNAVAILABLE;
		}
	}

	private static byte[] ascii(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * End the threads of this store. The connections are the application's and stay.
	 */
	@Override
	public void close() {
		this.connection.close();
	}

	/**
	 * Builds a {@link RedisExactCacheStore}. Not thread-safe.
	 */
	public static final class Builder {

		/**
		 * How long an answer stays in the near cache by default: five seconds.
		 */
		public static final Duration DEFAULT_NEAR_CACHE_TTL = Duration.ofSeconds(5);

		private final RedisConnector connector;

		private EntryCodec codec = new EntryCodec();

		private long nearCacheBytes;

		private Duration nearCacheTtl = DEFAULT_NEAR_CACHE_TTL;

		private Clock clock = Clock.systemUTC();

		private Builder(RedisConnector connector) {
			this.connector = connector;
		}

		/**
		 * Set what compresses and encrypts. Default: compressed above 4 KiB, not
		 * encrypted.
		 * @param codec the codec
		 * @return this builder
		 */
		public Builder codec(EntryCodec codec) {
			this.codec = codec;
			return this;
		}

		/**
		 * Keep what was asked for last in the memory of this process too. What another
		 * instance evicts may be served from there until its time is over. Default: no
		 * near cache.
		 * @param maxBytes the bytes it may take up, 0 for none
		 * @param ttl how long an answer stays there, above zero
		 * @return this builder
		 */
		public Builder nearCache(long maxBytes, Duration ttl) {
			Assert.isTrue(maxBytes >= 0, () -> "'maxBytes' must be at least 0, but is " + maxBytes);
			Assert.isTrue(!ttl.isZero() && !ttl.isNegative(), () -> "'ttl' must be above zero, but is " + ttl);
			this.nearCacheBytes = maxBytes;
			this.nearCacheTtl = ttl;
			return this;
		}

		/**
		 * Set the clock by which it is known that an answer has expired, beyond what
		 * Redis does itself. Default: the system's.
		 * @param clock the clock
		 * @return this builder
		 */
		public Builder clock(Clock clock) {
			this.clock = clock;
			return this;
		}

		/**
		 * Build the store. It connects when it is first used.
		 * @return the store
		 */
		public RedisExactCacheStore build() {
			return new RedisExactCacheStore(this);
		}

	}

}
