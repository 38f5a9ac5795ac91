package io.tokensaving.cache.semantic.vectorstore;

import java.nio.ByteBuffer;

import io.tokensaving.cache.EntryInput;

/**
 * A vector as it is kept in the metadata of a document, in 16 bits a value, and the time
 * at which its answer expires. The values are scaled, which does not change the cosine,
 * so that the largest one takes all 16 bits. The vector in the store cannot be read back,
 * and what the score of a store means depends on the store, so the cosine similarity is
 * computed from this one. Rounding changes it by less than 0.0001. Not modified once it
 * is read.
 */
final class StoredVector {

	private final long expiresAt;

	private final short[] values;

	private StoredVector(long expiresAt, short[] values) {
		this.expiresAt = expiresAt;
		this.values = values;
	}

	/**
	 * Encode a vector.
	 * @param vector the vector
	 * @param expiresAt when its answer expires, in milliseconds since 1970
	 * @return the bytes
	 */
	static byte[] encode(float[] vector, long expiresAt) {
		float largest = 0;
		for (float value : vector) {
			largest = Math.max(largest, Math.abs(value));
		}
		float scale = (largest > 0) ? largest / Short.MAX_VALUE : 1;
		ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + Short.BYTES * vector.length).putLong(expiresAt);
		for (float value : vector) {
			bytes.putShort((short) Math.round(value / scale));
		}
		return bytes.array();
	}

	/**
	 * Read a vector.
	 * @param input the bytes
	 * @return the vector
	 * @throws IllegalArgumentException if the bytes are no vector
	 */
	static StoredVector read(EntryInput input) {
		long expiresAt = input.readLong();
		byte[] bytes = input.readAll();
		if (bytes.length % Short.BYTES != 0) {
			throw new IllegalArgumentException("The entry contains no vector");
		}
		short[] values = new short[bytes.length / Short.BYTES];
		ByteBuffer.wrap(bytes).asShortBuffer().get(values);
		return new StoredVector(expiresAt, values);
	}

	/**
	 * Return when the answer expires.
	 * @return the time in milliseconds since 1970
	 */
	long expiresAt() {
		return this.expiresAt;
	}

	int dimensions() {
		return this.values.length;
	}

	/**
	 * Compute the cosine similarity.
	 * @param vector a vector of length 1 and of as many dimensions
	 * @return the similarity, -1 to 1, or {@code NaN} if a vector has no length
	 */
	double cosine(float[] vector) {
		double product = 0;
		double square = 0;
		for (int i = 0; i < vector.length; i++) {
			double value = this.values[i];
			product += value * vector[i];
			square += value * value;
		}
		double cosine = product / Math.sqrt(square);
		return Math.max(-1, Math.min(1, cosine));
	}

}
