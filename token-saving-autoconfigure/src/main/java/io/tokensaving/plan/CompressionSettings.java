package io.tokensaving.plan;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;

import org.springframework.util.StringUtils;

/**
 * How a plan compresses the history of a conversation. All but the first three settings
 * are for engines that rank sentences; {@code trim} does not look at them. Immutable.
 *
 * @param engine the name of the engine, such as {@code text_rank}
 * @param maxInputTokens the limit for messages and tool definitions together, in tokens
 * of the request's model, at least 1
 * @param lowMark the share of the room for history, above 0 and up to 1, that remains
 * filled once the limit is crossed. A lower mark cuts more at a time and so less often:
 * between two cuts the prompt only grows at its end, which is what a provider's own
 * prompt cache needs
 * @param keepLastMessages the number of newest messages that are not changed, 0 or more;
 * the last user message and what follows it never is
 * @param focus what the ranking is biased to
 * @param redundancyPenalty how much a sentence loses by being similar to one that is
 * kept, from 0 for nothing to 1
 * @param lossless whether to rewrite old messages without loss before anything is left
 * out
 * @param stablePrefix whether what was compressed once stays as it is until the limit is
 * crossed again; otherwise every request that is over the limit is compressed anew
 * @param language the ISO 639-1 code of the language of all texts, or {@value #AUTO} to
 * guess that of each message
 * @param maxTime the time after which ranking is given up in favour of trimming; zero for
 * no limit
 */
public record CompressionSettings(String engine, int maxInputTokens, double lowMark, int keepLastMessages, Focus focus,
		double redundancyPenalty, boolean lossless, boolean stablePrefix, String language, Duration maxTime) {

	/**
	 * The default of {@link #lowMark()}.
	 */
	public static final double DEFAULT_LOW_MARK = 0.4;

	/**
	 * The language that stands for a guess.
	 */
	public static final String AUTO = "auto";

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
		check(AUTO.equals(language) || LANGUAGE.matcher(language).matches(), "language", language,
				"'auto' or the two letters of a language");
		check(!maxTime.isNegative(), "max-time", maxTime, "a duration, or 0 for no limit");
	}

	/**
	 * Create settings with defaults for all but the limit.
	 * @param engine the name of the engine
	 * @param maxInputTokens the limit in tokens
	 */
	public CompressionSettings(String engine, int maxInputTokens) {
		this(engine, maxInputTokens, DEFAULT_LOW_MARK, 4, Focus.QUESTION, 1, true, true, AUTO, Duration.ofMillis(500));
	}

	private static void check(boolean valid, String field, Object value, String accepted) {
		if (!valid) {
			throw new InvalidPlanException("compression." + field, value, accepted);
		}
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
	 * What the ranking of sentences is biased to.
	 */
	public enum Focus {

		/**
		 * The last user message.
		 */
		QUESTION,

		/**
		 * Nothing: a sentence counts for what it says about the conversation as a whole.
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

		private boolean stablePrefix;

		private String language;

		private Duration maxTime;

		private Builder(CompressionSettings defaults) {
			this.engine = defaults.engine;
			this.maxInputTokens = defaults.maxInputTokens;
			this.lowMark = defaults.lowMark;
			this.keepLastMessages = defaults.keepLastMessages;
			this.focus = defaults.focus;
			this.redundancyPenalty = defaults.redundancyPenalty;
			this.lossless = defaults.lossless;
			this.stablePrefix = defaults.stablePrefix;
			this.language = defaults.language;
			this.maxTime = defaults.maxTime;
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
		 * Set the share of the room for history that remains filled. Default
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
		 * Set what the ranking is biased to. Default {@link Focus#QUESTION}.
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
		 * @param lossless whether to
		 * @return this builder
		 */
		public Builder lossless(boolean lossless) {
			this.lossless = lossless;
			return this;
		}

		/**
		 * Set whether what was compressed stays as it is. Default {@code true}.
		 * @param stablePrefix whether it does
		 * @return this builder
		 */
		public Builder stablePrefix(boolean stablePrefix) {
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
		 * Set the time after which ranking is given up. Default 500 ms.
		 * @param maxTime the time, zero for no limit
		 * @return this builder
		 */
		public Builder maxTime(Duration maxTime) {
			this.maxTime = maxTime;
			return this;
		}

		/**
		 * Build the settings.
		 * @return the settings
		 * @throws InvalidPlanException if a value is out of its range
		 */
		public CompressionSettings build() {
			return new CompressionSettings(this.engine, this.maxInputTokens, this.lowMark, this.keepLastMessages,
					this.focus, this.redundancyPenalty, this.lossless, this.stablePrefix, this.language, this.maxTime);
		}

	}

}
