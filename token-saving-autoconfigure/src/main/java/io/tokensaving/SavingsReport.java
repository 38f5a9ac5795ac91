package io.tokensaving;

import java.math.BigDecimal;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What one call of the model, or the answer in its place, saved. Within a tool loop every
 * round has a report of its own; the response carries the last one. Found in
 * {@code ChatClientResponse.context()} under {@value #CONTEXT_KEY}; in a stream on its
 * last element. Immutable.
 *
 * @param workspace the workspace of the request
 * @param plan the id of the plan
 * @param outcome how the request was answered
 * @param model the model that was asked, or {@code null} if neither request nor answer
 * name it
 * @param similarity the cosine similarity of a semantic hit, otherwise {@code null}
 * @param ageSeconds the age of the served answer in seconds, {@code null} if it was
 * bought
 * @param tokensBought input and output tokens that the model was paid for
 * @param tokensCounterfactual input and output tokens that the same request would have
 * bought with no plan
 * @param tokensSavedByTechnique the saved tokens, split by what saved them
 * ({@link SavingTechnique#value()}); techniques that saved nothing are left out
 * @param costSavedUsd the net saving in US dollars, negative if token saving cost more
 * than it saved; zero if the model has no price
 * @param overheadTokens the tokens that token saving itself spent, such as on embeddings;
 * not among {@code tokensBought}
 * @param overheadUsd what they cost, in US dollars
 * @param priced whether the model has a price
 * @param estimated whether tokens were estimated because the model reported no usage
 * @param overBudget whether the request was sent although it was over the limit of the
 * plan
 */
public record SavingsReport(String workspace, String plan, Outcome outcome, @Nullable String model,
		@Nullable Double similarity, @Nullable Long ageSeconds, long tokensBought, long tokensCounterfactual,
		Map<String, Long> tokensSavedByTechnique, BigDecimal costSavedUsd, long overheadTokens, BigDecimal overheadUsd,
		boolean priced, boolean estimated, boolean overBudget) {

	/**
	 * Key of the report in the context of the response.
	 */
	public static final String CONTEXT_KEY = TokenSaving.PREFIX + "report";

	/**
	 * Key of the outcome ({@link Outcome#value()}) in the metadata of the chat response.
	 */
	public static final String OUTCOME_METADATA_KEY = TokenSaving.PREFIX + "outcome";

	/**
	 * Key of the similarity in the metadata of the chat response, a {@link Double}; only
	 * on a semantic hit.
	 */
	public static final String SIMILARITY_METADATA_KEY = TokenSaving.PREFIX + "similarity";

	/**
	 * Key of the age in seconds in the metadata of the chat response, a {@link Long};
	 * only on a hit.
	 */
	public static final String AGE_METADATA_KEY = TokenSaving.PREFIX + "age_seconds";

	/**
	 * Copy the map.
	 */
	public SavingsReport {
		tokensSavedByTechnique = Map.copyOf(tokensSavedByTechnique);
	}

	/**
	 * Return the tokens that were saved by all techniques together.
	 * @return counterfactual tokens less the tokens bought
	 */
	public long tokensSaved() {
		return this.tokensCounterfactual - this.tokensBought;
	}

}
