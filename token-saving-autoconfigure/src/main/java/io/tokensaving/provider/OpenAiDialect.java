package io.tokensaving.provider;

import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * OpenAI, and extensions of providers with an OpenAI-compatible API.
 */
final class OpenAiDialect implements ProviderDialect {

	// Those that have answered by schemas since they exist
	private static final Pattern SCHEMAS = Pattern
		.compile("gpt-4o(-mini)?(-2024-(0[6-9]|1[0-2])-\\d\\d)?|gpt-4\\.1(-mini|-nano)?(-\\d{4}-\\d\\d-\\d\\d)?"
				+ "|gpt-[5-9][a-z0-9.-]*|o1(-\\d{4}-\\d\\d-\\d\\d)?|o[34](-mini)?(-\\d{4}-\\d\\d-\\d\\d)?");

	private static final SchemaRules SCHEMA_RULES = new SchemaRules(false, true, true, true,
			Set.of("oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
					"patternProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains",
					"uniqueItems"));

	private static final Pattern THINKING = Pattern.compile("o[134](-|$)|gpt-[5-9]");

	@Override
	public String name() {
		return "openai";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.openai.", "com.openai.");
	}

	@Override
	public Set<String> irrelevantOptions() {
		return Set.of("streamoptions", "user", "metadata", "store", "safetyidentifier", "promptcachekey",
				"promptcacheretention");
	}

	@Override
	public Set<String> irrelevantHeaders() {
		// Headers of the SDK: its version, the platform, the retry count
		return Set.of("x-stainless-*");
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
	public Collection<MetadataType> metadataTypes() {
		return List.of(MetadataType.data("com.openai.models.chat.completions.ChatCompletion$Choice$FinishReason$Value"),
				MetadataType.data("org.springframework.ai.openai.metadata.OpenAiRateLimit"),
				MetadataType.json("com.openai.models.chat.completions.ChatCompletionMessage$Annotation",
						"com.openai.core.ObjectMappers", "jsonMapper"));
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("stop", "tool_calls", "function_call");
	}

	@Override
	public Set<String> refusalReasons() {
		return Set.of("content_filter");
	}

	@Override
	public Set<String> absentReasons() {
		// The SDK's value of a missing finish reason in an element of a stream
		return Set.of("_unknown");
	}

	@Override
	public TokenUsage usage(Usage usage) {
		TokenUsage reported = TokenUsage.of(usage, false);
		Object nativeUsage = usage.getNativeUsage();
		if (nativeUsage == null) {
			return reported;
		}
		long read = first(reported.cacheRead(),
				NativeUsage.number(nativeUsage, "_additionalProperties", DeepSeekDialect.CACHE_HIT_TOKENS, "asNumber"));
		// A typed property only in later versions of the SDK
		long write = first(reported.cacheWrite(),
				NativeUsage.number(nativeUsage, "promptTokensDetails", "cacheWriteTokens"), NativeUsage.number(
						nativeUsage, "promptTokensDetails", "_additionalProperties", "cache_write_tokens", "asNumber"));
		long output = reported.output();
		// Some gateways report thoughts in the total but not as output tokens
		long thoughts = NativeUsage.number(nativeUsage, "completionTokensDetails", "reasoningTokens");
		if (usage.getTotalTokens() != null && usage.getTotalTokens() == reported.total() + thoughts) {
			output += thoughts;
		}
		long input = Math.max(reported.input(), read + write);
		return new TokenUsage(input, output, read, write, false).withReasoning(thoughts);
	}

	// The response does not say it. A request for a tier is one of that tier, or refused
	@Override
	public TokenUsage usage(Usage usage, @Nullable ChatOptions options) {
		Object tier = (options != null) ? NativeUsage.value(options, "getServiceTier") : null;
		return usage(usage).at(ServiceTier.of(tier));
	}

	private static long first(long... numbers) {
		for (long number : numbers) {
			if (number > 0) {
				return number;
			}
		}
		return 0;
	}

	@Override
	public Set<String> models() {
		return Set.of("gpt-", "chatgpt-", "o1", "o3", "o4");
	}

	@Override
	public OptionalDouble tokenFactor() {
		return OptionalDouble.of(1);
	}

	@Override
	public @Nullable String tokenEncoding(String model) {
		boolean earlier = model.equals("gpt-4") || model.startsWith("gpt-4-") || model.startsWith("gpt-3.5")
				|| model.startsWith("gpt-35");
		return earlier ? "cl100k_base" : null;
	}

	@Override
	public List<Object> reasoning(AssistantMessage message) {
		return NativeUsage.contents(message.getMetadata(), "reasoningContent");
	}

	@Override
	public Set<String> privateMetadata() {
		return Set.of("reasoningContent", "openai.tool_calls.additional_properties");
	}

	// Models that think reject the older option
	@Override
	public String outputLimit(String model) {
		return THINKING.matcher(model).lookingAt() ? "maxCompletionTokens" : "maxTokens";
	}

	@Override
	public @Nullable SchemaRules schemaRules(String model) {
		return SCHEMAS.matcher(model).matches() ? SCHEMA_RULES : null;
	}

}
