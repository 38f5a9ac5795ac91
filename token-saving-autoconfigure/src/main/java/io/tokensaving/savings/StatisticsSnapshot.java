package io.tokensaving.savings;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Set;

/**
 * Statistics at one moment. Immutable.
 *
 * @param totalRequests all requests; the sum of hits, misses and bypasses
 * @param exactHits requests that the exact cache answered
 * @param semanticHits requests that the semantic cache answered
 * @param dedupHits requests that an equal request in flight answered
 * @param misses requests that were looked up and went to the model
 * @param bypasses requests that went to the model without a look-up
 * @param tokensSavedByTechnique tokens saved, by
 * {@link io.tokensaving.SavingTechnique#value()}
 * @param tokensBought tokens that the model was paid for
 * @param costSavedUsd the net saving in US dollars
 * @param overheadTokens tokens that token saving itself spent
 * @param overheadUsd what they cost, in US dollars
 * @param overBudget requests that were sent although they were over the limit of the plan
 * @param compressionTimeouts requests that were trimmed because ranking took too long
 * @param guardVetoes answers of the semantic cache that a guard held back, by guard
 * @param verification how many verified answers of the semantic cache were wrong
 * @param errors failures of token saving itself
 * @param modelErrors requests whose model failed
 * @param unpricedModels models that have no price and add nothing to the cost
 */
public record StatisticsSnapshot(long totalRequests, long exactHits, long semanticHits, long dedupHits, long misses,
		long bypasses, Map<String, Long> tokensSavedByTechnique, long tokensBought, BigDecimal costSavedUsd,
		long overheadTokens, BigDecimal overheadUsd, long overBudget, long compressionTimeouts,
		Map<String, Long> guardVetoes, ErrorRateMonitor.Verification verification, long errors, long modelErrors,
		Set<String> unpricedModels) {

	/**
	 * Return the requests that a cache answered.
	 * @return exact and semantic hits
	 */
	public long cacheHits() {
		return this.exactHits + this.semanticHits;
	}

	/**
	 * Return the share of looked-up requests that a cache answered.
	 * @return a number from 0 to 1; 0 if nothing was looked up
	 */
	public double cacheHitRate() {
		long lookups = this.totalRequests - this.bypasses;
		return (lookups > 0) ? (double) cacheHits() / lookups : 0;
	}

	/**
	 * Return the tokens that were saved.
	 * @return the sum over all techniques
	 */
	public long tokensSaved() {
		return this.tokensSavedByTechnique.values().stream().mapToLong(Long::longValue).sum();
	}

}
