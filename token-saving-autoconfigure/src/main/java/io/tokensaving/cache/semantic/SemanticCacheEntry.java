package io.tokensaving.cache.semantic;

import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;

/**
 * An answer and the question that it was given to. The vector is not to be changed.
 *
 * @param partition what the question was asked in; only questions of the same partition
 * are compared. Hexadecimal digits and {@code -}
 * @param question the text of the question
 * @param vector the embedding of the question, of length 1
 * @param response the answer
 * @param labels say by what the answer can be evicted; those of the answer that was
 * stored last to a question apply
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SemanticCacheEntry(String partition, String question, float[] vector, CachedResponse response,
		EntryLabels labels) {

}
