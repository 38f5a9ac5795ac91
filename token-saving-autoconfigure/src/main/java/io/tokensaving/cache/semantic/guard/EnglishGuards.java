package io.tokensaving.cache.semantic.guard;

import java.util.List;

/**
 * The built-in guards. Their lexicon is English; digits, identifiers and quotations are
 * compared in any language.
 */
public final class EnglishGuards {

	private static final List<SemanticGuard> ALL = List.of(new QuotationGuard(), new ScriptGuard(), new NumberGuard(),
			new SignGuard(), new DateGuard(), new NameGuard(), new NegationGuard(), new AntonymGuard(),
			new RestrictionGuard(), new WordOrderGuard(), new QuestionWordGuard(), new TenseGuard(),
			new AnswerFormGuard(), new PayloadGuard(), new SpellingGuard(), new ScoreGuard());

	private EnglishGuards() {
	}

	/**
	 * Return all built-in guards.
	 * @return the guards {@code quotations}, {@code scripts}, {@code numbers},
	 * {@code signs}, {@code dates}, {@code names}, {@code negation}, {@code antonyms},
	 * {@code restrictions}, {@code word_order}, {@code question_words}, {@code tense},
	 * {@code answer_form}, {@code payloads}, {@code spelling} and {@code score}
	 */
	public static List<SemanticGuard> all() {
		return ALL;
	}

}
