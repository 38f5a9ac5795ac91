package io.tokensaving.cache.semantic;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.ObjIntConsumer;

import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.RandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.SearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorUtil;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import org.jspecify.annotations.Nullable;

/**
 * A graph index of vectors, built by JVector (Vamana, the graph of DiskANN: Subramanya et
 * al., NeurIPS 2019). Only this class refers to JVector, which is an optional dependency.
 * Searches and {@link #remove} are thread-safe; all other changes must be made by one
 * thread at a time.
 */
final class VectorGraph {

	private static final VectorTypeSupport VECTORS = VectorizationProvider.getInstance().getVectorTypeSupport();

	private static final int MAX_DEGREE = 32;

	private static final int CONSTRUCTION_BEAM_WIDTH = 100;

	private static final float NEIGHBOR_OVERFLOW = 1.2f;

	private static final float DIVERSITY = 1.2f;

	private static final int MIN_REMOVED = 256;

	private static final double MAX_REMOVED_SHARE = 0.2;

	private final Values values;

	private final GraphIndexBuilder builder;

	private final Deque<Integer> freeNodes = new ArrayDeque<>();

	private int nextNode;

	private int removedNodes;

	// Odd while a purge is in progress
	private volatile int purges;

	// JVector forbids changes during its cleanup
	private final List<Integer> removedWhilePurging = new ArrayList<>();

	VectorGraph(int dimension) {
		this.values = new Values(dimension);
		this.builder = new GraphIndexBuilder(
				BuildScoreProvider.randomAccessScoreProvider(this.values, VectorSimilarityFunction.DOT_PRODUCT),
				dimension, MAX_DEGREE, CONSTRUCTION_BEAM_WIDTH, NEIGHBOR_OVERFLOW, DIVERSITY, ForkJoinPool.commonPool(),
				ForkJoinPool.commonPool());
	}

	/**
	 * Add an item.
	 * @param item the item
	 * @param vector the vector of the item
	 * @return the number of its node
	 */
	int add(VectorItem item, float[] vector) {
		Integer free = this.freeNodes.poll();
		int node = (free != null) ? free : this.nextNode++;
		return add(item, VECTORS.createFloatVector(vector), node);
	}

	private int add(VectorItem item, VectorFloat<?> vector, int node) {
		this.values.set(node, new Node(item, vector));
		this.builder.addGraphNode(node, vector);
		return node;
	}

	/**
	 * Build a new graph without the removed items.
	 * @param items receives each item and the number of its new node
	 * @return the new graph
	 */
	VectorGraph rebuild(ObjIntConsumer<VectorItem> items) {
		VectorGraph rebuilt = new VectorGraph(this.values.dimension());
		for (int node = 0; node < this.nextNode; node++) {
			Node old = this.values.get(node);
			if (old != null && old.item().node == node && !this.builder.getGraph().getDeletedNodes().get(node)) {
				items.accept(old.item(), rebuilt.add(old.item(), old.vector(), rebuilt.nextNode++));
			}
		}
		return rebuilt;
	}

	/**
	 * Remove an item from the results of searches.
	 * @param node the number of its node
	 */
	synchronized void remove(int node) {
		if (isPurging(this.purges)) {
			this.removedWhilePurging.add(node);
		}
		else {
			markRemoved(node);
		}
	}

	private void markRemoved(int node) {
		this.builder.markNodeDeleted(node);
		this.removedNodes++;
	}

	private static boolean isPurging(int purges) {
		return (purges & 1) == 1;
	}

	/**
	 * Whether so many items were removed that they slow searches down.
	 * @return whether {@link #purge} is due
	 */
	synchronized boolean isPurgeDue() {
		return this.removedNodes >= Math.max(MIN_REMOVED, MAX_REMOVED_SHARE * this.builder.getGraph().size());
	}

	/**
	 * Whether more items were removed than are left. Then {@link #rebuild} is faster than
	 * {@link #purge}, and searches may not reach what is left.
	 * @return whether {@link #rebuild} is due
	 */
	synchronized boolean isRebuildDue() {
		return 2 * this.removedNodes > this.builder.getGraph().size();
	}

