package io.tokensaving.plan;

import java.time.Duration;
import java.util.List;

import org.springframework.util.StringUtils;

/**
 * How a plan caches answers. What is said of similarity holds for semantic backends only.
 * Immutable.
 *
 * @param backend the name of the backend, such as {@code in_memory}
 * @param ttl how long an answer may be served, above zero
 * @param similarityThreshold the lowest cosine similarity, 0 to 1, at which an answer is
 * served
 * @param maxEntryBytes the size in bytes above which an answer is not stored, at least 1
 * @param history what earlier turns mean
 * @param maxQuestionLength the number of characters above which a question is only looked
 * up exactly, at least 1: the longer a text, the less one word changes its embedding
 * @param semanticTimeout how long embedding and search may take together, above zero
 * @param guards the names of the guards that may veto an answer; {@value #ALL_GUARDS}
 * stands for all there are
 * @param verifySampleRate the share of semantic hits, 0 to 1, that are verified by the
 * model in the background
 * @param maxErrorRate the share of wrong answers among the verified ones, 0 to 1, above
 * which the semantic cache of the plan suspends itself
 * @param judge the name of what judges whether a served answer is right
 * @param lookupTimeout how long an exact look-up may take if its store is outside this
 * process, above zero
 */
public record CacheSettings(String backend, Duration ttl, double similarityThreshold, long maxEntryBytes,
		CacheHistory history, int maxQuestionLength, Duration semanticTimeout, List<String> guards,
		double verifySampleRate, double maxErrorRate, String judge, Duration lookupTimeout) {

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
	 * The default of {@link #maxQuestionLength()}.
	 */
	public static final int DEFAULT_MAX_QUESTION_LENGTH = 1000;

	/**
	 * The default of {@link #semanticTimeout()}.
	 */
	public static final Duration DEFAULT_SEMANTIC_TIMEOUT = Duration.ofMillis(500);

	/**
	 * Stands for all guards.
	 */
	public static final String ALL_GUARDS = "all";

	/**
	 * The default of {@link #verifySampleRate()}.
	 */
	public static final double DEFAULT_VERIFY_SAMPLE_RATE = 0.01;

	/**
	 * The default of {@link #maxErrorRate()}.
	 */
	public static final double DEFAULT_MAX_ERROR_RATE = 0.05;

	/**
	 * The default of {@link #judge()}: the similarity of the embeddings of two answers.
	 */
	public static final String EMBEDDING_JUDGE = "embedding";

	/**
	 * The default of {@link #lookupTimeout()}.
	 */
	public static final Duration DEFAULT_LOOKUP_TIMEOUT = Duration.ofMillis(50);

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public CacheSettings {
		check(StringUtils.hasText(backend), "backend", backend, "the name of a cache backend");
		check(!ttl.isZero() && !ttl.isNegative(), "ttl", ttl, "a duration above zero");
		checkShare("similarity-threshold", similarityThreshold);
		check(maxEntryBytes >= 1, "max-entry-size", maxEntryBytes, "a size of at least one byte");
		check(maxQuestionLength >= 1, "max-question-length", maxQuestionLength, "a number of characters of at least 1");
		check(!semanticTimeout.isZero() && !semanticTimeout.isNegative(), "semantic-timeout", semanticTimeout,
				"a duration above zero");
		guards = List.copyOf(guards);
		checkShare("verify-sample-rate", verifySampleRate);
		checkShare("max-error-rate", maxErrorRate);
		check(StringUtils.hasText(judge), "judge", judge, "the name of a judge");
		check(!lookupTimeout.isZero() && !lookupTimeout.isNegative(), "lookup-timeout", lookupTimeout,
				"a duration above zero");
	}

	/**
	 * Create settings with the defaults for everything but the backend.
	 * @param backend the name of the backend
	 */
	public CacheSettings(String backend) {
		this(backend, DEFAULT_TTL, DEFAULT_SIMILARITY_THRESHOLD, DEFAULT_MAX_ENTRY_BYTES, CacheHistory.PARTITION,
				DEFAULT_MAX_QUESTION_LENGTH, DEFAULT_SEMANTIC_TIMEOUT, List.of(ALL_GUARDS), DEFAULT_VERIFY_SAMPLE_RATE,
				DEFAULT_MAX_ERROR_RATE, EMBEDDING_JUDGE, DEFAULT_LOOKUP_TIMEOUT);
	}

	private static void checkShare(String field, double value) {
		check(value >= 0 && value <= 1, field, value, "a number from 0 to 1");
	}

	private static void check(boolean valid, String field, Object value, String accepted) {
		if (!valid) {
			throw new InvalidPlanException("cache." + field, value, accepted);
		}
	}

	/**
	 * Start from defaults.
	 * @param backend the name of the backend
	 * @return a builder
	 */
	public static Builder builder(String backend) {
		return new Builder(new CacheSettings(backend));
	}

	/**
	 * Builds {@link CacheSettings}. Not thread-safe.
	 */
	public static final class Builder {

		private final String backend;

		private Duration ttl;

		private double similarityThreshold;

		private long maxEntryBytes;

		private CacheHistory history;

		private int maxQuestionLength;

		private Duration semanticTimeout;

		private List<String> guards;

		private double verifySampleRate;

		private double maxErrorRate;

		private String judge;

		private Duration lookupTimeout;

		private Builder(CacheSettings defaults) {
			this.backend = defaults.backend;
			this.ttl = defaults.ttl;
			this.similarityThreshold = defaults.similarityThreshold;
			this.maxEntryBytes = defaults.maxEntryBytes;
			this.history = defaults.history;
			this.maxQuestionLength = defaults.maxQuestionLength;
			this.semanticTimeout = defaults.semanticTimeout;
			this.guards = defaults.guards;
			this.verifySampleRate = defaults.verifySampleRate;
			this.maxErrorRate = defaults.maxErrorRate;
			this.judge = defaults.judge;
			this.lookupTimeout = defaults.lookupTimeout;
		}

		/**
		 * Set how long an answer may be served. Default: an hour.
		 * @param ttl the time, above zero
		 * @return this builder
		 */
		public Builder ttl(Duration ttl) {
			this.ttl = ttl;
			return this;
		}

		/**
		 * Set the lowest similarity. Default {@value #DEFAULT_SIMILARITY_THRESHOLD}.
		 * @param similarityThreshold the cosine, 0 to 1
		 * @return this builder
		 */
		public Builder similarityThreshold(double similarityThreshold) {
			this.similarityThreshold = similarityThreshold;
			return this;
		}

		/**
		 * Set the size above which an answer is not stored. Default 256 KiB.
		 * @param maxEntryBytes the size in bytes, at least 1
		 * @return this builder
		 */
		public Builder maxEntryBytes(long maxEntryBytes) {
			this.maxEntryBytes = maxEntryBytes;
			return this;
		}

		/**
		 * Set what earlier turns mean. Default {@link CacheHistory#PARTITION}.
		 * @param history the setting
		 * @return this builder
		 */
		public Builder history(CacheHistory history) {
			this.history = history;
			return this;
		}

		/**
		 * Set the length of a question above which it is only looked up exactly. Default
		 * {@value #DEFAULT_MAX_QUESTION_LENGTH}.
		 * @param maxQuestionLength the number of characters, at least 1
		 * @return this builder
		 */
		public Builder maxQuestionLength(int maxQuestionLength) {
			this.maxQuestionLength = maxQuestionLength;
			return this;
		}

		/**
		 * Set how long embedding and search may take together. Default 500 ms.
		 * @param semanticTimeout the time, above zero
		 * @return this builder
		 */
		public Builder semanticTimeout(Duration semanticTimeout) {
			this.semanticTimeout = semanticTimeout;
			return this;
		}

		/**
		 * Set the guards. Default: all there are.
		 * @param guards the names of guards, none to switch them off
		 * @return this builder
		 */
		public Builder guards(List<String> guards) {
			this.guards = guards;
			return this;
		}

		/**
		 * Set the share of semantic hits that are verified. Default
		 * {@value #DEFAULT_VERIFY_SAMPLE_RATE}.
		 * @param verifySampleRate the share, 0 to 1
		 * @return this builder
		 */
		public Builder verifySampleRate(double verifySampleRate) {
			this.verifySampleRate = verifySampleRate;
			return this;
		}

		/**
		 * Set the share of wrong answers above which the semantic cache suspends itself.
		 * Default {@value #DEFAULT_MAX_ERROR_RATE}.
		 * @param maxErrorRate the share, 0 to 1
		 * @return this builder
		 */
		public Builder maxErrorRate(double maxErrorRate) {
			this.maxErrorRate = maxErrorRate;
			return this;
		}

		/**
		 * Set what judges whether a served answer is right. Default
		 * {@value #EMBEDDING_JUDGE}.
		 * @param judge the name of a judge
		 * @return this builder
		 */
		public Builder judge(String judge) {
			this.judge = judge;
			return this;
		}

		/**
		 * Set how long an exact look-up outside this process may take. Default 50
		 * milliseconds.
		 * @param lookupTimeout the time, above zero
		 * @return this builder
		 */
		public Builder lookupTimeout(Duration lookupTimeout) {
			this.lookupTimeout = lookupTimeout;
			return this;
		}

		/**
		 * Build the settings.
		 * @return the settings
		 * @throws InvalidPlanException if a value is out of its range
		 */
		public CacheSettings build() {
			return new CacheSettings(this.backend, this.ttl, this.similarityThreshold, this.maxEntryBytes, this.history,
					this.maxQuestionLength, this.semanticTimeout, this.guards, this.verifySampleRate, this.maxErrorRate,
					this.judge, this.lookupTimeout);
		}

	}

}
