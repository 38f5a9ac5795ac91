package io.tokensaving.cache.semantic.guard;

/**
 * Vetoes if a text in quotation marks or backticks of one question is not quoted in the
 * other, or, if the other has no quotations, does not occur in it.
 */
final class QuotationGuard implements SemanticGuard {

	/**
	 * Longer quotations are speech, which the other question may report without quoting.
	 */
	private static final int SPEECH_WORDS = 5;

	@Override
	public String name() {
		return "quotations";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return lacks(asked, stored) || lacks(stored, asked);
	}

	private static boolean lacks(Question quoting, Question other) {
		for (String quotation : quoting.quotations()) {
			if (other.quotations().isEmpty() && quotation.split(" ", SPEECH_WORDS + 1).length > SPEECH_WORDS) {
				continue;
			}
			boolean found = other.quotations().isEmpty() ? contains(other, quotation)
					: other.quotations().stream().anyMatch((candidate) -> isSame(quotation, candidate));
			if (!found) {
				return true;
			}
		}
		return false;
	}

	private static boolean contains(Question question, String quotation) {
		boolean signs = quotation.chars().noneMatch(Character::isLetterOrDigit);
		return signs ? question.text().contains(quotation) : question.containsLetters(quotation);
	}

	private static boolean isSame(String quotation, String other) {
		return normalise(quotation).equals(normalise(other));
	}

	// Ignores blanks, and the end of a sentence inside the quotation
	private static String normalise(String quotation) {
		String plain = SpellingGuard.plain(quotation).replaceAll("\\s+", "");
		int end = plain.length();
		while (end > 1 && ".,!?".indexOf(plain.charAt(end - 1)) >= 0) {
			end--;
		}
		return plain.substring(0, end);
	}

}
