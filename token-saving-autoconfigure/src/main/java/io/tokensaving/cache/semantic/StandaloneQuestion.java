package io.tokensaving.cache.semantic;

import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Decides whether a question can be understood without the turns before it. The answer is
 * no in case of doubt and for languages other than English.
 */
final class StandaloneQuestion {

	private static final int MIN_CONTENT_WORDS = 3;

	private static final int MAX_ENDING = 4;

	private static final Set<String> ANAPHORA = Set.of("it", "its", "they", "them", "their", "theirs", "this", "that",
			"these", "those", "he", "him", "his", "she", "her", "hers", "one", "ones", "same", "above", "previous",
			"previously", "former", "latter", "again", "also", "too", "instead", "else", "another", "other", "others",
			"there", "then", "so", "such", "mentioned", "said", "earlier", "before", "continue", "more", "both",
			"either", "neither", "first", "second", "last");

	private static final Set<String> OPENERS = Set.of("and", "but", "or", "because", "then", "so", "yes", "no", "ok",
			"okay", "sure", "thanks", "why not", "what about", "how about");

	/**
	 * Words in front of what is assumed to be known.
	 */
	private static final Set<String> DEFINITE = Set.of("the", "my", "our", "your");

	/**
	 * Names of what was said before, and of its parts.
	 */
	private static final Set<String> DISCOURSE = Set.of("answer", "repli", "respons", "explan", "suggest", "propos",
			"recommend", "list", "exampl", "step", "point", "option", "altern", "choic", "item", "bullet", "paragraph",
			"sentenc", "section", "version", "draft", "summari", "translat", "convers", "chat", "result", "approach",
			"method", "solut");

	private StandaloneQuestion() {
	}

	/**
	 * Whether a question can be understood without the turns before it, and does not
	 * speak of something that one of them has introduced.
	 * @param question the question
	 * @param earlier the texts of the turns before it
	 * @return {@code false} also if it is not clear
	 */
	static boolean test(Question question, List<String> earlier) {
		return test(question) && (earlier.isEmpty() || !refersTo(question.words(), earlier));
	}

	private static boolean refersTo(List<Word> words, List<String> earlier) {
		boolean definite = false;
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			if (!word.content()) {
				definite = DEFINITE.contains(word.form());
				continue;
			}
			boolean discourse = DISCOURSE.contains(word.stem());
			boolean numbered = i + 1 < words.size() && Character.isDigit(words.get(i + 1).form().charAt(0));
			if (discourse && (definite || numbered)) {
				return true;
			}
			if (definite && earlier.stream().anyMatch((text) -> contains(text, word))) {
				return true;
			}
		}
		return false;
	}

	// In any form: whatever begins with the stem and is not much longer
	private static boolean contains(String text, Word word) {
		String stem = word.stem();
		int length = stem.endsWith("i") ? stem.length() - 1 : stem.length();
		boolean inWord = false;
		for (int i = 0; i < text.length(); i++) {
			boolean letter = Character.isLetterOrDigit(text.charAt(i));
			if (letter && !inWord && text.regionMatches(true, i, stem, 0, length)) {
				int end = i + length;
				while (end < text.length() && Character.isLetterOrDigit(text.charAt(end))) {
					end++;
				}
				if (end - i <= length + MAX_ENDING) {
					return true;
				}
			}
			inWord = letter;
		}
		return false;
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
