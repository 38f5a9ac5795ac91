package io.tokensaving.cache.semantic.vectorstore;

import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * A vector that is handed over to a vector store for the time of one call. The store is
 * given a text that stands for the vector, and asks its {@link PrecomputedEmbeddingModel}
 * to embed this text, on whatever thread. The text is random and says nothing about the
 * question. Thread-safe. Close it when the call has ended.
 */
final class HandedOverVector implements AutoCloseable {

	private static final String PREFIX = "token-saving:";

	private static final ConcurrentMap<String, HandedOverVector> OPEN = new ConcurrentHashMap<>();

	private final String text = PREFIX + UUID.randomUUID();

	private final float[] vector;

	private volatile boolean taken;

	private HandedOverVector(float[] vector) {
		this.vector = vector;
	}

	static HandedOverVector open(float[] vector) {
		HandedOverVector handedOver = new HandedOverVector(vector);
		OPEN.put(handedOver.text, handedOver);
		return handedOver;
	}

	static boolean isStandIn(@Nullable String text) {
		return text != null && text.startsWith(PREFIX);
	}

	/**
	 * Return the vector that a text stands for.
	 * @param text the text
	 * @return a copy, as vector stores may normalise what they are given
	 * @throws IllegalStateException if the call that it was made for has ended
	 */
	static float[] take(String text) {
		HandedOverVector handedOver = OPEN.get(text);
		Assert.state(handedOver != null, "The call for which the vector was made has ended");
		handedOver.taken = true;
		return handedOver.vector.clone();
	}

	/**
	 * Return the text that stands for the vector.
	 * @return the text
	 */
	String text() {
		return this.text;
	}

	/**
	 * Whether the store has asked for the vector.
	 * @return {@code false} if the store has embedded the text by another model, or not
	 * at all
	 */
	boolean isTaken() {
		return this.taken;
	}

	@Override
	public void close() {
		OPEN.remove(this.text);
	}

}
