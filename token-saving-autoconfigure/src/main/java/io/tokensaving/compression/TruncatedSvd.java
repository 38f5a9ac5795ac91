package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * The largest singular values of a sparse matrix with their right singular vectors, by a
 * block Krylov method (Musco and Musco, <i>Randomized Block Krylov Methods for Stronger
 * and Faster Approximate Singular Value Decomposition</i>, NIPS 2015). The matrix is only
 * multiplied with vectors; the small projected problem is solved completely. Exact up to
 * rounding if the matrix has no more than {@value #BASIS} columns. The start vectors are
 * fixed, so the result is deterministic. Immutable.
 */
final class TruncatedSvd {

	/**
	 * The number of vectors that span the search space.
	 */
	static final int BASIS = 48;

	private static final int BLOCK = 6;

	private static final double NEGLIGIBLE = 1e-10;

	private final double[] singularValues;

	private final double[][] vectors;

	private TruncatedSvd(double[] singularValues, double[][] vectors) {
		this.singularValues = singularValues;
		this.vectors = vectors;
	}

	/**
	 * Decompose a matrix A.
	 * @param gram multiplies a vector with A'A
	 * @param columns the number of columns of A
	 * @param smallest the smallest wanted singular value, as a share of the largest
	 * @param request the request, whose time is checked
	 * @return the decomposition
	 */
	static TruncatedSvd of(UnaryOperator<double[]> gram, int columns, double smallest, RankingRequest request) {
		List<double[]> basis = new ArrayList<>();
		List<double[]> images = new ArrayList<>();
		Random random = new Random(columns);
		int size = Math.min(BASIS, columns);
		int next = 0;
		while (basis.size() < size) {
			request.checkTime();
			// Starts with a block of random vectors, followed by the images of earlier
			// vectors
			double[] vector = (basis.size() < Math.min(BLOCK, size)) ? random(random, columns)
					: image(gram, basis, images, next++);
			if (!orthonormalise(vector, basis)) {
				// The image is in the span of the basis: continue with a random vector
				vector = random(random, columns);
				if (!orthonormalise(vector, basis)) {
					break;
				}
			}
			basis.add(vector);
		}
		for (int i = images.size(); i < basis.size(); i++) {
			images.add(gram.apply(basis.get(i)));
		}
		return ritz(basis, images, smallest);
	}

	private static double[] image(UnaryOperator<double[]> gram, List<double[]> basis, List<double[]> images,
			int index) {
		double[] image = gram.apply(basis.get(index));
		images.add(image);
		return image.clone();
	}

	private static double[] random(Random random, int length) {
		return IntStream.range(0, length).mapToDouble((i) -> random.nextDouble() - 0.5).toArray();
	}

	// Gram-Schmidt, done twice because of rounding
	private static boolean orthonormalise(double[] vector, List<double[]> basis) {
		double before = Math.sqrt(dot(vector, vector));
		for (int pass = 0; pass < 2; pass++) {
			for (double[] other : basis) {
				subtract(vector, dot(vector, other), other);
			}
		}
		double norm = Math.sqrt(dot(vector, vector));
		if (!(norm > NEGLIGIBLE * before)) {
			return false;
		}
		for (int i = 0; i < vector.length; i++) {
			vector[i] /= norm;
		}
		return true;
	}

	private static TruncatedSvd ritz(List<double[]> basis, List<double[]> images, double smallest) {
		int size = basis.size();
		double[][] projected = new double[size][size];
		for (int i = 0; i < size; i++) {
			for (int j = 0; j <= i; j++) {
				double value = dot(basis.get(i), images.get(j));
				projected[i][j] = value;
				projected[j][i] = value;
			}
		}
		SymmetricEigen eigen = SymmetricEigen.of(projected);
		if (size == 0 || eigen == null) {
			return new TruncatedSvd(new double[0], new double[0][]);
		}
		double[] values = new double[size];
		for (int i = 0; i < size; i++) {
			values[i] = Math.sqrt(Math.max(0, eigen.value(i)));
		}
		int[] order = IntStream.range(0, size)
			.boxed()
			.sorted(Comparator.comparingDouble((Integer i) -> -values[i]))
			.mapToInt(Integer::intValue)
			.filter((i) -> values[i] > 0)
			.toArray();
		int wanted = 0;
		while (wanted < order.length && values[order[wanted]] >= smallest * values[order[0]]) {
			wanted++;
		}
		double[] singularValues = new double[wanted];
		double[][] vectors = new double[wanted][basis.get(0).length];
		for (int k = 0; k < wanted; k++) {
			singularValues[k] = values[order[k]];
			double[] coordinates = eigen.vector(order[k]);
			for (int i = 0; i < size; i++) {
				subtract(vectors[k], -coordinates[i], basis.get(i));
			}
		}
		return new TruncatedSvd(singularValues, vectors);
	}

	private static void subtract(double[] vector, double factor, double[] other) {
		for (int i = 0; i < vector.length; i++) {
			vector[i] -= factor * other[i];
		}
	}

	private static double dot(double[] a, double[] b) {
		double sum = 0;
		for (int i = 0; i < a.length; i++) {
			sum += a[i] * b[i];
		}
		return sum;
	}

	/**
	 * Return the number of dimensions found.
	 * @return the number
	 */
	int dimensions() {
		return this.singularValues.length;
	}

	/**
	 * Return a singular value.
	 * @param dimension the dimension, from 0 for the largest
	 * @return the value, above 0
	 */
	double singularValue(int dimension) {
		return this.singularValues[dimension];
	}

	/**
	 * Return a right singular vector.
	 * @param dimension the dimension
	 * @return the vector, not to be modified
	 */
	double[] vector(int dimension) {
		return this.vectors[dimension];
	}

}
