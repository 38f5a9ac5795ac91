package io.tokensaving.cache.semantic;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.savings.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;

/**
 * Embeds texts, remembers their embeddings up to a number of bytes, and lets none through
 * that cannot be compared. Thread-safe if the model is.
 */
final class TextEmbedder {

	private static final long MEMORY_BYTES = 16L * 1024 * 1024;

	private static final int ENTRY_BYTES = 200;

	private static final int SPACE_DIGITS = 8;

	private final EmbeddingModel model;

	private final Cache<String, EmbeddedText> memory = Caffeine.newBuilder()
		.maximumWeight(MEMORY_BYTES)
		.weigher((String text, EmbeddedText embedded) -> ENTRY_BYTES + 2 * text.length()
				+ Float.BYTES * embedded.vector().length)
		.build();

	private volatile int dimension;

	TextEmbedder(EmbeddingModel model) {
		this.model = model;
	}

	/**
	 * Load the model, if it is not.
	 * @return the model
	 */
	EmbeddingModel load() {
		return (this.model instanceof LoadableEmbeddingModel loadable) ? loadable.load() : this.model;
	}

	/**
	 * Return the embedding of a text if it is remembered.
	 * @param text the text
	 * @return the embedding, at no cost, or {@code null}
	 */
	@Nullable EmbeddedText remembered(String text) {
		return this.memory.getIfPresent(text);
	}

	/**
	 * Embed a text.
	 * @param text the text
	 * @return the embedding
	 * @throws IllegalStateException if the model returns nothing that can be compared
	 */
	EmbeddedText embed(String text) {
		EmbeddedText known = this.memory.getIfPresent(text);
		if (known != null) {
			return known;
		}
		EmbeddingModel model = load();
		EmbeddingResponse response = model.embedForResponse(List.of(text));
		if (response.getResults().isEmpty()) {
			throw new IllegalStateException("The embedding model returned no embedding");
		}
		float[] vector = unit(response.getResults().get(0).getOutput());
		checkDimension(vector.length);
		String name = response.getMetadata().getModel();
		TokenUsage usage = TokenUsage.of(response.getMetadata().getUsage());
		EmbeddedText embedded = new EmbeddedText(vector, space(model, name, vector.length),
				StringUtils.hasText(name) ? name : null, (usage != null) ? usage : TokenUsage.ZERO);
		this.memory.put(text, embedded.remembered());
		return embedded;
	}

	// A single vector of another dimension is a fault, several are another model
	private void checkDimension(int length) {
		int expected = this.dimension;
		this.dimension = length;
		if (expected != 0 && expected != length) {
			throw new IllegalStateException(
					"The embedding has %d dimensions, the one before had %d".formatted(length, expected));
		}
	}

	private static float[] unit(float[] vector) {
		double square = 0;
		for (float value : vector) {
			square += (double) value * value;
		}
		double length = Math.sqrt(square);
		// Also false for NaN
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
			throw new IllegalStateException("SHA-256 is missing", ex);
		}
	}

}
