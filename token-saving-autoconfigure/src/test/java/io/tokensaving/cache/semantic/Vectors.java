package io.tokensaving.cache.semantic;

import java.util.Random;

/**
 * Vectors of length 1 for tests.
 */
public final class Vectors {

	private Vectors() {
	}

	/**
	 * Make a random vector.
	 * @param random the source of chance
	 * @param dimension the number of dimensions
	 * @return a vector of length 1
	 */
	public static float[] random(Random random, int dimension) {
		float[] vector = new float[dimension];
		for (int i = 0; i < dimension; i++) {
			vector[i] = (float) random.nextGaussian();
		}
		return unit(vector);
	}

	/**
	 * Make a vector near another one.
	 * @param vector the other vector
	 * @param random the source of chance
	 * @param similarity about how similar it should be
	 * @return a vector of length 1
	 */
	public static float[] near(float[] vector, Random random, double similarity) {
		float[] other = random(random, vector.length);
		double share = Math.sqrt(1 - similarity * similarity);
		float[] near = new float[vector.length];
		for (int i = 0; i < near.length; i++) {
			near[i] = (float) (similarity * vector[i] + share * other[i]);
		}
		return unit(near);
	}

	/**
	 * Return the cosine of two vectors of length 1.
	 * @param first a vector
	 * @param second a vector
	 * @return the cosine
	 */
	public static double cosine(float[] first, float[] second) {
		double sum = 0;
		for (int i = 0; i < first.length; i++) {
			sum += first[i] * second[i];
		}
		return sum;
	}

	private static float[] unit(float[] vector) {
		double length = Math.sqrt(cosine(vector, vector));
		for (int i = 0; i < vector.length; i++) {
			vector[i] /= (float) length;
		}
		return vector;
	}

}
