package io.tokensaving.statistics;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.Purchase;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OpenTasks}.
 */
class OpenTasksTests {

	private static final PlanKey PLAN = new PlanKey("default", "bot");

	private static final PriceTable PRICES = new PriceTable(
			List.of(new ModelPrice("m", new BigDecimal("1"), new BigDecimal("1"), null, null)));

	private static final CallMeasures MEASURES = new CallMeasures(null, true, false, -1, -1, -1);

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final OpenTasks tasks = this.statistics.tasks();

	@Test
	void theOldestTaskIsForgotten() {
		for (int i = 0; i <= OpenTasks.MAX_TASKS; i++) {
			record(this.tasks.open("default", "task-" + i), "f", 1);
		}
		assertThat(this.tasks.isKnown("task-0")).isFalse();
		assertThat(this.tasks.isKnown("task-1")).isTrue();
		assertThat(this.tasks.report("task-0", true)).isFalse();
		assertThat(this.tasks.unknownOutcomes()).isEqualTo(1);
		assertThat(this.tasks.report("task-1", true)).isTrue();
		assertThat(plan().snapshot().successes()).isEqualTo(1);
	}

	@Test
	void aReportThatComesBeforeTheFirstRequestIsCountedIsNotLost() {
		OpenTask task = this.tasks.open("default", "a");
		this.tasks.report("a", true);
		record(task, "f", 5);
		assertThat(plan().snapshot().successes()).isEqualTo(1);
		assertThat(plan().snapshot().costPerSuccessUsd()).isEqualByComparingTo("0.000005");
	}

	@Test
	void theCostOfManyFeaturesIsCountedOnce() {
		OpenTask task = this.tasks.open("default", "a");
		IntStream.range(0, 200).forEach((i) -> record(task, "f-" + i, 1));
		this.tasks.report("a", true);
		assertThat(plan().snapshot().costPerSuccessUsd()).isEqualByComparingTo("0.0002");
		long parts = plan().takeLabelled()
			.values()
			.stream()
			.mapToLong((counters) -> counters.value("known_tasks_pico_usd"))
			.sum();
		assertThat(parts).isEqualTo(200_000_000L);
	}

	@Test
	void anOutcomeIsCountedForTheOthersOnceItsPlanIsGone() {
		record(this.tasks.open("default", "a"), "f", 3);
		this.statistics.forget(PLAN);
		this.tasks.report("a", true);
		assertThat(this.statistics.totals().successes()).isEqualTo(1);
		assertThat(this.statistics.totals().costPerSuccessUsd()).isEqualByComparingTo("0.000003");
	}

	@Test
	void requestsAndReportsAtTheSameTimeAreCountedOnce() throws Exception {
		int threads = 4;
		int rounds = 500;
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		CyclicBarrier barrier = new CyclicBarrier(threads);
		try {
			List<Future<Long>> reports = IntStream.range(0, threads).mapToObj((thread) -> executor.submit(() -> {
				long counted = 0;
				for (int i = 0; i < rounds; i++) {
					barrier.await(10, TimeUnit.SECONDS);
					record(this.tasks.open("default", "task-" + i), "f-" + thread, 1);
					counted += this.tasks.report("task-" + i, thread % 2 == 0) ? 1 : 0;
				}
				return counted;
			})).toList();
			long counted = 0;
			for (Future<Long> report : reports) {
				counted += report.get(30, TimeUnit.SECONDS);
			}
			assertThat(counted).isEqualTo(rounds);
		}
		finally {
			executor.shutdownNow();
		}
		StatisticsSnapshot figures = plan().snapshot();
		assertThat(figures.successes() + figures.failures()).isEqualTo(rounds);
		Map<String, Long> sums = new HashMap<>(plan().counters().values());
		assertThat(sums).containsEntry("known_tasks_pico_usd", 1_000_000L * threads * rounds);
		assertThat(LongStream.of(figures.successes(), figures.failures())).allMatch((count) -> count >= 0);
	}

	@Test
	void twoWorkspacesThatUseOneIdHaveATaskEach() {
		OpenTask own = this.tasks.open("default", "ticket-1");
		OpenTask foreign = this.tasks.open("other", "ticket-1");
		assertThat(own.begin()).isTrue();
		assertThat(foreign.begin()).isTrue();
		record(own, "f", 1);
		PlanStatistics other = this.statistics.plan(new PlanKey("other", "bot"));
		other.record(call("f", 2), MEASURES, foreign);
		assertThat(this.tasks.report("ticket-1", false)).isTrue();
		assertThat(other.snapshot().failures()).isEqualTo(1);
		assertThat(plan().snapshot().failures()).isZero();
		assertThat(this.tasks.open("default", "ticket-1")).isSameAs(own);
		assertThat(this.tasks.report("ticket-1", true)).isTrue();
		assertThat(this.tasks.report("ticket-1", true)).isFalse();
		assertThat(plan().snapshot().costPerSuccessUsd()).isEqualByComparingTo("0.000001");
		assertThat(other.snapshot().successes()).isZero();
		for (int i = 0; i < OpenTasks.MAX_TASKS; i++) {
			this.tasks.open("default", "task-" + i);
		}
		assertThat(this.tasks.isKnown("ticket-1")).isFalse();
	}

	private PlanStatistics plan() {
		return this.statistics.plan(PLAN);
	}

	private void record(OpenTask task, String feature, long tokens) {
		plan().record(call(feature, tokens), MEASURES, task);
	}

	private static ClosedLedger call(String feature, long tokens) {
		ChatClientRequest request = new ChatClientRequest(new Prompt("question"), new HashMap<>());
		SavingsLedger.open(request);
		SavingsLedger ledger = SavingsLedger.of(request);
		ledger.recordMiss();
		ledger.record(new LedgerEvent.Labelled(Labels.FEATURE, feature));
		return ledger.close(PLAN, new Purchase("m", "m", new TokenUsage(tokens, 0, 0, 0, false), true), PRICES);
	}

}
