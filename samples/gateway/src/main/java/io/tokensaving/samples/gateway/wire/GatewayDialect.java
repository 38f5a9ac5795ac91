package io.tokensaving.samples.gateway.wire;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import io.tokensaving.provider.ProviderDialect;
import io.tokensaving.provider.SchemaRules;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.samples.gateway.wire.message.WireMessage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * What the library has to know of {@link WireOptions} and of the responses of wire
 * formats. Immutable.
 */
public final class GatewayDialect implements ProviderDialect {

	// Of other models it is not known whether their upstream holds them to a schema
	private static final Pattern OPENAI_SCHEMAS = Pattern.compile(
			"(openai/)?(gpt-4o(-mini)?(-2024-(0[6-9]|1[0-2])-\\d\\d)?|gpt-4\\.1(-mini|-nano)?(-\\d{4}-\\d\\d-\\d\\d)?"
					+ "|gpt-[5-9][a-z0-9.-]*|o1(-\\d{4}-\\d\\d-\\d\\d)?|o[34](-mini)?(-\\d{4}-\\d\\d-\\d\\d)?)");

	private static final SchemaRules OPENAI_RULES = new SchemaRules(false, true, true, true,
			Set.of("oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
					"patternProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains",
					"uniqueItems"));

	private static final Pattern ANTHROPIC_SCHEMAS = Pattern
		.compile("claude-(opus-4-[1-9](-.*)?|(sonnet|haiku)-4-[5-9](-.*)?|(opus|sonnet|haiku)-[5-9](-.*)?)");

	private static final SchemaRules ANTHROPIC_RULES = new SchemaRules(true, true, true, false,
			Set.of("$ref", "oneOf", "not", "if", "then", "else", "minimum", "maximum", "exclusiveMinimum",
					"exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems",
					"patternProperties"));

	/**
	 * Where requests hold what a model has thought, which is sent back to it.
	 */
	private static final List<String> REASONING = List.of("reasoning_content", "reasoning");

	@Override
	public String name() {
		return "gateway";
	}

	@Override
	public Set<String> classes() {
		return Set.of("io.tokensaving.samples.gateway.wire.");
	}

	@Override
	public Set<String> irrelevantOptions() {
		return Set.of("document", "caller", "cacheinjection");
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
		return Set.of("stop", "tool_calls", "function_call", "end_turn", "stop_sequence", "tool_use", "completed");
	}

	@Override
	public Set<String> refusalReasons() {
		return Set.of("refusal", "content_filter");
	}

	@Override
	public @Nullable SchemaRules schemaRules(String model) {
		return OPENAI_SCHEMAS.matcher(model).matches() ? OPENAI_RULES
				: ANTHROPIC_SCHEMAS.matcher(model).matches() ? ANTHROPIC_RULES : null;
	}

	@Override
	public List<Object> reasoning(AssistantMessage message) {
		if (message instanceof WireMessage wire) {
			for (String name : REASONING) {
				if (wire.getRest().get(name) instanceof String text && !text.isBlank()) {
					return List.of(text);
				}
			}
		}
		return List.of();
	}

	@Override
	public TokenUsage usage(Usage usage) {
		return usage(usage, null);
	}

	/**
	 * Read the reported usage, whose native form is the map of the answer. The answer
	 * says at which tier it was made; if it does not, the request says which was asked
	 * for.
	 */
	@Override
	public TokenUsage usage(Usage usage, @Nullable ChatOptions options) {
		Map<?, ?> reported = (usage.getNativeUsage() instanceof Map<?, ?> map) ? map : Map.of();
		// Anthropic reports the tokens of its prompt cache apart from the others
		boolean apart = (reported.containsKey("cache_read_input_tokens")
				|| reported.containsKey("cache_creation_input_tokens"))
				&& reported.get("input_tokens") instanceof Number input && usage.getPromptTokens() != null
				&& usage.getPromptTokens() == input.intValue();
		TokenUsage tokens = TokenUsage.of(usage, apart);
		long thoughts = Math.max(number(reported, "completion_tokens_details", "reasoning_tokens"),
				Math.max(number(reported, "output_tokens_details", "reasoning_tokens"),
						number(reported, "output_tokens_details", "thinking_tokens")));
		if (thoughts > 0 && usage.getTotalTokens() != null && usage.getTotalTokens() == tokens.total() + thoughts) {
			// Some upstreams report thoughts in the total but not as output tokens
			tokens = new TokenUsage(tokens.input(), tokens.output() + thoughts, tokens.cacheRead(), tokens.cacheWrite(),
					false);
		}
		Object tier = reported.get("service_tier");
		if (tier == null && options instanceof WireOptions wire) {
			tier = wire.getServiceTier();
		}
		return tokens.withReasoning(thoughts)
			.withWritesOfOneHour(number(reported, "cache_creation", "ephemeral_1h_input_tokens"))
			.at(ServiceTier.of(tier));
	}

	private static long number(Map<?, ?> map, String group, String name) {
		return (map.get(group) instanceof Map<?, ?> members && members.get(name) instanceof Number number)
				? Math.max(0, number.longValue()) : 0;
	}

}
