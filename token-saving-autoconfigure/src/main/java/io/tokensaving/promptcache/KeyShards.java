package io.tokensaving.promptcache;

import java.time.Duration;
import java.time.Instant;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/**
 * Over how many keys the conversations of one key are spread: a machine of the provider
 * takes some 15 requests a minute for a key, and each machine more has to be given the
 * prefix once. So there are as many keys as the busiest minute of the last two hours
 * needed, at {@value #REQUESTS_PER_MINUTE} requests each, rounded up to a power of two:
 * when the number doubles, half of the conversations keep their key. Thread-safe.
 */
final class KeyShards {

	static final int REQUESTS_PER_MINUTE = 12;

	private static final int MAX_SHARDS = 1024;

	private static final int MAX_KEYS = 10_000;

	private static final long MINUTE = 60;

	private static final long HOUR = 3600;

	private final Cache<Long, Rate> rates = Caffeine.newBuilder()
		.maximumSize(MAX_KEYS)
		.expireAfterAccess(Duration.ofHours(2))
		.build();

	/**
	 * Count a request and return the number of its shard.
	 * @param key the key
	 * @param conversation the digest of the conversation, which decides
	 * @param now the time
	 * @return a number from 0 on
	 */
	int shard(long key, long conversation, Instant now) {
		Rate rate = this.rates.get(key, (added) -> new Rate());
		return (int) Long.remainderUnsigned(conversation, rate.shards(now.getEpochSecond()));
	}

	/**
	 * The requests of a key.
	 */
	private static final class Rate {

		private long minute = Long.MIN_VALUE;

		private int requests;

		private long hour = Long.MIN_VALUE;

		private int busiest;

		private int busiestBefore;

		synchronized int shards(long second) {
			// A clock that goes back counts on in the present minute
			long now = Math.floorDiv(second, MINUTE);
			if (now > this.minute) {
				this.minute = now;
				this.requests = 0;
			}
			long hour = Math.floorDiv(second, HOUR);
			if (hour > this.hour) {
				this.busiestBefore = (hour == this.hour + 1) ? this.busiest : 0;
				this.busiest = 0;
				this.hour = hour;
			}
			this.requests++;
			this.busiest = Math.max(this.busiest, this.requests);
			int peak = Math.max(this.busiest, this.busiestBefore);
			int needed = Math.min(MAX_SHARDS, (peak + REQUESTS_PER_MINUTE - 1) / REQUESTS_PER_MINUTE);
			return (needed > 1) ? Integer.highestOneBit(needed - 1) << 1 : 1;
		}

	}

}
