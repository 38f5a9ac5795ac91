package io.tokensaving.provider;

import java.util.Set;

/**
 * Ollama.
 */
final class OllamaDialect implements ProviderDialect {

	@Override
	public String name() {
		return "ollama";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.ollama.");
	}

	@Override
	public Set<String> irrelevantOptions() {
		return Set.of("keepalive");
	}

	@Override
	public boolean toolCallsHaveIds() {
		return false;
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("stop");
	}

}
