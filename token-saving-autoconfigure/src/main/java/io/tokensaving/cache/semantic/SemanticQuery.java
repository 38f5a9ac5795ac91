package io.tokensaving.cache.semantic;

import java.util.function.Consumer;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.ReadLimit;

/**
 * A query to a semantic store. The vector must not be modified.
 *
 * @param partition the partition to search
 * @param vector the embedding of the question, of length 1
 * @param limit the largest number of answers to return, at least 1
 * @param threshold the lowest cosine similarity, -1 to 1
 * @param answerLimit the memory and time that reading each answer may take
 * @param questionLimit the memory and time that reading each question may take
 * @param unreadable receives the reason why an entry cannot be read; the entry is left
 * out
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SemanticQuery(String partition, float[] vector, int limit, double threshold, ReadLimit answerLimit,
		ReadLimit questionLimit, Consumer<RuntimeException> unreadable) {

	/**
	 * Create a query without a deadline, whose entries may be as large as plans allow by
	 * default. Entries that cannot be read are left out silently.
	 * @param partition the partition to search
	 * @param vector the embedding of the question, of length 1
	 * @param limit the largest number of answers to return, at least 1
	 * @param threshold the lowest cosine similarity, -1 to 1
	 * @return the query
	 */
	public static SemanticQuery of(String partition, float[] vector, int limit, double threshold) {
		ReadLimit readLimit = ReadLimit.ofBytes(CacheSettings.DEFAULT_MAX_ENTRY_BYTES);
		return new SemanticQuery(partition, vector, limit, threshold, readLimit, readLimit, (failure) -> {
		});
	}

}
