package io.tokensaving.cache.semantic;

import org.springframework.ai.embedding.EmbeddingModel;

/**
 * Stands for an embedding model that is looked for or loaded once it is needed.
 */
public interface LoadableEmbeddingModel extends EmbeddingModel {

	/**
	 * Load the model, if it is not.
	 * @return the model that this one stands for
	 */
	EmbeddingModel load();

}
