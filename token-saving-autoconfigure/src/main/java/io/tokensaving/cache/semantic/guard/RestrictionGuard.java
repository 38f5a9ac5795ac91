package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if one question is restricted in a way the other is not: by a word such as only,
 * except or abroad, by a condition of which the other knows nothing, or by another of
 * things that exclude each other, such as Android and iOS.
 */
final class RestrictionGuard implements SemanticGuard {

	private static final Lexicon LEXICON = Lexicon.english();

	private static final Set<String> CONDITIONS = Set.of("if", "when", "while", "unless", "until");

	private static final Set<String> TELLING = Set.of("was", "were", "is", "am", "are", "the", "been", "has", "have",
			"had", "not", "but", "i", "we", "you", "it", "got", "there");

	private static final Set<String> POLITE_CONDITIONS = Set.of("possible", "so", "not", "any", "needed", "necessary");

	private static final Set<String> TRAVELLING = Set.of("abroad", "overseas", "foreign", "international",
			"internationally", "travel", "travelling", "traveling", "country", "countries");

	@Override
	public String name() {
		return "restrictions";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return hasOtherAlternative(asked, stored) || hasOwnRestriction(asked, stored)
				|| hasOwnRestriction(stored, asked) || hasOwnCondition(asked, stored) || hasOwnCondition(stored, asked);
	}

	private static boolean hasOtherAlternative(Question asked, Question stored) {
		for (Word word : asked.words()) {
			Set<String> classes = LEXICON.classes(word.form());
			if (classes.isEmpty() || hasAlternative(stored, word)) {
				continue;
			}
			for (Word other : stored.words()) {
				for (String alternatives : LEXICON.classes(other.form())) {
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
		String alternative = LEXICON.alternative(word.form());
		for (Word other : question.words()) {
			if (LEXICON.alternative(other.form()).equals(alternative)) {
				return true;
			}
		}
		return false;
	}

	private static boolean hasOwnRestriction(Question question, Question other) {
		for (Word word : question.words()) {
			if (LEXICON.isRestriction(word.form()) && !hasAlternative(other, word) && !isKnown(word, other)
					&& !isSaidOtherwise(word, question, other)) {
				return true;
			}
		}
		return false;
	}

	private static boolean isSaidOtherwise(Word restriction, Question question, Question other) {
		return switch (restriction.form()) {
			case "abroad", "overseas" -> hasAny(other, TRAVELLING);
			case "except", "excluding", "besides" ->
				hasAny(other, Set.of("except", "excluding", "besides", "but", "other", "apart"));
			case "without" -> other.isNegating()
					|| hasAny(other, Set.of("free", "lost", "forgot", "forgotten", "need", "must", "required", "have"))
					|| question.words().stream().anyMatch((word) -> word.negated() && isKnown(word, other));
			case "unless" -> other.has("if");
			case "only" -> hasAny(other, Set.of("just", "single", "solely", "one")) || isTelling(question);
			default -> false;
		};
	}

	// "I was only given", "the only one"
	private static boolean isTelling(Question question) {
		List<Word> words = question.words();
		for (int i = 1; i < words.size(); i++) {
			if (words.get(i).form().equals("only") && TELLING.contains(words.get(i - 1).form())) {
				return true;
			}
		}
		return false;
	}

	private static boolean hasAny(Question question, Set<String> forms) {
		for (String form : forms) {
			if (question.has(form)) {
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
			boolean condition = word.form().equals("if")
					|| (CONDITIONS.contains(word.form()) && !word.startsSentence());
			if (condition && !isAskedWhether(words, i)
					&& !(i + 1 < words.size() && POLITE_CONDITIONS.contains(words.get(i + 1).form()))) {
				List<Word> clause = clause(words, i + 1);
				if (clause.size() >= (word.form().equals("if") ? 1 : 2)
						&& !clause.stream().anyMatch((part) -> isKnown(part, other)) && !other.has(word.form())
						&& !other.has("during")) {
					return true;
				}
			}
		}
		return false;
	}

	// "Tell me if", "I want to know when", "what if"
	private static boolean isAskedWhether(List<Word> words, int index) {
		if (index == 0) {
			return false;
		}
		Set<String> asking = Set.of("know", "tell", "me", "wondering", "wonder", "see", "check", "ask", "asking",
				"what", "find", "out", "sure", "understand", "about", "explain");
		return asking.contains(words.get(index - 1).form());
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
		String name = LEXICON.name(word.form());
		if (name != null
				&& other.words().stream().anyMatch((candidate) -> name.equals(LEXICON.name(candidate.form())))) {
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
