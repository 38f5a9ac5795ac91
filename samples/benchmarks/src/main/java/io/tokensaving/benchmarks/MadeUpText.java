package io.tokensaving.benchmarks;

import java.util.Random;

/**
 * Makes up prose: words drawn from a vocabulary of 8,000 by Zipf's law, in sentences of 4
 * to 24 words, on topics that change every 20 sentences. Deterministic.
 */
final class MadeUpText {

	private static final int VOCABULARY = 8000;

	private static final int SENTENCES_A_TOPIC = 20;

	private static final String[] SYLLABLES = "ba re mi to ku sen dal por ti na lo ver gan tis mo ra".split(" ");

	private static final String[] STOP_WORDS = "the of and to a in is that it for".split(" ");

	private final Random random;

	private int sentences;

	private int topic;

	MadeUpText(long seed) {
		this.random = new Random(seed);
	}

	String sentence() {
		if (this.sentences++ % SENTENCES_A_TOPIC == 0) {
			this.topic = this.random.nextInt(VOCABULARY);
		}
		StringBuilder sentence = new StringBuilder();
		for (int words = 4 + this.random.nextInt(21); words > 0; words--) {
			sentence.append(sentence.isEmpty() ? "" : " ").append(next());
		}
		sentence.setCharAt(0, Character.toUpperCase(sentence.charAt(0)));
		return sentence.append(". ").toString();
	}

	private String next() {
		if (this.random.nextInt(5) < 2) {
			return STOP_WORDS[this.random.nextInt(STOP_WORDS.length)];
		}
		// The inverse of the cumulative distribution, for an exponent of 1
		int rank = (int) Math.pow(VOCABULARY, this.random.nextDouble());
		return word((this.random.nextInt(4) == 0) ? (this.topic + rank % 40) % VOCABULARY : rank);
	}

	static String word(int number) {
		StringBuilder word = new StringBuilder();
		for (int left = number + SYLLABLES.length; left > 0; left /= SYLLABLES.length) {
			word.append(SYLLABLES[left % SYLLABLES.length]);
		}
		return word.toString();
	}

}
