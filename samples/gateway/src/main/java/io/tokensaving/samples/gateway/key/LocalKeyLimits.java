package io.tokensaving.samples.gateway.key;

import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.tokensaving.samples.gateway.key.KeyGuard.Admission;
import org.jspecify.annotations.Nullable;

/**
 * Limits in the memory of this process. Each of several instances has its share of them,
 * at least one. Thread-safe.
 */
final class LocalKeyLimits implements KeyLimits {

	private static final Duration MINUTE = Duration.ofMinutes(1);

	private final TimeMeter time;

	// Of those keys only that exist
	private final ConcurrentMap<String, Lane> lanes = new ConcurrentHashMap<>();

	private volatile int instances = 1;

	LocalKeyLimits(Clock clock) {
		this.time = new TimeMeter() {

			@Override
			public long currentTimeNanos() {
				return clock.millis() * 1_000_000;
			}

			@Override
			public boolean isWallClockBased() {
				return true;
			}

		};
	}

	@Override
	public void setInstances(int instances) {
		this.instances = Math.max(1, instances);
	}

	@Override
	public Admission admit(ApiKey key) {
		Lane lane = lane(key);
		Integer maxConcurrent = key.maxConcurrent();
		if (!lane.enter((maxConcurrent != null) ? (int) share(maxConcurrent) : Integer.MAX_VALUE)) {
			throw Refusals.tooManyAtOnce((maxConcurrent != null) ? maxConcurrent : 0);
		}
		boolean admitted = false;
		try {
			lane.checkRates(key);
			admitted = true;
		}
		finally {
			if (!admitted) {
				lane.running.decrementAndGet();
			}
		}
		return new Place(lane.running);
	}

	@Override
	public void charge(ApiKey key, long tokens) {
		Bucket bucket = lane(key).tokens;
		if (bucket != null && tokens > 0) {
			bucket.consumeIgnoringRateLimits(tokens);
		}
	}

	@Override
	public int running(String keyId) {
		Lane lane = this.lanes.get(keyId);
		return (lane != null) ? lane.running.get() : 0;
	}

	private Lane lane(ApiKey key) {
		Lane lane = this.lanes.get(key.id());
		if (lane == null) {
			lane = this.lanes.computeIfAbsent(key.id(), (id) -> new Lane());
		}
		lane.configure(key, this.instances);
		return lane;
	}

	private long share(long limit) {
		return Math.max(1, limit / this.instances);
	}

	/**
	 * Return a limit that is filled evenly through a minute.
	 */
	static Bandwidth bandwidth(long perMinute) {
		return Bandwidth.builder().capacity(perMinute).refillGreedy(perMinute, MINUTE).build();
	}

	/**
	 * What a key uses.
	 */
	private final class Lane {

		private final AtomicInteger running = new AtomicInteger();

		private volatile @Nullable Long requestsPerMinute;

		private volatile @Nullable Long tokensPerMinute;

		private volatile int instances;

		private volatile @Nullable Bucket requests;

		private volatile @Nullable Bucket tokens;

		void configure(ApiKey key, int instances) {
			if (this.instances != instances || !Objects.equals(this.requestsPerMinute, key.requestsPerMinute())
					|| !Objects.equals(this.tokensPerMinute, key.tokensPerMinute())) {
				change(key, instances);
			}
		}

		private synchronized void change(ApiKey key, int instances) {
			boolean share = this.instances != instances;
			if (share || !Objects.equals(this.requestsPerMinute, key.requestsPerMinute())) {
				this.requests = bucket(this.requests, key.requestsPerMinute());
				this.requestsPerMinute = key.requestsPerMinute();
			}
			if (share || !Objects.equals(this.tokensPerMinute, key.tokensPerMinute())) {
				this.tokens = bucket(this.tokens, key.tokensPerMinute());
				this.tokensPerMinute = key.tokensPerMinute();
			}
			this.instances = instances;
		}

		// A bucket that is new is full, but not more than what the old one had is left
		private @Nullable Bucket bucket(@Nullable Bucket old, @Nullable Long perMinute) {
			if (perMinute == null) {
				return null;
			}
			long capacity = share(perMinute);
			Bucket bucket = Bucket.builder()
				.addLimit(bandwidth(capacity))
				.withCustomTimePrecision(LocalKeyLimits.this.time)
				.build();
			long missing = (old != null) ? capacity - old.getAvailableTokens() : 0;
			if (missing > 0) {
				bucket.consumeIgnoringRateLimits(missing);
			}
			return bucket;
		}

		boolean enter(int max) {
			while (true) {
				int now = this.running.get();
				if (now >= max) {
					return false;
				}
				if (this.running.compareAndSet(now, now + 1)) {
					return true;
				}
			}
		}

		void checkRates(ApiKey key) {
			Bucket tokenBucket = this.tokens;
			if (tokenBucket != null && tokenBucket.getAvailableTokens() < 1) {
				throw Refusals.tooManyTokens(key, tokenBucket.estimateAbilityToConsume(1).getNanosToWaitForRefill());
			}
			Bucket requestBucket = this.requests;
			if (requestBucket != null && !requestBucket.tryConsume(1)) {
				ConsumptionProbe probe = requestBucket.tryConsumeAndReturnRemaining(1);
				if (!probe.isConsumed()) {
					throw Refusals.tooManyRequests(key, probe.getNanosToWaitForRefill());
				}
			}
		}

	}

	/**
	 * The place of a request.
	 */
	private static final class Place extends AtomicBoolean implements Admission {

		private static final long serialVersionUID = 1L;

		private final transient AtomicInteger running;

		Place(AtomicInteger running) {
			this.running = running;
		}

		@Override
		public void close() {
			if (compareAndSet(false, true)) {
				this.running.decrementAndGet();
			}
		}

	}

}
