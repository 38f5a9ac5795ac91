package io.tokensaving.cache.semantic.guard;

import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if one question negates what the other, without any negation, says. A word that
 * is negated in one and does not occur in the other is no evidence: what is not working
 * may as well be broken. Neither is a complaint beside a how: who cannot do something
 * wants to know how to.
 */
final class NegationGuard implements SemanticGuard {

	private static final Set<String> POLITE = Set.of("why", "mind", "sure", "understand", "know", "find");

	private static final Set<String> EXPECTING = Set.of("when", "how", "long", "will", "where");

	private static final Set<String> PERFECT = Set.of("have", "has", "had", "did", "do", "does");

	@Override
	public String name() {
		return "negation";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return contradicts(asked, stored) || contradicts(stored, asked);
	}

	private static boolean contradicts(Question negating, Question other) {
		if (!negating.isNegating() || other.isNegating()) {
			return false;
		}
		List<Word> words = negating.words();
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			if (word.negated() && !POLITE.contains(word.form()) && other.hasStem(word.stem())
					&& !isComplaint(words, i, other)) {
				return true;
			}
		}
		return false;
	}

	// "I can't log in" beside "How do I log in?", "It hasn't arrived" beside "When will
	// it
	// arrive?"
	private static boolean isComplaint(List<Word> words, int negated, Question other) {
		int negation = negated - 1;
		while (negation > 0 && !words.get(negation).negation()) {
			negation--;
		}
		String before = (negation > 0) ? words.get(negation - 1).form() : "";
		boolean first = false;
		for (int i = 0; i < negation; i++) {
			first |= words.get(i).form().equals("i") || words.get(i).form().equals("my")
					|| words.get(i).form().equals("we");
		}
		boolean expecting = false;
		for (Word word : other.words()) {
			expecting |= EXPECTING.contains(word.form());
		}
		if (before.equals("can") || before.equals("could")) {
			return first && expecting && !asksHowNot(words);
		}
		return PERFECT.contains(before) && first && expecting && !asksHowNot(words);
	}

	private static boolean asksHowNot(List<Word> words) {
		String first = words.get(0).form();
		return first.equals("how") || first.equals("when") || first.equals("what") || first.equals("which");
	}

}
