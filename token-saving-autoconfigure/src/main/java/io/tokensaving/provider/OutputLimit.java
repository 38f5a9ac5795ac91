package io.tokensaving.provider;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * How much a request may make a model write, and in which tier. Immutable.
 *
 * @param tokens the largest number of output tokens of all answers together, or
 * {@code null} if the request does not limit them
 * @param tier the tier that the request asks for
 */
public record OutputLimit(@Nullable Long tokens, ServiceTier tier) {

	private static final OutputLimit NONE = new OutputLimit(null, ServiceTier.STANDARD);

	// The general name is a getter of ChatOptions; these are names of some of its classes
	private static final String[] GETTERS = { "getMaxCompletionTokens", "getMaxOutputTokens", "getNumPredict" };

	/**
	 * Read the limit of a request.
	 * @param options the options of the request, or {@code null} if it has none
	 * @return the limit
	 */
	public static OutputLimit of(@Nullable ChatOptions options) {
		if (options == null) {
			return NONE;
		}
		long tokens = positive(options.getMaxTokens());
		for (String getter : GETTERS) {
			tokens = Math.max(tokens, positive(NativeUsage.value(options, getter)));
		}
		long answers = Math.max(1, positive(NativeUsage.value(options, "getN")));
		return new OutputLimit((tokens > 0) ? tokens * answers : null,
				ServiceTier.of(NativeUsage.value(options, "getServiceTier")));
	}

	// Some providers take -1 for "no limit"
	private static long positive(@Nullable Object value) {
		return (value instanceof Number number) ? Math.max(0, Math.min(number.longValue(), Integer.MAX_VALUE)) : 0;
	}

}
