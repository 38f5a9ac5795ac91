package io.tokensaving.compression.text;

import java.util.function.ToIntFunction;

/**
 * Rewrites a text as a plan allows it before anything is left out. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param lossless whether to remove what neither reader nor parser misses
 * @param tidy whether to remove markup that carries no text
 */
public record ContentRewriter(boolean lossless, boolean tidy) {

	/**
	 * Rewrite a text.
	 * @param text the text
	 * @param tokens counts the tokens of a text
	 * @return the text with fewer tokens, or the same instance
	 */
	public String rewrite(String text, ToIntFunction<String> tokens) {
		String tidied = this.tidy ? TidyRewriter.rewrite(text, tokens) : text;
		return this.lossless ? LosslessRewriter.rewrite(tidied, tokens) : tidied;
	}

	/**
	 * Whether texts are rewritten at all.
	 * @return whether one of the steps is on
	 */
	public boolean isActive() {
		return this.lossless || this.tidy;
	}

}
