package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two questions have the same words but exchange subject and object, or source
 * and target: from euros to dollars, does a dog bite a cat.
 */
final class WordOrderGuard implements SemanticGuard {

	private static final int FEWEST_WORDS = 2;

	private static final int FEWEST_IN_EXCHANGE = 3;

	private static final double SHARED = 0.85;

	@Override
	public String name() {
		return "word_order";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		if (exchangesTwo(asked, stored)) {
			return true;
		}
		List<Word> first = content(asked);
		List<Word> second = content(stored);
		if (first.size() < FEWEST_WORDS || second.size() < FEWEST_WORDS || !sharesMost(first, second)) {
			return false;
		}
		if (hasOtherDirection(asked, stored)) {
			return true;
		}
		return exchangesAroundRelation(asked, stored)
				|| (isPassive(asked) == isPassive(stored) && exchangesAroundVerb(asked, stored));
	}

	// All words are the same in the same order, but for two that have changed places: a
	// man bites a dog
	private static boolean exchangesTwo(Question asked, Question stored) {
		List<Word> first = bare(asked);
		List<Word> second = bare(stored);
		if (first.size() != second.size() || first.size() < FEWEST_IN_EXCHANGE) {
			return false;
		}
		int one = -1;
		int other = -1;
		for (int i = 0; i < first.size(); i++) {
			if (!isSame(first.get(i), second.get(i))) {
				if (other >= 0) {
					return false;
				}
				other = (one >= 0) ? i : -1;
				one = (one >= 0) ? one : i;
			}
		}
		return other > one + 1 && one >= 0 && isSame(first.get(one), second.get(other))
				&& isSame(first.get(other), second.get(one)) && isParty(first.get(one)) && isParty(first.get(other))
				&& !areCoordinated(first, one, other);
	}

	private static List<Word> bare(Question question) {
		List<Word> bare = new ArrayList<>(question.words().size());
		boolean letters = false;
		for (Word word : question.words()) {
			letters |= word.form().length() == 1 && Character.isLetter(word.form().charAt(0)) && word.content();
		}
		for (Word word : question.words()) {
			// "A" is a letter among letters
			if (!word.is(WordList.ARTICLES) || (letters && word.form().length() == 1 && !word.startsSentence())) {
				bare.add(word);
			}
		}
		return bare;
	}

	private static boolean isSame(Word word, Word other) {
		return word.form().equals(other.form()) || (word.stem().equals(other.stem()) && word.stem().length() > 1);
	}

	// A noun, a name or a single letter
	private static boolean isParty(Word word) {
		return word.content() || word.form().length() == 1;
	}

	// As in cats and dogs, the difference between a and b
	private static boolean areCoordinated(List<Word> words, int one, int other) {
		for (int i = one + 1; i < other; i++) {
			if (words.get(i).is(WordList.COORDINATIONS)) {
				return true;
			}
			if (!words.get(i).is(WordList.ARTICLES) && words.get(i).is(WordList.SYMMETRIC_RELATIONS)) {
				return true;
			}
		}
		return false;
	}

	private static List<Word> content(Question question) {
		List<Word> content = new ArrayList<>();
		for (Word word : question.words()) {
			if (word.content()) {
				content.add(word);
			}
		}
		return content;
	}

	private static boolean sharesMost(List<Word> first, List<Word> second) {
		Set<String> stems = new HashSet<>();
		first.forEach((word) -> stems.add(word.stem()));
		Set<String> others = new HashSet<>();
		second.forEach((word) -> others.add(word.stem()));
		int larger = Math.max(stems.size(), others.size());
		stems.retainAll(others);
		return stems.size() >= FEWEST_WORDS && stems.size() >= SHARED * larger;
	}

	// As in "from A to B" and "from B to A", in either order
	private static boolean hasOtherDirection(Question asked, Question stored) {
		Map<String, String> first = ends(asked);
		Map<String, String> second = ends(stored);
		String from = first.get("from");
		String to = first.get("to");
		return from != null && to != null && !from.equals(to) && from.equals(second.get("to"))
				&& to.equals(second.get("from"));
	}

	private static Map<String, String> ends(Question question) {
		Map<String, String> ends = new HashMap<>();
		List<Word> words = question.words();
		for (int i = 0; i < words.size(); i++) {
			String form = words.get(i).is(WordList.FROM) ? "from" : "to";
			if (words.get(i).is(WordList.FROM) || words.get(i).is(WordList.TO_OR_INTO)) {
				for (int j = i + 1; j < words.size() && j <= i + 4; j++) {
					if (words.get(j).content()) {
						ends.putIfAbsent(form, words.get(j).stem());
						break;
					}
				}
			}
		}
		// As in "convert euros to dollars" and "to euros from dollars"
		return ends;
	}

