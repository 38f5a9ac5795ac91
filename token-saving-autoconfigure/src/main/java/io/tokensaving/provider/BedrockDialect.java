package io.tokensaving.provider;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;

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

	/**
	 * The surcharge for requests that are bound to a region or a group of regions: a
	 * tenth for Anthropic's models from 4.5 on.
	 */
	private static final BigDecimal REGIONAL = new BigDecimal("1.1");

	private static final List<String> REGIONS = List.of("", "us.", "eu.", "apac.", "jp.", "au.", "ca.");

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
	public TokenUsage usage(Usage usage) {
		return TokenUsage.of(usage, true);
	}

	@Override
	public @Nullable ModelName model(String name) {
		Matcher matcher = NAME.matcher(name);
		return matcher.matches() ? new ModelName(matcher.group(3),
				"global".equals(matcher.group(1)) && "anthropic".equals(matcher.group(2))) : null;
	}

	@Override
	public List<ModelPrice> prices() {
		List<ModelPrice> prices = new ArrayList<>();
		for (ModelPrice price : AnthropicDialect.PRICES) {
			for (String region : REGIONS) {
				prices.add(price.times(region + "anthropic." + price.model(), REGIONAL));
			}
		}
		return prices;
	}

}
