package io.tokensaving.plan;

import org.springframework.util.StringUtils;

/**
 * How a plan compresses the history of a conversation.
 *
 * @param engine the name of the engine, such as {@code trim}
 * @param maxInputTokens the limit for messages and tool definitions together, in tokens
 * of the request's model, at least 1
 * @param lowMark the share of the room for history, above 0 and up to 1, that remains
 * filled once the limit is crossed. A lower mark cuts more at a time and so less often:
 * between two cuts the prompt only grows at its end, which is what a provider's own
 * prompt cache needs
 */
public record CompressionSettings(String engine, int maxInputTokens, double lowMark) {

	/**
	 * The default of {@link #lowMark()}.
	 */
	public static final double DEFAULT_LOW_MARK = 0.4;

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public CompressionSettings {
		if (!StringUtils.hasText(engine)) {
			throw new InvalidPlanException("compression.engine", engine, "the name of a compression engine");
		}
		if (maxInputTokens < 1) {
			throw new InvalidPlanException("compression.max-input-tokens", maxInputTokens,
					"a number of tokens of at least 1");
		}
		if (!(lowMark > 0 && lowMark <= 1)) {
			throw new InvalidPlanException("compression.low-mark", lowMark, "a share above 0 and up to 1");
		}
	}

	/**
	 * Create settings with the default low mark.
	 * @param engine the name of the engine
	 * @param maxInputTokens the limit in tokens
	 */
	public CompressionSettings(String engine, int maxInputTokens) {
		this(engine, maxInputTokens, DEFAULT_LOW_MARK);
	}

}
