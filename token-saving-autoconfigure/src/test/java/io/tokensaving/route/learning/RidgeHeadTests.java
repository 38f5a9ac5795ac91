package io.tokensaving.route.learning;

import java.util.Arrays;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests of {@link RidgeHead}.
 */
class RidgeHeadTests {

	private final SplittableRandom random = new SplittableRandom(7);

	@Test
	void equalsTheDirectSolutionOfTheNormalEquations() {
		for (int columns : new int[] { 1, 3, 17, 60 }) {
			Data data = new Data(this.random, 40, columns);
			RidgeHead.Fit fit = RidgeHead.fit(data.features, data.targets, data.weights, 0.1);
			double[] direct = directPredictions(data, 0.1, -1);
			for (int i = 0; i < data.targets.length; i++) {
				assertThat(fit.head().predict(data.features[i])).isCloseTo(direct[i], within(1e-6));
			}
		}
	}

	@Test
	void leaveOneOutEqualsFittingWithoutEachObservation() {
		Data data = new Data(this.random, 25, 4);
		RidgeHead.Fit fit = RidgeHead.fit(data.features, data.targets, data.weights, 0.05);
		for (int i = 0; i < data.targets.length; i++) {
			assertThat(fit.leaveOneOut()[i]).isCloseTo(directPredictions(data, 0.05, i)[i], within(1e-8));
		}
	}

	@Test
	void aFewFeaturesCountAsMuchAsManyOthers() {
		// The same as if the one feature were there sixteen times
		float[][] features = new float[300][17];
		float[][] repeated = new float[300][32];
		double[] targets = new double[300];
		double[] weights = new double[300];
		for (int i = 0; i < 300; i++) {
			for (int j = 0; j < 17; j++) {
				features[i][j] = (float) this.random.nextGaussian();
			}
			for (int j = 0; j < 32; j++) {
				repeated[i][j] = (j < 16) ? features[i][0] : features[i][j - 15];
			}
			targets[i] = features[i][0] + 2 * this.random.nextGaussian();
			weights[i] = 1;
		}
		RidgeHead.Fit grouped = RidgeHead.fitGroups(features, targets, weights, 1);
		RidgeHead.Fit direct = RidgeHead.fit(repeated, targets, weights);
		assertThat(grouped.penalty()).isEqualTo(direct.penalty());
		assertThat(grouped.leaveOneOut()).containsExactly(direct.leaveOneOut(), within(1e-6));
		assertThat(RidgeHead.fitGroups(features, targets, weights, 0).leaveOneOut())
			.containsExactly(RidgeHead.fit(features, targets, weights).leaveOneOut());
	}

	@Test
	void groupsWithoutVaryingFeaturesChangeNothing() {
		Data data = new Data(this.random, 30, 5);
		float[][] constant = new float[30][7];
		for (int i = 0; i < 30; i++) {
			System.arraycopy(data.features[i], 0, constant[i], 2, 5);
		}
		assertThat(RidgeHead.fitGroups(constant, data.targets, data.weights, 2).leaveOneOut())
			.containsExactly(RidgeHead.fit(data.features, data.targets, data.weights).leaveOneOut(), within(1e-9));
	}

	@Test
	void dependsOnTheRatiosOfTheWeightsOnly() {
		Data data = new Data(this.random, 30, 5);
		double[] hundredfold = Arrays.stream(data.weights).map((weight) -> 100 * weight).toArray();
		RidgeHead.Fit fit = RidgeHead.fit(data.features, data.targets, data.weights);
		RidgeHead.Fit other = RidgeHead.fit(data.features, data.targets, hundredfold);
		assertThat(other.penalty()).isEqualTo(fit.penalty());
		assertThat(other.leaveOneOut()).containsExactly(fit.leaveOneOut(), within(1e-9));
	}

	@Test
	void anObservationOfWeightTwoCountsAsTwo() {
		float[][] features = { { 1 }, { 2 }, { 5 } };
		float[][] repeated = { { 1 }, { 2 }, { 5 }, { 5 } };
		RidgeHead weighted = RidgeHead.fit(features, new double[] { 0, 1, 0 }, new double[] { 1, 1, 2 }, 1e-9).head();
		RidgeHead twice = RidgeHead.fit(repeated, new double[] { 0, 1, 0, 0 }, new double[] { 1, 1, 1, 1 }, 1e-9)
			.head();
		assertThat(weighted.predict(new float[] { 3 })).isCloseTo(twice.predict(new float[] { 3 }), within(1e-6));
	}

	@Test
	void choosesALargePenaltyForNoiseAndASmallOneForALine() {
		float[][] features = new float[200][20];
		double[] line = new double[200];
		double[] noise = new double[200];
		double[] weights = new double[200];
		for (int i = 0; i < 200; i++) {
			for (int j = 0; j < 20; j++) {
				features[i][j] = (float) this.random.nextDouble();
				line[i] += (j % 3) * features[i][j];
			}
			noise[i] = this.random.nextInt(2);
			weights[i] = 1;
		}
		assertThat(RidgeHead.fit(features, line, weights).penalty()).isLessThanOrEqualTo(0.01);
		assertThat(RidgeHead.fit(features, noise, weights).penalty()).isGreaterThanOrEqualTo(1);
	}

