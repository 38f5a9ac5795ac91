package io.tokensaving.samples.gateway.wire.message;

import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;

/**
 * A message of the model that holds more. Immutable by convention.
 */
public final class WireAssistantMessage extends AssistantMessage implements WireMessage {

	private final Map<String, @Nullable Object> rest;

	/**
	 * Create a message.
	 * @param text the text, or {@code null} if it has none
	 * @param toolCalls the tool calls
	 * @param rest what the others do not say
	 * @param metadata the metadata
	 */
	public WireAssistantMessage(@Nullable String text, List<ToolCall> toolCalls, Map<String, @Nullable Object> rest,
			Map<String, Object> metadata) {
		super(text, metadata, toolCalls, List.of());
		this.rest = rest;
	}

	@Override
	public Map<String, @Nullable Object> getRest() {
		return this.rest;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof WireAssistantMessage that && super.equals(other) && this.rest.equals(that.rest);
	}

	@Override
	public int hashCode() {
		return Objects.hash(super.hashCode(), this.rest);
	}

}
