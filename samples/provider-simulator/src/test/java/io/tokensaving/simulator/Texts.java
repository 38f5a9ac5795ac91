package io.tokensaving.simulator;

/** Made-up texts of a known number of tokens. */
final class Texts {

	private Texts() {
	}

	/** A text of so many tokens by the simulator's default rule of four characters. */
	static String ofTokens(String name, int tokens) {
		StringBuilder text = new StringBuilder(4 * tokens);
		int word = 0;
		while (text.length() < 4 * tokens) {
			text.append(name).append(' ').append(word++).append(' ');
		}
		text.setLength(4 * tokens);
		text.setCharAt(4 * tokens - 1, '.');
		return text.toString();
	}

}
