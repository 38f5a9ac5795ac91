package io.tokensaving.cache.semantic;

import io.tokensaving.cache.CacheTier;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * The parts that all look-ups of a semantic cache advisor share. Thread-safe.
 *
 * @param cache the cache tier
 * @param embedder embeds questions
 * @param guards the guards
 * @param confirmation has answers confirmed
 * @param nearMisses records what was similar and not served
 * @param reviews keeps pairs for people to judge, or {@code null} if nothing is kept
 * @param prices the prices for costs that arise after the ledger of the call was closed
 */
record SemanticTier(CacheTier cache, TextEmbedder embedder, GuardChain guards, AnswerConfirmation confirmation,
		NearMisses nearMisses, @Nullable SemanticReviews reviews, PriceTable prices) {

	/**
	 * The name of the embedding model among the circuit breakers.
	 */
	static final String EMBEDDING_MODEL = "embedding_model";

	/**
	 * Embed a question, and charge its cost to the ledger, or to the statistics if the
	 * ledger is closed.
	 * @param question the question
	 * @param plan the plan of the request
	 * @param ledger the ledger of the call
	 * @return the embedding
	 */
	EmbeddedText embed(String question, PlanKey plan, SavingsLedger ledger) {
		return this.embedder.embed(question, (model, usage) -> charge(model, usage, plan, ledger));
	}

	/**
	 * Charge what something costs.
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage what it was paid for
	 * @param plan the plan of the request
	 * @param ledger the ledger of the call
	 */
	void charge(@Nullable String model, TokenUsage usage, PlanKey plan, SavingsLedger ledger) {
		if (!ledger.recordOverhead(model, usage)) {
			this.cache.statistics().plan(plan).recordOverhead(model, usage, this.prices);
		}
	}

	void failToEmbed(PlanKey plan, Throwable failure) {
		this.cache.statistics().recordError(SemanticCacheFeature.EMBEDDING, plan, failure);
	}

}
