package io.tokensaving.cache.semantic;

import io.tokensaving.cache.CachedResponse;

/**
 * A stored answer whose question is similar to the one that is asked. Immutable.
 *
 * @param question the stored question
 * @param response the answer to it
 * @param similarity the cosine of the two embeddings, -1 to 1
 */
public record SemanticMatch(String question, CachedResponse response, double similarity) {

}
