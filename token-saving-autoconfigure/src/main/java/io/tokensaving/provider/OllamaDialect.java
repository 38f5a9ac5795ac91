package io.tokensaving.provider;

import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Ollama.
 */
final class OllamaDialect implements ProviderDialect {

	private static final SchemaRules SCHEMA_RULES = new SchemaRules(true, false, false, false,
			Set.of("not", "if", "then", "else", "patternProperties"));

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

	// The server holds any model to the schema
	@Override
	public @Nullable SchemaRules schemaRules(String model) {
		return SCHEMA_RULES;
	}

}
