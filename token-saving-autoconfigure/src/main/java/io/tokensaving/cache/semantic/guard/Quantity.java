package io.tokensaving.cache.semantic.guard;

import org.jspecify.annotations.Nullable;

/**
 * A number with its unit.
 *
 * @param value its value, or {@link Double#NaN} if it is compared as a text
 * @param text a version, an address, a time of the day or another text with digits, or
 * {@code null} if the value tells all
 * @param unit the unit, if it is a known one
 * @param weak whether the other question may leave it away: it is one, or only tells how
 * long ago something happened
 * @param start the index of its first word
 * @param end the index of the word after it
 */
record Quantity(double value, @Nullable String text, @Nullable String unit, boolean weak, int start, int end) {

	/**
	 * Values that differ by less, in relation to them, are equal: a third is not written
	 * down exactly.
	 */
	private static final double PRECISION = 1e-9;

	boolean hasValueOf(Quantity other) {
		if (this.text != null || other.text != null) {
			return this.text != null && this.text.equals(other.text);
		}
		return this.value == other.value || Math.abs(this.value - other.value) <= PRECISION
				* Math.max(Math.abs(this.value), Math.abs(other.value));
	}

}
