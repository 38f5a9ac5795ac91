package io.tokensaving.simulator;

import java.time.Duration;

/**
 * How the prompt caches behave where the model does not decide. The defaults are the
 * reading that the README gives with its sources and doubts; each can be set. Not safe
 * for use by several threads until the simulator is started.
 */
public final class CacheRules {

	double forgotten;

	Duration timeToFirstToken = Duration.ZERO;

	int lookBack = 20;

	boolean toolRunIsOnePosition;

	int requestsPerMinute = 15;

	Duration idle = Duration.ofMinutes(10);

	Duration atMost = Duration.ofHours(1);

	Duration extended = Duration.ofHours(24);

	boolean systemEndIsReadable = true;

	boolean keyNeeded = true;

	boolean readRefreshes = true;

	int latestBreakpoints = 80;

	Duration unitLifetime = Duration.ofHours(6);

	int unitInterval = 4096;

	double implicitHit = 0.7;

	Duration implicitLifetime = Duration.ofMinutes(5);

	private CacheRules() {
	}

	/**
	 * The rules as the README gives them.
	 * @return rules to be changed and used once
	 */
	public static CacheRules defaults() {
		return new CacheRules();
	}

	/**
	 * The share of reads that a provider fails to grant although the prefix is there.
	 * @param share 0 to 1, 0 by default
	 * @return these rules
	 */
	public CacheRules forgotten(double share) {
		this.forgotten = share(share);
		return this;
	}

	/**
	 * How long after a request came in its response begins at the earliest, which is when
	 * what it wrote can be read. It passes on the simulator's clock, nothing waits.
	 * @param time 0 by default: from the response on
	 * @return these rules
	 */
	public CacheRules timeToFirstToken(Duration time) {
		this.timeToFirstToken = time;
		return this;
	}

	/**
	 * Anthropic: how many positions a mark looks at for an entry, its own included.
	 * @param positions 20 by default; {@link Integer#MAX_VALUE} for no limit
	 * @return these rules
	 */
	public CacheRules lookBack(int positions) {
		this.lookBack = positions;
		return this;
	}

	/**
	 * Anthropic: whether calls of tools and their results count as one position if they
	 * follow one another.
	 * @param one false by default
	 * @return these rules
	 */
	public CacheRules toolRunIsOnePosition(boolean one) {
		this.toolRunIsOnePosition = one;
		return this;
	}

	/**
	 * OpenAI up to GPT-5.5: requests in a minute of one prefix and key that one machine
	 * takes. The others go to the next machine, which has a cache of its own.
	 * @param requests 15 by default
	 * @return these rules
	 */
	public CacheRules requestsPerMinute(int requests) {
		this.requestsPerMinute = requests;
		return this;
	}

	/**
	 * OpenAI up to GPT-5.5: how long an entry in memory lives without being used, and at
	 * most.
	 * @param unused 10 minutes by default
	 * @param most an hour by default
	 * @return these rules
	 */
	public CacheRules inMemory(Duration unused, Duration most) {
		this.idle = unused;
		this.atMost = most;
		return this;
	}

	/**
	 * OpenAI from GPT-5.6 on: whether the end of the first system message can be read
	 * without having been a breakpoint.
	 * @param readable true by default
	 * @return these rules
	 */
	public CacheRules systemEndIsReadable(boolean readable) {
		this.systemEndIsReadable = readable;
		return this;
	}

	/**
	 * OpenAI from GPT-5.6 on: whether requests without {@code prompt_cache_key} read at
	 * most to the end of the system message.
	 * @param needed true by default
	 * @return these rules
	 */
	public CacheRules keyNeeded(boolean needed) {
		this.keyNeeded = needed;
		return this;
	}

	/**
	 * OpenAI from GPT-5.6 on: whether a read starts the half hour anew.
	 * @param refreshes true by default
	 * @return these rules
	 */
	public CacheRules readRefreshes(boolean refreshes) {
		this.readRefreshes = refreshes;
		return this;
	}

	/**
	 * OpenAI from GPT-5.6 on: how many breakpoints a request looks at, from the last
	 * backwards.
	 * @param breakpoints 80 by default
	 * @return these rules
	 */
	public CacheRules latestBreakpoints(int breakpoints) {
		this.latestBreakpoints = breakpoints;
		return this;
	}

	/**
	 * DeepSeek: how long a unit lives without being used, and after how many tokens of a
	 * long text there is one.
	 * @param lifetime 6 hours by default
	 * @param interval tokens, a multiple of 64, 4,096 by default
	 * @return these rules
	 */
	public CacheRules units(Duration lifetime, int interval) {
		if (interval < 64 || interval % 64 != 0) {
			throw new IllegalArgumentException("'interval' must be a multiple of 64, was " + interval);
		}
		this.unitLifetime = lifetime;
		this.unitInterval = interval;
		return this;
	}

	/**
	 * Gemini: how often a prefix that was seen is read, and for how long after it was
	 * seen.
	 * @param probability 0 to 1, 0.7 by default
	 * @param lifetime 5 minutes by default
	 * @return these rules
	 */
	public CacheRules implicit(double probability, Duration lifetime) {
		this.implicitHit = share(probability);
		this.implicitLifetime = lifetime;
		return this;
	}

	private static double share(double share) {
		if (!(share >= 0 && share <= 1)) {
			throw new IllegalArgumentException("A share must be between 0 and 1, was " + share);
		}
		return share;
	}

}
