package io.tokensaving.promptcache;

import java.time.Duration;

import org.springframework.util.Assert;

/**
 * A time that a provider keeps a prefix for, counted from its last use. Immutable.
 *
 * @param duration how long, more than zero
 * @param writeMultiplier what a token costs that is written for that long, as a multiple
 * of a token of input; 1 if writing is free
 */
public record CacheTtl(Duration duration, double writeMultiplier) {

	/**
	 * Check the values.
	 * @throws IllegalArgumentException if the duration is not positive or the multiplier
	 * is not a finite number of 0 or more
	 */
	public CacheTtl {
		Assert.isTrue(duration.compareTo(Duration.ZERO) > 0, "'duration' must be positive");
		Assert.isTrue(writeMultiplier >= 0 && writeMultiplier < Double.POSITIVE_INFINITY,
				"'writeMultiplier' must be a finite number of at least 0");
	}

}
