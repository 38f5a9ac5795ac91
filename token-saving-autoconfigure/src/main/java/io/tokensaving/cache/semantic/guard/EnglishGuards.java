package io.tokensaving.cache.semantic.guard;

import java.util.List;

/**
 * The built-in guards. Their lexicon is English; what needs no lexicon, such as digits,
 * identifiers and quotations, they compare in any language.
 */
public final class EnglishGuards {

	private static final List<SemanticGuard> ALL = List.of(new QuotationGuard(), new NumberGuard(), new DateGuard(),
			new NameGuard(), new NegationGuard(), new AntonymGuard(), new RestrictionGuard(), new WordOrderGuard(),
			new QuestionWordGuard());

	private EnglishGuards() {
	}

	/**
	 * Return all built-in guards.
	 * @return the guards {@code quotations}, {@code numbers}, {@code dates},
	 * {@code names}, {@code negation}, {@code antonyms}, {@code restrictions},
	 * {@code word_order} and {@code question_words}
	 */
	public static List<SemanticGuard> all() {
		return ALL;
	}

}
