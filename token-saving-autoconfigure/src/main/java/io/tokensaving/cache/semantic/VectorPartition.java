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
 * The items of one partition of the in-memory store. All are scanned while they are few.
 * Once they are many, a background task moves them into a graph, and only those are
 * scanned that are not in it yet; hence adding never waits for the graph. Thread-safe.
 */
final class VectorPartition {

	/**
	 * Above this number of items a partition has a graph. A scan of as many takes about
	 * as long as a search in a graph.
	 */
	static final int MAX_SCANNED = 2048;

	private static final int MAX_WAITING = 256;

	private static final int MIN_BEAM_WIDTH = 32;

	private static final int MAX_BEAM_WIDTH = 128;

	private static final int ENTRIES_PER_CANDIDATE = 2000;

	private final ReadWriteLock lock = new ReentrantReadWriteLock();

	private final int dimension;

	private final Executor indexer;

	private final AtomicBoolean indexing = new AtomicBoolean();

	private final VectorScan scan;

	private volatile @Nullable VectorGraph graph;

	private int size;

	VectorPartition(int dimension, Executor indexer) {
		this.dimension = dimension;
		this.indexer = indexer;
		this.scan = new VectorScan(dimension);
	}

	boolean isEmpty() {
		this.lock.readLock().lock();
		try {
			return this.size == 0;
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
			index = this.scan.size() > ((this.graph != null) ? MAX_WAITING : MAX_SCANNED);
		}
		finally {
			this.lock.writeLock().unlock();
		}
		if (index) {
			indexInBackground();
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
		if (graph != null && graph.isPurgeDue()) {
			indexInBackground();
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

	// In a larger graph more candidates are needed to find as much
	private static int beamWidth(int size) {
		return Math.min(MAX_BEAM_WIDTH, MIN_BEAM_WIDTH + size / ENTRIES_PER_CANDIDATE);
	}

	private void checkDimension(float[] vector) {
		if (vector.length != this.dimension) {
			throw new IllegalArgumentException("The vector has %d dimensions, those of its partition have %d"
				.formatted(vector.length, this.dimension));
		}
	}

	private void indexInBackground() {
		if (this.indexing.compareAndSet(false, true)) {
			try {
				this.indexer.execute(this::index);
			}
			catch (RejectedExecutionException ex) {
				// The store is closed, or too much waits: a later item tries again
				this.indexing.set(false);
			}
		}
	}

	// Runs in one thread at a time
	private void index() {
		try {
			VectorGraph graph = this.graph;
			if (graph == null) {
				graph = new VectorGraph(this.dimension);
			}
			boolean moved = true;
			while (moved) {
				// A new item finds nothing to connect to among removed ones
				graph = graph.isSpent() ? rebuild(graph) : graph;
				moved = moveOne(graph);
				this.graph = graph;
			}
			if (graph.isPurgeDue()) {
				graph.purge();
			}
		}
		finally {
			this.indexing.set(false);
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
