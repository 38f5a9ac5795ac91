package io.tokensaving.batch;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Books answers that were paid and that nobody gets as overhead of their plans.
 * Thread-safe.
 */
public final class UnusedAnswers implements UnusedAnswerListener {

	private final BatchCapabilities capabilities;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	/**
	 * Create it.
	 * @param capabilities know the models that can read an answer
	 * @param statistics count the overhead
	 * @param tokenCounter reads what answers cost
	 * @param prices the prices
	 */
	public UnusedAnswers(BatchCapabilities capabilities, SavingsStatistics statistics, TokenCounter tokenCounter,
			PriceTable prices) {
		this.capabilities = capabilities;
		this.statistics = statistics;
		this.tokenCounter = tokenCounter;
		this.prices = prices;
	}

	@Override
	public void unused(String workspace, String plan, BatchTarget target, byte[] body) {
		PlanKey key = new PlanKey(workspace, plan);
		try {
			PlanStatistics figures = this.statistics.plan(key);
			figures.increment(BatchFeature.LATE);
			BatchModel model = this.capabilities.of(target);
			if (model == null) {
				throw new IllegalStateException("No model is left that can read an answer of " + target.model());
			}
			ChatModel replaying = model.replaying(body);
			Prompt prompt = new Prompt("", replaying.getOptions());
			ChatResponse response = replaying.call(prompt);
			TokenUsage usage = this.tokenCounter.usage(prompt, response).at(ServiceTier.BATCH);
			figures.recordOverhead(TokenCounter.model(response, prompt.getOptions()), usage, this.prices);
		}
		catch (Throwable ex) {
			this.statistics.recordError(BatchFeature.COMPONENT, key, ex);
		}
	}

}
