package io.tokensaving.statistics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.compression.CompressionFeature;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.PlanAdvisor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.client.ChatClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plans that come and go leave nothing behind but their sums. The build creates and
 * deletes some; {@code -Dtoken-saving.turnover.plans=100000} as many as that, and prints
 * what is left of them.
 */
@Timeout(600)
class PlanTurnoverTests {

	private static final int PLANS = Integer.getInteger("token-saving.turnover.plans", 3000);

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final InMemoryStatisticsRepository repository = new InMemoryStatisticsRepository(this.clock);

	private final StatisticsAggregator aggregator = new StatisticsAggregator(this.statistics, this.repository,
			this.clock, Duration.ofHours(1));

	@Test
	void leaveNothingBehindButTheirSums() {
		PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		SimpleMeterRegistry other = new SimpleMeterRegistry();
		SavingsMeterBinder binder = new SavingsMeterBinder(this.statistics);
		binder.bindTo(prometheus);
		binder.bindTo(other);
		InMemoryPlanRepository plans = new InMemoryPlanRepository(List.of(),
				(id, settings) -> Plan.builder(id).build());
		ChatClient client = ChatClient.builder(ScriptedChatModel.echoing())
			.defaultAdvisors(
					new TokenSavingAdvisors(List.of(PlanAdvisor.builder(plans).statistics(this.statistics).build())))
			.build();
		Left after100 = null;
		for (int i = 1; i <= PLANS; i++) {
			String id = "plan-" + i;
			plans.create("default", id, Map.of());
			client.prompt("one").advisors(TokenSaving.plan(id)).call().content();
			plans.delete("default", id, null);
			this.aggregator.forget(new PlanKey("default", id));
			if (i % 1000 == 0 || i == 100) {
				assertThat(this.aggregator.flush()).isTrue();
			}
			if (i == 100) {
				after100 = Left.of(this, prometheus);
			}
		}
		assertThat(this.aggregator.flush()).isTrue();
		Left left = Left.of(this, prometheus);
		System.out.printf("after 100 plans: %s%nafter %d plans: %s%n", after100, PLANS, left);
		assertThat(left.meters()).isEqualTo(after100.meters());
		assertThat(left.statistics()).isEqualTo(after100.statistics());
		assertThat(left.sums()).isEqualTo(after100.sums());
		assertThat(left.scrapeBytes()).isLessThan(after100.scrapeBytes() + 1000);
		assertThat(left.heapBytes()).isLessThan(after100.heapBytes() + 10_000_000);
		assertThat(other.getMeters()).hasSameSizeAs(prometheus.getMeters());
		assertThat(this.statistics.totals().bypasses()).isEqualTo(PLANS);
		assertThat(this.statistics.totals().tokensBought()).isEqualTo(120L * PLANS);
		assertThat(this.aggregator.all().figures().totals()).isEqualTo(this.statistics.totals());
		assertThat(
				other.get("tokensaving.requests").tags("plan", "*other", "outcome", "bypass").functionCounter().count())
			.isEqualTo(PLANS);
	}

