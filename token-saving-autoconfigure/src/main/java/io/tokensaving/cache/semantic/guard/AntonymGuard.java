package io.tokensaving.cache.semantic.guard;

import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;
import org.jspecify.annotations.Nullable;

/**
 * Vetoes if one question says the opposite of the other: increase and decrease, cheaper
 * and dearer, lock and unlock, turn on and turn off. Words in both questions are no
 * evidence.
 */
final class AntonymGuard implements SemanticGuard {

	private static final int SHORTEST_PREFIXED = 4;

	private static final int PARTICLE_REACH = 5;

	private static final int SHORTEST_AFTER_PREFIX = 3;

	@Override
	public String name() {
		return "antonyms";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		for (Word word : asked.words()) {
			if (!stored.hasStem(word.stem())
					&& (hasOpposite(word, asked, stored) || hasPrefixed(word, asked, stored))) {
				return true;
			}
		}
		for (Word word : stored.words()) {
			if (!asked.hasStem(word.stem()) && hasPrefixed(word, stored, asked)) {
				return true;
			}
		}
		return hasOtherParticle(asked, stored) || hasOppositeOfKind(asked, stored);
	}

	// By a dictionary of antonyms, and by prefixes and endings that exclude each other
	private static boolean hasOppositeOfKind(Question asked, Question stored) {
		Comparison comparison = asked.compare(stored);
		for (Word word : comparison.onlyFirst()) {
			for (Word other : comparison.onlySecond()) {
				if (word.negated() == other.negated() && asked.isNegating() == stored.isNegating()
						&& areOpposites(word, other, asked.lexicon())) {
					return true;
				}
			}
		}
		return hasOtherPrefixBeforeHyphen(asked, stored);
	}

	private static boolean areOpposites(Word word, Word other, Lexicon lexicon) {
		WordBase words = lexicon.words();
		if (words != null) {
			int first = word.number(words);
			int second = other.number(words);
			if (first >= 0 && second >= 0 && words.areAntonyms(first, second)) {
				return true;
			}
		}
		return haveOppositeParts(word, other, lexicon);
	}

	/**
	 * Whether two words differ in prefixes or endings that exclude each other.
	 * @param word one word
	 * @param other the other
	 * @param lexicon the lexicon of the language
	 * @return whether they do
	 */
	static boolean haveOppositeParts(Word word, Word other, Lexicon lexicon) {
		return haveOppositeParts(word.form(), other.form(), lexicon.oppositePrefixes(), true)
				|| haveOppositeParts(word.form(), other.form(), lexicon.oppositeEndings(), false)
				|| haveOppositeParts(singular(word), singular(other), lexicon.oppositeEndings(), false);
	}

	private static String singular(Word word) {
		return word.form().endsWith("s") ? word.form().substring(0, word.form().length() - 1) : word.form();
	}

	private static boolean haveOppositeParts(String form, String other, List<List<String>> classes, boolean prefixes) {
		int shortest = prefixes ? SHORTEST_AFTER_PREFIX : SHORTEST_PREFIXED;
		for (List<String> parts : classes) {
			for (String part : parts) {
				int rest = form.length() - part.length();
				if (rest < shortest || !(prefixes ? form.startsWith(part) : form.endsWith(part))) {
					continue;
				}
				for (String opposite : parts) {
					if (!opposite.equals(part) && other.length() - opposite.length() == rest
							&& (prefixes ? other.startsWith(opposite) && other.endsWith(form.substring(part.length()))
									: other.endsWith(opposite) && other.startsWith(form.substring(0, rest)))) {
						return true;
					}
				}
			}
		}
		return false;
	}

	// As in pre-tax and post-tax, which are two words each
	private static boolean hasOtherPrefixBeforeHyphen(Question asked, Question stored) {
		for (List<String> prefixes : asked.lexicon().oppositePrefixes()) {
			for (String prefix : prefixes) {
				if (asked.has(prefix) && !stored.has(prefix)) {
					for (String opposite : prefixes) {
						if (!opposite.equals(prefix) && stored.has(opposite) && !asked.has(opposite)
								&& isBefore(asked, prefix, stored, opposite)) {
							return true;
						}
					}
				}
			}
		}
		return false;
	}

	// Whether the same word follows both
	private static boolean isBefore(Question asked, String prefix, Question stored, String opposite) {
		String next = next(asked, prefix);
		return next != null && next.equals(next(stored, opposite));
	}

	private static @Nullable String next(Question question, String form) {
		List<Word> words = question.words();
		for (int i = 0; i + 1 < words.size(); i++) {
			if (words.get(i).form().equals(form)) {
				return words.get(i + 1).content() ? words.get(i + 1).stem() : null;
			}
		}
		return null;
	}

	private static boolean hasOpposite(Word word, Question question, Question other) {
		Set<String> opposites = word.entry().antonyms();
		Set<String> stems = question.lexicon().antonymStems(word.stem());
		if (opposites.isEmpty() && stems.isEmpty()) {
			return false;
		}
		for (Word candidate : other.words()) {
			if ((opposites.contains(candidate.form()) || stems.contains(candidate.stem()))
					&& !question.hasStem(candidate.stem())) {
				// "not open" means "closed"
				return word.negated() == candidate.negated();
			}
		}
		return false;
	}

	// Whether the other question has the word with a prefix that negates it, such as
	// "incorrect"
	private static boolean hasPrefixed(Word word, Question question, Question other) {
		if (word.stem().length() < SHORTEST_PREFIXED || !word.content()) {
			return false;
		}
		for (Word candidate : other.words()) {
			String stem = candidate.stem();
			int length = stem.length() - word.stem().length();
			if (length >= 2 && length <= 3 && stem.endsWith(word.stem())
					&& question.lexicon().negativePrefixes().contains(stem.substring(0, length))
					&& !question.hasStem(stem)) {
				// "The rate was incorrect" means the same as "the correct rate was not
				// given"
				return word.negated() == candidate.negated() && question.isNegating() == other.isNegating();
			}
		}
		return false;
	}

	private static boolean hasOtherParticle(Question first, Question second) {
		List<Word> words = first.words();
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).is(WordList.PARTICLE_VERBS) && second.hasStem(words.get(i).stem())) {
				String one = particle(first, words.get(i).stem());
				String other = particle(second, words.get(i).stem());
				if (!one.isEmpty() && !other.isEmpty() && first.lexicon().areOppositeParticles(one, other)) {
					return true;
				}
			}
		}
		return false;
	}

	private static String particle(Question question, String verb) {
		List<Word> words = question.words();
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).stem().equals(verb)) {
				for (int j = i + 1; j < words.size() && j <= i + PARTICLE_REACH; j++) {
					if (question.lexicon().isParticle(words.get(j).form())) {
						return words.get(j).form();
					}
				}
			}
		}
		return "";
	}

}
