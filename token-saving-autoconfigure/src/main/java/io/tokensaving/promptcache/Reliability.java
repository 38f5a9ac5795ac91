package io.tokensaving.promptcache;

/**
 * The share of expected reads that the provider granted. Older observations fade. Not
 * thread-safe.
 */
final class Reliability {

	private static final double FADING = 0.95;

	private double granted;

	private double expected;

	void observed(boolean read) {
		this.granted = this.granted * FADING + (read ? 1 : 0);
		this.expected = this.expected * FADING + 1;
	}

	/**
	 * Let what was seen fade, so that what has failed is tried again.
	 * @param factor what is left of it
	 */
	void fade(double factor) {
		this.granted *= factor;
		this.expected *= factor;
	}

	/**
	 * Estimate the share.
	 * @param parent what is assumed
	 * @param strength how many observations that counts for
	 * @return between 0 and 1
	 */
	double estimate(double parent, double strength) {
		return (this.granted + strength * parent) / (this.expected + strength);
	}

}
