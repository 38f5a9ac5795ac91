package io.tokensaving.route.cascade;

import org.jspecify.annotations.Nullable;

/**
 * Finds fault with answers that are shorter than a number of characters. Answers that
 * call tools or hold media need no text.
 *
 * @param minLength the smallest number of characters, without the white space around
 * them, at least 1
 */
record MinLengthCheck(int minLength) implements ConfidenceCheck {

	static final String NAME = "min_length";

	MinLengthCheck {
		if (minLength < 1) {
			throw new IllegalArgumentException("'minLength' must be at least 1, but is " + minLength);
		}
	}

	@Override
	public @Nullable String check(CheckedAnswer answer) {
		for (CheckedAnswer.Alternative alternative : answer.alternatives()) {
			if (!alternative.hasToolCalls() && !alternative.hasMedia()) {
				String text = alternative.text().strip();
				if (text.codePointCount(0, text.length()) < this.minLength) {
					return "too_short";
				}
			}
		}
		return null;
	}

}
