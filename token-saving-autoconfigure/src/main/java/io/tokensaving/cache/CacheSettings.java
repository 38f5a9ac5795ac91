package io.tokensaving.cache;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * The {@code cache} settings of a plan. Similarity, history, question length, guards,
 * verification and judge apply to semantic backends only. Immutable.
 *
 * @param backend the name of the backend, such as {@code in_memory}
 * @param ttl how long an answer may be served, above zero and at most 3650 days
 * @param similarityThreshold the lowest cosine similarity, 0 to 1, at which an answer is
 * served
 * @param maxEntryBytes the size in bytes above which an answer is not stored, at least 1
 * @param history how earlier turns are treated
 * @param maxQuestionLength the number of characters above which a question is only looked
 * up exactly, at least 1; in a longer text a single word changes the embedding less
 * @param semanticTimeout how long embedding and search may take together, above zero and
 * at most 3650 days
 * @param guards the names of the guards that may veto an answer; {@value #ALL_GUARDS}
 * stands for all guards
 * @param verifySampleRate the share of semantic hits, 0 to 1, that are verified by the
 * model in the background
 * @param maxErrorRate the share of wrong answers among the verified ones, 0 to 1, above
 * which the semantic cache of the plan suspends itself
 * @param judge the name of the judge that decides whether a served answer is right
 * @param lookupTimeout how long an exact look-up may take if its store is outside this
 * process, above zero and at most 3650 days
 * @param languages the ISO 639-1 codes of the languages in which the guards are trusted,
 * in lower case; questions in others are not looked up, or only served once a model has
 * confirmed it. {@value #ANY_LANGUAGE} stands for all there are
 * @param confirm what confirms an answer before it is served
 * @param sureSimilarity the lowest cosine similarity, 0 to 1, at which an answer is
 * served without being confirmed
 * @param confirmModel the name of the bean of the chat model that confirms, or
 * {@code null} for the only one there is
 * @param confirmTimeout how long a confirmation may take, above zero and at most 3650
 * days
 * @param replayChunks the words a second, 1 to 10000, at which a stream that a cache
 * answers receives its text, or 0 to send it as one element
 */
public record CacheSettings(String backend, Duration ttl, double similarityThreshold, long maxEntryBytes,
		CacheHistory history, int maxQuestionLength, Duration semanticTimeout, List<String> guards,
		double verifySampleRate, double maxErrorRate, String judge, Duration lookupTimeout, List<String> languages,
		Confirm confirm, double sureSimilarity, @Nullable String confirmModel, Duration confirmTimeout,
		int replayChunks) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "cache";

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
	 * The name that stands for all guards.
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
	 * The default of {@link #languages()}: English.
	 */
	public static final List<String> DEFAULT_LANGUAGES = List.of("en");

	/**
	 * Stands for all languages.
	 */
	public static final String ANY_LANGUAGE = "any";

	/**
	 * The default of {@link #sureSimilarity()}.
	 */
	public static final double DEFAULT_SURE_SIMILARITY = 1;

	/**
	 * The default of {@link #confirmTimeout()}.
	 */
	public static final Duration DEFAULT_CONFIRM_TIMEOUT = Duration.ofSeconds(3);

	/**
	 * The default of {@link #replayChunks()}: the text is sent as one element.
	 */
	public static final int NO_REPLAY_CHUNKS = 0;

	private static final int MAX_REPLAY_CHUNKS = 10_000;

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public CacheSettings {
		check(StringUtils.hasText(backend), "backend", backend, "the name of a cache backend");
		checkDuration("ttl", ttl);
		similarityThreshold = share("similarity-threshold", similarityThreshold);
		check(maxEntryBytes >= 1, "max-entry-size", maxEntryBytes, "a size of at least one byte");
		check(maxQuestionLength >= 1, "max-question-length", maxQuestionLength, "a number of characters of at least 1");
		checkDuration("semantic-timeout", semanticTimeout);
		guards = List.copyOf(guards);
		verifySampleRate = share("verify-sample-rate", verifySampleRate);
		maxErrorRate = share("max-error-rate", maxErrorRate);
		check(StringUtils.hasText(judge), "judge", judge, "the name of a judge");
		checkDuration("lookup-timeout", lookupTimeout);
		languages = List.copyOf(languages);
		check(!languages.isEmpty() && languages.stream().allMatch(StringUtils::hasText), "languages", languages,
				"at least one ISO 639-1 code of a language, or '" + ANY_LANGUAGE + "'");
		sureSimilarity = share("sure-similarity", sureSimilarity);
		check(confirmModel == null || StringUtils.hasText(confirmModel), "confirm-model", String.valueOf(confirmModel),
				"the name of a ChatModel bean");
		checkDuration("confirm-timeout", confirmTimeout);
		check(replayChunks >= 0 && replayChunks <= MAX_REPLAY_CHUNKS, "replay-chunks", replayChunks,
				"a number of words a second from 0 (all at once) to " + MAX_REPLAY_CHUNKS);
	}

	/**
	 * Create settings with a backend and defaults for the rest.
	 * @param backend the name of the backend
	 */
	public CacheSettings(String backend) {
		this(backend, DEFAULT_TTL, DEFAULT_SIMILARITY_THRESHOLD, DEFAULT_MAX_ENTRY_BYTES, CacheHistory.PARTITION,
				DEFAULT_MAX_QUESTION_LENGTH, DEFAULT_SEMANTIC_TIMEOUT, List.of(ALL_GUARDS), DEFAULT_VERIFY_SAMPLE_RATE,
				DEFAULT_MAX_ERROR_RATE, EMBEDDING_JUDGE, DEFAULT_LOOKUP_TIMEOUT, DEFAULT_LANGUAGES, Confirm.NONE,
				DEFAULT_SURE_SIMILARITY, null, DEFAULT_CONFIRM_TIMEOUT, NO_REPLAY_CHUNKS);
	}

	private static void checkDuration(String field, Duration value) {
		check(!value.isZero() && !value.isNegative() && value.compareTo(SettingText.MAX_DURATION) <= 0, field,
				SettingText.of(value), "a duration above zero and of at most 3650 days");
	}

	private static double share(String field, double value) {
		check(value >= 0 && value <= 1, field, value, "a number from 0 to 1");
		// Turns -0.0 into 0.0, as equals() tells them apart
		return value + 0.0;
	}

	private static void check(boolean valid, String field, Object value, String accepted) {
		if (!valid) {
			throw new InvalidPlanException(SECTION + "." + field, value, accepted);
		}
	}

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("backend", this.backend);
		values.put("ttl", SettingText.of(this.ttl));
		values.put("similarity-threshold", this.similarityThreshold);
		values.put("max-entry-size", SettingText.ofSize(this.maxEntryBytes));
		values.put("history", this.history.value());
		values.put("max-question-length", this.maxQuestionLength);
		values.put("semantic-timeout", SettingText.of(this.semanticTimeout));
		values.put("guards", this.guards);
		values.put("verify-sample-rate", this.verifySampleRate);
		values.put("max-error-rate", this.maxErrorRate);
		values.put("judge", this.judge);
		values.put("lookup-timeout", SettingText.of(this.lookupTimeout));
		values.put("replay-chunks", this.replayChunks);
		values.put("languages", this.languages);
		values.put("confirm", SettingText.of(this.confirm));
		values.put("sure-similarity", this.sureSimilarity);
		if (this.confirmModel != null) {
			values.put("confirm-model", this.confirmModel);
		}
		values.put("confirm-timeout", SettingText.of(this.confirmTimeout));
		return values;
	}

	/**
	 * Return a builder that starts with the defaults.
	 * @param backend the name of the backend
	 * @return a builder
	 */
	public static Builder builder(String backend) {
		return new Builder(new CacheSettings(backend));
	}

	/**
	 * What confirms an answer that the semantic cache has found before it is served.
	 */
	public enum Confirm {

		/**
		 * Nothing.
		 */
		NONE,

		/**
		 * A chat model is asked whether the answer serves both questions.
		 */
		MODEL

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

		private List<String> languages;

		private Confirm confirm;

		private double sureSimilarity;

		private @Nullable String confirmModel;

		private Duration confirmTimeout;

		private int replayChunks;

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
			this.languages = defaults.languages;
			this.confirm = defaults.confirm;
			this.sureSimilarity = defaults.sureSimilarity;
			this.confirmModel = defaults.confirmModel;
			this.confirmTimeout = defaults.confirmTimeout;
			this.replayChunks = defaults.replayChunks;
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
		 * Set how earlier turns are treated. Default {@link CacheHistory#PARTITION}.
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
		 * Set the guards. Default: all guards.
		 * @param guards the names of the guards; empty for none
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
		 * Set the judge that decides whether a served answer is right. Default
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
		 * Set the languages in which the guards are trusted. Default: English.
		 * @param languages their ISO 639-1 codes in lower case, or {@value #ANY_LANGUAGE}
		 * @return this builder
		 */
		public Builder languages(List<String> languages) {
			this.languages = languages;
			return this;
		}

		/**
		 * Set what confirms an answer before it is served. Default: nothing.
		 * @param confirm the setting
		 * @return this builder
		 */
		public Builder confirm(Confirm confirm) {
			this.confirm = confirm;
			return this;
		}

		/**
		 * Set the lowest similarity at which an answer is served without being confirmed.
		 * Default 1.
		 * @param sureSimilarity the cosine, 0 to 1
		 * @return this builder
		 */
		public Builder sureSimilarity(double sureSimilarity) {
			this.sureSimilarity = sureSimilarity;
			return this;
		}

		/**
		 * Set which chat model confirms. Default: the only one there is.
		 * @param confirmModel the name of its bean, or {@code null} for the default
		 * @return this builder
		 */
		public Builder confirmModel(@Nullable String confirmModel) {
			this.confirmModel = confirmModel;
			return this;
		}

		/**
		 * Set how long a confirmation may take. Default 3 seconds.
		 * @param confirmTimeout the time, above zero
		 * @return this builder
		 */
		public Builder confirmTimeout(Duration confirmTimeout) {
			this.confirmTimeout = confirmTimeout;
			return this;
		}

		/**
		 * Set at which rate a stream that a cache answers receives its text. Default
		 * {@link #NO_REPLAY_CHUNKS}.
		 * @param replayChunks the words a second, or 0 to send the text as one element
		 * @return this builder
		 */
		public Builder replayChunks(int replayChunks) {
			this.replayChunks = replayChunks;
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
					this.judge, this.lookupTimeout, this.languages, this.confirm, this.sureSimilarity,
					this.confirmModel, this.confirmTimeout, this.replayChunks);
		}

	}

}
