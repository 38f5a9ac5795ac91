package io.tokensaving.compression;

/**
 * Ranks the sentences of a conversation by how much they are worth keeping. An
 * application adds an engine as a bean of this type; plans select it by the name of the
 * bean.
 * <p>
 * An engine only ranks. The library applies the rest, the same for all engines: which
 * messages may be changed, the token limit, the redundancy penalty, whole tool calls and
 * a stable beginning of the prompt. Implementations are deterministic, so that the same
 * request gives the same scores bit by bit, and thread-safe.
 */
@FunctionalInterface
public interface CompressionEngine {

	/**
	 * Rank sentences.
	 * @param request the sentences and the question to focus on
	 * @return a score for each sentence, 0 or more; sentences with higher scores are
	 * kept. NaN counts as 0
	 */
	double[] rank(RankingRequest request);

}
