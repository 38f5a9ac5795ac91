package io.tokensaving.provider;

import java.util.Set;

/**
 * Cohere.
 */
final class CohereDialect implements ProviderDialect {

	@Override
	public String name() {
		return "cohere";
	}

	@Override
	public Set<String> candidateCounts() {
		return Set.of("numGenerations");
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("complete", "stop_sequence", "tool_call");
	}

	@Override
	public Set<String> models() {
		return Set.of("command-");
	}

}
