package io.tokensaving.cache.semantic.guard;

/**
 * Vetoes if the score of two questions is low: if all that is known of them, none of
 * which is enough by itself, makes it unlikely that they want the same answer. Abstains
 * where it is not told how similar they are, and in languages that the score was not
 * trained on.
 */
final class ScoreGuard implements SemanticGuard {

	/**
	 * The lowest score of a pair whose answer is served.
	 */
	static final double LOWEST = 0.5;

	@Override
	public String name() {
		return "score";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return false;
	}

	@Override
	public boolean vetoes(Question asked, Question stored, double similarity) {
		return asked.language() == Language.ENGLISH && AnswerScore.english().score(asked, stored, similarity) < LOWEST;
	}

}
