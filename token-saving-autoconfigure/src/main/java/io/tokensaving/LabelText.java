package io.tokensaving;

import org.springframework.util.Assert;

/**
 * Checks texts that name what a call is counted under. They become part of JSON and of
 * keys in Redis.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class LabelText {

	/**
	 * What a text may be, for messages.
	 */
	public static final String ACCEPTED = "1 to 100 letters A to Z, digits and ._/{}:@+*-";

	/**
	 * The length above which a text is not accepted.
	 */
	public static final int MAX_LENGTH = 100;

	private static final String PUNCTUATION = "._/{}:@+*-";

	private LabelText() {
	}

	/**
	 * Whether a text is accepted: 1 to {@value #MAX_LENGTH} of the letters {@code A} to
	 * {@code Z} in both cases, digits and <code>._/{}:@+*-</code>.
	 * @param text the text, of any origin
	 * @return whether it is accepted
	 */
	public static boolean isAccepted(String text) {
		if (text.isEmpty() || text.length() > MAX_LENGTH) {
			return false;
		}
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			boolean letterOrDigit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
			if (!letterOrDigit && PUNCTUATION.indexOf(c) < 0) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Check a text.
	 * @param name what the text is, for the message
	 * @param text the text
	 * @return the text
	 * @throws IllegalArgumentException if it is not accepted
	 */
	public static String check(String name, String text) {
		Assert.isTrue(isAccepted(text),
				() -> "%s must be %s, but is '%s'".formatted(name, ACCEPTED, ForeignText.printable(text)));
		return text;
	}

}
