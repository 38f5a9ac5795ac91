package io.tokensaving.route.learning;

import java.util.Arrays;

import org.springframework.util.Assert;

/**
 * A linear function of the features of a request, fitted by weighted ridge regression (A.
 * E. Hoerl and R. W. Kennard, <i>Ridge Regression</i>, Technometrics 12, 1970). The
 * features are standardised; the intercept is not penalised. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class RidgeHead {

	// Of the penalty per observation
	private static final double[] PENALTIES = { 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100 };

	// Of a standard deviation below which a feature says nothing
	private static final double CONSTANT = 1e-7;

	private final double[] coefficients;

	private final double intercept;

	private RidgeHead(double[] coefficients, double intercept) {
		this.coefficients = coefficients;
		this.intercept = intercept;
	}

	/**
	 * Fit a function with the penalty whose generalised cross-validation error is
	 * smallest (G. H. Golub, M. Heath and G. Wahba, Technometrics 21, 1979).
	 * @param features the features of each observation, at least one observation; not
	 * modified
	 * @param targets what is to be predicted, one for each observation, finite
	 * @param weights how much each observation counts, above zero; only their ratios
	 * matter
	 * @return the function, and what it predicts for each observation without having seen
	 * it
	 * @throws IllegalArgumentException if the lengths differ or a number is not finite
	 */
	public static Fit fit(float[][] features, double[] targets, double[] weights) {
		return fitGroups(features, targets, weights, 0);
	}

	/**
	 * Fit a function with a given penalty.
	 * @param features the features of each observation, at least one observation; not
	 * modified
	 * @param targets what is to be predicted, one for each observation, finite
	 * @param weights how much each observation counts, above zero; only their ratios
	 * matter
	 * @param penalty the penalty on the squares of the coefficients of standardised
	 * features, per observation, above zero
	 * @return the function, and what it predicts for each observation without having seen
	 * it
	 * @throws IllegalArgumentException if the lengths differ or a number is not finite
	 */
	public static Fit fit(float[][] features, double[] targets, double[] weights, double penalty) {
		Assert.isTrue(penalty > 0, "'penalty' must be above zero");
		return solution(features, targets, weights, 0).fit(penalty);
	}

	/**
	 * Fit a function of two groups of features, with the penalty whose generalised
	 * cross-validation error is smallest. One group counts as much as the other, so that
	 * a few features are not lost beside many: the standardised features of the first
	 * group are multiplied by the square root of the ratio of the sizes.
	 * @param features the features of each observation, at least one observation; not
	 * modified
	 * @param targets what is to be predicted, one for each observation, finite
	 * @param weights how much each observation counts, above zero; only their ratios
	 * matter
	 * @param first how many features are in the first group; 0 for one group only
	 * @return the function, and what it predicts for each observation without having seen
	 * it
	 * @throws IllegalArgumentException if the lengths differ or a number is not finite
	 */
	public static Fit fitGroups(float[][] features, double[] targets, double[] weights, int first) {
		Solution solution = solution(features, targets, weights, first);
		return solution.fit(solution.bestPenalty());
	}

	private static Solution solution(float[][] features, double[] targets, double[] weights, int first) {
		Assert.isTrue(features.length > 0, "'features' must not be empty");
		Assert.isTrue(features.length == targets.length && features.length == weights.length,
				"'features', 'targets' and 'weights' must have the same length");
		return new Solution(features, targets, weights, first);
	}

	/**
	 * Predict the target of an observation.
	 * @param features the features, as many as those the function was fitted on
	 * @return the prediction, not limited to the range of the targets
	 * @throws IllegalArgumentException if the number of features differs
	 */
	public double predict(float[] features) {
		if (features.length != this.coefficients.length) {
			throw new IllegalArgumentException(
					"There are %d features instead of %d".formatted(features.length, this.coefficients.length));
		}
		double sum = this.intercept;
		for (int i = 0; i < features.length; i++) {
			sum += this.coefficients[i] * features[i];
		}
		return sum;
	}

	/**
	 * A fitted function. The array must not be modified.
	 *
	 * @param head the function
	 * @param penalty the penalty per observation
	 * @param leaveOneOut what a function fitted on all other observations predicts for
	 * each one, with the same penalty
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	public record Fit(RidgeHead head, double penalty, double[] leaveOneOut) {

	}

	/**
	 * The normal equations. The last column is the constant 1.
	 */
	private static final class Solution {

		private final float[][] features;

		private final double[] targets;

		private final double[] weights;

		private final int rows;

		private final int columns;

		private final double[] mean;

		private final double[] scale;

		private final double[][] gram;

		private final double[] moments;

		private double squares;

		Solution(float[][] features, double[] targets, double[] weights, int first) {
			this.features = features;
			this.targets = targets;
			this.rows = features.length;
			this.columns = features[0].length + 1;
			this.weights = normalised(weights);
			this.mean = new double[this.columns];
			this.scale = new double[this.columns];
			standardise();
			balance(Math.min(first, this.columns - 1));
			this.gram = new double[this.columns][this.columns];
			this.moments = new double[this.columns];
			accumulate();
		}

		private static double[] normalised(double[] weights) {
			double sum = 0;
			for (double weight : weights) {
				Assert.isTrue(weight > 0, "'weights' must be above zero");
				sum += weight;
			}
			Assert.isTrue(Double.isFinite(sum), "'weights' must be finite");
			double factor = weights.length / sum;
			return Arrays.stream(weights).map((weight) -> weight * factor).toArray();
		}

		private void standardise() {
			int last = this.columns - 1;
			double[] square = new double[last];
			for (int i = 0; i < this.rows; i++) {
				float[] row = this.features[i];
				Assert.isTrue(row.length == last, "All observations must have the same number of features");
				Assert.isTrue(Double.isFinite(this.targets[i]), "'targets' must be finite");
				for (int j = 0; j < last; j++) {
					this.mean[j] += this.weights[i] * row[j] / this.rows;
				}
			}
			for (int i = 0; i < this.rows; i++) {
				for (int j = 0; j < last; j++) {
					double distance = this.features[i][j] - this.mean[j];
					square[j] += this.weights[i] * distance * distance / this.rows;
				}
			}
			for (int j = 0; j < last; j++) {
				Assert.isTrue(Double.isFinite(square[j]), "'features' must be finite");
				double deviation = Math.sqrt(square[j]);
				this.scale[j] = (deviation > CONSTANT * Math.max(1, Math.abs(this.mean[j]))) ? 1 / deviation : 0;
			}
			this.scale[last] = 1;
		}

		// Features that say nothing belong to no group
		private void balance(int first) {
			long small = Arrays.stream(this.scale, 0, first).filter((scale) -> scale > 0).count();
			long large = Arrays.stream(this.scale, first, this.columns - 1).filter((scale) -> scale > 0).count();
			if (small > 0 && large > 0) {
				double factor = Math.sqrt((double) large / small);
				for (int j = 0; j < first; j++) {
					this.scale[j] *= factor;
				}
			}
		}

		private void standardised(int row, double[] into) {
			float[] values = this.features[row];
			for (int j = 0; j < values.length; j++) {
				into[j] = (values[j] - this.mean[j]) * this.scale[j];
			}
			into[values.length] = 1;
		}

		// Four observations at a time, because the matrix does not fit into the fastest
		// cache
		private void accumulate() {
			double[][] block = new double[4][this.columns];
			for (int from = 0; from < this.rows; from += block.length) {
				for (int b = 0; b < block.length; b++) {
					if (from + b < this.rows) {
						standardised(from + b, block[b]);
						double target = this.targets[from + b];
						double weight = this.weights[from + b];
						this.squares += weight * target * target;
						double root = Math.sqrt(weight);
						for (int j = 0; j < this.columns; j++) {
							this.moments[j] += weight * target * block[b][j];
							block[b][j] *= root;
						}
					}
					else {
						Arrays.fill(block[b], 0);
					}
				}
				addOuterProducts(block[0], block[1], block[2], block[3]);
			}
		}

		private void addOuterProducts(double[] a, double[] b, double[] c, double[] d) {
			for (int j = 0; j < this.columns; j++) {
				double[] row = this.gram[j];
				double aj = a[j];
				double bj = b[j];
				double cj = c[j];
				double dj = d[j];
				for (int k = 0; k <= j; k++) {
					row[k] += aj * a[k] + bj * b[k] + cj * c[k] + dj * d[k];
				}
			}
		}

		double bestPenalty() {
			double best = PENALTIES[PENALTIES.length - 1];
			double smallest = Double.POSITIVE_INFINITY;
			for (double candidate : PENALTIES) {
				double error = crossValidationError(candidate * this.rows);
				if (error < smallest) {
					smallest = error;
					best = candidate;
				}
			}
			return best;
		}

		Fit fit(double penalty) {
			Cholesky cholesky = Cholesky.of(this.gram, penalty * this.rows);
			double[] solution = cholesky.solve(this.moments);
			return new Fit(head(solution), penalty, leaveOneOut(cholesky, solution));
		}

		private double crossValidationError(double penalty) {
			Cholesky cholesky = Cholesky.of(this.gram, penalty);
			double[] solution = cholesky.solve(this.moments);
			double residual = this.squares;
			double[] product = new double[this.columns];
			for (int j = 0; j < this.columns; j++) {
				for (int k = 0; k < j; k++) {
					product[j] += this.gram[j][k] * solution[k];
					product[k] += this.gram[j][k] * solution[j];
				}
				product[j] += this.gram[j][j] * solution[j];
			}
			for (int j = 0; j < this.columns; j++) {
				residual += solution[j] * (product[j] - 2 * this.moments[j]);
			}
			double free = this.rows - this.columns + penalty * cholesky.traceOfInverseButLast();
			return (free > 0) ? Math.max(0, residual) / (free * free) : Double.POSITIVE_INFINITY;
		}

		private double[] leaveOneOut(Cholesky cholesky, double[] solution) {
			double[] predictions = new double[this.rows];
			double[] row = new double[this.columns];
			for (int i = 0; i < this.rows; i++) {
				standardised(i, row);
				double fitted = 0;
				for (int j = 0; j < this.columns; j++) {
					fitted += row[j] * solution[j];
				}
				// Below 1 but for rounding, and for a single observation
				double leverage = Math.min(1 - 1e-9, this.weights[i] * cholesky.squaredLength(row));
				predictions[i] = (fitted - leverage * this.targets[i]) / (1 - leverage);
			}
			return predictions;
		}

		private RidgeHead head(double[] solution) {
			int last = this.columns - 1;
			double[] coefficients = new double[last];
			double intercept = solution[last];
			for (int j = 0; j < last; j++) {
				coefficients[j] = solution[j] * this.scale[j];
				intercept -= coefficients[j] * this.mean[j];
			}
			return new RidgeHead(coefficients, intercept);
		}

	}

	/**
	 * The factor L of a matrix A + penalty = L L', of which the last element of the
	 * diagonal is not penalised.
	 */
	private static final class Cholesky {

		// The columns of L, because the rows of a matrix are passed through fastest
		private final double[][] transposed;

		private Cholesky(double[][] transposed) {
			this.transposed = transposed;
		}

		static Cholesky of(double[][] lower, double penalty) {
			int size = lower.length;
			double[][] columns = new double[size][size];
			for (int j = 0; j < size; j++) {
				for (int i = j; i < size; i++) {
					columns[j][i] = lower[i][j];
				}
				if (j < size - 1) {
					columns[j][j] += penalty;
				}
			}
			for (int j = 0; j < size; j++) {
				double[] column = columns[j];
				// A positive penalty keeps it positive; the last element is the number of
				// observations
				double pivot = Math.sqrt(Math.max(column[j], Double.MIN_NORMAL));
				for (int i = j; i < size; i++) {
					column[i] /= pivot;
				}
				for (int k = j + 1; k < size; k++) {
					subtract(columns[k], column, column[k], k);
				}
			}
			return new Cholesky(columns);
		}

		private static void subtract(double[] from, double[] column, double factor, int start) {
			for (int i = start; i < from.length; i++) {
				from[i] -= factor * column[i];
			}
		}

		// Solve L x = x
		private void solveForward(double[] vector, int start) {
			for (int k = start; k < vector.length; k++) {
				double[] column = this.transposed[k];
				double value = vector[k] / column[k];
				vector[k] = value;
				subtract(vector, column, value, k + 1);
			}
		}

		double[] solve(double[] right) {
			double[] solution = right.clone();
			solveForward(solution, 0);
			for (int k = solution.length - 1; k >= 0; k--) {
				double[] column = this.transposed[k];
				double value = solution[k];
				for (int i = k + 1; i < solution.length; i++) {
					value -= column[i] * solution[i];
				}
				solution[k] = value / column[k];
			}
			return solution;
		}

		// Of L^-1 x; the vector is overwritten
		double squaredLength(double[] vector) {
			solveForward(vector, 0);
			double sum = 0;
			for (double value : vector) {
				sum += value * value;
			}
			return sum;
		}

		// The diagonal of the inverse has the squared lengths of the columns of L^-1
		double traceOfInverseButLast() {
			int size = this.transposed.length;
			double[] unit = new double[size];
			double sum = 0;
			for (int j = 0; j < size - 1; j++) {
				Arrays.fill(unit, 0);
				unit[j] = 1;
				solveForward(unit, j);
				for (int i = j; i < size; i++) {
					sum += unit[i] * unit[i];
				}
			}
			return sum;
		}

	}

}
