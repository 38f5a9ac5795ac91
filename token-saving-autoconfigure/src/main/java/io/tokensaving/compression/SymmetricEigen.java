package io.tokensaving.compression;

import org.jspecify.annotations.Nullable;

/**
 * The eigenvalues of a small symmetric matrix with their eigenvectors. The matrix is made
 * tridiagonal by Householder reflections (Martin, Reinsch and Wilkinson, <i>Householder's
 * Tridiagonalization of a Symmetric Matrix</i>, Numerische Mathematik 11, 1968), and that
 * diagonal by QL steps with implicit Wilkinson shifts (Dubrulle, Martin and Wilkinson,
 * <i>The Implicit QL Algorithm</i>, Numerische Mathematik 12, 1968). The time is cubic in
 * the number of rows. Immutable.
 */
final class SymmetricEigen {

	/**
	 * The maximum number of QL steps for one eigenvalue, which takes fewer than two on
	 * average.
	 */
	private static final int MAX_STEPS = 60;

	/**
	 * What is only left by rounding beside elements of up to 1. The squares of smaller
	 * numbers underflow, and have no reciprocal.
	 */
	private static final double NOTHING = 1e-150;

	private final double[] values;

	private final double[][] vectors;

	private SymmetricEigen(double[] values, double[][] vectors) {
		this.values = values;
		this.vectors = vectors;
	}

	/**
	 * Decompose a matrix.
	 * @param matrix the rows of a symmetric matrix, not modified; may be empty
	 * @return the decomposition, or {@code null} if the matrix has an element that is not
	 * finite or the steps do not converge
	 */
	static @Nullable SymmetricEigen of(double[][] matrix) {
		double largest = 0;
		for (double[] row : matrix) {
			for (double element : row) {
				largest = Math.max(largest, Math.abs(element));
				// Math.max keeps NaN
			}
		}
		if (!Double.isFinite(largest)) {
			return null;
		}
		// With elements of at most 1 no square overflows, and none that matters
		// underflows
		double scale = (largest > 0) ? largest : 1;
		double[][] scaled = new double[matrix.length][matrix.length];
		for (int i = 0; i < matrix.length; i++) {
			for (int j = 0; j < matrix.length; j++) {
				scaled[i][j] = matrix[i][j] / scale;
			}
		}
		return new Tridiagonal(scaled).solve(scale);
	}

	/**
	 * Return an eigenvalue.
	 * @param index the index of the eigenvalue; the order is not specified
	 * @return the value
	 */
	double value(int index) {
		return this.values[index];
	}

	/**
	 * Return the eigenvector that belongs to an eigenvalue.
	 * @param index the number of the eigenvalue
	 * @return the vector of length 1, orthogonal to the others, not to be modified
	 */
	double[] vector(int index) {
		return this.vectors[index];
	}

	/**
	 * Return the number of eigenvalues.
	 * @return the number of rows of the matrix
	 */
	int size() {
		return this.values.length;
	}

	/**
	 * A matrix while it is transformed from tridiagonal to diagonal.
	 */
	private static final class Tridiagonal {

		private final int size;

		private final double[] diagonal;

		/**
		 * The off-diagonal elements; the last one is 0.
		 */
		private final double[] offDiagonal;

		/**
		 * The rows are the basis in which the matrix is tridiagonal.
		 */
		private final double[][] basis;

		Tridiagonal(double[][] matrix) {
			this.size = matrix.length;
			this.diagonal = new double[this.size];
			this.offDiagonal = new double[this.size];
			this.basis = new double[this.size][this.size];
			for (int i = 0; i < this.size; i++) {
				this.basis[i][i] = 1;
			}
			for (int column = 0; column < this.size - 2; column++) {
				eliminate(matrix, column);
			}
			for (int i = 0; i < this.size; i++) {
				this.diagonal[i] = matrix[i][i];
				this.offDiagonal[i] = (i + 1 < this.size) ? matrix[i + 1][i] : 0;
			}
		}

