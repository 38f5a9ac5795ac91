package io.tokensaving.cache.semantic.guard;

import java.util.List;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if one question negates what the other says without a negation. Some negations
 * are no evidence: of a word that does not occur in the other question, because what is
 * not working may be called broken there; if the other question tells of trouble, which
 * means the same without a negation; and in a complaint compared with a question for how
 * to do something, because those who cannot do it want to know how. But those who have
 * trouble with doing it, or are unable to, have already tried.
 */
final class NegationGuard implements SemanticGuard {

	@Override
	public String name() {
		return "negation";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return contradicts(asked, stored) || contradicts(stored, asked);
	}

	private static boolean contradicts(Question negating, Question other) {
		List<Word> words = negating.words();
		if (negating.lexicon().negatesAnywhere()) {
			return !negatesOnlyKnowledge(words, true) && !other.isNegating() && !isTroubled(other);
		}
		if (!negating.isNegating()) {
			return isTroubledBy(words, other);
		}
		if (other.isNegating() || isTroubled(other)) {
			return isUnableToDo(words, other);
		}
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).negation() && !isAboutKnowledge(words, i, false) && !isConverse(words.get(i), other)
					&& contradicts(words, i, other)) {
				return true;
			}
		}
		return false;
	}

	// As in "I'm unable to verify my identity" and "I'm not sure how to verify my
	// identity"
	private static boolean isUnableToDo(List<Word> words, Question other) {
		if (isTroubled(other) || !negatesOnlyKnowledge(other.words(), false)) {
			return false;
		}
		for (int i = 0; i + 1 < words.size(); i++) {
			boolean unable = words.get(i).is(WordList.INABILITY)
					|| (words.get(i).is(WordList.NOT) && words.get(i + 1).is(WordList.CAPABLE));
			if (unable) {
				for (int j = i + 1; j < words.size() && words.get(j).sentence() == words.get(i).sentence(); j++) {
					if (words.get(j).negated()) {
						return saysWithoutNegation(other, words.get(j));
					}
				}
			}
		}
		return false;
	}

	// As in "I have trouble with verifying my identity" and "How do I verify my
	// identity?"
	private static boolean isTroubledBy(List<Word> words, Question other) {
		if (other.isNegating() || isTroubled(other) || !other.hasAny(WordList.HOW_TO)) {
			return false;
		}
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).is(WordList.OBSTACLES)) {
				for (int j = i + 1; j < words.size() && words.get(j).sentence() == words.get(i).sentence(); j++) {
					if (words.get(j).content()) {
						return !words.get(j).is(WordList.FIND) && other.hasStem(words.get(j).stem());
					}
				}
			}
		}
		return false;
	}

	private static boolean negatesOnlyKnowledge(List<Word> words, boolean anywhere) {
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).negation() && !isAboutKnowledge(words, i, anywhere)) {
				return false;
			}
		}
		return true;
	}

	// As in "I don't know how", "I can't be sure"
	private static boolean isAboutKnowledge(List<Word> words, int negation, boolean anywhere) {
		int from = anywhere ? Math.max(0, negation - 3) : negation + 1;
		for (int i = from; i < words.size() && i <= negation + 2; i++) {
			if (words.get(i).is(WordList.KNOWLEDGE)) {
				return true;
			}
		}
		return false;
	}

	private static boolean saysWithoutNegation(Question question, Word negated) {
		boolean found = false;
		for (Word word : question.words()) {
			if (word.stem().equals(negated.stem())) {
				found = true;
				if (word.negated()) {
					return false;
				}
			}
		}
		return found;
	}

	private static boolean contradicts(List<Word> words, int negation, Question other) {
		// After an inverted auxiliary comes the subject, as in "why won't my card work"
		boolean inverted = negation > 0 && words.get(negation - 1).is(WordList.AUXILIARIES)
				&& (negation == 1 || words.get(negation - 2).is(WordList.ASKING));
		int said = 0;
		for (int i = negation + 1; i < words.size() && words.get(i).sentence() == words.get(negation).sentence(); i++) {
			Word word = words.get(i);
			if (!word.negated()) {
				continue;
			}
			if (!other.hasStem(word.stem())) {
				return false;
			}
			said++;
			if (!inverted) {
				break;
			}
		}
		return said > 0 && !isComplaint(words, negation, other);
	}

	// As in "Without going there" and "Do I have to go there?"
	private static boolean isConverse(Word negation, Question other) {
		return negation.is(WordList.WITHOUT) && other.hasAny(WordList.OBLIGATION);
	}

	// Trouble can be told with or without a negation
	private static boolean isTroubled(Question question) {
		return question.hasAny(WordList.TROUBLE);
	}

	// As in "I can't log in" and "How do I log in?", or "It hasn't arrived" and "When
	// will it arrive?"
	private static boolean isComplaint(List<Word> words, int negation, Question other) {
		if (negation == 0) {
			return false;
		}
		Word before = words.get(negation - 1);
		if (!before.is(WordList.ABLE) && !before.is(WordList.PERFECT)) {
			return false;
		}
		boolean first = false;
		for (Word word : words) {
			first |= word.is(WordList.FIRST_PERSON);
		}
		return first && other.hasAny(WordList.EXPECTING) && !words.get(0).is(WordList.HOW_NOT);
	}

}
