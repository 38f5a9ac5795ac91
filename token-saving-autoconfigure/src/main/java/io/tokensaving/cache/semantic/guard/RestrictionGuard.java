package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if one question has a restriction that the other does not have: a word such as
 * only, except or abroad, a condition, or another one of several mutually exclusive
 * things, such as Android and iOS.
 */
final class RestrictionGuard implements SemanticGuard {

	private static final int LONG_PREFIX = 7;

	@Override
	public String name() {
		return "restrictions";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return hasOtherAlternative(asked, stored) || hasOtherOfClass(asked, stored) || hasOwnRestriction(asked, stored)
				|| hasOwnRestriction(stored, asked) || hasOwnCondition(asked, stored) || hasOwnCondition(stored, asked);
	}

	// Two things of one class are two things, as are two relations: a cat is no dog, and
	// electrical is not mechanical
	private static boolean hasOtherOfClass(Question asked, Question stored) {
		WordBase words = asked.lexicon().words();
		Comparison comparison = asked.compare(stored);
		if (words == null || comparison.onlyFirst().size() != 1 || comparison.onlySecond().size() != 1) {
			return false;
		}
		Word word = comparison.onlyFirst().get(0);
		Word other = comparison.onlySecond().get(0);
		int first = word.number(words);
		int second = other.number(words);
		return first >= 0 && second >= 0 && words.file(first) == words.file(second) && isExclusive(words.file(first))
				&& word.negated() == other.negated() && !word.form().regionMatches(0, other.form(), 0, LONG_PREFIX);
	}

	// The numbers, plus one, of WordNet's files of relational adjectives, animals,
	// bodies, food, plants and substances
	private static boolean isExclusive(int file) {
		return file == 2 || file == 6 || file == 9 || file == 14 || file == 21 || file == 28;
	}

	private static boolean hasOtherAlternative(Question asked, Question stored) {
		for (Word word : asked.words()) {
			Set<String> classes = word.entry().classes();
			if (classes.isEmpty() || hasAlternative(stored, word)) {
				continue;
			}
			for (Word other : stored.words()) {
				for (String alternatives : other.entry().classes()) {
					if (classes.contains(alternatives) && !hasAlternative(asked, other)) {
						return true;
					}
				}
			}
		}
		return false;
	}

	private static boolean hasAlternative(Question question, Word word) {
		if (question.hasStem(word.stem())) {
			return true;
		}
		String alternative = word.entry().alternative();
		for (Word other : question.words()) {
			if (other.form().equals(word.form())
					|| (alternative != null && alternative.equals(other.entry().alternative()))) {
				return true;
			}
		}
		return false;
	}

	private static boolean hasOwnRestriction(Question question, Question other) {
		for (Word word : question.words()) {
			if (word.is(WordList.RESTRICTIONS) && !hasAlternative(other, word) && !isKnown(word, other)
					&& !isSaidOtherwise(word, question, other)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Whether only one question has a restriction.
	 * @param asked one question
	 * @param stored the other
	 * @return whether it does
	 */
	static boolean differ(Question asked, Question stored) {
		return hasOwnRestriction(asked, stored) || hasOwnRestriction(stored, asked);
	}

	/**
	 * Whether only one question has a condition.
	 * @param asked one question
	 * @param stored the other
	 * @return whether it does
	 */
	static boolean differInCondition(Question asked, Question stored) {
		return hasOwnCondition(asked, stored) || hasOwnCondition(stored, asked);
	}

	private static boolean isSaidOtherwise(Word restriction, Question question, Question other) {
		if (other.hasAny(question.lexicon().saidOtherwise(restriction.form()))) {
			return true;
		}
		if (restriction.is(WordList.WITHOUT)) {
			return other.isNegating()
					|| question.words().stream().anyMatch((word) -> word.negated() && isKnown(word, other));
		}
		return restriction.is(WordList.ONLY) && isTelling(question);
	}

	// As in "I was only given", "the only one"
	private static boolean isTelling(Question question) {
		List<Word> words = question.words();
		for (int i = 1; i < words.size(); i++) {
			if (words.get(i).is(WordList.ONLY) && words.get(i - 1).is(WordList.TELLING_ONLY)) {
				return true;
			}
		}
		return false;
	}

	private static boolean hasOwnCondition(Question question, Question other) {
		List<Word> words = question.words();
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			// "When do you open?" asks, "when I am abroad" restricts
			boolean condition = word.is(WordList.IF) || (word.is(WordList.CONDITIONS) && !word.startsSentence());
			if (condition && !isAskedWhether(words, i)
					&& !(i + 1 < words.size() && words.get(i + 1).is(WordList.POLITE_CONDITIONS))) {
				List<Word> clause = clause(words, i + 1);
				if (clause.size() >= (word.is(WordList.IF) ? 1 : 2)
						&& !clause.stream().anyMatch((part) -> isKnown(part, other)) && !other.has(word.form())
						&& !other.hasAny(WordList.DURING)) {
					return true;
				}
			}
		}
		return false;
	}

	// As in "Tell me if", "I want to know when", "what if"
	private static boolean isAskedWhether(List<Word> words, int index) {
		return index > 0 && words.get(index - 1).is(WordList.ASKED_WHETHER);
	}

	private static List<Word> clause(List<Word> words, int start) {
		List<Word> clause = new ArrayList<>();
		for (int i = start; i < words.size() && words.get(i).sentence() == words.get(start).sentence(); i++) {
			if (words.get(i).content()) {
				clause.add(words.get(i));
			}
		}
		return clause;
	}

	private static boolean isKnown(Word word, Question other) {
		if (other.hasStem(word.stem())) {
			return true;
		}
		String name = word.entry().startsName() ? other.lexicon().name(word.form()) : null;
		if (name != null && other.words()
			.stream()
			.anyMatch((candidate) -> name.equals(other.lexicon().name(candidate.form())))) {
			return true;
		}
		if (word.stem().length() < 4) {
			return false;
		}
		int prefix = Math.min(5, word.stem().length());
		for (Word candidate : other.words()) {
			if (candidate.content() && candidate.stem().regionMatches(0, word.stem(), 0, prefix)) {
				return true;
			}
		}
		return false;
	}

}
