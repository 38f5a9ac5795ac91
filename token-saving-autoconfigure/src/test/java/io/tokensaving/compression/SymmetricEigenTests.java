package io.tokensaving.compression;

import java.util.Arrays;
import java.util.Random;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link SymmetricEigen}.
 */
class SymmetricEigenTests {

	private static final double ROUNDING = 1e-12;

	@Property(tries = 300)
	void everyMatrixIsDecomposed(@ForAll @IntRange(min = 1, max = 60) int size, @ForAll long seed,
			@ForAll @IntRange(min = -150, max = 150) int exponent, @ForAll @IntRange(min = 0, max = 99) int zeros) {
		assertDecomposed(matrix(size, seed, exponent, zeros));
	}

	@Test
	void matrixInWhichNearlyAllIsZeroIsDecomposed() {
		assertDecomposed(matrix(35, 8045, -3, 98));
		for (int seed = 0; seed < 3000; seed++) {
			assertDecomposed(matrix(1 + seed % 60, seed, 0, 94 + seed % 6));
		}
	}

	private static double[][] matrix(int size, long seed, int exponent, int zeros) {
		Random random = new Random(seed);
		double[][] matrix = new double[size][size];
		for (int i = 0; i < size; i++) {
			for (int j = 0; j <= i; j++) {
				double value = (random.nextInt(100) < zeros) ? 0 : (random.nextDouble() - 0.5) * Math.pow(10, exponent);
				matrix[i][j] = value;
				matrix[j][i] = value;
			}
		}
		return matrix;
	}

	@Property(tries = 200)
	void eigenvaluesAreFoundWhateverTheirSizesAndHoweverManyAreEqual(@ForAll @IntRange(min = 1, max = 48) int size,
			@ForAll long seed) {
		Random random = new Random(seed);
		double[] values = new double[size];
		for (int i = 0; i < size; i++) {
			values[i] = (i > 0 && random.nextBoolean()) ? values[random.nextInt(i)]
					: Math.pow(10, -12 * random.nextDouble());
		}
		double[][] basis = orthonormalBasis(random, size);
		double[][] matrix = new double[size][size];
		for (int i = 0; i < size; i++) {
			for (int j = 0; j <= i; j++) {
				for (int k = 0; k < size; k++) {
					matrix[i][j] += values[k] * basis[k][i] * basis[k][j];
				}
				matrix[j][i] = matrix[i][j];
			}
		}
		double[] found = sortedValues(assertDecomposed(matrix));
		Arrays.sort(values);
		for (int i = 0; i < size; i++) {
			assertThat(found[i]).isCloseTo(values[i], within(ROUNDING));
		}
	}

	@Test
	void eigenvaluesOfASecondDifferenceAreThoseOfTheFormula() {
		int size = 48;
		double[][] matrix = new double[size][size];
		for (int i = 0; i < size; i++) {
			matrix[i][i] = 2;
			if (i > 0) {
				matrix[i][i - 1] = -1;
				matrix[i - 1][i] = -1;
			}
		}
		double[] found = sortedValues(assertDecomposed(matrix));
		for (int k = 0; k < size; k++) {
			double sine = Math.sin((k + 1) * Math.PI / (2 * (size + 1)));
			assertThat(found[k]).isCloseTo(4 * sine * sine, within(ROUNDING));
		}
	}

	@Test
	void matrixOfZerosHasEigenvaluesOfZero() {
		assertThat(sortedValues(assertDecomposed(new double[5][5]))).containsOnly(0);
	}

	@Test
	void matrixWithoutRowsHasNoEigenvalues() {
		SymmetricEigen eigen = SymmetricEigen.of(new double[0][0]);
		assertThat(eigen).isNotNull();
		assertThat(eigen.size()).isZero();
	}

	@Test
	void matrixIsLeftAsItIs() {
		double[][] matrix = { { 1, 2, 3 }, { 2, 5, 6 }, { 3, 6, 9 } };
		assertDecomposed(matrix);
		assertThat(matrix).isDeepEqualTo(new double[][] { { 1, 2, 3 }, { 2, 5, 6 }, { 3, 6, 9 } });
	}

	@Test
	void matrixThatIsNotFiniteIsRefused() {
		assertThat(SymmetricEigen.of(new double[][] { { 1, Double.NaN }, { Double.NaN, 1 } })).isNull();
		assertThat(SymmetricEigen.of(new double[][] { { Double.POSITIVE_INFINITY, 0 }, { 0, 1 } })).isNull();
	}

	// The vectors are orthonormal, and the matrix stretches each by its value
	private static SymmetricEigen assertDecomposed(double[][] matrix) {
		SymmetricEigen eigen = SymmetricEigen.of(matrix);
		assertThat(eigen).isNotNull();
		assertThat(eigen.size()).isEqualTo(matrix.length);
		double norm = Math.sqrt(matrix.length)
				* Arrays.stream(matrix).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElse(0);
		for (int k = 0; k < eigen.size(); k++) {
			double[] vector = eigen.vector(k);
			for (int i = 0; i < matrix.length; i++) {
				assertThat(dot(matrix[i], vector)).isCloseTo(eigen.value(k) * vector[i], within(ROUNDING * norm));
				assertThat(dot(eigen.vector(i), vector)).isCloseTo((i == k) ? 1 : 0, within(ROUNDING));
			}
		}
		return eigen;
	}

	private static double[] sortedValues(SymmetricEigen eigen) {
		double[] values = new double[eigen.size()];
		Arrays.setAll(values, eigen::value);
		Arrays.sort(values);
		return values;
	}

	private static double[][] orthonormalBasis(Random random, int size) {
		double[][] basis = new double[size][];
		for (int i = 0; i < size; i++) {
			double[] vector = random.doubles(size, -1, 1).toArray();
			for (int pass = 0; pass < 2; pass++) {
				for (int j = 0; j < i; j++) {
					double overlap = dot(vector, basis[j]);
					for (int k = 0; k < size; k++) {
						vector[k] -= overlap * basis[j][k];
					}
				}
			}
			double length = Math.sqrt(dot(vector, vector));
			basis[i] = Arrays.stream(vector).map((value) -> value / length).toArray();
		}
		return basis;
	}

	private static double dot(double[] a, double[] b) {
		double sum = 0;
		for (int i = 0; i < a.length; i++) {
			sum += a[i] * b[i];
		}
		return sum;
	}

}
