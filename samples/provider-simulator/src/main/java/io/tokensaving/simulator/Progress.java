package io.tokensaving.simulator;

import java.util.Arrays;

/** Counts the tokens of what a stream has sent, piece by piece. */
final class Progress {

	private final Tokenizer tokenizer;

	private final int limit;

	private int[] ends = new int[0];

	private int chars;

	private int before;

	private int sent;

	/**
	 * Begins with nothing sent.
	 * @param tokenizer counts
	 * @param limit what the whole answer is billed as
	 */
	Progress(Tokenizer tokenizer, int limit) {
		this.tokenizer = tokenizer;
		this.limit = limit;
	}

	/** The next pieces are of this text. */
	void begin(String text) {
		this.before = this.sent;
		this.ends = this.tokenizer.ends(text);
		this.chars = 0;
	}

	/**
	 * Adds a piece.
	 * @param piece the next piece of the text
	 * @return the tokens sent so far; one that is cut counts
	 */
	int add(String piece) {
		this.chars += piece.length();
		int index = Arrays.binarySearch(this.ends, this.chars);
		int tokens = (index >= 0) ? index + 1 : -index;
		this.sent = Math.min(this.limit, this.before + tokens);
		return this.sent;
	}

	int sent() {
		return this.sent;
	}

}
