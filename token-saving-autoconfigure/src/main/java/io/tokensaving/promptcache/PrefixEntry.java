package io.tokensaving.promptcache;

import org.jspecify.annotations.Nullable;

/**
 * What is known of one prefix. Guarded by the lock of its scope.
 */
final class PrefixEntry {

	/**
	 * How long a prefix that is being written counts as not readable if nothing is heard
	 * of the response, in milliseconds.
	 */
	static final long IN_FLIGHT = 2000;

	/**
	 * When a request had it last.
	 */
	long seen = Long.MIN_VALUE;

	/**
	 * Until when the provider is believed to keep it.
	 */
	long aliveUntil = Long.MIN_VALUE;

	/**
	 * For how long it was written, in milliseconds.
	 */
	int ttl;

	/**
	 * Its tokens as the provider counts them, 0 if they are not known.
	 */
	int counted;

	/**
	 * The decision that is writing it, 0 if none is.
	 */
	long writer;

	long writing;

	/**
	 * The decision that changed last what is believed of the provider.
	 */
	long changedBy;

	PrefixKind kind = PrefixKind.UNKNOWN;

	/**
	 * How soon it is used again.
	 */
	@Nullable ReuseStats own;

	/**
	 * How soon the conversation that it ended is continued.
	 */
	@Nullable ReuseStats conversation;

	@Nullable Sighting sighting;

	@Nullable ReuseStats stats(PrefixKind of) {
		return of.isTail() ? this.conversation : this.own;
	}

	void stats(PrefixKind of, ReuseStats stats) {
		if (of.isTail()) {
			this.conversation = stats;
		}
		else {
			this.own = stats;
		}
	}

	boolean isInFlight(long now) {
		return this.writer != 0 && now - this.writing < IN_FLIGHT;
	}

	boolean isAlive(long now) {
		return now < this.aliveUntil && !isInFlight(now);
	}

}
