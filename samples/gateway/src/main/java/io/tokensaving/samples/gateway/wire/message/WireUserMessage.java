package io.tokensaving.samples.gateway.wire.message;

import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;

/**
 * A message of the user that holds more. Immutable by convention.
 */
public final class WireUserMessage extends UserMessage implements WireMessage {

	private final Map<String, @Nullable Object> rest;

	private final List<Media> media;

	/**
	 * Create a message.
	 * @param text the text
	 * @param media what else the model sees
	 * @param rest what the others do not say
	 * @param metadata the metadata
	 */
	public WireUserMessage(String text, List<Media> media, Map<String, @Nullable Object> rest,
			Map<String, Object> metadata) {
		super(text);
		this.media = List.copyOf(media);
		this.rest = rest;
		this.metadata.putAll(metadata);
	}

	@Override
	public List<Media> getMedia() {
		return this.media;
	}

	@Override
	public Map<String, @Nullable Object> getRest() {
		return this.rest;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof WireUserMessage that && super.equals(other) && this.rest.equals(that.rest);
	}

	@Override
	public int hashCode() {
		return Objects.hash(super.hashCode(), this.rest);
	}

}
