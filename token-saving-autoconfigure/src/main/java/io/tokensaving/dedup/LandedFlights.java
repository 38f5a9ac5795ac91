package io.tokensaving.dedup;

import java.time.Duration;
import java.util.Set;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.PendingAnswer;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * Remembers for a moment which answers were stored, and with which tags. A request that
 * missed the cache just before the answer was stored would otherwise buy it again. Such a
 * request reads the answer from the cache, so it does not receive an answer that was
 * evicted meanwhile, even by another instance. Thread-safe.
 */
final class LandedFlights {

	/**
	 * How long a stored answer is remembered: longer than a request takes from its cache
	 * look-up to here.
	 */
	static final Duration TIME = Duration.ofSeconds(1);

	private static final long MAX_BYTES = 16L * 1024 * 1024;

	private static final int TAG_BYTES = 8;

	private final Cache<String, Set<String>> tags = Caffeine.newBuilder()
		.maximumWeight(MAX_BYTES)
		.weigher((String key, Set<String> tags) -> HeapSize.weight(bytes(key, tags)))
		.expireAfterWrite(TIME)
		.build();

	private static long bytes(String key, Set<String> tags) {
		long bytes = HeapSize.CACHE_ENTRY + HeapSize.of(key);
		for (String tag : tags) {
			bytes += TAG_BYTES + HeapSize.of(tag);
		}
		return bytes;
	}

	void add(String key, Set<String> tags) {
		this.tags.put(key, tags);
	}

	void clear() {
		this.tags.invalidateAll();
	}

	/**
	 * Whether a request accepts an answer that was bought for an earlier one.
	 * @param participant the request
	 * @return {@code false} if the request demands a fresh answer
	 */
	static boolean mayServe(Participant participant) {
		CacheDirectives directives = participant.call().directives();
		return !directives.noCache() && directives.maxAge() == null;
	}

	/**
	 * Look up the answer of a flight that has just landed.
	 * @param key the key of the flight
	 * @param participant the request
	 * @return the answer, or {@code null} if there is none with all tags of the request
	 */
	@Nullable ChatClientResponse find(String key, Participant participant) {
		Set<String> tags = this.tags.getIfPresent(key);
		PendingAnswer pending = participant.pending();
		if (tags == null || pending == null || !tags.containsAll(participant.call().directives().tags())
				|| (pending.isShared() && Schedulers.isInNonBlockingThread())) {
			return null;
		}
		try {
			return participant.find(pending, pending.lookupTimeout());
		}
		catch (RuntimeException | Error ex) { // the new flight must go on
			participant.fail(ex);
			return null;
		}
	}

}
