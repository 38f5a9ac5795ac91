package io.tokensaving.cache;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.savings.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.content.Media;

/**
 * A stored answer: everything of a {@link ChatResponse} that makes sense later. Each
 * replay builds new objects, so what one caller does to an answer no other sees. Of the
 * metadata it keeps what can be written as JSON. Immutable.
 *
 * @param id the id of the response
 * @param model the model that answered
 * @param generations the generations, in order
 * @param metadata the metadata of the response
 * @param usage what the answer had cost
 * @param createdAt when it was stored
 */
public record CachedResponse(String id, String model, List<CachedGeneration> generations, Map<String, Object> metadata,
		TokenUsage usage, Instant createdAt) {

	private static final int OBJECT_BYTES = 64;

	/**
	 * Copy the collections.
	 */
	public CachedResponse {
		generations = List.copyOf(generations);
		metadata = Map.copyOf(metadata);
	}

	/**
	 * Take what is to be stored from a response.
	 * @param response the response
	 * @param usage what the answer cost
	 * @param createdAt the present time
	 * @return the answer to store
	 */
	public static CachedResponse of(ChatResponse response, TokenUsage usage, Instant createdAt) {
		ChatResponseMetadata metadata = response.getMetadata();
		return new CachedResponse(nonNull(metadata.getId()), nonNull(metadata.getModel()),
				response.getResults().stream().map(CachedGeneration::of).toList(), JsonSafe.copy(metadata.entrySet()),
				usage, createdAt);
	}

	private static String nonNull(@Nullable String text) {
		return (text != null) ? text : "";
	}

	/**
	 * Build the response again. Its usage is zero, because nothing was bought.
	 * @return a new response
	 */
	public ChatResponse toChatResponse() {
		return toChatResponse(Map.of());
	}

	/**
	 * Build the response again and say how it was come by.
	 * @param added metadata of the response that was not stored
	 * @return a new response, whose usage is zero
	 */
	public ChatResponse toChatResponse(Map<String, Object> added) {
		List<Generation> replayed = new ArrayList<>(this.generations.size());
		for (CachedGeneration generation : this.generations) {
			replayed.add(generation.toGeneration());
		}
		return new ChatResponse(replayed,
				ChatResponseMetadata.builder()
					.id(this.id)
					.model(this.model)
					.usage(new DefaultUsage(0, 0, 0))
					.metadata(this.metadata)
					.metadata(added)
					.build());
	}

	/**
	 * Return about how many bytes the answer takes up in memory.
	 * @return the size in bytes, at least 1
	 */
	public long sizeInBytes() {
		long size = 4 * OBJECT_BYTES + JsonSafe.size(this.metadata) + JsonSafe.size(this.id)
				+ JsonSafe.size(this.model);
		for (CachedGeneration generation : this.generations) {
			size += generation.sizeInBytes();
		}
		return size;
	}

	/**
	 * A generation of a stored answer. Immutable.
	 *
	 * @param text the text, or {@code null} if there is none
	 * @param toolCalls the tool calls
	 * @param media the media
	 * @param messageMetadata the metadata of the message
	 * @param finishReason the finish reason, or {@code null} if the model gave none
	 * @param metadata the metadata of the generation
	 */
	public record CachedGeneration(@Nullable String text, List<ToolCall> toolCalls, List<Media> media,
			Map<String, Object> messageMetadata, @Nullable String finishReason, Map<String, Object> metadata) {

		/**
		 * Copy the collections.
		 */
		public CachedGeneration {
			toolCalls = List.copyOf(toolCalls);
			media = List.copyOf(media);
			messageMetadata = Map.copyOf(messageMetadata);
			metadata = Map.copyOf(metadata);
		}

		static CachedGeneration of(Generation generation) {
			AssistantMessage message = generation.getOutput();
			return new CachedGeneration(message.getText(), message.getToolCalls(), message.getMedia(),
					JsonSafe.copy(message.getMetadata().entrySet()), generation.getMetadata().getFinishReason(),
					JsonSafe.copy(generation.getMetadata().entrySet()));
		}

		Generation toGeneration() {
			AssistantMessage message = AssistantMessage.builder()
				.content(this.text)
				.properties(this.messageMetadata)
				.toolCalls(this.toolCalls)
				.media(this.media)
				.build();
			return new Generation(message,
					ChatGenerationMetadata.builder().finishReason(this.finishReason).metadata(this.metadata).build());
		}

		long sizeInBytes() {
			long size = 4 * OBJECT_BYTES + JsonSafe.size(this.text) + JsonSafe.size(this.messageMetadata)
					+ JsonSafe.size(this.metadata);
			for (ToolCall call : this.toolCalls) {
				size += OBJECT_BYTES + JsonSafe.size(call.id()) + JsonSafe.size(call.type())
						+ JsonSafe.size(call.name()) + JsonSafe.size(call.arguments());
			}
			for (Media item : this.media) {
				size += OBJECT_BYTES + JsonSafe.size(item.getData()) + JsonSafe.size(item.getName());
			}
			return size;
		}

	}

}
