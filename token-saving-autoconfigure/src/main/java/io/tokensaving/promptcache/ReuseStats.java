package io.tokensaving.promptcache;

import org.jspecify.annotations.Nullable;

/**
 * How soon prefixes of one kind are used again: for each span of time since the last use,
 * how many had not been used again when it began and has since passed for, and how many
 * were within it. What has not passed yet says nothing, so a success is not counted an
 * hour before the failure that it would have been. Older observations fade. Not
 * thread-safe.
 * <p>
 * This is the estimator of E. L. Kaplan and P. Meier (Nonparametric Estimation from
 * Incomplete Observations, 1958) over fixed spans, drawn towards a parent.
 */
final class ReuseStats {

	/**
	 * Where the spans end, in milliseconds since the last use.
	 */
	static final long[] ENDS = { 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000, 1_800_000, 2_400_000,
			3_600_000 };

	static final int SPANS = ENDS.length;

	/**
	 * What is assumed before anything is seen: within five minutes 0.30, within an hour
	 * 0.48.
	 */
	private static final double[] PRIOR = { .07, .07, .07, .07, .07, .08, .08, .04, .04, .04 };

	private static final float FADING = 0.93f;

	private float uses;

	private float ends;

	private final float[] events = new float[SPANS];

	private final float[] atRisk = new float[SPANS];

	/**
	 * Return the span that a time lies in.
	 * @param millis time since the last use
	 * @return its index, {@link #SPANS} if it is behind all of them
	 */
	static int span(long millis) {
		int span = 0;
		while (span < SPANS && millis >= ENDS[span]) {
			span++;
		}
		return span;
	}

	/**
	 * Count a span that passed without the prefix being used.
	 * @param span the span
	 */
	void passed(int span) {
		this.events[span] *= FADING;
		this.atRisk[span] = this.atRisk[span] * FADING + 1;
		if (span == SPANS - 1) {
			this.uses *= FADING;
			this.ends = this.ends * FADING + 1;
		}
	}

	/**
	 * Count that the prefix was used within a span.
	 * @param span the span
	 */
	void used(int span) {
		this.events[span] = this.events[span] * FADING + 1;
		this.atRisk[span] = this.atRisk[span] * FADING + 1;
		this.uses = this.uses * FADING + 1;
		this.ends *= FADING;
	}

	/**
	 * Estimate whether a prefix is used again at all.
	 * @param parent what is more general says
	 * @param strength how many observations that counts for
	 * @return a probability
	 */
	double again(double parent, double strength) {
		return (this.uses + strength * parent) / (this.uses + this.ends + strength);
	}

	/**
	 * Estimate by span how probable it is that a prefix is used within it, if it was not
	 * used before it.
	 * @param stats what was seen, or {@code null} for nothing
	 * @param parent the estimate of what is more general, or {@code null} to start from
	 * what is assumed
	 * @param strength how many observations the parent counts for
	 * @return a probability for each span
	 */
	static double[] hazards(@Nullable ReuseStats stats, double @Nullable [] parent, double strength) {
		if (stats == null) {
			return (parent != null) ? parent : PRIOR.clone();
		}
		double[] hazards = new double[SPANS];
		double share = (parent != null) ? 1 : stats.shareOfPrior();
		double[] base = (parent != null) ? parent : PRIOR;
		for (int span = 0; span < SPANS; span++) {
			hazards[span] = (stats.events[span] + strength * share * base[span]) / (stats.atRisk[span] + strength);
		}
		return hazards;
	}

	// If less is used in the spans that have passed than was assumed, less is to be
	// expected of the others, too
	private double shareOfPrior() {
		double seen = 1;
		double expected = 1;
		for (int span = 0; span < SPANS; span++) {
			seen += this.events[span];
			expected += PRIOR[span] * this.atRisk[span];
		}
		return Math.min(1, seen / expected);
	}

	/**
	 * Return how probable it is that a prefix is used within a time.
	 * @param hazards the estimates by span
	 * @param millis the time since the last use; what lies behind the last span is not
	 * known and counts as nothing
	 * @return a probability
	 */
	static double within(double[] hazards, long millis) {
		double unused = 1;
		long begin = 0;
		for (int span = 0; span < SPANS && begin < millis; span++) {
			double share = Math.min(1, (double) (millis - begin) / (ENDS[span] - begin));
			unused *= (share == 1) ? 1 - hazards[span] : Math.pow(1 - hazards[span], share);
			begin = ENDS[span];
		}
		return 1 - unused;
	}

}
