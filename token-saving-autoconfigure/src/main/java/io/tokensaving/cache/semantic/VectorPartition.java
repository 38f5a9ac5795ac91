package io.tokensaving.cache.semantic;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import org.jspecify.annotations.Nullable;

/**
 * The items of one partition of the in-memory store. A small partition is scanned as a
 * whole. In a large one a background task moves the items into a graph, if graphs are
 * available, and a search scans only the items that are not in the graph yet, so adding
 * an item never waits for the graph. Thread-safe.
 */
final class VectorPartition {

	/**
	 * The number of items above which a partition gets a graph: scanning this many takes
	 * about as long as searching a graph.
	 */
	static final int MAX_SCANNED = 2048;

	private static final int MAX_UNINDEXED = 256;

	private static final int MIN_BEAM_WIDTH = 32;

	private static final int MAX_BEAM_WIDTH = 128;

	private static final int ENTRIES_PER_CANDIDATE = 2000;

	private final ReadWriteLock lock = new ReentrantReadWriteLock();

	private final int dimension;

	private final @Nullable Executor indexer;

	private final AtomicBoolean indexing = new AtomicBoolean();

	private final VectorScan scan;

	private volatile @Nullable VectorGraph graph;

	private int size;

	/**
	 * Create a partition.
	 * @param dimension the number of dimensions of its vectors
	 * @param indexer builds the graph, or {@code null} for a partition without one
	 */
	VectorPartition(int dimension, @Nullable Executor indexer) {
		this.dimension = dimension;
		this.indexer = indexer;
		this.scan = new VectorScan(dimension);
	}

	int size() {
		this.lock.readLock().lock();
		try {
			return this.size;
		}
		finally {
			this.lock.readLock().unlock();
		}
	}

	void add(VectorItem item, float[] vector) {
		checkDimension(vector);
		boolean index;
		this.lock.writeLock().lock();
		try {
			this.scan.add(item, vector);
			this.size++;
			index = this.scan.size() > ((this.graph != null) ? MAX_UNINDEXED : MAX_SCANNED);
		}
		finally {
			this.lock.writeLock().unlock();
		}
		if (index && this.indexer != null) {
			indexInBackground(this.indexer);
		}
	}

	void remove(VectorItem item) {
		VectorGraph graph;
		this.lock.writeLock().lock();
		try {
			if (item.removed) {
				return;
			}
			item.removed = true;
			this.size--;
			if (item.slot >= 0) {
				this.scan.remove(item.slot);
			}
			graph = this.graph;
			if (graph != null && item.node >= 0) {
				graph.remove(item.node);
			}
		}
		finally {
			this.lock.writeLock().unlock();
		}
		if (graph != null && graph.isPurgeDue() && this.indexer != null) {
			indexInBackground(this.indexer);
		}
	}

	void search(float[] query, int limit, NearestItems nearest) {
		checkDimension(query);
		VectorGraph graph;
		int size;
		this.lock.readLock().lock();
		try {
			this.scan.search(query, nearest);
			graph = this.graph;
			size = this.size;
		}
		finally {
			this.lock.readLock().unlock();
		}
		if (graph != null) {
			graph.search(query, Math.max(limit, beamWidth(size)), nearest);
		}
	}

	// A larger graph needs more candidates for the same recall
	private static int beamWidth(int size) {
		return Math.min(MAX_BEAM_WIDTH, MIN_BEAM_WIDTH + size / ENTRIES_PER_CANDIDATE);
	}

	private void checkDimension(float[] vector) {
		if (vector.length != this.dimension) {
			throw new IllegalArgumentException("The vector has %d dimensions, those of its partition have %d"
				.formatted(vector.length, this.dimension));
		}
	}

	private void indexInBackground(Executor indexer) {
		if (this.indexing.compareAndSet(false, true)) {
			try {
				indexer.execute(this::index);
			}
			catch (RejectedExecutionException ex) {
				// The store is closed or the queue is full; a later change tries again
				this.indexing.set(false);
			}
		}
	}

	// Runs in one thread at a time
	private void index() {
		VectorGraph graph = this.graph;
		try {
			if (graph == null) {
				graph = new VectorGraph(this.dimension);
				// Before an item is moved: a search must find it in the one or the other
				this.graph = graph;
			}
			boolean changed = true;
			while (changed) {
				// Among too many removed items, new ones find no neighbours to connect to
				graph = graph.isRebuildDue() ? rebuild(graph) : graph;
				changed = moveOne(graph);
				if (!changed && graph.isPurgeDue()) {
					graph.purge();
					changed = true;
				}
			}
		}
		finally {
			this.indexing.set(false);
		}
		// Nobody could ask for it while this task ended
		if (graph.isPurgeDue() && this.indexer != null) {
			indexInBackground(this.indexer);
		}
	}

	private VectorGraph rebuild(VectorGraph old) {
		Map<VectorItem, Integer> nodes = new HashMap<>();
		VectorGraph rebuilt = old.rebuild(nodes::put);
		this.lock.writeLock().lock();
		try {
			nodes.forEach((item, node) -> {
				item.node = node;
				if (item.removed) {
					rebuilt.remove(node);
				}
			});
			this.graph = rebuilt;
		}
		finally {
			this.lock.writeLock().unlock();
		}
		return rebuilt;
	}

	private boolean moveOne(VectorGraph graph) {
		VectorItem item;
		float[] vector;
		this.lock.readLock().lock();
		try {
			if (this.scan.size() == 0) {
				return false;
			}
			item = this.scan.item(this.scan.size() - 1);
			vector = this.scan.vector(this.scan.size() - 1);
		}
		finally {
			this.lock.readLock().unlock();
		}
		int node = graph.add(item, vector);
		this.lock.writeLock().lock();
		try {
			item.node = node;
			if (item.removed) {
				graph.remove(node);
			}
			else {
				this.scan.remove(item.slot);
			}
		}
		finally {
			this.lock.writeLock().unlock();
		}
		return true;
	}

}
