package io.tokensaving.provider;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * LiteLLM, which puts a provider in front of the provider's name of the model: {@code
 * bedrock/us.anthropic.claude-sonnet-4-5}.
 */
final class LiteLlmDialect implements ProviderDialect {

	/**
	 * Providers, and whether the price follows from the provider's name of the model.
	 */
	private static final Map<String, Boolean> PROVIDERS = Map.of("bedrock", true, "bedrock/converse", true, "gemini",
			true, "azure", false, "azure_ai", false, "vertex_ai", false);

	@Override
	public String name() {
		return "litellm";
	}

	@Override
	public @Nullable ModelName model(String name) {
		int slash = name.lastIndexOf('/');
		Boolean listPrice = (slash > 0) ? PROVIDERS.get(name.substring(0, slash)) : null;
		return (listPrice != null && slash + 1 < name.length()) ? new ModelName(name.substring(slash + 1), listPrice)
				: null;
	}

}
