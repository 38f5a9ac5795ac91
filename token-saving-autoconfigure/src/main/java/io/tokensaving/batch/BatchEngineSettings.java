package io.tokensaving.batch;

import java.time.Duration;

import org.springframework.util.Assert;

/**
 * Settings of a {@link BatchEngine}. Immutable.
 *
 * @param maxRequests the requests in a batch at most, at least 1; fewer if the provider
 * takes fewer
 * @param maxBytes the bytes of a batch at most, at least 1; less if 95 % of what the
 * provider takes is less
 * @param maxWait how long a request waits for others, zero or more; less if the time that
 * batches of the account take would go beyond its deadline
 * @param minPoll the pause before a batch is looked at first, above zero
 * @param maxPoll the pause to which that grows, at least {@code minPoll}
 * @param margin how long before its deadline a request is given up, zero or more: its
 * batch is cancelled then, and it is due to be asked live when half of the margin is left
 * and its batch goes on, or when a quarter is left and nothing is known of its batch
 * @param retention how long an answer is kept after its use, or after its deadline if
 * nobody uses it; zero or more
 * @param liveFallback whether a request is asked live if its batch does not answer in
 * time. If not, batches may take until the deadline itself, and what a provider refuses
 * as a whole has failed
 */
public record BatchEngineSettings(int maxRequests, long maxBytes, Duration maxWait, Duration minPoll, Duration maxPoll,
		Duration margin, Duration retention, boolean liveFallback) {

	/**
	 * Up to 50,000 requests of 200 MB, sent after 10 minutes, polled every 30 seconds to
	 * 10 minutes, asked live half an hour before the deadline, kept for 3 days.
	 */
	public static final BatchEngineSettings DEFAULT = new BatchEngineSettings(50_000, 200_000_000,
			Duration.ofMinutes(10), Duration.ofSeconds(30), Duration.ofMinutes(10), Duration.ofMinutes(30),
			Duration.ofDays(3), true);

	/**
	 * Check the settings.
	 * @throws IllegalArgumentException if one is out of its range
	 */
	public BatchEngineSettings {
		Assert.isTrue(maxRequests > 0, "'maxRequests' must be at least 1");
		Assert.isTrue(maxBytes > 0, "'maxBytes' must be at least 1");
		Assert.isTrue(!maxWait.isNegative(), "'maxWait' must not be negative");
		Assert.isTrue(!minPoll.isNegative() && !minPoll.isZero(), "'minPoll' must be above zero");
		Assert.isTrue(maxPoll.compareTo(minPoll) >= 0, "'maxPoll' must not be less than 'minPoll'");
		Assert.isTrue(!margin.isNegative(), "'margin' must not be negative");
		Assert.isTrue(!retention.isNegative(), "'retention' must not be negative");
	}

}
