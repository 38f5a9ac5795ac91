package io.tokensaving.cache.semantic;

import org.springframework.ai.embedding.EmbeddingModel;

/**
 * An embedding model that can be loaded before it is first used.
 */
public interface LoadableEmbeddingModel extends EmbeddingModel {

	/**
	 * Load the model, if it is not.
	 */
	void load();

}
