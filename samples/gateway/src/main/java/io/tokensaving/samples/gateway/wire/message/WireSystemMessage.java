package io.tokensaving.samples.gateway.wire.message;

import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.SystemMessage;

/**
 * A message of the system or the developer that holds more. Immutable by convention.
 */
public final class WireSystemMessage extends SystemMessage implements WireMessage {

	private final Map<String, @Nullable Object> rest;

	/**
	 * Create a message.
	 * @param text the text
	 * @param rest what the text does not say
	 * @param metadata the metadata
	 */
	public WireSystemMessage(String text, Map<String, @Nullable Object> rest, Map<String, Object> metadata) {
		super(text);
		this.rest = rest;
		this.metadata.putAll(metadata);
	}

	@Override
	public Map<String, @Nullable Object> getRest() {
		return this.rest;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof WireSystemMessage that && super.equals(other) && this.rest.equals(that.rest);
	}

	@Override
	public int hashCode() {
		return Objects.hash(super.hashCode(), this.rest);
	}

}
