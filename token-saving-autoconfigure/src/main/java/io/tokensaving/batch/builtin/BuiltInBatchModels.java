package io.tokensaving.batch.builtin;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.tokensaving.batch.BatchModel;
import io.tokensaving.batch.anthropic.AnthropicBatchModels;
import io.tokensaving.batch.google.GoogleBatchModels;
import io.tokensaving.batch.openai.OpenAiBatchModels;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;

/**
 * The factories of batch models that come with the library.
 */
public final class BuiltInBatchModels {

	// For so long a batch may not be listed by its provider yet
	private static final Duration SETTLING = Duration.ofMinutes(5);

	private BuiltInBatchModels() {
	}

	/**
	 * Return the factories for the models of Spring AI that are there.
	 * @param classLoader where the models are looked for, or {@code null} for the default
	 * @param clock tells the time
	 * @return the factories
	 */
	public static List<BatchModel.Factory> present(@Nullable ClassLoader classLoader, Clock clock) {
		List<BatchModel.Factory> factories = new ArrayList<>();
		if (ClassUtils.isPresent("org.springframework.ai.openai.OpenAiChatModel", classLoader)) {
			factories.add(new OpenAiBatchModels(clock, SETTLING));
		}
		if (ClassUtils.isPresent("org.springframework.ai.anthropic.AnthropicChatModel", classLoader)) {
			factories.add(new AnthropicBatchModels(clock, SETTLING));
		}
		if (ClassUtils.isPresent("org.springframework.ai.google.genai.GoogleGenAiChatModel", classLoader)) {
			factories.add(new GoogleBatchModels(clock, SETTLING));
		}
		return factories;
	}

}
