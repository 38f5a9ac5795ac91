package io.tokensaving.simulator;

import java.time.Duration;

/** How long Anthropic keeps what a mark wrote. */
public enum CacheLifetime {

	/** {@code "ttl": "5m"}, which is also what a mark without one means. */
	FIVE_MINUTES(Duration.ofMinutes(5), "5m"),

	/** {@code "ttl": "1h"}. */
	ONE_HOUR(Duration.ofHours(1), "1h");

	private final Duration duration;

	private final String wire;

	CacheLifetime(Duration duration, String wire) {
		this.duration = duration;
		this.wire = wire;
	}

	public Duration duration() {
		return this.duration;
	}

	/**
	 * As it stands in a request.
	 * @return {@code 5m} or {@code 1h}
	 */
	public String wire() {
		return this.wire;
	}

}
