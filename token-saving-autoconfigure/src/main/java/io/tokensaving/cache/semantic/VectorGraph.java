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
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import org.jspecify.annotations.Nullable;

/**
 * Vectors in a navigable graph of JVector (Vamana, the graph of DiskANN: Subramanya et
 * al., NeurIPS 2019). Searches may run at any time; all changes but {@link #remove} are
 * made by one thread at a time.
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
	 * @param vector its vector
	 * @return its number in the graph
	 */
	int add(VectorItem item, float[] vector) {
		Integer free = this.freeNodes.poll();
		int node = (free != null) ? free : this.nextNode++;
		return add(item, VECTORS.createFloatVector(vector), node);
	}

	private int add(VectorItem item, VectorFloat<?> vector, int node) {
		item.vector = vector;
		this.values.set(node, item);
		this.builder.addGraphNode(node, vector);
		return node;
	}

	/**
	 * Build the graph anew without what was removed.
	 * @param items is told the items and their new numbers
	 * @return the new graph
	 */
	VectorGraph rebuild(ObjIntConsumer<VectorItem> items) {
		VectorGraph rebuilt = new VectorGraph(this.values.dimension());
		for (int node = 0; node < this.nextNode; node++) {
			VectorItem item = this.values.get(node);
			VectorFloat<?> vector = (item != null) ? item.vector : null;
			if (item != null && vector != null && item.node == node
					&& !this.builder.getGraph().getDeletedNodes().get(node)) {
				items.accept(item, rebuilt.add(item, vector, rebuilt.nextNode++));
			}
		}
		return rebuilt;
	}

	/**
	 * Take an item out of what is found. Any thread may call this.
	 * @param node the number of the item
	 */
	void remove(int node) {
		this.builder.markNodeDeleted(node);
		synchronized (this) {
			this.removedNodes++;
		}
	}

	/**
	 * Whether so much was removed that it slows searches down.
	 * @return whether {@link #purge} is due
	 */
	synchronized boolean isPurgeDue() {
		return this.removedNodes >= Math.max(MIN_REMOVED, MAX_REMOVED_SHARE * this.builder.getGraph().size());
	}

	/**
	 * Whether more was removed than is left, so that the graph is better built anew than
	 * mended.
	 * @return whether it is
	 */
	synchronized boolean isSpent() {
		return 2 * this.removedNodes > this.builder.getGraph().size();
	}

	/**
	 * Mend the graph where items were removed, and free what they took up.
	 */
	void purge() {
		List<Integer> removed = new ArrayList<>();
		for (int node = 0; node < this.nextNode; node++) {
			if (this.builder.getGraph().getDeletedNodes().get(node)) {
				removed.add(node);
			}
		}
		this.builder.cleanup();
		this.freeNodes.addAll(removed);
		synchronized (this) {
			this.removedNodes -= removed.size();
		}
	}

	/**
	 * Find the nearest items.
	 * @param query the vector of the question
	 * @param beamWidth how many candidates are kept on the way: the more, the more is
	 * found
	 * @param nearest collects what is found
	 */
	void search(float[] query, int beamWidth, NearestItems nearest) {
		VectorFloat<?> vector = VECTORS.createFloatVector(query);
		SearchScoreProvider scores = SearchScoreProvider.exact(vector, VectorSimilarityFunction.DOT_PRODUCT,
				this.values);
		GraphSearcher searcher = new GraphSearcher(this.builder.getGraph());
		Bits accepted = (node) -> {
			VectorItem item = this.values.get(node);
			return item != null && nearest.accepts(item);
		};
		SearchResult result = searcher.search(scores, beamWidth, accepted);
		for (SearchResult.NodeScore found : result.getNodes()) {
			VectorItem item = this.values.get(found.node);
			if (item != null) {
				nearest.offer(item, 2 * found.score - 1);
			}
		}
	}

	/**
	 * The vectors by their number.
	 */
	private static final class Values implements RandomAccessVectorValues {

		private final int dimension;

		private volatile @Nullable VectorItem[] items = new VectorItem[1024];

		private volatile int size;

		Values(int dimension) {
			this.dimension = dimension;
		}

		void set(int node, VectorItem item) {
			@Nullable VectorItem[] grown = (node < this.items.length) ? this.items
					: Arrays.copyOf(this.items, 2 * this.items.length);
			grown[node] = item;
			// Publishes the element as well
			this.items = grown;
			this.size = Math.max(this.size, node + 1);
		}

		@Nullable VectorItem get(int node) {
			return this.items[node];
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
		@SuppressWarnings("NullAway") // so says the contract: a node that is not there
		public VectorFloat<?> getVector(int node) {
			VectorItem item = this.items[node];
			return (item != null) ? item.vector : null;
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
