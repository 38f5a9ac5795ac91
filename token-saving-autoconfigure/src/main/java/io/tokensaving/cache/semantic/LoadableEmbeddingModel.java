package io.tokensaving.cache.semantic;

import org.springframework.ai.embedding.EmbeddingModel;

/**
 * A proxy of an embedding model that is looked up or loaded when it is first needed.
 * Implementations must be thread-safe.
 */
public interface LoadableEmbeddingModel extends EmbeddingModel {

	/**
	 * Check that the model exists, without loading it.
	 * @throws RuntimeException if it does not exist
	 */
	void check();

	/**
	 * Whether the model is loaded, so that {@link #load()} returns at once.
	 * @return whether the model is loaded
	 */
	boolean isLoaded();

	/**
	 * Load the model, unless it is loaded.
	 * @return the model behind this proxy
	 */
	EmbeddingModel load();

}
