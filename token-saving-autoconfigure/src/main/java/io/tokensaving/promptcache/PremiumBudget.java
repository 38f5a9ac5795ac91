package io.tokensaving.promptcache;

/**
 * Bounds what marks may cost in all, whatever the provider does: writes that do not pay
 * at once are paid from what marks have saved before, a small share of everything that
 * was sent, and a loan at the beginning. Counts in tokens of input. Guarded by the lock
 * of its scope.
 */
final class PremiumBudget {

	/**
	 * The loan at the beginning, in requests.
	 */
	static final double LOAN = 1.5;

	/**
	 * The share of everything that was sent.
	 */
	static final double SHARE = 0.015;

	/**
	 * Up to how many requests' cost is kept of what was saved: what paid once may not pay
	 * for ever.
	 */
	static final double KEPT = 4;

	private static final double FADING = 0.9;

	private double mean;

	private double left;

	/**
	 * Count a request.
	 * @param tokens its tokens
	 */
	void sent(int tokens) {
		this.mean = (this.mean == 0) ? tokens : FADING * this.mean + (1 - FADING) * tokens;
		earned(SHARE * tokens);
	}

	/**
	 * Return what may be paid beyond the cost without marks.
	 * @return tokens, may be negative
	 */
	double available() {
		return this.left + LOAN * this.mean;
	}

	void earned(double tokens) {
		this.left = Math.min(this.left + tokens, KEPT * this.mean);
	}

	void spent(double tokens) {
		this.left -= tokens;
	}

}
