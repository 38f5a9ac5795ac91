package io.tokensaving.cache.semantic;

import io.tokensaving.cache.CachedResponse;

/**
 * A stored answer to a question that is similar to the one of a request. Immutable.
 *
 * @param question the stored question
 * @param response the answer to the stored question
 * @param similarity the cosine similarity of both embeddings, -1 to 1
 */
public record SemanticMatch(String question, CachedResponse response, double similarity) {

}
