package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Which content words two questions have in common, and which only one of them has. A
 * word is in common if the other question has it in any form, spelled in another way, or
 * as a synonym. Immutable.
 */
final class Comparison {

	private static final int SHORTEST_JOINED = 6;

	private static final int SHORTEST_ACRONYM = 3;

	private static final int SHORTEST_MISTYPED = 5;

	private static final int SHORTEST_TWICE_MISTYPED = 8;

	private final List<Word> onlyFirst;

	private final List<Word> onlySecond;

	private final int synonyms;

	private final int spellings;

	Comparison(Question first, Question second) {
		List<Word> some = missing(first, second);
		List<Word> others = missing(second, first);
		int synonyms = 0;
		int spellings = 0;
		for (int i = some.size() - 1; i >= 0; i--) {
			for (int j = others.size() - 1; j >= 0; j--) {
				boolean spelled = isMistyped(some.get(i), others.get(j), first.lexicon());
				if (spelled || areSynonyms(some.get(i), others.get(j), first.lexicon())) {
					spellings += spelled ? 1 : 0;
					synonyms += spelled ? 0 : 1;
					some.remove(i);
					others.remove(j);
					break;
				}
			}
		}
		this.onlyFirst = some;
		this.onlySecond = others;
		this.synonyms = synonyms;
		this.spellings = spellings;
	}

	private static List<Word> missing(Question question, Question other) {
		List<Word> missing = new ArrayList<>();
		for (Word word : question.words()) {
			if (word.content() && !other.has(word.form()) && !other.hasStem(word.stem())
					&& !((word.form().length() >= SHORTEST_JOINED || isAcronym(word))
							&& other.containsLetters(word.form()))) {
				missing.add(word);
			}
		}
		return missing;
	}

	// As in NATO, which others write with points
	private static boolean isAcronym(Word word) {
		return word.raw().length() >= SHORTEST_ACRONYM && word.raw().equals(word.raw().toUpperCase(Locale.ROOT));
	}

	// Whether one is the other with a mistake. Two words that both are in a dictionary
	// are
	// two words, however alike
	static boolean isMistyped(Word word, Word other, Lexicon lexicon) {
		int length = Math.min(word.form().length(), other.form().length());
		if (length < SHORTEST_MISTYPED || hasDigit(word.form()) || hasDigit(other.form())
				|| (isKnown(word, lexicon) && isKnown(other, lexicon))) {
			return false;
		}
		if (AntonymGuard.haveOppositeParts(word, other, lexicon)) {
			return false;
		}
		return distance(word.form(), other.form(), (length >= SHORTEST_TWICE_MISTYPED) ? 2 : 1) >= 0;
	}

	private static boolean isKnown(Word word, Lexicon lexicon) {
		WordBase words = lexicon.words();
		return words == null || word.number(words) >= 0 || word.entry() != Lexicon.Entry.UNKNOWN;
	}

	private static boolean hasDigit(String form) {
		for (int i = 0; i < form.length(); i++) {
			if (Character.isDigit(form.charAt(i))) {
				return true;
			}
		}
		return false;
	}

	static boolean areSynonyms(Word word, Word other, Lexicon lexicon) {
		String alternative = word.entry().alternative();
		if (alternative != null && alternative.equals(other.entry().alternative())) {
			return true;
		}
		WordBase words = lexicon.words();
		if (words == null) {
			return false;
		}
		int first = word.number(words);
		int second = other.number(words);
		return first >= 0 && second >= 0 && words.areSynonyms(first, second);
	}

	/**
	 * Return the number of letters to insert, delete, replace or exchange with the next
	 * one to make one text of another (restricted Damerau-Levenshtein distance).
	 * @param first one text
	 * @param second the other
	 * @param limit the largest number of interest
	 * @return the number, or -1 if it is larger than the limit
	 */
	static int distance(String first, String second, int limit) {
		if (Math.abs(first.length() - second.length()) > limit) {
			return -1;
		}
		int[] beforeLast = new int[second.length() + 1];
		int[] last = new int[second.length() + 1];
		int[] row = new int[second.length() + 1];
		for (int j = 0; j <= second.length(); j++) {
			last[j] = j;
		}
		for (int i = 1; i <= first.length(); i++) {
			row[0] = i;
			int lowest = i;
			for (int j = 1; j <= second.length(); j++) {
				int cost = (first.charAt(i - 1) == second.charAt(j - 1)) ? 0 : 1;
				row[j] = Math.min(Math.min(row[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
				if (i > 1 && j > 1 && first.charAt(i - 1) == second.charAt(j - 2)
						&& first.charAt(i - 2) == second.charAt(j - 1)) {
					row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
				}
				lowest = Math.min(lowest, row[j]);
			}
			if (lowest > limit) {
				return -1;
			}
			int[] free = beforeLast;
			beforeLast = last;
			last = row;
			row = free;
		}
		return (last[second.length()] <= limit) ? last[second.length()] : -1;
	}

	/**
	 * Return the content words that only the first question has.
	 * @return the words, in order
	 */
	List<Word> onlyFirst() {
		return this.onlyFirst;
	}

	/**
	 * Return the content words that only the second question has.
	 * @return the words, in order
	 */
	List<Word> onlySecond() {
		return this.onlySecond;
	}

	int synonyms() {
		return this.synonyms;
	}

	int spellings() {
		return this.spellings;
	}

	/**
	 * Whether the questions have the same content words.
	 * @return whether neither has one that the other lacks
	 */
	boolean isSame() {
		return this.onlyFirst.isEmpty() && this.onlySecond.isEmpty();
	}

}
