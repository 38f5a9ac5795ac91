package io.tokensaving.statistics.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.sampling.AdaptiveRate;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.NotJudged;
import io.tokensaving.sampling.PositionBias;
import io.tokensaving.sampling.QualityCounts;
import io.tokensaving.sampling.QualityFigures;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityMonitors;
import io.tokensaving.sampling.QualitySlot;
import io.tokensaving.sampling.QualityStanding;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.data.redis.connection.RedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the sums of verdicts: what is in a repository is what the monitors of all
 * instances hold, plan by plan.
 */
@Timeout(120)
class QualitySumsTests {

	private static final QualitySlot SLOT = new QualitySlot("routing_quality", "routing_quality_", "routing", "routing",
			true);

	private static final QualitySlot TRIED = new QualitySlot("routing_tried", "routing_tried_", "routing.tried",
			"what was tried", false);

	private static final String LONG = "l".repeat(100);

	private static final List<PlanKey> PLANS = List.of(new PlanKey("default", "bot"), new PlanKey("default", "other"),
			new PlanKey("tenant:a", "bot"), new PlanKey("tenant:b", "bot"));

	private static final List<String> TIERS = List.of("nano", "not_judged", "position", "other", LONG, "a/{b}:c");

	private static final List<String> FEATURES = List.of("triage", "pairs", "failed", "other", LONG, "/orders/{id}");

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	private final List<AutoCloseable> closeables = new ArrayList<>();

	private final SplittableRandom random = new SplittableRandom(18);

	@AfterEach
	void close() throws Exception {
		for (int i = this.closeables.size() - 1; i >= 0; i--) {
			this.closeables.get(i).close();
		}
	}

	private StatisticsRepository repository(boolean redis) {
		if (!redis) {
			return new InMemoryStatisticsRepository(this.clock);
		}
		RedisTestServer server = RedisTestServer.start();
		this.closeables.add(server);
		RedisConnectionFactory connections = RedisClient.LETTUCE.standalone(server.host(), server.port());
		this.closeables.add(() -> RedisClient.close(connections));
		return new RedisStatisticsRepository(connections, "shop", this.clock);
	}

	private StatisticsAggregator instance(SavingsStatistics statistics, StatisticsRepository repository) {
		StatisticsAggregator aggregator = new StatisticsAggregator(statistics, repository, this.clock,
				Duration.ofHours(1));
		this.closeables.add(aggregator);
		return aggregator;
	}

	private <T> T any(List<T> values) {
		return values.get(this.random.nextInt(values.size()));
	}

	private void judge(SavingsStatistics statistics, PlanKey plan) {
		QualitySlot slot = (this.random.nextInt(4) == 0) ? TRIED : SLOT;
		QualityMonitors monitors = statistics.plan(plan).state(slot);
		GradedJudge.Grade grade = any(List.of(GradedJudge.Grade.values()));
		double propensity = any(List.of(0.02, 0.2, 1e-5, 1.0));
		monitors.record(new QualityKey(any(TIERS), any(FEATURES)), grade, new AdaptiveRate.Rate(propensity, 0, false),
				1);
		if (this.random.nextInt(5) == 0) {
			monitors.compared(PositionBias.of(grade, any(List.of(GradedJudge.Grade.values()))));
		}
		if (this.random.nextInt(5) == 0) {
			monitors.notJudged(any(List.of(NotJudged.values())));
		}
	}

	private static Map<PlanKey, QualityFigures> figures(SavingsStatistics statistics, QualitySlot slot) {
		Map<PlanKey, QualityFigures> figures = new HashMap<>();
		PLANS.forEach((plan) -> figures.put(plan, statistics.plan(plan).state(slot).snapshot()));
		return figures;
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void equalWhatTheMonitorsOfAnInstanceHold(boolean redis) {
		SavingsStatistics statistics = new SavingsStatistics();
		StatisticsAggregator aggregator = instance(statistics, repository(redis));
		for (int i = 1; i <= 3000; i++) {
			judge(statistics, any(PLANS));
			if (i % 500 == 0) {
				assertThat(aggregator.flush()).isTrue();
			}
			if (i == 1100 || i == 2100) {
				// Before and after what was told last
				statistics.plan(PLANS.get(i % 2)).resume();
			}
			if (i % 1000 == 0) {
				for (QualitySlot slot : List.of(SLOT, TRIED)) {
					figures(statistics, slot).forEach(
							(plan, held) -> assertThat(aggregator.plan(plan).figures().figures(slot)).as("%s", plan)
								.isEqualTo(held));
				}
			}
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void addUpWhatSeveralInstancesHold(boolean redis) {
		StatisticsRepository repository = repository(redis);
		SavingsStatistics first = new SavingsStatistics();
		SavingsStatistics second = new SavingsStatistics();
		List<StatisticsAggregator> aggregators = List.of(instance(first, repository), instance(second, repository));
		for (int i = 0; i < 1000; i++) {
			judge(first, any(PLANS));
			judge(second, any(PLANS));
		}
		aggregators.forEach((aggregator) -> assertThat(aggregator.flush()).isTrue());
		for (PlanKey plan : PLANS) {
			QualityCounts sum = first.plan(plan)
				.state(SLOT)
				.snapshot()
				.total()
				.plus(second.plan(plan).state(SLOT).snapshot().total());
			for (StatisticsAggregator aggregator : aggregators) {
				assertThat(aggregator.plan(plan).figures().figures(SLOT).total()).isEqualTo(sum);
			}
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void loseNothingWhenAPlanIsDeleted(boolean redis) {
		SavingsStatistics statistics = new SavingsStatistics();
		StatisticsAggregator aggregator = instance(statistics, repository(redis));
		long judged = 0;
		for (int i = 0; i < 24; i++) {
			PlanKey plan = new PlanKey("default", "plan-" + i);
			QualityMonitors monitors = statistics.plan(plan).state(SLOT);
			for (int j = 0; j < 5; j++) {
				monitors.record(new QualityKey("tier-" + i, "feature-" + j), GradedJudge.Grade.WORSE,
						AdaptiveRate.Rate.ALWAYS, 1);
				judged++;
			}
			if (i % 2 == 0) {
				Eventually.await(aggregator::flush);
			}
			aggregator.forget(plan);
			// One that was being judged meanwhile
			monitors.record(new QualityKey("tier-" + i, "late"), GradedJudge.Grade.SAME, AdaptiveRate.Rate.ALWAYS, 1);
			monitors.setStanding(new QualityKey("tier-" + i, "late"), QualityStanding.SUSPENDED);
			judged++;
		}
		Eventually.await(aggregator::flush);
		assertThat(statistics.totals().figures(SLOT).total().judged()).isEqualTo(judged);
		QualityFigures all = aggregator.all().figures().totals().figures(SLOT);
		assertThat(all.total().judged()).isEqualTo(judged);
		assertThat(all.total().bad()).isEqualTo(120);
		assertThat(all.suspended()).isFalse();
	}

}
