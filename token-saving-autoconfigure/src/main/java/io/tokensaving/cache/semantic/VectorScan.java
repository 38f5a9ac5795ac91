package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares a query with every vector. Vectors are stored in blocks, and within a block by
 * dimension: the inner loop runs over contiguous, independent values, so the compiler can
 * use SIMD instructions. After a third and after two thirds of the dimensions, a block is
 * skipped if none of its vectors can reach the threshold any more, because the rest of a
 * dot product is at most the product of the lengths of the two remainders
 * (Cauchy-Schwarz). The result is exact. Not thread-safe; {@link VectorPartition} guards
 * it with its lock.
 */
final class VectorScan {

	private static final int MAX_LANES = 64;

	private static final int PARTS = 3;

	/**
	 * The bound of the rounding error of a dot product.
	 */
	private static final float TOLERANCE = 1e-4f;

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
			this.blocks.add(new Block(new float[this.dimension], new float[PARTS - 1][1], 1));
		}
		Block block = this.blocks.get(this.blocks.size() - 1);
		if (lane == block.lanes()) {
			block = block.doubled(this.dimension);
			this.blocks.set(this.blocks.size() - 1, block);
		}
		for (int d = 0; d < this.dimension; d++) {
			block.values()[d * block.lanes() + lane] = vector[d];
		}
		for (int part = 1; part < PARTS; part++) {
			block.remainders()[part - 1][lane] = length(vector, end(part));
		}
		item.slot = slot;
		this.items.add(item);
	}

	/**
	 * Copy a vector.
	 * @param slot its position
	 * @return a copy of the vector
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
	 * Remove an item; the last one moves to its position.
	 * @param slot the position of the item
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
			for (int part = 0; part < PARTS - 1; part++) {
				to.remainders()[part][slot % MAX_LANES] = from.remainders()[part][last % MAX_LANES];
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
		float[] remainders = new float[PARTS - 1];
		for (int part = 1; part < PARTS; part++) {
			remainders[part - 1] = length(query, end(part));
		}
		for (int b = 0; b < this.blocks.size(); b++) {
			Block block = this.blocks.get(b);
			int first = b * MAX_LANES;
			int count = Math.min(block.lanes(), this.items.size() - first);
			if (compare(query, remainders, block, count, sums, nearest.bound())) {
				for (int lane = 0; lane < count; lane++) {
					if (sums[lane] >= nearest.bound()) {
						nearest.offer(this.items.get(first + lane), sums[lane]);
					}
				}
			}
		}
	}

	// Whether any vector of the block may reach the bound; if so, the sums are complete
	private boolean compare(float[] query, float[] remainders, Block block, int count, float[] sums, float bound) {
		Arrays.fill(sums, 0, block.lanes(), 0);
		for (int part = 1; part <= PARTS; part++) {
			multiply(query, end(part - 1), end(part), block.values(), block.lanes(), sums);
			if (part < PARTS && !canReach(bound, remainders[part - 1], block.remainders()[part - 1], count, sums)) {
				return false;
			}
		}
		return true;
	}

	private static boolean canReach(float bound, float remainder, float[] remainders, int count, float[] sums) {
		for (int lane = 0; lane < count; lane++) {
			if (sums[lane] + remainder * remainders[lane] + TOLERANCE >= bound) {
				return true;
			}
		}
		return false;
	}

	private int end(int part) {
		return part * this.dimension / PARTS;
	}

	private static float length(float[] vector, int from) {
		double square = 0;
		for (int d = from; d < vector.length; d++) {
			square += vector[d] * vector[d];
		}
		return (float) Math.sqrt(square);
	}

	private static void multiply(float[] query, int from, int to, float[] values, int lanes, float[] sums) {
		int d = from;
		for (; d + 3 < to; d += 4) {
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
		for (; d < to; d++) {
			float q = query[d];
			int row = d * lanes;
			for (int lane = 0; lane < lanes; lane++) {
				sums[lane] += q * values[row + lane];
			}
		}
	}

	/**
	 * Up to {@value VectorScan#MAX_LANES} vectors, stored by dimension: the first values
	 * of all vectors, then the second ones, and so on.
	 *
	 * @param values the values
	 * @param remainders after each part, the lengths of the remaining dimensions of each
	 * vector
	 * @param lanes the number of vectors that fit into the block
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	private record Block(float[] values, float[][] remainders, int lanes) {

		Block doubled(int dimension) {
			float[] wider = new float[2 * this.values.length];
			for (int d = 0; d < dimension; d++) {
				System.arraycopy(this.values, d * this.lanes, wider, 2 * d * this.lanes, this.lanes);
			}
			float[][] widerRemainders = new float[PARTS - 1][];
			for (int part = 0; part < PARTS - 1; part++) {
				widerRemainders[part] = Arrays.copyOf(this.remainders[part], 2 * this.lanes);
			}
			return new Block(wider, widerRemainders, 2 * this.lanes);
		}

	}

}
