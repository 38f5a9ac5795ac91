package io.tokensaving.feature;

import java.time.Duration;
import java.util.HashMap;

import io.tokensaving.Counter;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.Purchase;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.TestClock;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Makes the usage of a plan from what was counted.
 */
public final class PlanUsages implements AutoCloseable {

	private static final Counter MARK = Counter.of("marks_of_tests", "Makes a day on which something was counted");

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	private final SavingsStatistics statistics;

	private final StatisticsAggregator aggregator;

	public PlanUsages(SavingsStatistics statistics) {
		this.statistics = statistics;
		this.aggregator = new StatisticsAggregator(statistics, new InMemoryStatisticsRepository(this.clock), this.clock,
				Duration.ofHours(1));
	}

	/**
	 * Return the usage of a plan with what was counted of it until now.
	 */
	public PlanUsage of(PlanKey key, Plan plan, PriceTable prices) {
		this.statistics.plan(key).increment(MARK);
		return new PlanUsage(key, plan, this.aggregator.plan(key).figures(),
				this.aggregator.labelledDays(key, 7).figures(), prices);
	}

	/**
	 * Return the usage of a plan with what was counted of it until now. What is counted
	 * by feature and model can be read only once so.
	 */
	public static PlanUsage of(SavingsStatistics statistics, PlanKey key, Plan plan, PriceTable prices) {
		try (PlanUsages usages = new PlanUsages(statistics)) {
			return usages.of(key, plan, prices);
		}
	}

	@Override
	public void close() {
		this.aggregator.close();
	}

	/**
	 * Return a call that was answered by a model.
	 */
	public static ClosedLedger call(PlanKey key, String feature, String model, TokenUsage usage, PriceTable prices,
			Counter... counters) {
		ChatClientRequest request = new ChatClientRequest(new Prompt("question"), new HashMap<>());
		SavingsLedger.open(request);
		SavingsLedger ledger = SavingsLedger.of(request);
		ledger.record(LedgerEvent.Missed.EVENT);
		ledger.record(new LedgerEvent.Labelled(Labels.FEATURE, feature));
		for (Counter counter : counters) {
			ledger.record(new LedgerEvent.Counted(counter));
		}
		return ledger.close(key, new Purchase(model, model, usage, true), prices);
	}

}