		// Reflects the elements of a column below the diagonal onto the one just below it
		private void eliminate(double[][] matrix, int column) {
			int first = column + 1;
			double[] normal = new double[this.size];
			double squares = 0;
			for (int i = first; i < this.size; i++) {
				normal[i] = matrix[i][column];
				squares += normal[i] * normal[i];
			}
			double rest = squares - normal[first] * normal[first];
			if (rest <= NOTHING * NOTHING) {
				return;
			}
			double length = Math.sqrt(squares);
			normal[first] += Math.copySign(length, normal[first]);
			double factor = 2 / (rest + normal[first] * normal[first]);
			double[] image = new double[this.size];
			double overlap = 0;
			for (int i = column; i < this.size; i++) {
				image[i] = factor * dot(matrix[i], normal, first);
				overlap += image[i] * normal[i];
			}
			add(-0.5 * factor * overlap, normal, image, first);
			for (int i = column; i < this.size; i++) {
				add(-normal[i], image, matrix[i], column);
				add(-image[i], normal, matrix[i], column);
			}
			double[] projected = new double[this.size];
			for (int i = first; i < this.size; i++) {
				add(factor * normal[i], this.basis[i], projected, 0);
			}
			for (int i = first; i < this.size; i++) {
				add(-normal[i], projected, this.basis[i], 0);
			}
		}

		private static double dot(double[] a, double[] b, int from) {
			double sum = 0;
			for (int i = from; i < a.length; i++) {
				sum += a[i] * b[i];
			}
			return sum;
		}

		private static void add(double factor, double[] from, double[] to, int first) {
			for (int i = first; i < to.length; i++) {
				to[i] += factor * from[i];
			}
		}

		@Nullable SymmetricEigen solve(double scale) {
			for (int first = 0; first < this.size; first++) {
				int steps = 0;
				for (int last = lastOfBlock(first); last > first; last = lastOfBlock(first)) {
					if (steps++ == MAX_STEPS) {
						return null;
					}
					step(first, last);
				}
			}
			for (int i = 0; i < this.size; i++) {
				this.diagonal[i] *= scale;
			}
			return new SymmetricEigen(this.diagonal, this.basis);
		}

		// A block ends where an off-diagonal element is negligible
		private int lastOfBlock(int first) {
			int last = first;
			while (last < this.size - 1) {
				double neighbours = Math.abs(this.diagonal[last]) + Math.abs(this.diagonal[last + 1]);
				if (Math.abs(this.offDiagonal[last]) <= Math.max(Math.ulp(neighbours) / 2, NOTHING)) {
					break;
				}
				last++;
			}
			return last;
		}

		// One QL step: chases the bulge from the end of the block to its beginning
		private void step(int first, int last) {
			double shift = shift(first);
			double sine = 1;
			double cosine = 1;
			double moved = 0;
			double bulge = this.diagonal[last] - shift;
			for (int i = last - 1; i >= first; i--) {
				double out = sine * this.offDiagonal[i];
				double kept = cosine * this.offDiagonal[i];
				double length = Math.sqrt(out * out + bulge * bulge);
				this.offDiagonal[i + 1] = length;
				if (length == 0) {
					// The block splits here
					this.diagonal[i + 1] -= moved;
					this.offDiagonal[last] = 0;
					return;
				}
				sine = out / length;
				cosine = bulge / length;
				double left = this.diagonal[i + 1] - moved;
				double change = (this.diagonal[i] - left) * sine + 2 * cosine * kept;
				moved = sine * change;
				this.diagonal[i + 1] = left + moved;
				bulge = cosine * change - kept;
				rotate(this.basis[i], this.basis[i + 1], cosine, sine);
			}
			this.diagonal[first] -= moved;
			this.offDiagonal[first] = bulge;
			this.offDiagonal[last] = 0;
		}

		// Returns the eigenvalue of the leading 2 x 2 block that is nearer to its first
		// element
		private double shift(int first) {
			double offDiagonal = this.offDiagonal[first];
			double half = (this.diagonal[first + 1] - this.diagonal[first]) / (2 * offDiagonal);
			return this.diagonal[first] - offDiagonal / (half + Math.copySign(Math.sqrt(half * half + 1), half));
		}

		private static void rotate(double[] a, double[] b, double cosine, double sine) {
			for (int i = 0; i < a.length; i++) {
				double before = b[i];
				b[i] = sine * a[i] + cosine * before;
				a[i] = cosine * a[i] - sine * before;
			}
		}

	}

}
