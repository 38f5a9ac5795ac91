package io.tokensaving.plan;

import java.time.Duration;

import org.springframework.util.StringUtils;

/**
 * How a plan caches answers.
 *
 * @param backend the name of the backend, such as {@code in_memory}
 * @param ttl how long an answer may be served, above zero
 * @param similarityThreshold the lowest cosine similarity, 0 to 1, at which a semantic
 * backend serves an answer; an exact backend does not use it
 * @param maxEntryBytes the size in bytes above which an answer is not stored, at least 1
 */
public record CacheSettings(String backend, Duration ttl, double similarityThreshold, long maxEntryBytes) {

	/**
	 * The default of {@link #ttl()}: an hour.
	 */
	public static final Duration DEFAULT_TTL = Duration.ofHours(1);

	/**
	 * The default of {@link #similarityThreshold()}.
	 */
	public static final double DEFAULT_SIMILARITY_THRESHOLD = 0.85;

	/**
	 * The default of {@link #maxEntryBytes()}: 256 KiB.
	 */
	public static final long DEFAULT_MAX_ENTRY_BYTES = 256 * 1024;

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public CacheSettings {
		if (!StringUtils.hasText(backend)) {
			throw new InvalidPlanException("cache.backend", backend, "the name of a cache backend");
		}
		if (ttl.isZero() || ttl.isNegative()) {
			throw new InvalidPlanException("cache.ttl", ttl, "a duration above zero");
		}
		if (!(similarityThreshold >= 0 && similarityThreshold <= 1)) {
			throw new InvalidPlanException("cache.similarity-threshold", similarityThreshold, "a number from 0 to 1");
		}
		if (maxEntryBytes < 1) {
			throw new InvalidPlanException("cache.max-entry-size", maxEntryBytes, "a size of at least one byte");
		}
	}

	/**
	 * Create settings with the defaults for everything but the backend.
	 * @param backend the name of the backend
	 */
	public CacheSettings(String backend) {
		this(backend, DEFAULT_TTL, DEFAULT_SIMILARITY_THRESHOLD, DEFAULT_MAX_ENTRY_BYTES);
	}

}
