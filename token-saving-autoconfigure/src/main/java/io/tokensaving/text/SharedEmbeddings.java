package io.tokensaving.text;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingResponse;

/**
 * The latest embeddings of short texts, so that what one part of a request has embedded
 * is not embedded again by another one with the same model. Models are told apart by
 * identity. Who charges embeddings to a plan charges those found here as well, as who
 * offers them may not. Thread-safe.
 */
public final class SharedEmbeddings {

	/**
	 * The number of UTF-16 units above which a text is not kept.
	 */
	public static final int MAX_LENGTH = 1024;

	private static final int TEXTS = 256;

	private static final Cache<EmbeddingModel, Cache<String, EmbeddingResponse>> MODELS = Caffeine.newBuilder()
		.weakKeys()
		.build();

	private SharedEmbeddings() {
	}

	/**
	 * Offer an embedding.
	 * @param model the model itself, not one that hands over to it
	 * @param text the text
	 * @param response what the model has returned, which is not to be modified any more
	 */
	public static void offer(EmbeddingModel model, String text, EmbeddingResponse response) {
		if (text.length() <= MAX_LENGTH) {
			MODELS.get(model, (added) -> Caffeine.newBuilder().maximumSize(TEXTS).build()).put(text, response);
		}
	}

	/**
	 * Find an embedding that was offered.
	 * @param model the model itself
	 * @param text the text
	 * @return what the model has returned, or {@code null} if it was not offered, or a
	 * while ago
	 */
	public static @Nullable EmbeddingResponse find(EmbeddingModel model, String text) {
		Cache<String, EmbeddingResponse> texts = MODELS.getIfPresent(model);
		return (texts != null) ? texts.getIfPresent(text) : null;
	}

}
