package io.tokensaving.cache.exact.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
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
import java.util.regex.Pattern;

import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryCounting;
import io.tokensaving.cache.EntryInput;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.exact.AsyncExactCacheStore;
import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
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
 * Stores answers in Redis, on the connection factory of the application: Lettuce or
 * Jedis, one server, Sentinel or Cluster. A look-up is one round trip. The time to live
 * is shortened by a random share of up to a tenth, so that answers stored together do not
 * expire together. Thread-safe.
 * <p>
 * Evictions scan the keys with a cursor, which does not block the server but takes long
 * on a large one. Answers with a tag are found through an index that is written along
 * with them.
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

	// An answer is served until its expiry by this instance's clock plus this margin,
	// because the clock of the instance that stored it may differ
	private static final long CLOCK_MARGIN_MILLIS = 60_000;

	// Adds a member with its time of expiry as score, removes expired members, and lets
	// the index expire with its longest-lived member. Uses the clock of the server: with
	// those of the instances, the fastest would remove members of all others too early
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

	// Reads one page of an index. Others may write any member to it, so members that
	// cannot be a key of an answer are removed here: they may be too long to be sent.
	// Returns the next cursor, the number of removed members and the remaining ones, or
	// nothing if the key holds another type
	private static final byte[] READ_INDEX = """
			local type = redis.call('TYPE', KEYS[1]).ok
			if type ~= 'zset' and type ~= 'none' then
			  return {}
			end
			local page = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
			local prefix, longest = ARGV[3], tonumber(ARGV[4])
			local reply, strange = { page[1], '0' }, 0
			for i = 1, #page[2], 2 do
			  local member = page[2][i]
			  if #member <= longest and string.sub(member, 1, #prefix) == prefix then
			    reply[#reply + 1] = member
			  else
			    redis.call('ZREM', KEYS[1], member)
			    strange = strange + 1
			  end
			end
			reply[2] = tostring(strange)
			return reply
			""".getBytes(StandardCharsets.UTF_8);

	private static final Pattern CURSOR = Pattern.compile("[0-9]{1,20}");

	private static final int MAX_COUNTED = 10_000;

	private static final int MAX_KEY_LENGTH = 512;

	private static final Log logger = LogFactory.getLog(RedisExactCacheStore.class);

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
	 * Connect in the background, so that the first request does not wait for it.
	 */
	public void connect() {
		this.connection.connect();
	}

	/**
	 * Return a builder.
	 * @param connectionFactory connects to Redis
	 * @return a builder
	 */
	public static Builder builder(RedisConnectionFactory connectionFactory) {
		return builder(new RedisConnector(connectionFactory));
	}

	/**
	 * Return a builder.
	 * @param connector connects to Redis; may be shared with other stores
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
	public CompletionStage<Supplier<@Nullable CachedResponse>> findAsync(CacheKey key, ReadLimit limit) {
		CachedResponse near = (this.nearCache != null) ? this.nearCache.find(key) : null;
		if (near != null) {
			return CompletableFuture.completedFuture(() -> near);
		}
		String name = RedisKeys.entry(key);
		long evictions = evictions();
		// Reads one byte more than the limit, to recognise a value that is too large
		return this.connection.get(ascii(name), EntryCodec.maxSealedBytes(limit.maxBytes()) + 1)
			.thenApply((bytes) -> () -> read(key, name, bytes, limit, evictions));
	}

	private @Nullable CachedResponse read(CacheKey key, String name, byte @Nullable [] bytes, ReadLimit limit,
			long evictions) {
		DatedResponse found = (bytes != null && bytes.length > 0)
				? this.codec.open(bytes, name, limit, RedisExactCacheStore::read) : null;
		long ttlMillis = (found != null) ? found.expiresAt() - this.clock.millis() : Long.MIN_VALUE;
		if (found == null || ttlMillis < -CLOCK_MARGIN_MILLIS) {
			// Redis expires its keys, but an expired value may have been written back
			return null;
		}
		if (this.nearCache != null) {
			this.nearCache.keepRead(key, found.response(), ttlMillis, evictions);
		}
		return found.response();
	}

	private static DatedResponse read(EntryInput entry) {
		long expiresAt = entry.readLong();
		Assert.isTrue(expiresAt >= 0, "The expiry of the entry is before 1970");
		return new DatedResponse(expiresAt, CachedResponseCodec.decode(entry));
	}

	private long evictions() {
		return (this.nearCache != null) ? this.nearCache.evictions() : 0;
	}

	@Override
	public @Nullable CachedResponse find(CacheKey key) {
		return find(key, ReadLimit.ofBytes(CacheSettings.DEFAULT_MAX_ENTRY_BYTES));
	}

	@Override
	public @Nullable CachedResponse find(CacheKey key, ReadLimit limit) {
		try {
			return findAsync(key, limit).toCompletableFuture().join().get();
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
			// The index is written first, so that it covers every tagged answer
			index(key.workspace(), tags, name, ttlMillis);
		}
		this.connection.set(ascii(name), this.codec.seal(content, name), ttlMillis);
		if (this.nearCache != null) {
			// An older answer in the near cache must not be served any more
			this.nearCache.keepWritten(key, response, ttlMillis, evictions);
		}
	}

	@Override
	public boolean addTags(CacheKey key, Duration ttl, Set<String> tags) {
		index(key.workspace(), tags, RedisKeys.entry(key), Math.max(1, ttl.toMillis()));
		return true;
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
	public long evict(Eviction eviction) {
		try {
			return (eviction.tag() != null)
					? evictTagged(eviction, ascii(RedisKeys.tag(eviction.workspace(), eviction.tag())))
					: evictScanned(eviction);
		}
		finally {
			// Last, so that evicted answers cannot be read from Redis into it again
			if (this.nearCache != null) {
				this.nearCache.evict(eviction.workspace());
			}
		}
	}

	/**
	 * Count the keys of answers, or those that the index of a tag has: up to
	 * {@value #MAX_COUNTED} keys of Redis, or members of the index, are looked at. The
	 * index has answers that have not expired, also those that were evicted since.
	 * @param selection selects the answers
	 * @return the counts, without tags
	 */
	@Override
	public EntryCounts count(Eviction selection) {
		KeyCount count = new KeyCount(selection);
		String tag = selection.tag();
		// Closing a cursor closes its connection
		RedisConnection connection = this.connectionFactory.getConnection();
		try (connection) {
			return count
				.counts((tag != null) ? countTagged(ascii(RedisKeys.tag(selection.workspace(), tag)), connection, count)
						: countScanned(connection, count));
		}
	}

	private boolean countTagged(byte[] index, RedisConnection connection, KeyCount count) {
		long expired = this.clock.millis() - CLOCK_MARGIN_MILLIS;
		try (Cursor<Tuple> members = connection.zSetCommands()
			.zScan(index, ScanOptions.scanOptions().count(BATCH).build())) {
			while (members.hasNext()) {
				if (count.isOver()) {
					return false;
				}
				Tuple member = members.next();
				count.look((member.getScore() > expired) ? member.getValue() : null);
			}
			return true;
		}
	}

	// Without a pattern: Redis would go on until a key matches, however long that takes
	private static boolean countScanned(RedisConnection connection, KeyCount count) {
		ScanOptions options = ScanOptions.scanOptions().count(BATCH).build();
		if (!(connection instanceof RedisClusterConnection cluster)) {
			return countScanned(connection.keyCommands().scan(options), count);
		}
		for (RedisClusterNode node : cluster.clusterGetNodes()) {
			if (node.isMaster() && !node.getSlotRange().getSlots().isEmpty()
					&& !countScanned(cluster.scan(node, options), count)) {
				return false;
			}
		}
		return true;
	}

	private static boolean countScanned(Cursor<byte[]> keys, KeyCount count) {
		try (keys) {
			while (keys.hasNext()) {
				if (count.isOver()) {
					return false;
				}
				count.look(keys.next());
			}
			return true;
		}
	}

	private long evictScanned(Eviction eviction) {
		// Closing the cursor closes this connection
		RedisConnection scanning = this.connectionFactory.getConnection();
		try (RedisConnection connection = this.connectionFactory.getConnection(); scanning) {
			ScanOptions options = ScanOptions.scanOptions().match(RedisKeys.pattern(eviction)).count(BATCH).build();
			return (scanning instanceof RedisClusterConnection cluster)
					? evictNodes(eviction, connection, cluster, options)
					: evictScanned(eviction, connection, scanning.keyCommands().scan(options));
		}
	}

	private static long evictNodes(Eviction eviction, RedisConnection connection, RedisClusterConnection cluster,
			ScanOptions options) {
		long evicted = 0;
		RuntimeException failure = null;
		for (RedisClusterNode node : cluster.clusterGetNodes()) {
			// A failed master that was replaced stays in the list, without slots
			if (!node.isMaster() || node.getSlotRange().getSlots().isEmpty()) {
				continue;
			}
			try {
				evicted += evictScanned(eviction, connection, cluster.scan(node, options));
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

	private static long evictScanned(Eviction eviction, RedisConnection connection, Cursor<byte[]> cursor) {
		try (cursor) {
			long evicted = 0;
			List<byte[]> batch = new ArrayList<>(BATCH);
			while (cursor.hasNext()) {
				byte[] key = cursor.next();
				if (key.length <= MAX_KEY_LENGTH && RedisKeys.matches(eviction, text(key))) {
					batch.add(key);
				}
				if (batch.size() == BATCH) {
					evicted += unlink(connection, batch);
					batch.clear();
				}
			}
			return evicted + unlink(connection, batch);
		}
	}

	private long evictTagged(Eviction eviction, byte[] index) {
		long evicted = 0;
		long strange = 0;
		String cursor = "0";
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			do {
				List<String> page = readIndex(connection, index, cursor, eviction.workspace());
				if (page.isEmpty()) {
					logger.warn(
							"The key of the index of a tag holds a value of another type: as it is not known which answers "
									+ "have the tag, all are evicted that the eviction could mean");
					connection.keyCommands().unlink(index);
					return evicted + evictScanned(eviction);
				}
				cursor = page.get(0);
				List<String> names = page.subList(2, page.size());
				strange += Long.parseLong(page.get(1)) + removeStrange(connection, index, eviction.workspace(), names);
				// Evicted keys stay in the index, as they may be stored again meanwhile
				evicted += unlink(connection,
						names.stream()
							.filter((name) -> RedisKeys.matches(eviction, name))
							.map(RedisExactCacheStore::ascii)
							.toList());
			}
			while (!cursor.equals("0"));
		}
		if (strange > 0) {
			logger.warn("Removed %d members from the index of a tag that are no keys of answers of its workspace"
				.formatted(strange));
		}
		return evicted;
	}

	private static List<String> readIndex(RedisConnection connection, byte[] index, String cursor, String workspace) {
		Object reply = connection.scriptingCommands()
			.eval(READ_INDEX, ReturnType.MULTI, 1, index, ascii(cursor), ascii(String.valueOf(BATCH)),
					ascii(RedisKeys.entries(workspace)), ascii(String.valueOf(MAX_KEY_LENGTH)));
		Assert.state(reply instanceof List<?>, "Redis did not reply with a page of an index");
		List<String> page = ((List<?>) reply).stream().map(RedisExactCacheStore::text).toList();
		Assert.state(page.isEmpty() || (page.size() >= 2 && CURSOR.matcher(page.get(0)).matches()),
				"Redis did not reply with a page of an index");
		return page;
	}

	private static long removeStrange(RedisConnection connection, byte[] index, String workspace, List<String> names) {
		List<byte[]> strange = names.stream()
			.filter((name) -> !RedisKeys.isEntry(workspace, name))
			.map((name) -> name.getBytes(StandardCharsets.ISO_8859_1))
			.toList();
		if (!strange.isEmpty()) {
			connection.zSetCommands().zRem(index, strange.toArray(byte[][]::new));
		}
		return strange.size();
	}

	// Maps each byte to one char, so that any bytes can be compared and converted back
	private static String text(@Nullable Object bytes) {
		return (bytes instanceof byte[] content) ? new String(content, StandardCharsets.ISO_8859_1)
				: String.valueOf(bytes);
	}

	private static long unlink(RedisConnection connection, List<byte[]> keys) {
		Long count = keys.isEmpty() ? null : connection.keyCommands().unlink(keys.toArray(byte[][]::new));
		return (count != null) ? count : 0;
	}

	@Override
	public CacheStoreStatus status() {
		try {
			this.connection.get(ascii(RedisKeys.NONE), 1)
				.toCompletableFuture()
				.get(STATUS_MILLIS, TimeUnit.MILLISECONDS);
			// The number of keys on the server that belong to this store is not known
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
	 * Stop the threads of this store. The connections belong to the application and stay
	 * open.
	 */
	@Override
	public void close() {
		this.connection.close();
	}

	/**
	 * Counts keys, each once: Redis may return one again while its table grows.
	 */
	private static final class KeyCount {

		private final Eviction selection;

		private final EntryCounting counting = new EntryCounting();

		private final Set<String> counted = new HashSet<>();

		private int looked;

		KeyCount(Eviction selection) {
			this.selection = selection;
		}

		boolean isOver() {
			return this.looked >= MAX_COUNTED;
		}

		void look(byte @Nullable [] bytes) {
			this.looked++;
			String key = (bytes != null && bytes.length <= MAX_KEY_LENGTH) ? text(bytes) : "";
			if (RedisKeys.matches(this.selection, key) && this.counted.add(key)) {
				String workspace = this.selection.workspace();
				this.counting.add(RedisKeys.planOf(workspace, key), RedisKeys.scopeOf(workspace, key), Set.of());
			}
		}

		EntryCounts counts(boolean complete) {
			return this.counting.withoutTags(complete);
		}

	}

	/**
	 * An answer with its time of expiry.
	 */
	private record DatedResponse(long expiresAt, CachedResponse response) {

	}

	/**
	 * Builds a {@link RedisExactCacheStore}. Not thread-safe.
	 */
	public static final class Builder {

		/**
		 * The default time that an answer stays in the near cache: five seconds.
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
		 * Set the codec that compresses and encrypts. Default: compression above 4 KiB,
		 * no encryption.
		 * @param codec the codec
		 * @return this builder
		 */
		public Builder codec(EntryCodec codec) {
			this.codec = codec;
			return this;
		}

		/**
		 * Set a near cache: recently used answers are kept in the memory of this process
		 * too. It may serve an answer that another instance has evicted until the time is
		 * over. Default: no near cache.
		 * @param maxBytes the maximum size in bytes, 0 for no near cache
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
		 * Set the clock that determines whether an answer has expired, in addition to the
		 * expiry in Redis. Default: the system clock in UTC.
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
