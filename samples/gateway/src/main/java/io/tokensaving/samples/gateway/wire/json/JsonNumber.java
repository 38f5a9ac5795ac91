package io.tokensaving.samples.gateway.wire.json;

import org.jspecify.annotations.Nullable;

/**
 * A number as it is written, which no other type of number may be able to hold, such as
 * {@code 1E400}, or to write the same way, such as {@code 1.0e2}. Two numbers are equal
 * if they are written the same. Immutable.
 */
public final class JsonNumber extends Number {

	private static final long serialVersionUID = 1L;

	private final String text;

	/**
	 * Create a number.
	 * @param text the number as JSON writes it
	 */
	public JsonNumber(String text) {
		this.text = text;
	}

	/**
	 * Return the number that a text says, as a {@link Long} if that writes it the same.
	 * @param text the number as JSON writes it
	 * @return the number
	 */
	static Number of(String text) {
		int length = text.length();
		if (length < 19 && !(length == 2 && text.equals("-0"))) {
			for (int i = (text.charAt(0) == '-') ? 1 : 0; i < length; i++) {
				if (text.charAt(i) < '0' || text.charAt(i) > '9') {
					return new JsonNumber(text);
				}
			}
			return Long.valueOf(text);
		}
		return new JsonNumber(text);
	}

	@Override
	public int intValue() {
		return (int) doubleValue();
	}

	@Override
	public long longValue() {
		return (long) doubleValue();
	}

	@Override
	public float floatValue() {
		return (float) doubleValue();
	}

	@Override
	public double doubleValue() {
		return Double.parseDouble(this.text);
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof JsonNumber that && this.text.equals(that.text);
	}

	@Override
	public int hashCode() {
		return this.text.hashCode();
	}

	@Override
	public String toString() {
		return this.text;
	}

}
