package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Vectors that are all compared with a query. They lie in blocks, and in a block by
 * dimension: what the inner loop runs over is contiguous and has no dependencies, so that
 * the compiler makes SIMD instructions of it. Not thread-safe: {@link VectorPartition}
 * holds the lock.
 */
final class VectorScan {

	private static final int MAX_LANES = 256;

	private final int dimension;

	private final List<Block> blocks = new ArrayList<>();

	private final List<VectorItem> items = new ArrayList<>();

	VectorScan(int dimension) {
		this.dimension = dimension;
	}

	int size() {
		return this.items.size();
	}

	VectorItem item(int slot) {
		return this.items.get(slot);
	}

	void add(VectorItem item, float[] vector) {
		int slot = this.items.size();
		int lane = slot % MAX_LANES;
		if (lane == 0) {
			this.blocks.add(new Block(new float[this.dimension], 1));
		}
		Block block = this.blocks.get(this.blocks.size() - 1);
		if (lane == block.lanes()) {
			block = block.doubled(this.dimension);
			this.blocks.set(this.blocks.size() - 1, block);
		}
		for (int d = 0; d < this.dimension; d++) {
			block.values()[d * block.lanes() + lane] = vector[d];
		}
		item.slot = slot;
		this.items.add(item);
	}

	/**
	 * Copy a vector out.
	 * @param slot its place
	 * @return the vector
	 */
	float[] vector(int slot) {
		Block block = this.blocks.get(slot / MAX_LANES);
		float[] vector = new float[this.dimension];
		for (int d = 0; d < this.dimension; d++) {
			vector[d] = block.values()[d * block.lanes() + slot % MAX_LANES];
		}
		return vector;
	}

	/**
	 * Take an item out; the last one takes its place.
	 * @param slot its place
	 */
	void remove(int slot) {
		this.items.get(slot).slot = -1;
		int last = this.items.size() - 1;
		VectorItem moved = this.items.remove(last);
		if (slot != last) {
			Block from = this.blocks.get(last / MAX_LANES);
			Block to = this.blocks.get(slot / MAX_LANES);
			for (int d = 0; d < this.dimension; d++) {
				to.values()[d * to.lanes() + slot % MAX_LANES] = from.values()[d * from.lanes() + last % MAX_LANES];
			}
			this.items.set(slot, moved);
			moved.slot = slot;
		}
		if (last % MAX_LANES == 0) {
			this.blocks.remove(last / MAX_LANES);
		}
	}

	void search(float[] query, NearestItems nearest) {
		float[] sums = new float[MAX_LANES];
		for (int b = 0; b < this.blocks.size(); b++) {
			Block block = this.blocks.get(b);
			Arrays.fill(sums, 0, block.lanes(), 0);
			multiply(query, block.values(), block.lanes(), sums);
			int first = b * MAX_LANES;
			int count = Math.min(block.lanes(), this.items.size() - first);
			for (int lane = 0; lane < count; lane++) {
				if (sums[lane] >= nearest.bound()) {
					nearest.offer(this.items.get(first + lane), sums[lane]);
				}
			}
		}
	}

	private static void multiply(float[] query, float[] values, int lanes, float[] sums) {
		int d = 0;
		for (; d + 3 < query.length; d += 4) {
			float q0 = query[d];
			float q1 = query[d + 1];
			float q2 = query[d + 2];
			float q3 = query[d + 3];
			int row0 = d * lanes;
			int row1 = row0 + lanes;
			int row2 = row1 + lanes;
			int row3 = row2 + lanes;
			for (int lane = 0; lane < lanes; lane++) {
				sums[lane] += q0 * values[row0 + lane] + q1 * values[row1 + lane] + q2 * values[row2 + lane]
						+ q3 * values[row3 + lane];
			}
		}
		for (; d < query.length; d++) {
			float q = query[d];
			int row = d * lanes;
			for (int lane = 0; lane < lanes; lane++) {
				sums[lane] += q * values[row + lane];
			}
		}
	}

	/**
	 * Some vectors, the first values of all of them, then the second ones and so on.
	 *
	 * @param values the values
	 * @param lanes the number of vectors there is room for
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	private record Block(float[] values, int lanes) {

		Block doubled(int dimension) {
			float[] wider = new float[2 * this.values.length];
			for (int d = 0; d < dimension; d++) {
				System.arraycopy(this.values, d * this.lanes, wider, 2 * d * this.lanes, this.lanes);
			}
			return new Block(wider, 2 * this.lanes);
		}

	}

}
