package io.tokensaving.provider;

import java.util.Set;

import org.jspecify.annotations.Nullable;

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
	public Set<String> refusalReasons() {
		return Set.of("error_toxic");
	}

	@Override
	public Set<String> models() {
		return Set.of("command-");
	}

	// Names without a version are also those of open models that others serve
	@Override
	public @Nullable PriceListing listing(String provider, String name) {
		boolean versioned = Character.isDigit(name.charAt(name.length() - 1));
		return (provider.startsWith("cohere") && name.indexOf('/') < 0 && !versioned) ? PriceListing.UNUSED : null;
	}

}
