package io.tokensaving.simulator;

/**
 * What a prompt cache did with the input of one request, in tokens.
 *
 * @param uncached neither read nor written
 * @param read read from the cache
 * @param written5m written for five minutes
 * @param written1h written for an hour
 * @param written30m written for half an hour
 */
public record CacheTokens(int uncached, int read, int written5m, int written1h, int written30m) {

	public CacheTokens {
		if (uncached < 0 || read < 0 || written5m < 0 || written1h < 0 || written30m < 0) {
			throw new IllegalArgumentException("Tokens must not be negative");
		}
	}

	/**
	 * Input of a request that no cache has to do with.
	 * @param tokens its tokens
	 * @return the counts
	 */
	public static CacheTokens none(int tokens) {
		return new CacheTokens(tokens, 0, 0, 0, 0);
	}

	/**
	 * All input, however it is billed.
	 * @return tokens
	 */
	public int total() {
		return this.uncached + this.read + written();
	}

	/**
	 * All that was written, for whatever time.
	 * @return tokens
	 */
	public int written() {
		return this.written5m + this.written1h + this.written30m;
	}

}
