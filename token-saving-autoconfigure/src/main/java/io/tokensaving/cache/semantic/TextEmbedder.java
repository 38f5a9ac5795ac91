package io.tokensaving.cache.semantic;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiConsumer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.text.SharedEmbeddings;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

/**
 * Embeds texts, caches the embeddings up to a number of bytes, and rejects embeddings
 * that cannot be compared. Thread-safe if the model is.
 */
final class TextEmbedder {

	static final long CACHE_BYTES = 16L * 1024 * 1024;

	private static final int ENTRY_BYTES = 340;

	private static final int SPACE_DIGITS = 8;

	private final EmbeddingModel model;

	private final TokenCounter tokenCounter;

	private final Cache<String, EmbeddedText> cache = Caffeine.newBuilder()
		.maximumWeight(CACHE_BYTES)
		.weigher((String text, EmbeddedText embedded) -> HeapSize
			.weight(ENTRY_BYTES + HeapSize.of(text) + HeapSize.array((long) Float.BYTES * embedded.vector().length)))
		.build();

	private volatile int dimension;

	TextEmbedder(EmbeddingModel model, TokenCounter tokenCounter) {
		this.model = model;
		this.tokenCounter = tokenCounter;
	}

	/**
	 * Check that there is a model, without loading it.
	 * @throws RuntimeException if there is none
	 */
	void check() {
		if (this.model instanceof LoadableEmbeddingModel loadable) {
			loadable.check();
		}
	}

	boolean isLoaded() {
		return !(this.model instanceof LoadableEmbeddingModel loadable) || loadable.isLoaded();
	}

	/**
	 * Load the model, unless it is loaded.
	 * @return the model
	 */
	EmbeddingModel load() {
		return (this.model instanceof LoadableEmbeddingModel loadable) ? loadable.load() : this.model;
	}

	/**
	 * Return the embedding of a text from the cache.
	 * @param text the text
	 * @return the embedding, or {@code null} if it is not cached
	 */
	@Nullable EmbeddedText cached(String text) {
		return this.cache.getIfPresent(text);
	}

	/**
	 * Embed a text.
	 * @param text the text
	 * @param paid receives the name of the model, if known, and the reported usage as
	 * soon as the model has answered, even if the embedding is rejected; not called for a
	 * cached embedding
	 * @return the embedding
	 * @throws IllegalStateException if the model returns no embedding that can be
	 * compared
	 */
	EmbeddedText embed(String text, BiConsumer<@Nullable String, TokenUsage> paid) {
		EmbeddedText known = this.cache.getIfPresent(text);
		if (known != null) {
			return known;
		}
		EmbeddingModel model = load();
		EmbeddingResponse shared = SharedEmbeddings.find(model, text);
		EmbeddingResponse response = (shared != null) ? shared : model.embedForResponse(List.of(text));
		String name = response.getMetadata().getModel();
		TokenUsage usage = this.tokenCounter.reported(response.getMetadata().getUsage(), null);
		if (usage != null) {
			paid.accept(StringUtils.hasText(name) ? name : null, usage);
		}
		if (response.getResults().isEmpty()) {
			throw new IllegalStateException("The embedding model returned no embedding");
		}
		float[] vector = unit(response.getResults().get(0).getOutput());
		checkDimension(vector.length);
		SharedEmbeddings.offer(model, text, response);
		EmbeddedText embedded = new EmbeddedText(vector, space(model, name, vector.length));
		this.cache.put(text, embedded);
		return embedded;
	}

	// A single vector of another dimension counts as an error, a second one in a row as a
	// change of the model
	private void checkDimension(int length) {
		int expected = this.dimension;
		this.dimension = length;
		if (expected != 0 && expected != length) {
			throw new IllegalStateException(
					"The embedding has %d dimensions, the one before had %d".formatted(length, expected));
		}
	}

	/**
	 * Scale a vector to the length 1.
	 * @param vector the vector
	 * @return a new one
	 * @throws IllegalStateException if it has no length
	 */
	static float[] unit(float[] vector) {
		double square = 0;
		for (float value : vector) {
			square += (double) value * value;
		}
		double length = Math.sqrt(square);
		// The comparison is false for NaN too
		if (!(length > 1e-6 && length < Float.MAX_VALUE)) {
			throw new IllegalStateException("The embedding has the length " + length);
		}
		float[] unit = new float[vector.length];
		for (int i = 0; i < vector.length; i++) {
			unit[i] = (float) (vector[i] / length);
		}
		return unit;
	}

	private static String space(EmbeddingModel model, @Nullable String name, int length) {
		try {
			String text = ClassUtils.getUserClass(model).getName() + "\n" + name + "\n" + length;
			byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(hash).substring(0, SPACE_DIGITS);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("SHA-256 is not available", ex);
		}
	}

}
