package io.tokensaving.provider;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.StringUtils;

/**
 * Anthropic.
 */
final class AnthropicDialect implements ProviderDialect {

	static final List<ModelPrice> PRICES = List.of(ModelPrice.of("claude-opus-4-5", "5.00", "25.00", "0.50", "6.25"),
			ModelPrice.of("claude-sonnet-4-5", "3.00", "15.00", "0.30", "3.75"),
			ModelPrice.of("claude-haiku-4-5", "1.00", "5.00", "0.10", "1.25"));

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
		return TokenUsage.of(usage, true);
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
	public List<ModelPrice> prices() {
		return PRICES;
	}

}
