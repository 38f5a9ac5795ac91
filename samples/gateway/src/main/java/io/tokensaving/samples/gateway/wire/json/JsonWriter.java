package io.tokensaving.samples.gateway.wire.json;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Writes JSON without white space.
 */
public final class JsonWriter {

	private static final char[] DIGITS = "0123456789abcdef".toCharArray();

	private JsonWriter() {
	}

	/**
	 * Write a value.
	 * @param value a {@link Map}, an {@link Iterable}, a text, a number, a truth value or
	 * {@code null}; of anything else its text
	 * @return the JSON
	 */
	public static String write(@Nullable Object value) {
		if (value instanceof CharSequence text) {
			return quote(text);
		}
		StringBuilder out = new StringBuilder();
		write(value, out);
		return out.toString();
	}

	/**
	 * Write a value.
	 * @param value the value
	 * @param out receives the JSON
	 */
	public static void write(@Nullable Object value, StringBuilder out) {
		if (value instanceof Map<?, ?> map) {
			char separator = '{';
			for (Map.Entry<?, ?> entry : map.entrySet()) {
				out.append(separator);
				quote(String.valueOf(entry.getKey()), out);
				out.append(':');
				write(entry.getValue(), out);
				separator = ',';
			}
			out.append((separator == '{') ? "{}" : "}");
		}
		else if (value instanceof Iterable<?> elements) {
			char separator = '[';
			for (Object element : elements) {
				out.append(separator);
				write(element, out);
				separator = ',';
			}
			out.append((separator == '[') ? "[]" : "]");
		}
		else if (value == null || value instanceof Number || value instanceof Boolean) {
			out.append(value);
		}
		else if (value instanceof CharSequence text) {
			quote(text, out);
		}
		else {
			quote(value.toString(), out);
		}
	}

	/**
	 * Write a text as a string.
	 * @param text the text
	 * @return the string with its quotation marks
	 */
	public static String quote(CharSequence text) {
		StringBuilder out = new StringBuilder(text.length() + 16);
		quote(text, out);
		return out.toString();
	}

	private static void quote(CharSequence text, StringBuilder out) {
		out.append('"');
		int length = text.length();
		int copied = 0;
		for (int i = 0; i < length; i++) {
			char c = text.charAt(i);
			if (c < 0x20 || c == '"' || c == '\\' || isHalf(text, i, c)) {
				out.append(text, copied, i);
				escape(c, out);
				copied = i + 1;
			}
			else if (Character.isHighSurrogate(c)) {
				i++;
			}
		}
		out.append(text, copied, length).append('"');
	}

	// Half of a pair has no bytes in UTF-8
	private static boolean isHalf(CharSequence text, int i, char c) {
		return Character.isSurrogate(c) && !(Character.isHighSurrogate(c) && i + 1 < text.length()
				&& Character.isLowSurrogate(text.charAt(i + 1)));
	}

	private static void escape(char c, StringBuilder out) {
		switch (c) {
			case '"' -> out.append("\\\"");
			case '\\' -> out.append("\\\\");
			case '\n' -> out.append("\\n");
			case '\r' -> out.append("\\r");
			case '\t' -> out.append("\\t");
			default -> out.append("\\u")
				.append(DIGITS[c >> 12])
				.append(DIGITS[c >> 8 & 15])
				.append(DIGITS[c >> 4 & 15])
				.append(DIGITS[c & 15]);
		}
	}

}
