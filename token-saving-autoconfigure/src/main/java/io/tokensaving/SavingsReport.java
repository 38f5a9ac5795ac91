package io.tokensaving;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * What one model call saved, or the cached answer in its place. Within a tool loop every
 * round has a report of its own; the response carries that of the last round. It is in
 * {@code ChatClientResponse.context()} under {@value #CONTEXT_KEY}; in a stream, in the
 * context of the last element. Immutable.
 *
 * @param workspace the workspace of the request
 * @param plan the id of the plan
 * @param outcome how the request was answered
 * @param model the model that answered, or {@code null} if neither request nor answer
 * name it
 * @param similarity the cosine similarity of a semantic hit, otherwise {@code null}
 * @param ageSeconds the age of the served answer in seconds, {@code null} if it was
 * bought
 * @param tokensBought input and output tokens that the model was paid for
 * @param tokensCounterfactual input and output tokens that the same request would have
 * bought with no plan
 * @param tokensSavedByTechnique the saved tokens by technique
 * ({@link SavingTechnique#value()}); techniques that saved nothing are left out
 * @param costSavedUsdByTechnique the cost of the saved tokens, plus discounts on those
 * that were bought, by technique in US dollars; before overhead
 * @param costSavedUsd the net saving in US dollars, negative if token saving cost more
 * than it saved; zero if the model has no price
 * @param overheadTokens the tokens that token saving itself spent, such as on embeddings;
 * not among {@code tokensBought}
 * @param overheadUsd the cost of the overhead tokens in US dollars
 * @param priced whether the model has a price
 * @param estimated whether tokens were estimated because the model reported no usage
 * @param counted other counts of features for this call, such as {@code over_budget}, by
 * the names that the endpoint shows
 * @param providerDiscountUsd what the provider's prompt cache made cheaper without token
 * saving, less what writing to it cost in addition, in US dollars; shown and never among
 * the savings; negative if the cache cost more
 * @param taskId the id of the task, by which its outcome can be
 * {@linkplain TokenSaving#outcome reported}, or {@code null} if the call is a later round
 * of a streamed task that the request gives no id
 */
public record SavingsReport(String workspace, String plan, Outcome outcome, @Nullable String model,
		@Nullable Double similarity, @Nullable Long ageSeconds, long tokensBought, long tokensCounterfactual,
		Map<String, Long> tokensSavedByTechnique, Map<String, BigDecimal> costSavedUsdByTechnique,
		BigDecimal costSavedUsd, long overheadTokens, BigDecimal overheadUsd, boolean priced, boolean estimated,
		Set<String> counted, BigDecimal providerDiscountUsd, @Nullable String taskId) {

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
	 * Key of the id of the task in the metadata of the chat response, a {@link String}.
	 */
	public static final String TASK_ID_METADATA_KEY = TokenSaving.TASK_ID;

	/**
	 * Copy the collections.
	 */
	public SavingsReport {
		counted = Set.copyOf(counted);
		tokensSavedByTechnique = Map.copyOf(tokensSavedByTechnique);
		costSavedUsdByTechnique = Map.copyOf(costSavedUsdByTechnique);
	}

	/**
	 * Create a report of a call to which the provider granted nothing.
	 * @param workspace the workspace of the request
	 * @param plan the id of the plan
	 * @param outcome how the request was answered
	 * @param model the model that answered, or {@code null}
	 * @param similarity the cosine similarity of a semantic hit, otherwise {@code null}
	 * @param ageSeconds the age of the served answer in seconds, {@code null} if it was
	 * bought
	 * @param tokensBought the tokens that the model was paid for
	 * @param tokensCounterfactual the tokens without a plan
	 * @param tokensSavedByTechnique the saved tokens by technique
	 * @param costSavedUsdByTechnique the cost of the saved tokens by technique
	 * @param costSavedUsd the net saving in US dollars
	 * @param overheadTokens the tokens that token saving itself spent
	 * @param overheadUsd the cost of the overhead tokens in US dollars
	 * @param priced whether the model has a price
	 * @param estimated whether tokens were estimated
	 * @param counted other counts of features for this call
	 */
	public SavingsReport(String workspace, String plan, Outcome outcome, @Nullable String model,
			@Nullable Double similarity, @Nullable Long ageSeconds, long tokensBought, long tokensCounterfactual,
			Map<String, Long> tokensSavedByTechnique, Map<String, BigDecimal> costSavedUsdByTechnique,
			BigDecimal costSavedUsd, long overheadTokens, BigDecimal overheadUsd, boolean priced, boolean estimated,
			Set<String> counted) {
		this(workspace, plan, outcome, model, similarity, ageSeconds, tokensBought, tokensCounterfactual,
				tokensSavedByTechnique, costSavedUsdByTechnique, costSavedUsd, overheadTokens, overheadUsd, priced,
				estimated, counted, BigDecimal.ZERO, null);
	}

	/**
	 * Return this report with the id of its task.
	 * @param taskId the id, or {@code null}
	 * @return a new report
	 */
	public SavingsReport withTaskId(@Nullable String taskId) {
		return new SavingsReport(this.workspace, this.plan, this.outcome, this.model, this.similarity, this.ageSeconds,
				this.tokensBought, this.tokensCounterfactual, this.tokensSavedByTechnique, this.costSavedUsdByTechnique,
				this.costSavedUsd, this.overheadTokens, this.overheadUsd, this.priced, this.estimated, this.counted,
				this.providerDiscountUsd, taskId);
	}

	/**
	 * Return the tokens that were saved by all techniques together.
	 * @return counterfactual tokens less the tokens bought
	 */
	public long tokensSaved() {
		return this.tokensCounterfactual - this.tokensBought;
	}

}
