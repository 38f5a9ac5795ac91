package io.tokensaving.provider;

import java.util.Set;

/**
 * Hugging Face.
 */
final class HuggingFaceDialect implements ProviderDialect {

	@Override
	public String name() {
		return "huggingface";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.huggingface.");
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("eos_token", "stop_sequence");
	}

}
