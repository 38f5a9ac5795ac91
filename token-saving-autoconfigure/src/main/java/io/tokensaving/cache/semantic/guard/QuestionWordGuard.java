package io.tokensaving.cache.semantic.guard;

import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two questions ask for different kinds of things: who, when, where, why, how
 * many, how far. "What" and "how" can ask for any of them. About their own affairs people
 * ask with "when" and "where" for the same thing: where is my card, when will it come.
 */
final class QuestionWordGuard implements SemanticGuard {

	@Override
	public String name() {
		return "question_words";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		String first = kind(asked);
		String second = kind(stored);
		if (first.isEmpty() || second.isEmpty() || first.equals(second)
				|| areBoth(WordList.AMOUNTS, first, second, asked)) {
			return false;
		}
		return !(areBoth(WordList.OWN_AFFAIRS, first, second, asked)
				&& (asked.hasAny(WordList.FIRST_PERSON) || stored.hasAny(WordList.FIRST_PERSON)));
	}

	// As in how much sleep, how many hours
	private static boolean areBoth(WordList kinds, String first, String second, Question question) {
		Set<String> list = question.lexicon().list(kinds);
		return list.contains(first) && list.contains(second);
	}

	/**
	 * Return how a question opens.
	 * @param question the question
	 * @return its question word, "yes or no" if it begins with an auxiliary, otherwise an
	 * empty text
	 */
	static String opening(Question question) {
		for (Word word : question.words()) {
			if (word.is(WordList.PLEASANTRIES)) {
				continue;
			}
			String kind = word.entry().questionKind();
			if (kind != null) {
				return kind;
			}
			if (word.is(WordList.HOW)) {
				return "how";
			}
			if (word.is(WordList.OPEN_QUESTIONS)) {
				return "what";
			}
			return word.is(WordList.AUXILIARIES) ? "yes or no" : "";
		}
		return "";
	}

	// Returns the kind of a question that begins with its question word
	private static String kind(Question question) {
		List<Word> words = question.words();
		int start = 0;
		while (start < words.size() && words.get(start).is(WordList.PLEASANTRIES)) {
			start++;
		}
		if (start + 1 >= words.size()) {
			return "";
		}
		Word first = words.get(start);
		if (!first.is(WordList.HOW)) {
			String kind = first.entry().questionKind();
			return (kind != null) ? kind : "";
		}
		boolean time = start + 2 < words.size() && words.get(start + 2).is(WordList.TIMES);
		return time ? "when" : question.lexicon().kindAfterHow(words.get(start + 1).form());
	}

}
