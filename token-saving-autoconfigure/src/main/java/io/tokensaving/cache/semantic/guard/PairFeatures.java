package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * What the score knows of a pair of questions: how similar they are, what words only one
 * of them has and of which kind these are, and evidence that is too weak for a veto. All
 * are the same for the pair in the other order.
 */
enum PairFeatures {

	/**
	 * The cosine similarity of the embeddings.
	 */
	SIMILARITY,

	/**
	 * Content words of both, of all content words.
	 */
	SHARED,

	/**
	 * Content words that only the question with fewer such words has.
	 */
	MISSING_LEAST,

	/**
	 * Content words that only the question with more such words has.
	 */
	MISSING_MOST,

	/**
	 * Content words of the shorter question.
	 */
	WORDS,

	/**
	 * How many content words one question has more than the other.
	 */
	MORE_WORDS,

	SYNONYMS, SPELLINGS,

	/**
	 * How rare the rarest missing word is, from 1 for a frequent one to 8; 9 if it is not
	 * in the dictionary; 0 if none is missing.
	 */
	RAREST,

	/**
	 * The same of the rarest of the question that lacks fewer words.
	 */
	RAREST_LEAST,

	/**
	 * Missing words that can only be nouns, verbs, adjectives or adverbs, or are in no
	 * dictionary.
	 */
	NOUNS, VERBS, ADJECTIVES, ADVERBS, UNKNOWN,

	/**
	 * Missing words with a capital inside a sentence.
	 */
	CAPITALS,

	/**
	 * Pairs of missing words of one class of meaning.
	 */
	SAME_CLASS,

	/**
	 * Missing words right before a word of both, which they may restrict.
	 */
	BEFORE_SHARED,

	/**
	 * Missing words behind all words of both.
	 */
	AT_END,

	/**
	 * Missing words beside "and" or "or".
	 */
	COORDINATED,

	/**
	 * Words of the longest common sequence of stems, of all stems.
	 */
	SAME_ORDER,

	/**
	 * The same of the content words of both, of these.
	 */
	CONTENT_ORDER,

	/**
	 * Function words that only one question has, of some kinds.
	 */
	FUNCTION_WORDS, PREPOSITIONS, PRONOUNS, MODALS,

	/**
	 * Whether the question words differ, and which are among them.
	 */
	QUESTION_WORDS, WHY, HOW, WHAT, YES_NO, WHERE_WHEN_WHO,

	NEGATION, TENSE, NAMES, NUMBERS, DATES, RESTRICTION, CONDITION, QUOTATION,

	/**
	 * Whether both tell of the writer's own affairs.
	 */
	PERSONAL,

	/**
	 * The number of sentences more.
	 */
	SENTENCES;

	private static final int LONGEST = 64;

	static double[] of(Question asked, Question stored, double similarity) {
		double[] values = new double[values().length];
		Comparison comparison = asked.compare(stored);
		List<Word> first = comparison.onlyFirst();
		List<Word> second = comparison.onlySecond();
		int firstWords = asked.contentWords();
		int secondWords = stored.contentWords();
		int missing = first.size() + second.size();
		SIMILARITY.set(values, similarity);
		SHARED.set(values, (firstWords + secondWords == 0) ? 1 : 1 - (double) missing / (firstWords + secondWords));
		MISSING_LEAST.set(values, Math.min(first.size(), second.size()));
		MISSING_MOST.set(values, Math.max(first.size(), second.size()));
		WORDS.set(values, Math.min(firstWords, secondWords));
		MORE_WORDS.set(values, Math.abs(firstWords - secondWords));
		SYNONYMS.set(values, comparison.synonyms());
		SPELLINGS.set(values, comparison.spellings());
		setKinds(values, asked, first, stored);
		setKinds(values, stored, second, asked);
		double rarestFirst = rarest(first, asked.lexicon());
		double rarestSecond = rarest(second, stored.lexicon());
		RAREST.set(values, Math.max(rarestFirst, rarestSecond));
		RAREST_LEAST.set(values, Math.min(rarestFirst, rarestSecond));
		SAME_CLASS.set(values, sameClass(first, second, asked.lexicon()));
		setOrder(values, asked, stored);
		setFunctionWords(values, asked, stored);
		setFunctionWords(values, stored, asked);
		setQuestionWords(values, asked, stored);
		setEvidence(values, asked, stored);
		PERSONAL.set(values, asked.hasAny(WordList.FIRST_PERSON) && stored.hasAny(WordList.FIRST_PERSON));
		SENTENCES.set(values, Math.abs(asked.sentences() - stored.sentences()));
		return values;
	}

