package io.tokensaving.cache.semantic.guard;

/**
 * Vetoes if a text in quotation marks or backticks of one question is not quoted by the
 * other, or, if that quotes nothing, does not occur in it.
 */
final class QuotationGuard implements SemanticGuard {

	/**
	 * Longer quotations are what somebody has said, which can be told without quoting.
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

	// Blanks do not count, nor does the end of the sentence if it is quoted as well
	private static String normalise(String quotation) {
		String plain = quotation.replaceAll("\\s+", "");
		int end = plain.length();
		while (end > 1 && ".,!?".indexOf(plain.charAt(end - 1)) >= 0) {
			end--;
		}
		return plain.substring(0, end);
	}

}