	private static boolean exchangesAroundRelation(Question asked, Question stored) {
		List<Word> first = asked.words();
		List<Word> second = stored.words();
		for (int i = 1; i + 1 < first.size(); i++) {
			String relation = first.get(i).form();
			if (first.get(i).is(WordList.WORD_ORDER_RELATIONS)) {
				int j = onlyIndex(second, relation, Word::form);
				if (j > 0 && j + 1 < second.size() && onlyIndex(first, relation, Word::form) == i
						&& first.get(i + 1).content() == second.get(j + 1).content()
						&& isExchanged(first, i, second, j)) {
					return true;
				}
			}
		}
		return false;
	}

	private static boolean exchangesAroundVerb(Question asked, Question stored) {
		List<Word> first = asked.words();
		List<Word> second = stored.words();
		for (int i = 1; i + 1 < first.size(); i++) {
			Word verb = first.get(i);
			if (verb.content() && !isCompound(first, i)) {
				int j = onlyIndex(second, verb.stem(), Word::stem);
				if (j > 0 && j + 1 < second.size() && onlyIndex(first, verb.stem(), Word::stem) == i
						&& !isCompound(second, j) && isExchanged(first, i, second, j)
						&& isPassive(first, i) == isPassive(second, j)
						&& relationAfter(first, i).equals(relationAfter(second, j))) {
					return true;
				}
			}
		}
		return false;
	}

	// Returns the index of a word that occurs once, otherwise -1
	private static int onlyIndex(List<Word> words, String text, Function<Word, String> view) {
		int found = -1;
		for (int i = 0; i < words.size(); i++) {
			if (view.apply(words.get(i)).equals(text)) {
				if (found >= 0) {
					return -1;
				}
				found = i;
			}
		}
		return found;
	}

	// A noun among nouns, as in "currency exchange fees"
	private static boolean isCompound(List<Word> words, int index) {
		return isCommon(words.get(index - 1)) && isCommon(words.get(index + 1));
	}

	private static boolean isCommon(Word word) {
		return word.content() && Character.isLowerCase(word.raw().charAt(0));
	}

	private static String relationAfter(List<Word> words, int verb) {
		for (int i = verb + 1; i < words.size() && !words.get(i).content(); i++) {
			if (words.get(i).is(WordList.WORD_ORDER_RELATIONS)) {
				return words.get(i).form();
			}
		}
		return "";
	}

	private static boolean isPassive(Question question) {
		List<Word> words = question.words();
		for (int i = 0; i + 1 < words.size(); i++) {
			if (words.get(i).is(WordList.BE) && isParticiple(words.get(i + 1), question.lexicon())) {
				return true;
			}
		}
		return false;
	}

	private static boolean isParticiple(Word word, Lexicon lexicon) {
		for (String ending : lexicon.list(WordList.PARTICIPLE_ENDINGS)) {
			if (word.form().endsWith(ending)) {
				return true;
			}
		}
		return false;
	}

	private static boolean isPassive(List<Word> words, int verb) {
		for (int i = verb + 1; i < words.size(); i++) {
			if (words.get(i).is(WordList.BY)) {
				return true;
			}
		}
		return verb > 0 && words.get(verb - 1).is(WordList.PASSIVE);
	}

	// Whether a word on the left of one is on the right of the other, and vice versa
	private static boolean isExchanged(List<Word> first, int i, List<Word> second, int j) {
		List<String> left = near(first, i, -1);
		List<String> right = near(first, i, 1);
		List<String> otherLeft = near(second, j, -1);
		List<String> otherRight = near(second, j, 1);
		return crosses(left, right, otherLeft, otherRight) && crosses(right, left, otherRight, otherLeft);
	}

	private static boolean crosses(List<String> side, List<String> opposite, List<String> otherSide,
			List<String> otherOpposite) {
		return side.stream()
			.anyMatch((stem) -> otherOpposite.contains(stem) && !otherSide.contains(stem) && !opposite.contains(stem));
	}

	// Returns the two nearest words on one side; words joined by "and" or "or" have no
	// order
	private static List<String> near(List<Word> words, int from, int step) {
		List<String> near = new ArrayList<>();
		for (int i = from + step; i >= 0 && i < words.size() && near.size() < 2; i += step) {
			Word word = words.get(i);
			if (word.is(WordList.COORDINATIONS)) {
				break;
			}
			if (word.content()) {
				near.add(word.stem());
			}
			else if (i == from + step && word.is(WordList.FIRST_PERSON_WORDS)) {
				near.add("i");
			}
		}
		return near;
	}

}
