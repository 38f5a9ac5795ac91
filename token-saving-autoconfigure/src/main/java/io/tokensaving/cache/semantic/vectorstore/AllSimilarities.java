package io.tokensaving.cache.semantic.vectorstore;

import org.springframework.ai.vectorstore.SearchRequest;

/**
 * A search for vectors of any cosine similarity, the negative ones too, which the builder
 * of requests does not accept.
 */
final class AllSimilarities extends SearchRequest {

	AllSimilarities(SearchRequest request) {
		super(request);
	}

	@Override
	public double getSimilarityThreshold() {
		return -1;
	}

}
