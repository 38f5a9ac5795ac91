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
 * Vetoes if two questions say the same words but exchange who does something to whom, or
 * what is turned into what: from euros to dollars, does a dog bite a cat.
 */
final class WordOrderGuard implements SemanticGuard {

	private static final int FEWEST_WORDS = 2;

	private static final double SHARED = 0.85;

	/**
	 * What stands on their two sides is not exchanged without a change of meaning.
	 */
	private static final Set<String> RELATIONS = Set.of("to", "into", "than", "over", "by", "before", "after",
			"against", "as", "via", "onto", "under", "above", "below", "in", "on", "behind", "for", "with", "of",
			"from");

	private static final Set<String> FIRST_PERSON = Set.of("i", "me", "we", "us");

	private static final Set<String> BE = Set.of("is", "are", "was", "were", "be", "been", "being", "i", "get", "got");

	private static final Set<String> PASSIVE = Set.of("by", "was", "were", "been", "being", "is", "are", "be", "from");

	@Override
	public String name() {
		return "word_order";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
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

	// From A to B and from B to A, in whichever order it is said
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
			String form = words.get(i).form().equals("into") ? "to" : words.get(i).form();
			if (form.equals("from") || form.equals("to")) {
				for (int j = i + 1; j < words.size() && j <= i + 4; j++) {
					if (words.get(j).content()) {
						ends.putIfAbsent(form, words.get(j).stem());
						break;
					}
				}
			}
		}
		// "convert euros to dollars" beside "to euros from dollars"
		return ends;
	}

	private static boolean exchangesAroundRelation(Question asked, Question stored) {
		List<Word> first = asked.words();
		List<Word> second = stored.words();
		for (int i = 1; i + 1 < first.size(); i++) {
			String relation = first.get(i).form();
			if (RELATIONS.contains(relation)) {
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

	// The only place of a word, or -1
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

	// A noun among nouns: currency exchange fees
	private static boolean isCompound(List<Word> words, int index) {
		return isCommon(words.get(index - 1)) && isCommon(words.get(index + 1));
	}

	private static boolean isCommon(Word word) {
		return word.content() && Character.isLowerCase(word.raw().charAt(0));
	}

	private static String relationAfter(List<Word> words, int verb) {
		for (int i = verb + 1; i < words.size() && !words.get(i).content(); i++) {
			if (RELATIONS.contains(words.get(i).form())) {
				return words.get(i).form();
			}
		}
		return "";
	}

	private static boolean isPassive(Question question) {
		List<Word> words = question.words();
		for (int i = 0; i + 1 < words.size(); i++) {
			String next = words.get(i + 1).form();
			if (BE.contains(words.get(i).form())
					&& (next.endsWith("ed") || next.endsWith("en") || next.endsWith("wn"))) {
				return true;
			}
		}
		return false;
	}

	private static boolean isPassive(List<Word> words, int verb) {
		for (int i = verb + 1; i < words.size(); i++) {
			if (words.get(i).form().equals("by")) {
				return true;
			}
		}
		return verb > 0 && PASSIVE.contains(words.get(verb - 1).form());
	}

	// Whether something on the left of one is on the right of the other, and the other
	// way
	// round
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

	// The nearest two on one side; what is joined by and or or has no order
	private static List<String> near(List<Word> words, int from, int step) {
		List<String> near = new ArrayList<>();
		for (int i = from + step; i >= 0 && i < words.size() && near.size() < 2; i += step) {
			Word word = words.get(i);
			if (word.form().equals("and") || word.form().equals("or")) {
				break;
			}
			if (word.content()) {
				near.add(word.stem());
			}
			else if (i == from + step && FIRST_PERSON.contains(word.form())) {
				near.add("i");
			}
		}
		return near;
	}

}
