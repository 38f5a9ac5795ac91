package io.tokensaving;

import org.jspecify.annotations.Nullable;

/**
 * Makes text that comes from a request, or from outside the application, safe for a log
 * or a message: it stays on one line, cannot imitate another log line, and is short.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class ForeignText {

	/**
	 * The number of characters of a text that are shown.
	 */
	public static final int MAX_LENGTH = 100;

	private ForeignText() {
	}

	/**
	 * Make a text printable.
	 * @param text the text, or any object, which is converted to text
	 * @return the first {@value #MAX_LENGTH} characters, in which characters that are not
	 * visible (line breaks, control characters, marks of the direction of writing,
	 * unpaired surrogates) are escaped as in Java, followed by {@code ...} if there are
	 * more
	 */
	public static String printable(@Nullable Object text) {
		return printable(text, MAX_LENGTH);
	}

	/**
	 * Make a text printable.
	 * @param text the text, or any object, which is converted to text
	 * @param maxLength the number of characters that are shown, 1 or more
	 * @return the beginning of the text, escaped
	 */
	public static String printable(@Nullable Object text, int maxLength) {
		String whole = string(text);
		int end = Math.min(whole.length(), maxLength);
		StringBuilder printable = new StringBuilder(end + 3);
		for (int i = 0; i < end;) {
			int c = whole.codePointAt(i);
			i += Character.charCount(c);
			if (isPrintable(c)) {
				printable.appendCodePoint(c);
			}
			else {
				for (char unit : Character.toChars(c)) {
					printable.append("\\u%04x".formatted((int) unit));
				}
			}
		}
		return (end < whole.length()) ? printable.append("...").toString() : printable.toString();
	}

	// toString() may be code of the application, and fail
	private static String string(@Nullable Object text) {
		try {
			return String.valueOf(String.valueOf(text));
		}
		catch (Throwable ex) {
			return "a " + ((text != null) ? text.getClass().getName() : "text") + " that cannot be shown";
		}
	}

	private static boolean isPrintable(int c) {
		return switch (Character.getType(c)) {
			case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
					Character.SURROGATE, Character.UNASSIGNED ->
				false;
			default -> true;
		};
	}

}