	@Test
	void seriesAreBoundedEvenIfNoPlanIsDeleted() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		new SavingsMeterBinder(this.statistics).bindTo(registry);
		PlanKey configured = new PlanKey("default", "configured");
		PlanKey suspended = new PlanKey("default", "suspended");
		this.statistics.keep(configured);
		for (int i = 0; i < 20; i++) {
			this.statistics.plan(suspended).state(SemanticCacheFeature.ERROR_RATE).record(false, 0.05);
		}
		int workspaces = 3000;
		for (int i = 0; i < workspaces; i++) {
			this.statistics.plan(new PlanKey("tenant-" + i, "bot")).increment(CompressionFeature.TIMEOUTS);
			this.statistics.plan(new PlanKey("tenant-0", "bot"));
			if (i % 500 == 0) {
				this.aggregator.flush();
			}
		}
		int bound = SavingsStatistics.MAX_PLANS + SavingsStatistics.MAX_WORKSPACES + 2;
		assertThat(this.statistics.plans()).hasSizeLessThanOrEqualTo(bound);
		assertThat(registry.getMeters()).hasSizeLessThan(30 * bound);
		assertThat(this.statistics.find(configured)).isNotNull();
		assertThat(this.statistics.find(suspended)).isNotNull();
		assertThat(this.statistics.find(new PlanKey("tenant-0", "bot"))).isNotNull();
		assertThat(this.statistics.find(new PlanKey("tenant-1", "bot"))).isNull();
		assertThat(this.statistics.totals().count(CompressionFeature.TIMEOUTS)).isEqualTo(workspaces);
		assertThat(this.aggregator.all().figures().totals()).isEqualTo(this.statistics.totals());
		assertThat(this.repository.plans()).hasSizeLessThanOrEqualTo(bound + 1);
	}

	@Test
	void whatIsCountedWhileAPlanIsForgottenIsCountedOnce() throws InterruptedException {
		PlanKey key = new PlanKey("default", "bot");
		int threads = 3;
		int rounds = 20_000;
		CountDownLatch started = new CountDownLatch(1);
		AtomicLong running = new AtomicLong(threads);
		List<Thread> recorders = new ArrayList<>();
		for (int i = 0; i < threads; i++) {
			Thread recorder = new Thread(() -> {
				try {
					started.await();
				}
				catch (InterruptedException ex) {
					return;
				}
				for (int round = 0; round < rounds; round++) {
					PlanStatistics plan = this.statistics.plan(key);
					plan.increment(CompressionFeature.TIMEOUTS);
					plan.increment(SemanticCacheFeature.GUARD_VETOES, "numbers");
					plan.state(SemanticCacheFeature.ERROR_RATE).record(true, 1);
				}
				running.decrementAndGet();
			});
			recorder.start();
			recorders.add(recorder);
		}
		started.countDown();
		while (running.get() > 0) {
			this.aggregator.forget(key);
			assertThat(this.aggregator.flush()).isTrue();
		}
		for (Thread recorder : recorders) {
			recorder.join();
		}
		long count = (long) threads * rounds;
		StatisticsSnapshot totals = this.statistics.totals();
		assertThat(totals.count(CompressionFeature.TIMEOUTS)).isEqualTo(count);
		assertThat(totals.counts(SemanticCacheFeature.GUARD_VETOES)).containsEntry("numbers", count);
		assertThat(totals.figures(SemanticCacheFeature.ERROR_RATE).verified()).isEqualTo(count);
		assertThat(this.aggregator.all().figures().totals()).isEqualTo(totals);
	}

	@Test
	void requestThatEndsAfterItsPlanWasDeletedIsCountedInTheTotal() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			this.aggregator.forget(new PlanKey("default", "p"));
			return ScriptedChatModel.answer("late");
		});
		ChatClient client = ChatClient.builder(model)
			.defaultAdvisors(PlanAdvisor.builder(Plan.builder("p").build()).statistics(this.statistics).build())
			.build();
		client.prompt("one").advisors(TokenSaving.plan("p")).call().content();
		assertThat(this.statistics.find(new PlanKey("default", "p"))).isNull();
		assertThat(this.statistics.totals().bypasses()).isEqualTo(1);
		assertThat(this.aggregator.all().figures().totals().tokensBought()).isEqualTo(120);
	}

	@Test
	void aPlanThatIsCreatedAgainIsCountedAnew() {
		PlanKey key = new PlanKey("default", "bot");
		for (int i = 0; i < 20; i++) {
			this.statistics.plan(key).state(SemanticCacheFeature.ERROR_RATE).record(false, 0.05);
		}
		this.statistics.plan(key).increment(CompressionFeature.TIMEOUTS);
		this.aggregator.flush();
		this.aggregator.forget(key);
		this.statistics.plan(key).increment(CompressionFeature.TIMEOUTS);
		this.aggregator.flush();
		assertThat(this.statistics.plan(key).state(SemanticCacheFeature.ERROR_RATE).isSuspended()).isFalse();
		assertThat(this.aggregator.plan(key).figures().count(CompressionFeature.TIMEOUTS)).isEqualTo(1);
		assertThat(this.aggregator.days(key).figures().values()).singleElement()
			.satisfies((day) -> assertThat(day.count(CompressionFeature.TIMEOUTS)).isEqualTo(1));
		assertThat(this.aggregator.all().figures().totals().count(CompressionFeature.TIMEOUTS)).isEqualTo(2);
		assertThat(this.aggregator.all().figures().totals().figures(SemanticCacheFeature.ERROR_RATE).verified())
			.isEqualTo(20);
	}

	@Test
	void whatAnotherInstanceHasDeletedIsForgottenHereAsWell() {
		PlanKey gone = new PlanKey("tenant", "gone");
		PlanKey there = new PlanKey("tenant", "there");
		this.statistics.plan(gone).increment(CompressionFeature.TIMEOUTS);
		this.statistics.plan(there).increment(CompressionFeature.TIMEOUTS);
		this.aggregator.flush();
		this.aggregator.setKnown((key) -> {
			throw new AssertionError();
		});
		this.aggregator.flush();
		assertThat(this.statistics.find(gone)).isNotNull();
		this.aggregator.setKnown(there::equals);
		this.clock.pass(Duration.ofSeconds(10));
		this.aggregator.flush();
		assertThat(this.statistics.find(gone)).isNull();
		assertThat(this.statistics.find(there)).isNotNull();
		assertThat(this.aggregator.all().figures().totals().count(CompressionFeature.TIMEOUTS)).isEqualTo(2);
	}

	/**
	 * What is left of plans.
	 */
	private record Left(int meters, int statistics, int sums, long heapBytes, int scrapeBytes, Duration scrape) {

		static Left of(PlanTurnoverTests test, PrometheusMeterRegistry registry) {
			long start = System.nanoTime();
			int scraped = registry.scrape().length();
			Duration scrape = Duration.ofNanos(System.nanoTime() - start);
			System.gc();
			Runtime runtime = Runtime.getRuntime();
			return new Left(((MeterRegistry) registry).getMeters().size(), test.statistics.plans().size(),
					test.repository.plans().size(), runtime.totalMemory() - runtime.freeMemory(), scraped, scrape);
		}

	}

}