	private void set(double[] values, double value) {
		values[ordinal()] = value;
	}

	private void set(double[] values, boolean value) {
		values[ordinal()] = value ? 1 : 0;
	}

	private void add(double[] values, double value) {
		values[ordinal()] += value;
	}

	private static void setKinds(double[] values, Question question, List<Word> missing, Question other) {
		if (missing.isEmpty()) {
			return;
		}
		WordBase base = question.lexicon().words();
		List<Word> words = question.words();
		int lastShared = -1;
		for (int i = 0; i < words.size(); i++) {
			lastShared = (words.get(i).content() && !missing.contains(words.get(i))) ? i : lastShared;
		}
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			if (!missing.contains(word)) {
				continue;
			}
			int number = (base != null) ? word.number(base) : -1;
			int parts = (base != null && number >= 0) ? base.parts(number) : 0;
			switch (parts) {
				case WordBase.NOUN -> NOUNS.add(values, 1);
				case WordBase.VERB -> VERBS.add(values, 1);
				case WordBase.ADVERB -> ADVERBS.add(values, 1);
				case WordBase.ADJECTIVE -> ADJECTIVES.add(values, 1);
				case 0 -> UNKNOWN.add(values, 1);
				default -> {
					NOUNS.add(values, ((parts & WordBase.NOUN) != 0) ? 0.5 : 0);
					VERBS.add(values, ((parts & WordBase.VERB) != 0) ? 0.5 : 0);
					ADJECTIVES.add(values, ((parts & WordBase.ADJECTIVE) != 0) ? 0.5 : 0);
					ADVERBS.add(values, ((parts & WordBase.ADVERB) != 0) ? 0.5 : 0);
				}
			}
			CAPITALS.add(values, (!word.startsSentence() && Character.isUpperCase(word.raw().charAt(0))) ? 1 : 0);
			boolean beforeShared = i + 1 < words.size() && words.get(i + 1).content()
					&& !missing.contains(words.get(i + 1));
			BEFORE_SHARED.add(values, beforeShared ? 1 : 0);
			AT_END.add(values, (i > lastShared) ? 1 : 0);
			boolean coordinated = (i > 0 && words.get(i - 1).is(WordList.COORDINATIONS))
					|| (i + 1 < words.size() && words.get(i + 1).is(WordList.COORDINATIONS));
			COORDINATED.add(values, coordinated ? 1 : 0);
		}
	}

	private static double rarest(List<Word> words, Lexicon lexicon) {
		WordBase base = lexicon.words();
		double rarest = 0;
		for (Word word : words) {
			int number = (base != null) ? word.number(base) : -1;
			rarest = Math.max(rarest, (base != null && number >= 0) ? 8 - base.frequency(number) : 9);
		}
		return rarest;
	}

	private static double sameClass(List<Word> first, List<Word> second, Lexicon lexicon) {
		WordBase base = lexicon.words();
		int same = 0;
		if (base != null) {
			for (Word word : first) {
				for (Word other : second) {
					int one = word.number(base);
					int two = other.number(base);
					same += (one >= 0 && two >= 0 && base.file(one) == base.file(two)) ? 1 : 0;
				}
			}
		}
		return Math.min(same, 4);
	}

	private static void setOrder(double[] values, Question asked, Question stored) {
		List<String> first = stems(asked, stored, false);
		List<String> second = stems(stored, asked, false);
		int common = common(first, second);
		SAME_ORDER.set(values,
				(first.isEmpty() && second.isEmpty()) ? 1 : 2.0 * common / (first.size() + second.size()));
		first = stems(asked, stored, true);
		second = stems(stored, asked, true);
		CONTENT_ORDER.set(values, (first.isEmpty() || second.isEmpty()) ? 1
				: (double) common(first, second) / Math.min(first.size(), second.size()));
	}

	private static List<String> stems(Question question, Question other, boolean shared) {
		List<String> stems = new ArrayList<>(Math.min(LONGEST, question.words().size()));
		for (Word word : question.words()) {
			if ((!shared || (word.content() && other.hasStem(word.stem()))) && stems.size() < LONGEST) {
				stems.add(word.stem());
			}
		}
		return stems;
	}

	// The length of the longest common subsequence
	private static int common(List<String> first, List<String> second) {
		int[] last = new int[second.size() + 1];
		for (String stem : first) {
			int diagonal = 0;
			for (int j = 1; j <= second.size(); j++) {
				int above = last[j];
				last[j] = stem.equals(second.get(j - 1)) ? diagonal + 1 : Math.max(above, last[j - 1]);
				diagonal = above;
			}
		}
		return last[second.size()];
	}

	private static void setFunctionWords(double[] values, Question question, Question other) {
		Set<String> seen = Set.of();
		for (Word word : question.words()) {
			if (word.content() || other.has(word.form()) || seen.contains(word.form())) {
				continue;
			}
			seen = seen.isEmpty() ? new HashSet<>() : seen;
			seen.add(word.form());
			FUNCTION_WORDS.add(values, 1);
			PREPOSITIONS.add(values, word.is(WordList.WORD_ORDER_RELATIONS) ? 1 : 0);
			PRONOUNS.add(values, word.is(WordList.PERSONAL_PRONOUNS) ? 1 : 0);
			boolean modal = "modal".equals(word.entry().tense()) || "future".equals(word.entry().tense());
			MODALS.add(values, modal ? 1 : 0);
		}
	}

	private static void setQuestionWords(double[] values, Question asked, Question stored) {
		String first = QuestionWordGuard.opening(asked);
		String second = QuestionWordGuard.opening(stored);
		if (first.equals(second)) {
			return;
		}
		QUESTION_WORDS.set(values, true);
		WHY.set(values, first.equals("why") || second.equals("why"));
		HOW.set(values, first.equals("how") || second.equals("how"));
		WHAT.set(values, first.equals("what") || second.equals("what"));
		YES_NO.set(values, first.equals("yes or no") || second.equals("yes or no"));
		Set<String> others = Set.of("where", "when", "who");
		WHERE_WHEN_WHO.set(values, others.contains(first) || others.contains(second));
	}

	private static void setEvidence(double[] values, Question asked, Question stored) {
		NEGATION.set(values, asked.isNegating() != stored.isNegating());
		TENSE.set(values, TenseGuard.differ(asked, stored));
		NAMES.set(values, NameGuard.hasOwn(asked, stored, false));
		NUMBERS.set(values, Math.abs(asked.quantities().size() - stored.quantities().size()));
		DATES.set(values, DateGuard.differ(asked, stored));
		RESTRICTION.set(values, RestrictionGuard.differ(asked, stored));
		CONDITION.set(values, RestrictionGuard.differInCondition(asked, stored));
		QUOTATION.set(values, asked.quotations().size() != stored.quotations().size());
	}

	/**
	 * Return the name by which the file of the model has a feature.
	 * @return the name
	 */
	String label() {
		return name().toLowerCase(Locale.ROOT);
	}

}
