package io.tokensaving.samples.gateway.key;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.samples.gateway.key.ApiKeyStore.Found;
import org.jspecify.annotations.Nullable;

import org.springframework.dao.DataAccessResourceFailureException;

/**
 * Keys that were looked up lately. What was read before the newest known revision of the
 * store is read again, so that a change is seen as soon as {@link #poll} has seen the
 * revision. Thread-safe.
 */
final class KnownKeys {

	private static final int MAX_KEYS = 10_000;

	private static final int MAX_UNKNOWN = 10_000;

	private static final Duration UNKNOWN_FOR = Duration.ofSeconds(5);

	private final ApiKeyStore store;

	private final Clock clock;

	private final long maxStaleMillis;

	private final Cache<KeyHash, Known> bySecret = Caffeine.newBuilder().maximumSize(MAX_KEYS).build();

	private final Cache<String, Known> byId = Caffeine.newBuilder().maximumSize(MAX_KEYS).build();

	private final Cache<KeyHash, Boolean> unknown;

	// Of those keys only that exist
	private final ConcurrentMap<String, Long> usedMinutes = new ConcurrentHashMap<>();

	private volatile long revision;

	private volatile long polledAt;

	/**
	 * Create a view of the keys.
	 * @param store the store
	 * @param clock the clock
	 * @param maxStale how long keys are accepted without news from the store
	 */
	KnownKeys(ApiKeyStore store, Clock clock, Duration maxStale) {
		this.store = store;
		this.clock = clock;
		this.maxStaleMillis = maxStale.toMillis();
		this.unknown = Caffeine.newBuilder()
			.maximumSize(MAX_UNKNOWN)
			.expireAfterWrite(UNKNOWN_FOR)
			.ticker(() -> clock.millis() * 1_000_000)
			.build();
		poll();
	}

	/**
	 * Look whether keys have changed.
	 * @throws RuntimeException if the store cannot be read
	 */
	void poll() {
		long now = this.clock.millis();
		long read = this.store.revision();
		synchronized (this) {
			this.revision = Math.max(this.revision, read);
			this.polledAt = Math.max(this.polledAt, now);
		}
	}

	/**
	 * Find the key of a secret.
	 * @param hash the hash of the secret
	 * @return the key, or {@code null} if there is none
	 * @throws RuntimeException if the store cannot be read
	 */
	@Nullable Known find(KeyHash hash) {
		Known known = this.bySecret.getIfPresent(hash);
		if (known != null && isCurrent(known)) {
			return known;
		}
		return (known == null && this.unknown.getIfPresent(hash) != null) ? null : read(hash);
	}

	private @Nullable Known read(KeyHash hash) {
		long readAt = this.revision;
		Found found = this.store.find(hash);
		if (found == null) {
			this.bySecret.invalidate(hash);
			this.unknown.put(hash, true);
			return null;
		}
		Known known = new Known(found.key(), found.key().toCaller(), end(found.key(), found.validUntil()), readAt);
		this.bySecret.put(hash, known);
		return known;
	}

	/**
	 * Find a key by its id.
	 * @param id the id
	 * @return the key, or {@code null} if there is none
	 * @throws RuntimeException if the store cannot be read
	 */
	@Nullable Known find(String id) {
		Known known = this.byId.getIfPresent(id);
		if (known != null && isCurrent(known)) {
			return known;
		}
		long readAt = this.revision;
		ApiKey key = this.store.find(id);
		if (key == null) {
			return null;
		}
		known = new Known(key, key.toCaller(), end(key, null), readAt);
		this.byId.put(id, known);
		return known;
	}

	private boolean isCurrent(Known known) {
		// Not asked here, or each request would wait for a database that is away
		if (this.clock.millis() - this.polledAt > this.maxStaleMillis) {
			throw new DataAccessResourceFailureException("Nothing is known of the keys for too long");
		}
		return known.revision >= this.revision;
	}

	private static long end(ApiKey key, @Nullable Instant secretEnd) {
		long end = (key.expiresAt() != null) ? key.expiresAt().toEpochMilli() : Long.MAX_VALUE;
		return (secretEnd != null) ? Math.min(end, secretEnd.toEpochMilli()) : end;
	}

	/**
	 * Remember that a key was used.
	 */
	void used(String id, long nowMillis) {
		long minute = Math.floorDiv(nowMillis, 60_000L);
		Long last = this.usedMinutes.get(id);
		if (last == null || last != minute) {
			this.usedMinutes.put(id, minute);
		}
	}

	/**
	 * Write when keys were used since the last time.
	 */
	void writeUsed() {
		Map<String, Instant> times = new HashMap<>();
		this.usedMinutes.forEach((id, minute) -> times.put(id, Instant.ofEpochMilli(minute * 60_000)));
		this.store.used(times);
		long minute = Math.floorDiv(this.clock.millis(), 60_000L);
		// Those of the present minute stay, or each request would write again
		this.usedMinutes.values().removeIf((used) -> used < minute);
	}

	/**
	 * A key as it was read. Immutable.
	 *
	 * @param key the key
	 * @param caller who asks by it
	 * @param endMillis when it ends, in milliseconds since 1970
	 * @param revision a revision that the store had before
	 */
	record Known(ApiKey key, Caller caller, long endMillis, long revision) {

	}

}
