package io.tokensaving.provider;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Azure, whose options and usages are those of OpenAI. Each customer chooses the names of
 * deployments; responses contain the name of the model.
 */
final class AzureDialect implements ProviderDialect {

	private static final String WITHOUT_POINT = "gpt-35-";

	@Override
	public String name() {
		return "azure";
	}

	@Override
	public Set<String> irrelevantHeaders() {
		return Set.of("api-key");
	}

	@Override
	public List<String> candidateNumbers() {
		return List.of("choiceIndex");
	}

	@Override
	public @Nullable ModelName model(String name) {
		// The price depends on the region of the deployment
		return name.startsWith(WITHOUT_POINT)
				? new ModelName("gpt-3.5-" + name.substring(WITHOUT_POINT.length()), false) : null;
	}

}
