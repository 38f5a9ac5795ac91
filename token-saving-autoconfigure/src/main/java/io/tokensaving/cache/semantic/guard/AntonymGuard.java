package io.tokensaving.cache.semantic.guard;

import java.util.List;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if one question says the opposite of the other: increase and decrease, cheaper
 * and dearer, lock and unlock, turn on and turn off. Words that both questions have are
 * no evidence.
 */
final class AntonymGuard implements SemanticGuard {

	private static final Lexicon LEXICON = Lexicon.english();

	private static final List<String> PREFIXES = List.of("un", "dis", "de", "in", "im", "ir", "non", "re", "mis");

	private static final int SHORTEST_PREFIXED = 4;

	private static final Set<String> PARTICLES = Set.of("on", "off", "in", "out", "up", "down");

	private static final Set<String> PARTICLE_VERBS = Set.of("turn", "switch", "log", "sign", "opt", "check", "plug",
			"scale", "speed", "clock", "shut", "roll", "move", "power", "zoom", "cash", "toggle", "boot");

	private static final Set<String> OPPOSITE_PARTICLES = Set.of("onoff", "offon", "inout", "outin", "updown", "downup",
			"inoff", "offin");

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
		return hasOtherParticle(asked, stored);
	}

	private static boolean hasOpposite(Word word, Question own, Question other) {
		Set<String> opposites = LEXICON.antonyms(word.form());
		if (opposites.isEmpty()) {
			return false;
		}
		for (Word candidate : other.words()) {
			if (opposites.contains(candidate.form()) && !own.hasStem(candidate.stem())) {
				// Not open is closed
				return word.negated() == candidate.negated();
			}
		}
		return false;
	}

	// The other question has the word with a prefix that turns it round
	private static boolean hasPrefixed(Word word, Question own, Question other) {
		if (word.stem().length() < SHORTEST_PREFIXED || !word.content()) {
			return false;
		}
		for (Word candidate : other.words()) {
			String stem = candidate.stem();
			int length = stem.length() - word.stem().length();
			if (length >= 2 && length <= 3 && stem.endsWith(word.stem()) && PREFIXES.contains(stem.substring(0, length))
					&& !own.hasStem(stem)) {
				// "The rate was incorrect" and "the correct rate was not given" are the
				// same
				return word.negated() == candidate.negated() && own.isNegating() == other.isNegating();
			}
		}
		return false;
	}

	private static boolean hasOtherParticle(Question first, Question second) {
		for (String verb : PARTICLE_VERBS) {
			if (first.hasStem(verb) && second.hasStem(verb)) {
				String one = particle(first, verb);
				String other = particle(second, verb);
				if (!one.isEmpty() && !other.isEmpty() && OPPOSITE_PARTICLES.contains(one + other)) {
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
				for (int j = i + 1; j < words.size() && j <= i + 5; j++) {
					if (PARTICLES.contains(words.get(j).form())) {
						return words.get(j).form();
					}
				}
			}
		}
		return "";
	}

}
