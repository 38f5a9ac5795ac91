package io.tokensaving.cache.semantic.guard;

import java.util.List;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two questions differ in nothing but their tense: who is and who was, who won
 * and who will win. Of their own affairs people speak in any tense.
 */
final class TenseGuard implements SemanticGuard {

	@Override
	public String name() {
		return "tense";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return differ(asked, stored) && !asked.hasAny(WordList.FIRST_PERSON) && !stored.hasAny(WordList.FIRST_PERSON)
				&& asked.compare(stored).isSame() && (isFutureAndPast(asked, stored) || (asksForPerson(asked)
						&& asksForPerson(stored) && !hasSuperlative(asked) && !hasSuperlative(stored)));
	}

	/**
	 * Whether two questions are in different tenses.
	 * @param asked one question
	 * @param stored the other
	 * @return whether both have a tense, and not the same
	 */
	static boolean differ(Question asked, Question stored) {
		String first = tense(asked);
		String second = tense(stored);
		return !first.equals(second) && !first.isEmpty() && !second.isEmpty();
	}

	private static boolean isFutureAndPast(Question asked, Question stored) {
		String first = tense(asked);
		String second = tense(stored);
		return (first.equals("future") && second.equals("past")) || (first.equals("past") && second.equals("future"));
	}

	// Whoever is something now is often not who it was
	private static boolean asksForPerson(Question question) {
		return !question.words().isEmpty() && "who".equals(question.words().get(0).entry().questionKind());
	}

	// The most famous of all is in any tense
	private static boolean hasSuperlative(Question question) {
		return question.hasAny(WordList.SUPERLATIVES);
	}

	private static String tense(Question question) {
		List<Word> words = question.words();
		for (int i = 0; i < words.size() && words.get(i).sentence() == 0; i++) {
			String tense = words.get(i).entry().tense();
			if (tense != null) {
				return tense.equals("modal") ? "" : tense;
			}
			String infinitive = words.get(i).entry().infinitive();
			if (infinitive != null && !infinitive.equals(words.get(i).form()) && words.get(i).content()) {
				return "past";
			}
		}
		return "";
	}

}
