package io.tokensaving.cache.semantic.guard;

import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two questions ask for another kind of thing: who, when, where, why, how many,
 * how far. What and how can ask for any of them. Of their own affairs people ask when or
 * where alike: where is my card, when will it come.
 */
final class QuestionWordGuard implements SemanticGuard {

	private static final Map<String, String> KINDS = Map.of("who", "who", "whom", "who", "whose", "who", "when", "when",
			"where", "where", "why", "why");

	private static final Map<String, String> KINDS_OF_HOW = Map.of("many", "many", "much", "many", "often", "often",
			"far", "far", "old", "old", "tall", "tall", "long", "when", "soon", "when", "come", "why");

	/**
	 * How many days, how much time.
	 */
	private static final Set<String> TIMES = Set.of("time", "minutes", "hours", "days", "weeks", "months", "years");

	private static final Set<String> PLEASANTRIES = Set.of("hi", "hello", "hey", "please", "and", "so", "but", "ok",
			"okay", "thanks");

	private static final Set<String> AMOUNTS = Set.of("many", "when");

	private static final Set<String> OWN_AFFAIRS = Set.of("when", "where", "why");

	@Override
	public String name() {
		return "question_words";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		String first = kind(asked);
		String second = kind(stored);
		if (first.isEmpty() || second.isEmpty() || first.equals(second) || areAmounts(first, second)) {
			return false;
		}
		return !(OWN_AFFAIRS.contains(first) && OWN_AFFAIRS.contains(second)
				&& (isPersonal(asked) || isPersonal(stored)));
	}

	// How much sleep, how many hours
	private static boolean areAmounts(String first, String second) {
		return AMOUNTS.contains(first) && AMOUNTS.contains(second);
	}

	private static boolean isPersonal(Question question) {
		return question.has("my") || question.has("i") || question.has("we") || question.has("our");
	}

	// Only of a question that begins with its question word
	private static String kind(Question question) {
		List<Word> words = question.words();
		int start = 0;
		while (start < words.size() && PLEASANTRIES.contains(words.get(start).form())) {
			start++;
		}
		if (start + 1 >= words.size()) {
			return "";
		}
		String form = words.get(start).form();
		if (!form.equals("how")) {
			return KINDS.getOrDefault(form, "");
		}
		boolean time = start + 2 < words.size() && TIMES.contains(words.get(start + 2).form());
		return time ? "when" : KINDS_OF_HOW.getOrDefault(words.get(start + 1).form(), "");
	}

}
