package io.tokensaving.cache;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.MetadataTypes;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AbstractMessage;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.EmptyRateLimit;
import org.springframework.ai.chat.metadata.RateLimit;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.content.Media;

/**
 * A stored answer: a {@link ChatResponse} without its usage, because a replay costs
 * nothing. Each replay builds new objects, so a caller that modifies an answer does not
 * affect others. Immutable.
 *
 * @param id the id of the response
 * @param model the model that answered
 * @param generations the generations, in order
 * @param metadata the metadata of the response
 * @param usage what the answer had cost
 * @param createdAt when it was stored
 * @param origin the request that it was bought for, or {@code null} if that is not known
 * @param rateLimit the stored form of the rate limit that the provider reported, or
 * {@code null} if it reported none
 */
public record CachedResponse(String id, String model, List<CachedGeneration> generations, Map<String, Object> metadata,
		TokenUsage usage, Instant createdAt, @Nullable Origin origin, @Nullable Object rateLimit) {

	private static final int OBJECT_BYTES = 64;

	private static final MetadataTypes BUILT_IN = Dialects.builtIn().of(null).metadataTypes();

	private static final Duration CLOCK_MARGIN = Duration.ofMinutes(-1);

	/**
	 * The approximate size of an answer in memory without its parts, in bytes.
	 */
	static final int BASE_BYTES = 4 * OBJECT_BYTES;

	/**
	 * Copy the collections.
	 */
	public CachedResponse {
		generations = List.copyOf(generations);
		metadata = StoredValues.immutable(metadata);
	}

	/**
	 * Create an answer of unknown origin.
	 * @param id the id of the response
	 * @param model the model that answered
	 * @param generations the generations, in order
	 * @param metadata the metadata of the response
	 * @param usage the tokens that the model reported, or an estimate
	 * @param createdAt when the answer was received from the model
	 */
	public CachedResponse(String id, String model, List<CachedGeneration> generations, Map<String, Object> metadata,
			TokenUsage usage, Instant createdAt) {
		this(id, model, generations, metadata, usage, createdAt, null, null);
	}

	/**
	 * Create an answer without a rate limit.
	 * @param id the id of the response
	 * @param model the model that answered
	 * @param generations the generations, in order
	 * @param metadata the metadata of the response
	 * @param usage what the answer had cost
	 * @param createdAt when it was stored
	 * @param origin the request that it was bought for, or {@code null} if that is not
	 * known
	 */
	public CachedResponse(String id, String model, List<CachedGeneration> generations, Map<String, Object> metadata,
			TokenUsage usage, Instant createdAt, @Nullable Origin origin) {
		this(id, model, generations, metadata, usage, createdAt, origin, null);
	}

	/**
	 * Take what is to be stored from a response. The metadata may hold what the built-in
	 * dialects know.
	 * @param response the response
	 * @param usage what the answer cost
	 * @param createdAt the present time
	 * @return the answer to store
	 * @throws IllegalArgumentException if the response holds something that could not be
	 * replayed
	 */
	public static CachedResponse of(ChatResponse response, TokenUsage usage, Instant createdAt) {
		return of(response, usage, createdAt, BUILT_IN);
	}

	/**
	 * Convert a response into an answer that can be stored.
	 * @param response the response
	 * @param usage what the answer cost
	 * @param createdAt the present time
	 * @param types the classes of values that its metadata may hold
	 * @return the answer to store
	 * @throws IllegalArgumentException if the response holds something that could not be
	 * replayed
	 */
	static CachedResponse of(ChatResponse response, TokenUsage usage, Instant createdAt, MetadataTypes types) {
		ChatResponseMetadata metadata = response.getMetadata();
		checkClass(response, ChatResponse.class);
		checkClass(metadata, ChatResponseMetadata.class);
		if (metadata.getPromptMetadata() != null && metadata.getPromptMetadata().iterator().hasNext()) {
			throw new NotStorableException("The metadata of the prompt are not stored");
		}
		RateLimit rateLimit = metadata.getRateLimit();
		Object limit = (rateLimit == null || rateLimit.getClass() == EmptyRateLimit.class) ? null
				: StoredValues.store(rateLimit, types);
		return new CachedResponse(nonNull(metadata.getId()), nonNull(metadata.getModel()),
				response.getResults().stream().map((result) -> CachedGeneration.of(result, types)).toList(),
				StoredValues.copy(metadata.entrySet(), types), usage, createdAt, null, limit);
	}

	private static void checkClass(Object part, Class<?> type) {
		if (part.getClass() != type) {
			// A subclass holds more than can be replayed
			throw new NotStorableException("Unknown class " + part.getClass().getName());
		}
	}

	/**
	 * Return a copy of this answer with another origin.
	 * @param origin the request that the answer was bought for, or {@code null} if it is
	 * not known
	 * @return a new answer
	 */
	public CachedResponse withOrigin(@Nullable Origin origin) {
		return new CachedResponse(this.id, this.model, this.generations, this.metadata, this.usage, this.createdAt,
				origin, this.rateLimit);
	}

	private static String nonNull(@Nullable String text) {
		return (text != null) ? text : "";
	}

	/**
	 * Rebuild the response. Its usage is zero, because nothing was bought.
	 * @return a new response
	 * @throws IllegalArgumentException if the metadata hold what the built-in dialects do
	 * not know
	 */
	public ChatResponse toChatResponse() {
		return toChatResponse(Map.of(), BUILT_IN);
	}

	/**
	 * Rebuild the response with additional metadata.
	 * @param added metadata of the response that were not stored, such as the outcome
	 * @param types the supported classes of metadata values
	 * @return a new response, whose usage is zero
	 * @throws IllegalArgumentException if a stored value cannot be rebuilt
	 */
	ChatResponse toChatResponse(Map<String, Object> added, MetadataTypes types) {
		List<Generation> replayed = new ArrayList<>(this.generations.size());
		for (CachedGeneration generation : this.generations) {
			replayed.add(generation.toGeneration(types));
		}
		ChatResponseMetadata.Builder metadata = ChatResponseMetadata.builder()
			.id(this.id)
			.model(this.model)
			.usage(new DefaultUsage(0, 0, 0))
			.metadata(StoredValues.replay(this.metadata, types))
			.metadata(added);
		if (this.rateLimit != null) {
			if (!(StoredValues.replay(this.rateLimit, types) instanceof RateLimit limit)) {
				throw new IllegalArgumentException("The rate limit is none");
			}
			metadata.rateLimit(limit);
		}
		return new ChatResponse(replayed, metadata.build());
	}

	/**
	 * Return the age of the answer.
	 * @param now the current time
	 * @return the age, or zero if the clock of the instance that stored the answer is up
	 * to a minute ahead
	 * @throws IllegalArgumentException if the answer is dated more than a minute ahead,
	 * because it would be served for too long
	 */
	public Duration age(Instant now) {
		Duration age = Duration.between(this.createdAt, now);
		if (age.compareTo(CLOCK_MARGIN) < 0) {
			throw new IllegalArgumentException("The answer is from the future");
		}
		return age.isNegative() ? Duration.ZERO : age;
	}

	/**
	 * Estimate how much memory the answer occupies.
	 * @return the size in bytes, at least 1
	 */
	public long sizeInBytes() {
		long size = BASE_BYTES + StoredValues.size(this.metadata) + StoredValues.size(this.id)
				+ StoredValues.size(this.model) + StoredValues.size(this.rateLimit);
		for (CachedGeneration generation : this.generations) {
			size += generation.sizeInBytes();
		}
		return size + ((this.origin != null) ? this.origin.sizeInBytes() : 0);
	}

	/**
	 * The request that an answer was bought for, with the tags and the expiry under which
	 * it was stored. Another cache can store the answer for the same request under the
	 * same terms. Immutable.
	 *
	 * @param fingerprint the fingerprint of the request, 64 hexadecimal digits
	 * @param tags the tags of the answer
	 * @param expiresAt from when the answer must not be served
	 */
	public record Origin(String fingerprint, Set<String> tags, Instant expiresAt) {

		/**
		 * The approximate size of an origin in memory without its texts, in bytes.
		 */
		static final int BASE_BYTES = 2 * OBJECT_BYTES;

		/**
		 * Copy the tags.
		 */
		public Origin {
			tags = StoredValues.immutable(tags);
		}

		long sizeInBytes() {
			long size = BASE_BYTES + StoredValues.size(this.fingerprint);
			for (String tag : this.tags) {
				size += StoredValues.ENTRY_BYTES + StoredValues.size(tag);
			}
			return size;
		}

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
		 * The approximate size of a generation in memory without its parts, in bytes.
		 */
		static final int BASE_BYTES = 4 * OBJECT_BYTES;

		/**
		 * The approximate size of a tool call in memory without its texts, in bytes.
		 */
		static final int TOOL_CALL_BYTES = OBJECT_BYTES;

		// A MIME type is parsed into a map of its parameters
		private static final int MIME_TYPE_CHAR_BYTES = 32;

		/**
		 * Copy the collections.
		 */
		public CachedGeneration {
			toolCalls = List.copyOf(toolCalls);
			media = List.copyOf(media);
			messageMetadata = StoredValues.immutable(messageMetadata);
			metadata = StoredValues.immutable(metadata);
		}

		static CachedGeneration of(Generation generation, MetadataTypes types) {
			AssistantMessage message = generation.getOutput();
			ChatGenerationMetadata metadata = generation.getMetadata();
			checkClass(generation, Generation.class);
			checkClass(message, AssistantMessage.class);
			checkClass(metadata, ChatGenerationMetadata.NULL.getClass());
			if (!metadata.getContentFilters().isEmpty()) {
				throw new NotStorableException("Content filters are not stored");
			}
			Map<String, Object> properties = new HashMap<>(message.getMetadata());
			// Every message adds it by itself
			properties.remove(AbstractMessage.MESSAGE_TYPE, MessageType.ASSISTANT);
			return new CachedGeneration(message.getText(), message.getToolCalls(),
					message.getMedia().stream().map(CachedGeneration::copy).toList(),
					StoredValues.copy(properties.entrySet(), types), metadata.getFinishReason(),
					StoredValues.copy(metadata.entrySet(), types));
		}

		private static Media copy(Media media) {
			checkClass(media, Media.class);
			Object data = media.getData();
			boolean text = data instanceof String;
			if (!(text || data instanceof byte[])
					|| media.getMimeType().toString().length() > CachedResponseCodec.MAX_MIME_TYPE_LENGTH) {
				throw new NotStorableException("Media of a kind that is not stored");
			}
			if (text) {
				return media;
			}
			Media.Builder copy = MediaData.set(Media.builder().mimeType(media.getMimeType()).name(media.getName()),
					((byte[]) data).clone());
			return (media.getId() != null) ? copy.id(media.getId()).build() : copy.build();
		}

		Generation toGeneration(MetadataTypes types) {
			AssistantMessage message = AssistantMessage.builder()
				.content(this.text)
				.properties(StoredValues.replay(this.messageMetadata, types))
				.toolCalls(this.toolCalls)
				.media(this.media.stream().map(CachedGeneration::copy).toList())
				.build();
			return new Generation(message,
					ChatGenerationMetadata.builder()
						.finishReason(this.finishReason)
						.metadata(StoredValues.replay(this.metadata, types))
						.build());
		}

		long sizeInBytes() {
			long size = BASE_BYTES + StoredValues.size(this.text) + StoredValues.size(this.messageMetadata)
					+ StoredValues.size(this.finishReason) + StoredValues.size(this.metadata);
			for (ToolCall call : this.toolCalls) {
				size += TOOL_CALL_BYTES + StoredValues.size(call.id()) + StoredValues.size(call.type())
						+ StoredValues.size(call.name()) + StoredValues.size(call.arguments());
			}
			for (Media item : this.media) {
				String type = item.getMimeType().toString();
				size += mediaSize(type) + StoredValues.size(type) + StoredValues.size(item.getId())
						+ StoredValues.size(item.getName()) + StoredValues.size(item.getData());
			}
			return size;
		}

		/**
		 * Estimate how much memory media occupy without their texts and data.
		 * @param type the MIME type
		 * @return the size in bytes
		 */
		static long mediaSize(String type) {
			return 8 * OBJECT_BYTES + (long) MIME_TYPE_CHAR_BYTES * type.length();
		}

	}

}
