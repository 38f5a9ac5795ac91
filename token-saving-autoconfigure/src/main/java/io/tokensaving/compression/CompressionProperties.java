package io.tokensaving.compression;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

import io.tokensaving.feature.DefaultUnit;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.text.Language;
import org.jspecify.annotations.Nullable;

/**
 * The properties of compression in a plan.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public class CompressionProperties {

	/**
	 * Engine that compresses: 'trim', 'text_rank', 'lex_rank', 'lsa', 'summary' or the
	 * name of a CompressionEngine or RewritingEngine bean.
	 */
	private String engine = "trim";

	/**
	 * Limit for messages and tool definitions together, in tokens of the request's model.
	 */
	private @Nullable Integer maxInputTokens;

	/**
	 * Share of the room for history that remains filled once the limit is crossed.
	 */
	private double lowMark = 0.4;

	/**
	 * Number of newest messages that are not changed. The last user message and what
	 * follows it never is.
	 */
	private int keepLastMessages = 4;

	/**
	 * What the ranking of sentences is biased to.
	 */
	private CompressionSettings.Focus focus = CompressionSettings.Focus.QUESTION;

	/**
	 * How much a sentence loses by being similar to one that is kept, 0 to 1.
	 */
	private double redundancyPenalty = 1;

	/**
	 * Whether to rewrite old messages without loss before anything is left out.
	 */
	private boolean lossless = true;

	/**
	 * Whether to remove markup that carries no text from old messages before anything is
	 * left out, such as scripts, styles and attributes for presentation.
	 */
	private boolean tidy;

	/**
	 * Whether what was compressed once stays as it is until the limit is crossed again,
	 * for the sake of the provider's prompt cache: 'true', 'false', or 'auto' unless the
	 * question clearly needs what was left out.
	 */
	private CompressionSettings.StablePrefix stablePrefix = CompressionSettings.StablePrefix.AUTO;

	/**
	 * ISO 639-1 code of the language of all texts, or 'auto' to guess that of each
	 * message.
	 */
	private String language = "auto";

	/**
	 * Time after which ranking is given up in favour of trimming, 0 for no limit. Without
	 * a unit, in milliseconds.
	 */
	private Duration maxTime = Duration.ofMillis(500);

	/**
	 * Name of the ChatModel bean that summarises, for the engine 'summary'.
	 */
	private @Nullable String summaryModel;

	/**
	 * Time after which an engine that rewrites, such as 'summary', is given up in favour
	 * of 'text_rank'. Without a unit, in seconds.
	 */
	@DefaultUnit(ChronoUnit.SECONDS)
	private Duration rewriteTimeout = Duration.ofSeconds(10);

	public String getEngine() {
		return this.engine;
	}

	public void setEngine(String engine) {
		this.engine = engine;
	}

	public @Nullable Integer getMaxInputTokens() {
		return this.maxInputTokens;
	}

	public void setMaxInputTokens(@Nullable Integer maxInputTokens) {
		this.maxInputTokens = maxInputTokens;
	}

	public double getLowMark() {
		return this.lowMark;
	}

	public void setLowMark(double lowMark) {
		this.lowMark = lowMark;
	}

	public int getKeepLastMessages() {
		return this.keepLastMessages;
	}

	public void setKeepLastMessages(int keepLastMessages) {
		this.keepLastMessages = keepLastMessages;
	}

	public CompressionSettings.Focus getFocus() {
		return this.focus;
	}

	public void setFocus(CompressionSettings.Focus focus) {
		this.focus = focus;
	}

	public double getRedundancyPenalty() {
		return this.redundancyPenalty;
	}

	public void setRedundancyPenalty(double redundancyPenalty) {
		this.redundancyPenalty = redundancyPenalty;
	}

	public boolean isLossless() {
		return this.lossless;
	}

	public void setLossless(boolean lossless) {
		this.lossless = lossless;
	}

	public boolean isTidy() {
		return this.tidy;
	}

	public void setTidy(boolean tidy) {
		this.tidy = tidy;
	}

	public CompressionSettings.StablePrefix getStablePrefix() {
		return this.stablePrefix;
	}

	public void setStablePrefix(CompressionSettings.StablePrefix stablePrefix) {
		this.stablePrefix = stablePrefix;
	}

	public String getLanguage() {
		return this.language;
	}

	public void setLanguage(String language) {
		this.language = language;
	}

	public Duration getMaxTime() {
		return this.maxTime;
	}

	public void setMaxTime(Duration maxTime) {
		this.maxTime = maxTime;
	}

	public @Nullable String getSummaryModel() {
		return this.summaryModel;
	}

	public void setSummaryModel(@Nullable String summaryModel) {
		this.summaryModel = summaryModel;
	}

	public Duration getRewriteTimeout() {
		return this.rewriteTimeout;
	}

	public void setRewriteTimeout(Duration rewriteTimeout) {
		this.rewriteTimeout = rewriteTimeout;
	}

	CompressionSettings toSettings() {
		if (this.maxInputTokens == null) {
			throw InvalidPlanException.missing("compression.max-input-tokens", "a number of tokens of at least 1");
		}
		if (!CompressionSettings.AUTO.equals(this.language) && Language.find(this.language) == null) {
			throw new InvalidPlanException("compression.language", this.language,
					"'auto' or one of '" + String.join("', '", Language.codes()) + "'");
		}
		return new CompressionSettings(this.engine, this.maxInputTokens, this.lowMark, this.keepLastMessages,
				this.focus, this.redundancyPenalty, this.lossless, this.tidy, this.stablePrefix,
				this.language.toLowerCase(Locale.ROOT), this.maxTime, this.summaryModel, this.rewriteTimeout);
	}

}
