package io.tokensaving.provider;

import java.util.List;
import java.util.Set;

/**
 * Mistral AI.
 */
final class MistralDialect implements ProviderDialect {

	@Override
	public String name() {
		return "mistral";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.mistralai.");
	}

	@Override
	public Set<String> candidateCounts() {
		return Set.of("n");
	}

	@Override
	public List<String> candidateNumbers() {
		return List.of("index");
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("stop", "tool_calls", "tool_call");
	}

	@Override
	public Set<String> models() {
		return Set.of("mistral-", "magistral-", "ministral-", "codestral-", "pixtral-", "devstral-", "open-mi");
	}

}
