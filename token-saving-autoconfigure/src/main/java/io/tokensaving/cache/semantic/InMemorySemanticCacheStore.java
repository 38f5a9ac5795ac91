package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheStoreStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Keeps answers in the memory of this process, up to a number of entries and of bytes.
 * Once they are reached, Caffeine's W-TinyLFU policy keeps what is served most. The
 * search is exact in a partition of up to {@value VectorPartition#MAX_SCANNED} entries,
 * and by a graph index in a larger one. Thread-safe; close it to end the thread that
 * builds graphs.
 */
public final class InMemorySemanticCacheStore implements SemanticCacheStore, AutoCloseable {

	/**
	 * The name of this store in plans.
	 */
	public static final String BACKEND = "in_memory_semantic";

	/**
	 * The default limit of entries: 100,000.
	 */
	public static final long DEFAULT_MAX_ENTRIES = 100_000;

	/**
	 * The default limit of bytes: 256 MiB.
	 */
	public static final long DEFAULT_MAX_BYTES = 256L * 1024 * 1024;

	private static final int MAX_WAITING_PARTITIONS = 10_000;

	private final ConcurrentMap<String, VectorPartition> partitions = new ConcurrentHashMap<>();

	private final Cache<VectorItem.Key, VectorItem> items;

	private final long maxBytes;

	private final Ticker ticker;

	private final Executor indexer;

	/**
	 * Create a store with the default limits.
	 */
	public InMemorySemanticCacheStore() {
		this(DEFAULT_MAX_ENTRIES, DEFAULT_MAX_BYTES);
	}

	/**
	 * Create a store.
	 * @param maxEntries the number of entries, at least 1
	 * @param maxBytes the bytes that the entries may take up, at least 1; there may be
	 * fewer entries than {@code maxEntries} because of it, and the other way round
	 */
	public InMemorySemanticCacheStore(long maxEntries, long maxBytes) {
		this(maxEntries, maxBytes, Ticker.systemTicker(), ForkJoinPool.commonPool(), newIndexer());
	}

	/**
	 * Create a store with a clock and threads of its own.
	 * @param maxEntries the number of entries, at least 1
	 * @param maxBytes the bytes that the entries may take up, at least 1
	 * @param ticker the clock by which entries expire
	 * @param upkeep runs the upkeep of the cache
	 * @param indexer builds graphs; runs one task at a time
	 */
	InMemorySemanticCacheStore(long maxEntries, long maxBytes, Ticker ticker, Executor upkeep, Executor indexer) {
		Assert.isTrue(maxEntries >= 1, () -> "'maxEntries' must be at least 1, but is " + maxEntries);
		Assert.isTrue(maxBytes >= 1, () -> "'maxBytes' must be at least 1, but is " + maxBytes);
		this.maxBytes = maxBytes;
		this.ticker = ticker;
		this.indexer = indexer;
		// One limit bounds both: no entry weighs less than its share of the bytes
		int minWeight = (int) Math.min(Integer.MAX_VALUE, Math.max(1, maxBytes / maxEntries));
		this.items = Caffeine.newBuilder()
			.maximumWeight(maxBytes)
			.weigher((VectorItem.Key key, VectorItem item) -> Math.max(minWeight, item.bytes))
			.expireAfter(Expiry.writing((VectorItem.Key key, VectorItem item) -> Duration.ofNanos(item.ttlNanos)))
			.evictionListener(this::evicted)
			.ticker(ticker)
			.executor(upkeep)
			.recordStats()
			.build();
	}

	private static ExecutorService newIndexer() {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(MAX_WAITING_PARTITIONS), new DaemonThreads("token-saving-vector-index"));
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

	@Override
	public String backend() {
		return BACKEND;
	}

	@Override
	public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
		VectorPartition found = this.partitions.get(partition);
		if (found == null) {
			return List.of();
		}
		NearestItems nearest = new NearestItems(limit, threshold, this.ticker.read());
		found.search(vector, limit, nearest);
		List<SemanticMatch> matches = new ArrayList<>(limit);
		for (NearestItems.Found match : nearest.found()) {
			// Tells the eviction policy that the entry is of use
			VectorItem item = this.items.getIfPresent(match.item().key);
			if (item != null) {
				matches.add(new SemanticMatch(item.key.question(), item.response, match.similarity()));
			}
		}
		return matches;
	}

	@Override
	public void store(SemanticCacheEntry entry, Duration ttl) {
		VectorItem item = new VectorItem(entry, toNanos(ttl), this.ticker.read());
		this.partitions.compute(entry.partition(), (key, existing) -> {
			VectorPartition partition = (existing != null) ? existing
					: new VectorPartition(entry.vector().length, this.indexer);
			partition.add(item, entry.vector());
			return partition;
		});
		VectorItem replaced = this.items.asMap().put(item.key, item);
		if (replaced != null) {
			removeFromPartition(replaced);
		}
	}

	private static long toNanos(Duration ttl) {
		// Half the range of the clock, so that differences do not overflow
		return (ttl.compareTo(Duration.ofDays(36_500)) < 0) ? ttl.toNanos() : Duration.ofDays(36_500).toNanos();
	}

	private void evicted(VectorItem.@Nullable Key key, @Nullable VectorItem item, RemovalCause cause) {
		if (item != null) {
			removeFromPartition(item);
		}
	}

	private void removeFromPartition(VectorItem item) {
		this.partitions.computeIfPresent(item.key.partition(), (key, partition) -> {
			partition.remove(item);
			return partition.isEmpty() ? null : partition;
		});
	}

	@Override
	public long evict(CacheEviction eviction) {
		long evicted = 0;
		for (VectorItem item : this.items.asMap().values()) {
			// Not what is stored in its place meanwhile
			if (eviction.matches(item.labels) && this.items.asMap().remove(item.key, item)) {
				removeFromPartition(item);
				evicted++;
			}
		}
		return evicted;
	}

	@Override
	public boolean isBlocking() {
		return false;
	}

	@Override
	public CacheStoreStatus status() {
		long bytes = this.items.policy().eviction().map((eviction) -> eviction.weightedSize().orElse(0)).orElse(0L);
		return new CacheStoreStatus(true, this.items.estimatedSize(), bytes, this.maxBytes,
				this.items.stats().evictionCount());
	}

	@Override
	public void close() {
		if (this.indexer instanceof ExecutorService service) {
			service.shutdownNow();
		}
	}

}
