package io.tokensaving.compression;

/**
 * Ranks the sentences of a conversation by how much they are worth keeping. An
 * application's own engine is a bean of this type; plans select it by the name of the
 * bean.
 * <p>
 * An engine only ranks. What may be left out at all, the token limit, the balance with
 * redundancy, whole tool calls and a stable beginning of the prompt are seen to around
 * it, the same for all engines. Deterministic: the same request gives the same scores,
 * bit by bit. Thread-safe.
 */
@FunctionalInterface
public interface CompressionEngine {

	/**
	 * Rank sentences.
	 * @param request the sentences and what to focus on
	 * @return a score for each sentence, 0 or more; the higher, the rather it is kept.
	 * Not a number counts as 0
	 */
	double[] rank(RankingRequest request);

}
