package io.tokensaving.compression;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

import io.tokensaving.compression.text.ContentRewriter;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * The settings of compression in a plan. All but the first three apply to engines that
 * rank sentences; {@code trim} ignores them. Immutable.
 *
 * @param engine the name of the engine, such as {@code text_rank}
 * @param maxInputTokens the limit for messages and tool definitions together, in tokens
 * of the request's model, at least 1
 * @param lowMark the share of the room for history, above 0 and up to 1, that compression
 * leaves filled. A lower mark drops more at a time and so compresses less often: in
 * between the prompt only grows at its end, as a provider's prompt cache needs it
 * @param keepLastMessages the number of newest messages that are not changed, 0 or more;
 * the last user message and everything after it are never changed
 * @param focus what the ranking favours
 * @param redundancyPenalty how much a sentence loses by being similar to one that is
 * kept, from 0 for nothing to 1
 * @param lossless whether to rewrite old messages without loss before anything is left
 * out
 * @param tidy whether to remove markup that carries no text from old messages before
 * anything is left out
 * @param stablePrefix whether compressed messages stay the same until the limit is
 * exceeded again
 * @param language the ISO 639-1 code of the language of all texts, or {@value #AUTO} to
 * guess the language of each message
 * @param summaryModel the name of the chat model that summarises, for the engine
 * {@code summary}, or {@code null} for none
 * @param rewriteTimeout the time after which an engine that rewrites is given up, above
 * zero and at most an hour
 * @param maxTime the time after which ranking is cancelled and the request is trimmed, at
 * most 3650 days; zero for no limit
 */
public record CompressionSettings(String engine, int maxInputTokens, double lowMark, int keepLastMessages, Focus focus,
		double redundancyPenalty, boolean lossless, boolean tidy, StablePrefix stablePrefix, String language,
		Duration maxTime, @Nullable String summaryModel, Duration rewriteTimeout) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "compression";

	/**
	 * The default of {@link #lowMark()}.
	 */
	public static final double DEFAULT_LOW_MARK = 0.4;

	/**
	 * The value of {@link #language()} for which the language is guessed.
	 */
	public static final String AUTO = "auto";

	/**
	 * The default of {@link #rewriteTimeout()}.
	 */
	public static final Duration DEFAULT_REWRITE_TIMEOUT = Duration.ofSeconds(10);

	private static final Duration MAX_REWRITE_TIMEOUT = Duration.ofHours(1);

	private static final Pattern LANGUAGE = Pattern.compile("[a-z]{2}");

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public CompressionSettings {
		check(StringUtils.hasText(engine), "engine", engine, "the name of a compression engine");
		check(maxInputTokens >= 1, "max-input-tokens", maxInputTokens, "a number of tokens of at least 1");
		check(lowMark > 0 && lowMark <= 1, "low-mark", lowMark, "a share above 0 and up to 1");
		check(keepLastMessages >= 0, "keep-last-messages", keepLastMessages, "a number of messages of at least 0");
		check(redundancyPenalty >= 0 && redundancyPenalty <= 1, "redundancy-penalty", redundancyPenalty,
				"a number from 0 to 1");
		// Turns -0.0 into 0.0, because equals() distinguishes them
		redundancyPenalty = redundancyPenalty + 0.0;
		check(AUTO.equals(language) || LANGUAGE.matcher(language).matches(), "language", language,
				"'auto' or the two letters of a language");
		check(!maxTime.isNegative() && maxTime.compareTo(SettingText.MAX_DURATION) <= 0, "max-time",
				SettingText.of(maxTime), "a duration of at most 3650 days, or 0 for no limit");
		check(summaryModel == null || StringUtils.hasText(summaryModel), "summary-model", String.valueOf(summaryModel),
				"the name of a ChatModel bean");
		check(rewriteTimeout.compareTo(Duration.ZERO) > 0 && rewriteTimeout.compareTo(MAX_REWRITE_TIMEOUT) <= 0,
				"rewrite-timeout", SettingText.of(rewriteTimeout), "a duration above 0 and up to 1 hour");
	}

	/**
	 * Create settings with defaults for all but the limit.
	 * @param engine the name of the engine
	 * @param maxInputTokens the limit in tokens
	 */
	public CompressionSettings(String engine, int maxInputTokens) {
		this(engine, maxInputTokens, DEFAULT_LOW_MARK, 4, Focus.QUESTION, 1, true, false, StablePrefix.AUTO, AUTO,
				Duration.ofMillis(500), null, DEFAULT_REWRITE_TIMEOUT);
	}

	private static void check(boolean valid, String field, Object value, String accepted) {
		if (!valid) {
			throw new InvalidPlanException(SECTION + "." + field, value, accepted);
		}
	}

	/**
	 * Return what rewrites texts before anything is left out.
	 * @return the rewriter
	 */
	ContentRewriter rewriter() {
		return new ContentRewriter(this.lossless, this.tidy);
	}

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("engine", this.engine);
		values.put("max-input-tokens", this.maxInputTokens);
		values.put("low-mark", this.lowMark);
		values.put("keep-last-messages", this.keepLastMessages);
		values.put("focus", this.focus.value());
		values.put("redundancy-penalty", this.redundancyPenalty);
		values.put("lossless", this.lossless);
		values.put("tidy", this.tidy);
		values.put("stable-prefix", this.stablePrefix.value());
		values.put("language", this.language);
		values.put("max-time", SettingText.of(this.maxTime));
		if (this.summaryModel != null) {
			values.put("summary-model", this.summaryModel);
		}
		values.put("rewrite-timeout", SettingText.of(this.rewriteTimeout));
		return values;
	}

	/**
	 * Start from defaults.
	 * @param engine the name of the engine
	 * @param maxInputTokens the limit in tokens
	 * @return a builder
	 */
	public static Builder builder(String engine, int maxInputTokens) {
		return new Builder(new CompressionSettings(engine, maxInputTokens));
	}

	/**
	 * What the ranking of sentences favours.
	 */
	public enum Focus {

		/**
		 * Sentences relevant to the last user message.
		 */
		QUESTION,

		/**
		 * Sentences that are central to the conversation as a whole.
		 */
		NONE;

		/**
		 * Return the name used in plans and the endpoint.
		 * @return the name in lower case
		 */
		public String value() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * Whether compressed messages stay the same until the limit is exceeded again.
	 */
	public enum StablePrefix {

		/**
		 * They do, unless the question at hand clearly needs what was left out, and by
		 * more than the beginning of the prompt is worth in the provider's prompt cache.
		 */
		AUTO,

		/**
		 * They do.
		 */
		TRUE,

		/**
		 * They do not: every request over the limit is compressed anew.
		 */
		FALSE;

		/**
		 * Return the value used in plans and the endpoint.
		 * @return {@code "auto"}, {@code true} or {@code false}
		 */
		public Object value() {
			return (this == AUTO) ? "auto" : this == TRUE;
		}

	}

	/**
	 * Builds {@link CompressionSettings}. Not thread-safe.
	 */
	public static final class Builder {

		private final String engine;

		private int maxInputTokens;

		private double lowMark;

		private int keepLastMessages;

		private Focus focus;

		private double redundancyPenalty;

		private boolean lossless;

		private boolean tidy;

		private StablePrefix stablePrefix;

		private String language;

		private Duration maxTime;

		private @Nullable String summaryModel;

		private Duration rewriteTimeout;

		private Builder(CompressionSettings defaults) {
			this.engine = defaults.engine;
			this.maxInputTokens = defaults.maxInputTokens;
			this.lowMark = defaults.lowMark;
			this.keepLastMessages = defaults.keepLastMessages;
			this.focus = defaults.focus;
			this.redundancyPenalty = defaults.redundancyPenalty;
			this.lossless = defaults.lossless;
			this.tidy = defaults.tidy;
			this.stablePrefix = defaults.stablePrefix;
			this.language = defaults.language;
			this.maxTime = defaults.maxTime;
			this.summaryModel = defaults.summaryModel;
			this.rewriteTimeout = defaults.rewriteTimeout;
		}

		/**
		 * Set the limit.
		 * @param maxInputTokens the limit in tokens, at least 1
		 * @return this builder
		 */
		public Builder maxInputTokens(int maxInputTokens) {
			this.maxInputTokens = maxInputTokens;
			return this;
		}

		/**
		 * Set the share of the room for history that compression leaves filled. Default
		 * {@value #DEFAULT_LOW_MARK}.
		 * @param lowMark the share, above 0 and up to 1
		 * @return this builder
		 */
		public Builder lowMark(double lowMark) {
			this.lowMark = lowMark;
			return this;
		}

		/**
		 * Set how many of the newest messages are not changed. Default 4.
		 * @param keepLastMessages the number, 0 or more
		 * @return this builder
		 */
		public Builder keepLastMessages(int keepLastMessages) {
			this.keepLastMessages = keepLastMessages;
			return this;
		}

		/**
		 * Set what the ranking favours. Default {@link Focus#QUESTION}.
		 * @param focus the focus
		 * @return this builder
		 */
		public Builder focus(Focus focus) {
			this.focus = focus;
			return this;
		}

		/**
		 * Set how much a sentence loses by being similar to one that is kept. Default 1.
		 * @param redundancyPenalty the weight, 0 to 1
		 * @return this builder
		 */
		public Builder redundancyPenalty(double redundancyPenalty) {
			this.redundancyPenalty = redundancyPenalty;
			return this;
		}

		/**
		 * Set whether to rewrite without loss first. Default {@code true}.
		 * @param lossless whether to rewrite
		 * @return this builder
		 */
		public Builder lossless(boolean lossless) {
			this.lossless = lossless;
			return this;
		}

		/**
		 * Set whether to remove markup that carries no text from old messages first.
		 * Default {@code false}.
		 * @param tidy whether to remove it
		 * @return this builder
		 */
		public Builder tidy(boolean tidy) {
			this.tidy = tidy;
			return this;
		}

		/**
		 * Set whether compressed messages stay the same until the limit is exceeded
		 * again. Default {@link StablePrefix#AUTO}.
		 * @param stablePrefix when they stay the same
		 * @return this builder
		 */
		public Builder stablePrefix(StablePrefix stablePrefix) {
			this.stablePrefix = stablePrefix;
			return this;
		}

		/**
		 * Set the language of all texts. Default {@value CompressionSettings#AUTO}.
		 * @param language the ISO 639-1 code, or {@value CompressionSettings#AUTO}
		 * @return this builder
		 */
		public Builder language(String language) {
			this.language = language;
			return this;
		}

		/**
		 * Set the time after which ranking is cancelled. Default 500 ms.
		 * @param maxTime the time, zero for no limit
		 * @return this builder
		 */
		public Builder maxTime(Duration maxTime) {
			this.maxTime = maxTime;
			return this;
		}

		/**
		 * Set the chat model that summarises, for the engine {@code summary}. Default
		 * {@code null}.
		 * @param summaryModel the name of a {@code ChatModel} bean, or {@code null}
		 * @return this builder
		 */
		public Builder summaryModel(@Nullable String summaryModel) {
			this.summaryModel = summaryModel;
			return this;
		}

		/**
		 * Set the time after which an engine that rewrites is given up. Default 10 s.
		 * @param rewriteTimeout the time, above zero and at most an hour
		 * @return this builder
		 */
		public Builder rewriteTimeout(Duration rewriteTimeout) {
			this.rewriteTimeout = rewriteTimeout;
			return this;
		}

		/**
		 * Build the settings.
		 * @return the settings
		 * @throws InvalidPlanException if a value is out of its range
		 */
		public CompressionSettings build() {
			return new CompressionSettings(this.engine, this.maxInputTokens, this.lowMark, this.keepLastMessages,
					this.focus, this.redundancyPenalty, this.lossless, this.tidy, this.stablePrefix, this.language,
					this.maxTime, this.summaryModel, this.rewriteTimeout);
		}

	}

}
