package io.tokensaving.provider;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Mistral AI.
 */
final class MistralDialect implements ProviderDialect {

	private static final String ROW = "mistral/";

	private static final Pattern VERSION = Pattern.compile(".*-(latest|\\d{4})");

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

	// Names without a version are also those of open models that others serve
	@Override
	public @Nullable PriceListing listing(String provider, String name) {
		if (!provider.equals("mistral") || !name.startsWith(ROW)) {
			return null;
		}
		return VERSION.matcher(name).matches() ? PriceListing.of(name, name.substring(ROW.length()))
				: PriceListing.of(name);
	}

}
