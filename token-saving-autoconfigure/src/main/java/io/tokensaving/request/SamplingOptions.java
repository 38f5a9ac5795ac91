package io.tokensaving.request;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Tells whether a request asks for varied answers, for which the answer to another
 * request is not suitable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class SamplingOptions {

	private SamplingOptions() {
	}

	/**
	 * Whether a request has a temperature above a limit.
	 * @param prompt the prompt
	 * @param limit the limit
	 * @return whether the temperature is above the limit
	 */
	public static boolean isAbove(Prompt prompt, double limit) {
		ChatOptions options = prompt.getOptions();
		Double temperature = (options != null) ? options.getTemperature() : null;
		return temperature != null && temperature > limit;
	}

	/**
	 * Whether a request asks for answers that do not vary.
	 * @param prompt the prompt
	 * @return whether it has a temperature of 0
	 */
	public static boolean isDeterministic(Prompt prompt) {
		ChatOptions options = prompt.getOptions();
		Double temperature = (options != null) ? options.getTemperature() : null;
		return temperature != null && temperature == 0;
	}

}
