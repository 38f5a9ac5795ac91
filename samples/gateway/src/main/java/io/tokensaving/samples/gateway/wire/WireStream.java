package io.tokensaving.samples.gateway.wire;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;

/**
 * Reads one stream. Not thread-safe.
 */
public interface WireStream {

	/**
	 * Read an event.
	 * @param event the event
	 * @return an element, whose metadata hold the event under {@link WireMetadata#EVENT}
	 * and {@link WireMetadata#EVENT_NAME}
	 * @throws WireException if the event reports an error, or is none of this format
	 */
	ChatResponse next(ServerSentEvent event);

	/**
	 * Whether the event that ends the stream has arrived.
	 * @return whether the answer is complete
	 */
	boolean isComplete();

	/**
	 * End the stream.
	 * @return an element without text whose metadata hold what
	 * {@link WireFormat#readAnswer} would have read under {@link WireMetadata#BODY}, or
	 * {@code null} if the answer is not complete or cannot be put together
	 */
	@Nullable ChatResponse end();

}
