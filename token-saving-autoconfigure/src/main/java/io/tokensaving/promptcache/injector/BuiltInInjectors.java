package io.tokensaving.promptcache.injector;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.promptcache.PromptCacheInjector;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;

/**
 * The injectors that come with the library.
 */
public final class BuiltInInjectors {

	private BuiltInInjectors() {
	}

	/**
	 * Return the injectors for the models of Spring AI that are there.
	 * @param classLoader where the models are looked for, or {@code null} for the default
	 * @return the injectors
	 */
	public static List<PromptCacheInjector> present(@Nullable ClassLoader classLoader) {
		List<PromptCacheInjector> injectors = new ArrayList<>();
		if (ClassUtils.isPresent("org.springframework.ai.anthropic.AnthropicCacheOptions", classLoader)) {
			injectors.add(new AnthropicInjector());
		}
		if (ClassUtils.isPresent("org.springframework.ai.openai.OpenAiChatOptions", classLoader)) {
			injectors.add(new OpenAiInjector(System::getenv));
		}
		injectors.add(new BedrockInjector());
		return injectors;
	}

}
