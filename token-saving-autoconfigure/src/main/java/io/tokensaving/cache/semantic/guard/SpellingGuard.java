package io.tokensaving.cache.semantic.guard;

import java.text.Normalizer;
import java.util.List;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if the same letters are another word: with other accents, if the questions are
 * about words, or with a capital, where the writer uses capitals, such as WHO and who.
 */
final class SpellingGuard implements SemanticGuard {

	@Override
	public String name() {
		return "spelling";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		boolean aboutWords = (asked.hasAny(WordList.ABOUT_WORDS) || asked.hasAny(WordList.ABOUT_MEANING))
				&& (stored.hasAny(WordList.ABOUT_WORDS) || stored.hasAny(WordList.ABOUT_MEANING));
		return (aboutWords && (hasOtherAccents(asked, stored) || hasOtherAccents(stored, asked)))
				|| hasOtherCapitals(asked, stored) || hasOtherCapitals(stored, asked);
	}

	private static boolean hasOtherAccents(Question question, Question other) {
		for (Word word : question.words()) {
			if (!isAscii(word.form()) && !other.has(word.form())) {
				String plain = plain(word.form());
				for (Word candidate : other.words()) {
					if (plain.equals(plain(candidate.form()))) {
						return true;
					}
				}
			}
		}
		return false;
	}

	private static boolean isAscii(String form) {
		for (int i = 0; i < form.length(); i++) {
			if (form.charAt(i) > 127) {
				return false;
			}
		}
		return true;
	}

	static String plain(String form) {
		return isAscii(form) ? form : Normalizer.normalize(form, Normalizer.Form.NFD).replaceAll("\\p{M}+", "");
	}

	private static boolean hasOtherCapitals(Question question, Question other) {
		List<Word> words = question.words();
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			if (word.startsSentence() || !word.is(WordList.OTHERWISE_CAPITALISED)
					|| !Character.isUpperCase(word.raw().charAt(0)) || !usesCapitals(question)
					|| !usesCapitals(other)) {
				continue;
			}
			boolean lowerCase = false;
			boolean capital = false;
			for (Word candidate : other.words()) {
				if (candidate.form().equals(word.form())) {
					capital |= candidate.startsSentence() || !candidate.raw().equals(candidate.form());
					lowerCase |= candidate.raw().equals(candidate.form());
				}
			}
			if (lowerCase && !capital && !hasLowerCase(question, word.form())) {
				return true;
			}
		}
		return false;
	}

	private static boolean hasLowerCase(Question question, String form) {
		for (Word word : question.words()) {
			if (word.raw().equals(form)) {
				return true;
			}
		}
		return false;
	}

	// Begins with a capital, but is not all capitals
	private static boolean usesCapitals(Question question) {
		List<Word> words = question.words();
		boolean lowerCase = false;
		for (Word word : words) {
			lowerCase |= word.raw().equals(word.form()) && word.raw().length() > 1;
		}
		return lowerCase && Character.isUpperCase(words.get(0).raw().charAt(0));
	}

}
