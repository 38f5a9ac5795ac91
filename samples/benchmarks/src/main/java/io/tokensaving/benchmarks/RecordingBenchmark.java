package io.tokensaving.benchmarks;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.Purchase;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.CallMeasures;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * What it takes to count a call: for its plan only, as before there were features, and
 * for its feature and model as well; and with the closing of its ledger.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RecordingBenchmark {

	private static final PlanKey PLAN = new PlanKey("default", "bench");

	private static final Purchase PURCHASE = new Purchase("model", "model",
			new TokenUsage(4000, 300, 1000, 200, false).withReasoning(50), true);

	private static final CallMeasures MEASURES = new CallMeasures(null, true, false, 900_000_000, 850_000_000,
			300_000_000);

	private final PriceTable prices = new PriceTable(List
		.of(new ModelPrice("model", new BigDecimal("2.5"), new BigDecimal("10"), new BigDecimal("1.25"), null)));

	private final PlanStatistics statistics = new SavingsStatistics().plan(PLAN);

	private final Prompt prompt = new Prompt("question");

	private final ClosedLedger call = close(true);

	@Benchmark
	public void recordForThePlanOnly() {
		this.statistics.record(this.call.report(), false);
	}

	@Benchmark
	public void recordByFeatureAndModel() {
		this.statistics.record(this.call, MEASURES);
	}

	@Benchmark
	public void closeAndRecordForThePlanOnly() {
		this.statistics.record(close(false).report(), false);
	}

	@Benchmark
	public void closeAndRecordByFeatureAndModel() {
		this.statistics.record(close(true), MEASURES);
	}

	private ClosedLedger close(boolean labelled) {
		ChatClientRequest request = new ChatClientRequest(this.prompt, new HashMap<>(4));
		SavingsLedger.open(request);
		SavingsLedger ledger = SavingsLedger.of(request);
		ledger.recordMiss();
		if (labelled) {
			ledger.record(new LedgerEvent.Labelled(Labels.FEATURE, "/tickets/{id}"));
		}
		return ledger.close(PLAN, PURCHASE, this.prices);
	}

}
