package io.tokensaving.provider;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Amazon Bedrock.
 */
final class BedrockDialect implements ProviderDialect {

	/**
	 * A region, the provider and the model, such as {@code
	 * us.anthropic.claude-sonnet-4-5-20250929-v1:0}, alone or as the resource of an ARN.
	 */
	private static final Pattern NAME = Pattern.compile("(?:arn:aws[\\w-]*:bedrock:[^/]*/)?"
			+ "(?:(global|us|eu|apac|jp|au|ca|us-gov)\\.)?(ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax"
			+ "|mistral|moonshot|moonshotai|nvidia|openai|qwen|writer|zai)\\.([^/]+)");

	private static final String ANTHROPIC = "anthropic.";

	@Override
	public String name() {
		return "bedrock";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.bedrock.", "software.amazon.");
	}

	// Not sent back before Spring AI 2.0.1
	@Override
	public List<Object> reasoning(AssistantMessage message) {
		if (!(NativeUsage.value(message, "getReasoningContents") instanceof List<?> blocks)) {
			return List.of();
		}
		List<Object> contents = new ArrayList<>();
		for (Object block : blocks) {
			if (block != null) {
				contents.addAll(NativeUsage.contents(block, "getText", "getSignature", "getRedactedContent"));
			}
		}
		return contents;
	}

	@Override
	public Set<String> irrelevantOptions() {
		return Set.of("credentialsprovider", "accesskey", "secretkey", "sessiontoken", "asyncreadtimeout",
				"requestmetadata", "cacheoptions");
	}

	@Override
	public Set<String> irrelevantHeaders() {
		return Set.of("x-amz-security-token", "x-amzn-trace-id");
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("end_turn", "stop_sequence", "tool_use");
	}

	@Override
	public Set<String> refusalReasons() {
		return Set.of("guardrail_intervened", "content_filtered");
	}

	@Override
	public TokenUsage usage(Usage usage) {
		return usage(usage, null);
	}

	/**
	 * Read the reported usage. Where it does not say for how long written tokens are
	 * kept, the request does.
	 */
	@Override
	public TokenUsage usage(Usage usage, @Nullable ChatOptions options) {
		TokenUsage reported = TokenUsage.of(usage, true);
		Object nativeUsage = usage.getNativeUsage();
		Object details = (nativeUsage != null) ? NativeUsage.value(nativeUsage, "cacheDetails") : null;
		if (details instanceof List<?> parts && !parts.isEmpty()) {
			long oneHour = 0;
			for (Object part : parts) {
				if (part != null && "1h".equals(NativeUsage.value(part, "ttlAsString"))) {
					oneHour += NativeUsage.number(part, "inputTokens");
				}
			}
			return reported.withWritesOfOneHour(oneHour);
		}
		Object cache = (reported.cacheWrite() > 0 && options != null) ? NativeUsage.value(options, "getCacheOptions")
				: null;
		Object ttl = (cache != null) ? NativeUsage.value(cache, "getTtl") : null;
		return (ttl != null && ttl.toString().equals("ONE_HOUR")) ? reported.withWritesOfOneHour(reported.cacheWrite())
				: reported;
	}

	@Override
	public @Nullable ModelName model(String name) {
		Matcher matcher = NAME.matcher(name);
		return matcher.matches() ? new ModelName(matcher.group(3),
				"global".equals(matcher.group(1)) && "anthropic".equals(matcher.group(2))) : null;
	}

	/**
	 * Say how a row is to be read. The table lists models of Anthropic without a region
	 * at their own price, but a region has a surcharge; where it lists only some regions,
	 * all have that of the United States.
	 */
	@Override
	public @Nullable PriceListing listing(String provider, String name) {
		if (!provider.startsWith("bedrock")) {
			return null;
		}
		if (name.startsWith(ANTHROPIC)) {
			return PriceListing.UNUSED.otherwise(name);
		}
		if (!name.startsWith("us." + ANTHROPIC)) {
			return null;
		}
		String model = name.substring("us.".length());
		return PriceListing.of(name, model)
			.otherwise("eu." + model, "apac." + model, "jp." + model, "au." + model, "ca." + model);
	}

}
