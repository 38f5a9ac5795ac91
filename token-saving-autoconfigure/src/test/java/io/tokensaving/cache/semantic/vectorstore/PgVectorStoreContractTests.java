package io.tokensaving.cache.semantic.vectorstore;

import java.time.Duration;

import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheStoreContract;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.cache.semantic.qdrant.SettableClock;
import org.junit.jupiter.api.AfterEach;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The contract with a vector store that behaves as pgvector's.
 */
class PgVectorStoreContractTests extends SemanticCacheStoreContract {

	private final SettableClock clock = new SettableClock();

	private final WordsEmbeddingModel embeddings = new WordsEmbeddingModel();

	private final SemanticCacheStore store = store(new PrecomputedEmbeddingModel(this.embeddings));

	private SemanticCacheStore store(PrecomputedEmbeddingModel model) {
		return VectorStoreSemanticCacheStore.builder(new PgVectorDouble(model, PgVectorDouble.COSINE))
			.clock(this.clock)
			.build();
	}

	@Override
	protected SemanticCacheStore store() {
		return this.store;
	}

	@Override
	protected void pass(Duration duration) {
		this.clock.pass(duration);
	}

	// The one call is for the number of dimensions
	@AfterEach
	void nothingWasEmbeddedAgain() {
		assertThat(this.embeddings.calls()).isLessThanOrEqualTo(1);
	}

}
