package io.tokensaving.cache.semantic;

import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Tells whether a question can be understood without the turns before it. In doubt, and
 * in languages other than English, it cannot.
 */
final class StandaloneQuestion {

	private static final int MIN_CONTENT_WORDS = 3;

	private static final Set<String> ANAPHORA = Set.of("it", "its", "they", "them", "their", "theirs", "this", "that",
			"these", "those", "he", "him", "his", "she", "her", "hers", "one", "ones", "same", "above", "previous",
			"previously", "former", "latter", "again", "also", "too", "instead", "else", "another", "other", "others",
			"there", "then", "so", "such", "mentioned", "said", "earlier", "before", "continue", "more", "both",
			"either", "neither", "first", "second", "last");

	private static final Set<String> OPENERS = Set.of("and", "but", "or", "because", "then", "so", "yes", "no", "ok",
			"okay", "sure", "thanks", "why not", "what about", "how about");

	private StandaloneQuestion() {
	}

	static boolean test(Question question) {
		int content = 0;
		boolean english = false;
		for (Word word : question.words()) {
			if (ANAPHORA.contains(word.form())) {
				return false;
			}
			if (word.content()) {
				content++;
			}
			else {
				english = true;
			}
		}
		return english && content >= MIN_CONTENT_WORDS && !continues(question);
	}

	private static boolean continues(Question question) {
		String first = question.words().get(0).form();
		String second = (question.words().size() > 1) ? question.words().get(1).form() : "";
		return OPENERS.contains(first) || OPENERS.contains(first + " " + second);
	}

}
