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
import java.util.concurrent.atomic.AtomicBoolean;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.EntryCounting;
import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.util.ClassUtils;

/**
 * Keeps answers in the memory of this process, up to a number of entries and of bytes.
 * When either is reached, Caffeine's W-TinyLFU policy keeps the answers that are served
 * most. A partition of up to {@value VectorPartition#MAX_SCANNED} entries is searched
 * exactly, a larger one through a graph index if {@value #GRAPH_ARTIFACT} is on the class
 * path. Without it every search is exact, in a time that grows with the size of the
 * partition, and a warning is logged once for partitions of more than
 * {@value #MAX_SCANNED_SILENTLY} entries. Thread-safe. Close a store to stop the thread
 * that builds graphs.
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

	/**
	 * The artifact that graph indexes of large partitions need.
	 */
	public static final String GRAPH_ARTIFACT = "io.github.jbellis:jvector";

	/**
	 * A class of {@link #GRAPH_ARTIFACT}.
	 */
	public static final String GRAPH_CLASS = "io.github.jbellis.jvector.graph.GraphIndexBuilder";

	/**
	 * The size of a partition up to which a search without a graph takes about a
	 * millisecond at 384 dimensions.
	 */
	public static final int MAX_SCANNED_SILENTLY = 10_000;

	private static final int MAX_WAITING_PARTITIONS = 10_000;

	private static final Log logger = LogFactory.getLog(InMemorySemanticCacheStore.class);

	private final ConcurrentMap<String, VectorPartition> partitions = new ConcurrentHashMap<>();

	private final Cache<VectorItem.Key, VectorItem> items;

	private final long maxBytes;

	private final Ticker ticker;

	private final @Nullable Executor indexer;

	private final AtomicBoolean warned = new AtomicBoolean();

	/**
	 * Create a store with the default limits.
	 */
	public InMemorySemanticCacheStore() {
		this(DEFAULT_MAX_ENTRIES, DEFAULT_MAX_BYTES);
	}

	/**
	 * Create a store.
	 * @param maxEntries the largest number of entries, at least 1
	 * @param maxBytes the largest total size of the entries in bytes, at least 1;
	 * whichever limit is reached first applies
	 */
	public InMemorySemanticCacheStore(long maxEntries, long maxBytes) {
		this(maxEntries, maxBytes, Ticker.systemTicker(), ForkJoinPool.commonPool(), newIndexer());
	}

	/**
	 * Create a store with a clock and threads of its own.
	 * @param maxEntries the largest number of entries, at least 1
	 * @param maxBytes the largest total size of the entries in bytes, at least 1
	 * @param ticker the clock by which entries expire
	 * @param maintenance runs the maintenance of the cache
	 * @param indexer builds graphs, one at a time, or {@code null} to build none
	 */
	InMemorySemanticCacheStore(long maxEntries, long maxBytes, Ticker ticker, Executor maintenance,
			@Nullable Executor indexer) {
		Assert.isTrue(maxEntries >= 1, () -> "'maxEntries' must be at least 1, but is " + maxEntries);
		Assert.isTrue(maxBytes >= 1, () -> "'maxBytes' must be at least 1, but is " + maxBytes);
		this.maxBytes = maxBytes;
		this.ticker = ticker;
		this.indexer = indexer;
		// With this minimum weight, the limit of bytes bounds the number of entries too
		int minWeight = (int) Math.min(Integer.MAX_VALUE, Math.max(1, maxBytes / maxEntries));
		this.items = Caffeine.newBuilder()
			.maximumWeight(maxBytes)
			.weigher((VectorItem.Key key, VectorItem item) -> Math.max(minWeight, item.bytes))
			.expireAfter(Expiry.writing((VectorItem.Key key, VectorItem item) -> Duration.ofNanos(item.ttlNanos)))
			.evictionListener(this::evicted)
			.ticker(ticker)
			.executor(maintenance)
			.recordStats()
			.build();
	}

	private static @Nullable ExecutorService newIndexer() {
		if (!ClassUtils.isPresent(GRAPH_CLASS, InMemorySemanticCacheStore.class.getClassLoader())) {
			return null;
		}
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
			// This read tells the eviction policy that the entry is used
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
		VectorPartition partition = this.partitions.compute(entry.partition(), (key, existing) -> {
			VectorPartition changed = (existing != null) ? existing
					: new VectorPartition(entry.vector().length, this.indexer);
			changed.add(item, entry.vector());
			return changed;
		});
		VectorItem replaced = this.items.asMap().put(item.key, item);
		if (replaced != null) {
			removeFromPartition(replaced);
		}
		if (this.indexer == null && !this.warned.get() && partition.size() > MAX_SCANNED_SILENTLY
				&& this.warned.compareAndSet(false, true)) {
			logger.warn(("Questions are compared one by one with more than %d entries of a partition of the semantic "
					+ "cache in memory, as '%s' is not on the class path. Add it to search by a graph, or lower "
					+ "'token-saving.in-memory-semantic.max-entries'.")
				.formatted(MAX_SCANNED_SILENTLY, GRAPH_ARTIFACT));
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
			return (partition.size() == 0) ? null : partition;
		});
	}

	@Override
	public long evict(Eviction eviction) {
		long evicted = 0;
		for (VectorItem item : this.items.asMap().values()) {
			// Removes this item only, not one that has replaced it meanwhile
			if (item.labels.matches(eviction) && this.items.asMap().remove(item.key, item)) {
				removeFromPartition(item);
				evicted++;
			}
		}
		return evicted;
	}

	@Override
	public EntryCounts count(Eviction selection) {
		EntryCounting counting = new EntryCounting();
		for (VectorItem item : this.items.asMap().values()) {
			if (item.labels.matches(selection)) {
				counting.add(item.labels.plan(), item.labels.scope(), item.labels.tags());
			}
		}
		return counting.all();
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
