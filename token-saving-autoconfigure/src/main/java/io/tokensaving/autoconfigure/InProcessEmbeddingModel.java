package io.tokensaving.autoconfigure;

import java.util.function.Supplier;

import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.util.function.SingletonSupplier;

/**
 * The embedding model in a jar of LangChain4j, which is loaded once for all that use it.
 * Thread-safe.
 */
final class InProcessEmbeddingModel {

	// No reference to the method, which would need its classes now
	private final Supplier<EmbeddingModel> model = SingletonSupplier
		.of(() -> LangChain4jEmbeddingModel.allMiniLmL6V2());

	/**
	 * Return the model. It is loaded by the first call, for which others wait.
	 * @return always the same model
	 */
	EmbeddingModel load() {
		return this.model.get();
	}

}
