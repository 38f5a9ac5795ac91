package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two instructions are the same, but not what they are to be carried out on:
 * the text behind a colon, or the sentences behind one that speaks of "this". It is data,
 * so every word of it counts.
 */
final class PayloadGuard implements SemanticGuard {

	@Override
	public String name() {
		return "payloads";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		int first = payload(asked);
		int second = payload(stored);
		if (first <= 0 || second <= 0 || first >= asked.words().size() || second >= stored.words().size()) {
			return asksAboutOtherWords(asked, stored);
		}
		return isInstruction(asked, first) && forms(asked, 0, first, true).equals(forms(stored, 0, second, true))
				&& !forms(asked, first, asked.words().size(), false)
					.equals(forms(stored, second, stored.words().size(), false));
	}

	// As in what rhymes with cat, how do you spell necessary
	private static boolean asksAboutOtherWords(Question asked, Question stored) {
		if (!asked.hasAny(WordList.ABOUT_WORDS) || !stored.hasAny(WordList.ABOUT_WORDS)) {
			return false;
		}
		Comparison comparison = asked.compare(stored);
		return comparison.onlyFirst().size() == 1 && comparison.onlySecond().size() == 1
				&& !comparison.onlyFirst().get(0).is(WordList.ABOUT_WORDS)
				&& !comparison.onlySecond().get(0).is(WordList.ABOUT_WORDS);
	}

	// Returns the index of the first word of the payload, or 0
	private static int payload(Question question) {
		List<Word> words = question.words();
		String text = question.text();
		int colon = text.indexOf(':');
		while (colon > 0 && colon + 1 < text.length() && !Character.isWhitespace(text.charAt(colon + 1))) {
			colon = text.indexOf(':', colon + 1);
		}
		if (colon > 0) {
			return firstAfter(words, colon);
		}
		boolean pointing = false;
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).sentence() > 0) {
				return pointing ? i : 0;
			}
			pointing |= words.get(i).is(WordList.POINTING);
		}
		return 0;
	}

	// "Brawl: what is the best strategy?" only has a title
	private static boolean isInstruction(Question question, int end) {
		WordBase base = question.lexicon().words();
		for (Word word : question.words().subList(0, end)) {
			if (word.is(WordList.POINTING) || word.is(WordList.AUXILIARIES) || word.is(WordList.IMPERATIVES)) {
				return true;
			}
		}
		int number = (base != null) ? question.words().get(0).number(base) : -1;
		return number >= 0 && base != null && (base.parts(number) & WordBase.VERB) != 0;
	}

	private static int firstAfter(List<Word> words, int at) {
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).at() > at) {
				return i;
			}
		}
		return words.size();
	}

	private static List<String> forms(Question question, int start, int end, boolean stems) {
		List<String> forms = new ArrayList<>();
		for (Word word : question.words().subList(start, end)) {
			if (!stems || word.content()) {
				forms.add(stems ? word.stem() : word.form());
			}
		}
		return forms;
	}

}
