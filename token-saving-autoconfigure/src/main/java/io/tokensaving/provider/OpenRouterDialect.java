package io.tokensaving.provider;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * OpenRouter, and gateways with the same naming of models: {@code
 * anthropic/claude-sonnet-4.5}.
 */
final class OpenRouterDialect implements ProviderDialect {

	private static final Pattern NAME = Pattern.compile("(?:openrouter/)?([a-z0-9-]+)/([^/:]+)(:[^/]+)?");

	@Override
	public String name() {
		return "openrouter";
	}

	@Override
	public @Nullable ModelName model(String name) {
		Matcher matcher = NAME.matcher(name);
		if (!matcher.matches()) {
			return null;
		}
		// A variant, such as :free, has a price of its own
		boolean plain = matcher.group(3) == null;
		return switch (matcher.group(1)) {
			// Nobody else serves their models
			case "openai", "google", "x-ai" -> new ModelName(matcher.group(2), plain);
			case "anthropic" -> new ModelName(matcher.group(2).replace('.', '-'), plain);
			default -> null;
		};
	}

}