	/**
	 * Repair the edges around removed items, and free their nodes. Does nothing if
	 * {@link #isRebuildDue()}: where few items are left, the repair loses some of them.
	 * @return whether the graph was purged
	 */
	boolean purge() {
		if (!startPurge()) {
			return false;
		}
		try {
			List<Integer> removed = new ArrayList<>();
			for (int node = 0; node < this.nextNode; node++) {
				if (this.builder.getGraph().getDeletedNodes().get(node)) {
					removed.add(node);
				}
			}
			this.builder.cleanup();
			removed.forEach(this.values::clear);
			this.freeNodes.addAll(removed);
			synchronized (this) {
				this.removedNodes -= removed.size();
			}
			return true;
		}
		finally {
			endPurge();
		}
	}

	// Items that are removed from now on wait for the end of the purge
	@SuppressWarnings("NonAtomicVolatileUpdate") // guarded by this
	private synchronized boolean startPurge() {
		if (isRebuildDue()) {
			return false;
		}
		this.purges++;
		return true;
	}

	@SuppressWarnings("NonAtomicVolatileUpdate") // guarded by this
	private synchronized void endPurge() {
		this.purges++;
		this.removedWhilePurging.forEach(this::markRemoved);
		this.removedWhilePurging.clear();
	}

	/**
	 * Find the nearest items.
	 * @param query the vector of the question
	 * @param beamWidth the number of candidates that the search keeps: more candidates
	 * mean higher recall
	 * @param nearest collects the items
	 */
	void search(float[] query, int beamWidth, NearestItems nearest) {
		VectorFloat<?> vector = VECTORS.createFloatVector(query);
		int before = this.purges;
		try {
			searchGraph(vector, beamWidth, nearest);
		}
		catch (RuntimeException | AssertionError ex) {
			// JVector fails when it follows an edge to a node that is purged meanwhile
			if (!isPurging(before) && before == this.purges) {
				throw ex;
			}
			searchAll(vector, nearest);
		}
	}

	private void searchGraph(VectorFloat<?> query, int beamWidth, NearestItems nearest) {
		SearchScoreProvider scores = SearchScoreProvider.exact(query, VectorSimilarityFunction.DOT_PRODUCT,
				this.values);
		GraphSearcher searcher = new GraphSearcher(this.builder.getGraph());
		Bits accepted = (node) -> {
			Node held = this.values.get(node);
			return held != null && nearest.accepts(held.item());
		};
		SearchResult result = searcher.search(scores, beamWidth, accepted);
		for (SearchResult.NodeScore found : result.getNodes()) {
			if (2 * found.score - 1 >= nearest.bound()) {
				offer(this.values.get(found.node), query, nearest);
			}
		}
	}

	private void searchAll(VectorFloat<?> query, NearestItems nearest) {
		int size = this.values.size();
		for (int node = 0; node < size; node++) {
			if (!this.builder.getGraph().getDeletedNodes().get(node)) {
				offer(this.values.get(node), query, nearest);
			}
		}
	}

	// Computes the similarity again, as another item may have reused the node
	private static void offer(@Nullable Node node, VectorFloat<?> query, NearestItems nearest) {
		if (node != null) {
			nearest.offer(node.item(), VectorUtil.dotProduct(query, node.vector()));
		}
	}

	/**
	 * An item in the graph.
	 *
	 * @param item the item
	 * @param vector the vector of the item
	 */
	private record Node(VectorItem item, VectorFloat<?> vector) {

	}

	/**
	 * The items by the number of their node.
	 */
	private static final class Values implements RandomAccessVectorValues {

		private final int dimension;

		private volatile @Nullable Node[] nodes = new Node[1024];

		private volatile int size;

		Values(int dimension) {
			this.dimension = dimension;
		}

		void set(int number, Node node) {
			@Nullable Node[] grown = (number < this.nodes.length) ? this.nodes : Arrays.copyOf(this.nodes, 2 * this.nodes.length);
			grown[number] = node;
			// This volatile write publishes the element too
			this.nodes = grown;
			this.size = Math.max(this.size, number + 1);
		}

		void clear(int number) {
			this.nodes[number] = null;
		}

		@Nullable Node get(int number) {
			return this.nodes[number];
		}

		@Override
		public int size() {
			return this.size;
		}

		@Override
		public int dimension() {
			return this.dimension;
		}

		@Override
		@SuppressWarnings("NullAway") // JVector expects null for a missing node
		public VectorFloat<?> getVector(int number) {
			Node node = this.nodes[number];
			return (node != null) ? node.vector() : null;
		}

		@Override
		public boolean isValueShared() {
			return false;
		}

		@Override
		public RandomAccessVectorValues copy() {
			return this;
		}

	}

}