	@Test
	void ignoresFeaturesThatNeverChange() {
		float[][] features = { { 7, 0 }, { 7, 1 }, { 7, 0 }, { 7, 1 } };
		double[] targets = { 0, 1, 0, 1 };
		RidgeHead head = RidgeHead.fit(features, targets, new double[] { 1, 1, 1, 1 }, 1e-6).head();
		assertThat(head.predict(new float[] { 7, 1 })).isCloseTo(1, within(1e-3));
		assertThat(head.predict(new float[] { 9, 1 })).isEqualTo(head.predict(new float[] { 7, 1 }));
	}

	@Test
	void predictsTheMeanOfASingleObservation() {
		RidgeHead.Fit fit = RidgeHead.fit(new float[][] { { 3, 4 } }, new double[] { 0.5 }, new double[] { 2 });
		assertThat(fit.head().predict(new float[] { 1, 1 })).isCloseTo(0.5, within(1e-9));
		assertThat(fit.leaveOneOut()[0]).isFinite();
	}

	@Test
	void rejectsWhatIsNotFinite() {
		double[] one = { 1, 1 };
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RidgeHead.fit(new float[][] { { Float.NaN }, { 1 } }, one, one));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RidgeHead.fit(new float[][] { { 1 }, { 1 } }, new double[] { 1, Double.NaN }, one));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RidgeHead.fit(new float[][] { { 1 }, { 1 } }, one, new double[] { 1, 0 }));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RidgeHead.fit(new float[][] { { 1 }, { 1, 2 } }, one, one));
	}

	// The standardisation is that of all observations, also where one is left out
	private static double[] directPredictions(Data data, double penalty, int without) {
		int rows = data.targets.length;
		int columns = data.features[0].length;
		double total = Arrays.stream(data.weights).sum();
		double[][] design = new double[rows][columns + 1];
		for (int j = 0; j < columns; j++) {
			double mean = 0;
			for (int i = 0; i < rows; i++) {
				mean += data.weights[i] * data.features[i][j] / total;
			}
			double variance = 0;
			for (int i = 0; i < rows; i++) {
				variance += data.weights[i] * Math.pow(data.features[i][j] - mean, 2) / total;
			}
			for (int i = 0; i < rows; i++) {
				design[i][j] = (data.features[i][j] - mean) / Math.sqrt(variance);
			}
		}
		double[][] equations = new double[columns + 1][columns + 2];
		for (int i = 0; i < rows; i++) {
			design[i][columns] = 1;
			double weight = (i != without) ? data.weights[i] * rows / total : 0;
			for (int j = 0; j <= columns; j++) {
				for (int k = 0; k <= columns; k++) {
					equations[j][k] += weight * design[i][j] * design[i][k];
				}
				equations[j][columns + 1] += weight * design[i][j] * data.targets[i];
			}
		}
		for (int j = 0; j < columns; j++) {
			equations[j][j] += penalty * rows;
		}
		double[] solution = eliminate(equations);
		double[] predictions = new double[rows];
		for (int i = 0; i < rows; i++) {
			for (int j = 0; j <= columns; j++) {
				predictions[i] += design[i][j] * solution[j];
			}
		}
		return predictions;
	}

	// Gauss and Jordan, with pivots
	private static double[] eliminate(double[][] equations) {
		int size = equations.length;
		for (int j = 0; j < size; j++) {
			int pivot = j;
			for (int i = j + 1; i < size; i++) {
				pivot = (Math.abs(equations[i][j]) > Math.abs(equations[pivot][j])) ? i : pivot;
			}
			double[] row = equations[pivot];
			equations[pivot] = equations[j];
			equations[j] = row;
			for (int i = 0; i < size; i++) {
				double factor = (i != j) ? equations[i][j] / row[j] : 0;
				for (int k = j; k <= size; k++) {
					equations[i][k] -= factor * row[k];
				}
			}
		}
		double[] solution = new double[size];
		for (int j = 0; j < size; j++) {
			solution[j] = equations[j][size] / equations[j][j];
		}
		return solution;
	}

	private static final class Data {

		private final float[][] features;

		private final double[] targets;

		private final double[] weights;

		Data(SplittableRandom random, int rows, int columns) {
			this.features = new float[rows][columns];
			this.targets = new double[rows];
			this.weights = new double[rows];
			for (int i = 0; i < rows; i++) {
				for (int j = 0; j < columns; j++) {
					this.features[i][j] = (float) (10 * random.nextDouble() - j);
				}
				this.targets[i] = random.nextDouble();
				this.weights[i] = 1 + 9 * random.nextDouble();
			}
		}

	}

}
