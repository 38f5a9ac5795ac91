package io.tokensaving.cache.semantic;

import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;

/**
 * A question and its answer. The vector must not be modified.
 *
 * @param partition the partition of the question, in hexadecimal digits and {@code -};
 * only questions of the same partition are compared
 * @param question the text of the question
 * @param vector the embedding of the question, of length 1
 * @param response the answer
 * @param labels the labels by which the answer can be evicted; they replace those of an
 * earlier answer to the same question
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SemanticCacheEntry(String partition, String question, float[] vector, CachedResponse response,
		EntryLabels labels) {

}
