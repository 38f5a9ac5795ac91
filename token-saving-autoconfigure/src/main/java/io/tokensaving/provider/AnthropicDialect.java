package io.tokensaving.provider;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.util.StringUtils;

/**
 * Anthropic.
 */
final class AnthropicDialect implements ProviderDialect {

	private static final Pattern SCHEMAS = Pattern
		.compile("claude-(opus-4-[1-9](-.*)?|(sonnet|haiku)-4-[5-9](-.*)?|(opus|sonnet|haiku)-[5-9](-.*)?)");

	// Spring AI leaves out definitions, so that nothing may refer to them
	private static final SchemaRules SCHEMA_RULES = new SchemaRules(true, true, true, false,
			Set.of("$ref", "oneOf", "not", "if", "then", "else", "minimum", "maximum", "exclusiveMinimum",
					"exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems",
					"patternProperties"));

	private static final String ONE_HOUR = "ONE_HOUR";

	@Override
	public String name() {
		return "anthropic";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.anthropic.", "com.anthropic.");
	}

	@Override
	public Set<String> irrelevantOptions() {
		return Set.of("metadata", "cacheoptions");
	}

	@Override
	public Set<String> irrelevantHeaders() {
		return Set.of("x-api-key", "x-stainless-*");
	}

	@Override
	public Collection<MetadataType> metadataTypes() {
		return List.of(new CitationType(),
				MetadataType.data("org.springframework.ai.anthropic.AnthropicWebSearchResult"),
				MetadataType.data("org.springframework.ai.anthropic.metadata.AnthropicRateLimit"), MetadataType
					.json("com.anthropic.models.messages.Message", "com.anthropic.core.ObjectMappers", "jsonMapper"));
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("end_turn", "stop_sequence", "tool_use");
	}

	@Override
	public Set<String> refusalReasons() {
		return Set.of("refusal");
	}

	// A block that the model has thought is signed, or hidden
	@Override
	public boolean isThought(Generation generation) {
		AssistantMessage message = generation.getOutput();
		boolean hidden = message.getMetadata().get("data") instanceof String && !StringUtils.hasText(message.getText());
		boolean signed = message.getMetadata().get("signature") instanceof String signature
				&& StringUtils.hasText(signature);
		return (hidden || signed) && !message.hasToolCalls();
	}

	@Override
	public TokenUsage usage(Usage usage) {
		return usage(usage, null);
	}

	/**
	 * Read the reported usage. A stream, and a sum of several usages, do not say for how
	 * long written tokens are kept: then the request does.
	 */
	@Override
	public TokenUsage usage(Usage usage, @Nullable ChatOptions options) {
		TokenUsage reported = TokenUsage.of(usage, true);
		Object nativeUsage = usage.getNativeUsage();
		Object split = (nativeUsage != null) ? NativeUsage.value(nativeUsage, "cacheCreation") : null;
		if (split != null) {
			reported = reported.withWritesOfOneHour(NativeUsage.number(split, "ephemeral1hInputTokens"));
		}
		else if (reported.cacheWrite() > 0 && options != null && keepsForAnHour(options)) {
			reported = reported.withWritesOfOneHour(reported.cacheWrite());
		}
		if (nativeUsage == null) {
			return reported;
		}
		return reported.withReasoning(NativeUsage.number(nativeUsage, "outputTokensDetails", "thinkingTokens"))
			.at(ServiceTier.of(NativeUsage.value(nativeUsage, "serviceTier")));
	}

	// If only a part of what a request writes is kept for an hour, nobody says how much,
	// and the dearer price is assumed for all of it
	private static boolean keepsForAnHour(ChatOptions options) {
		Object cache = NativeUsage.value(options, "getCacheOptions");
		Object strategy = (cache != null) ? NativeUsage.value(cache, "getStrategy") : null;
		if (cache == null || strategy == null || strategy.toString().equals("NONE")
				|| !(NativeUsage.value(cache, "getMessageTypeTtl") instanceof Map<?, ?> ttls)) {
			return false;
		}
		boolean history = strategy.toString().equals("CONVERSATION_HISTORY");
		boolean toolResults = Boolean.TRUE.equals(NativeUsage.value(cache, "isCacheToolResults"));
		Object lengths = NativeUsage.value(cache, "getMessageTypeMinContentLengths");
		for (Map.Entry<?, ?> ttl : ttls.entrySet()) {
			// Tools are marked as the system text is, whatever its length
			boolean marked = ttl.getKey() == MessageType.SYSTEM || (history
					&& (ttl.getKey() == MessageType.USER || (toolResults && ttl.getKey() == MessageType.TOOL))
					&& !(lengths instanceof Map<?, ?> minimum
							&& Integer.valueOf(Integer.MAX_VALUE).equals(minimum.get(ttl.getKey()))));
			if (marked && String.valueOf(ttl.getValue()).equals(ONE_HOUR)) {
				return true;
			}
		}
		return false;
	}

	// Not sent back before Spring AI 2.0.1
	@Override
	public List<Object> reasoning(AssistantMessage message) {
		if (!(message.getMetadata().get("anthropicThinkingContents") instanceof List<?> blocks)) {
			return List.of();
		}
		List<Object> contents = new ArrayList<>();
		for (Object block : blocks) {
			if (block != null) {
				contents.addAll(NativeUsage.contents(block, "thinking", "signature", "redactedData"));
			}
		}
		return contents;
	}

	@Override
	public Set<String> models() {
		return Set.of("claude-");
	}

	@Override
	public Set<String> privateMetadata() {
		return Set.of("signature", "thinking", "anthropicThinkingContents");
	}

	@Override
	public @Nullable SchemaRules schemaRules(String model) {
		return SCHEMAS.matcher(model).matches() ? SCHEMA_RULES : null;
	}

}
