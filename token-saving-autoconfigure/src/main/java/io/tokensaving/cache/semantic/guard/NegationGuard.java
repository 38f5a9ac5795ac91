package io.tokensaving.cache.semantic.guard;

import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if one question negates what the other, without any negation, says. A word that
 * is negated in one and does not occur in the other is no evidence: what is not working
 * may as well be broken; nor is a negation where the other tells of trouble, which says
 * the same without one. Neither is a complaint beside a how: who cannot do something
 * wants to know how to. But who has trouble with doing it, or is unable to, has tried.
 */
final class NegationGuard implements SemanticGuard {

	private static final Set<String> KNOWLEDGE = Set.of("know", "sure", "understand", "mind", "want", "wanted", "think",
			"believe", "certain", "remember", "find");

	private static final Set<String> AUXILIARIES = Set.of("can", "could", "do", "does", "did", "is", "are", "was",
			"were", "has", "have", "had", "will", "would", "should");

	private static final Set<String> ASKING = Set.of("why", "how", "what", "when", "where", "which", "who", "so", "and",
			"but");

	private static final Set<String> TROUBLE = Set.of("unsuccessful", "unsuccessfully", "wrong", "missing", "stuck",
			"declined", "rejected", "error", "problem", "problems", "issue", "issues", "trouble", "mistake", "afraid",
			"impossible", "waiting", "pending", "still", "lost", "broken", "less", "disappeared", "blocked", "delayed",
			"incorrect", "different", "difficulty", "bad", "unauthorized", "strange", "unknown");

	private static final Set<String> OBSTACLES = Set.of("problem", "problems", "trouble", "troubles", "issue", "issues",
			"difficulty", "difficulties", "error", "errors");

	private static final Set<String> EXPECTING = Set.of("when", "how", "long", "will", "where", "help");

	private static final Set<String> FIRST_PERSON = Set.of("i", "my", "we", "our");

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
		List<Word> words = negating.words();
		if (!negating.isNegating()) {
			return isTroubledBy(words, other);
		}
		if (other.isNegating() || isTroubled(other)) {
			return isUnableToDo(words, other);
		}
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).negation() && !isAboutKnowledge(words, i) && !isConverse(words.get(i), other)
					&& contradicts(words, i, other)) {
				return true;
			}
		}
		return false;
	}

	// "I'm unable to verify my identity" beside "I'm not sure how to verify my identity"
	private static boolean isUnableToDo(List<Word> words, Question other) {
		if (isTroubled(other) || !negatesOnlyKnowledge(other.words())) {
			return false;
		}
		for (int i = 0; i + 1 < words.size(); i++) {
			boolean unable = words.get(i).form().equals("unable")
					|| (words.get(i).form().equals("not") && words.get(i + 1).form().equals("able"));
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

	// "I have trouble with verifying my identity" beside "How do I verify my identity?"
	private static boolean isTroubledBy(List<Word> words, Question other) {
		if (other.isNegating() || isTroubled(other) || !(other.has("how") || other.has("where") || other.has("what"))) {
			return false;
		}
		for (int i = 0; i < words.size(); i++) {
			if (OBSTACLES.contains(words.get(i).form())) {
				for (int j = i + 1; j < words.size() && words.get(j).sentence() == words.get(i).sentence(); j++) {
					if (words.get(j).content()) {
						return !words.get(j).stem().equals("find") && other.hasStem(words.get(j).stem());
					}
				}
			}
		}
		return false;
	}

	private static boolean negatesOnlyKnowledge(List<Word> words) {
		for (int i = 0; i < words.size(); i++) {
			if (words.get(i).negation() && !isAboutKnowledge(words, i)) {
				return false;
			}
		}
		return true;
	}

	// "I don't know how", "I can't be sure"
	private static boolean isAboutKnowledge(List<Word> words, int negation) {
		for (int i = negation + 1; i < words.size() && i <= negation + 2; i++) {
			if (KNOWLEDGE.contains(words.get(i).form())) {
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
		// Behind an auxiliary that asks stands the subject: why won't my card work
		boolean inverted = negation > 0 && AUXILIARIES.contains(words.get(negation - 1).form())
				&& (negation == 1 || ASKING.contains(words.get(negation - 2).form()));
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

	// "Without going there" beside "Do I have to go there?"
	private static boolean isConverse(Word negation, Question other) {
		return negation.form().equals("without")
				&& (other.has("have") || other.has("need") || other.has("must") || other.has("required"));
	}

	// What went wrong may be said with or without a negation
	private static boolean isTroubled(Question question) {
		for (Word word : question.words()) {
			if (TROUBLE.contains(word.form())) {
				return true;
			}
		}
		return false;
	}

	// "I can't log in" beside "How do I log in?", "It hasn't arrived" beside "When will
	// it
	// arrive?"
	private static boolean isComplaint(List<Word> words, int negation, Question other) {
		String before = (negation > 0) ? words.get(negation - 1).form() : "";
		boolean first = false;
		for (Word word : words) {
			first |= FIRST_PERSON.contains(word.form());
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
