package io.tokensaving.advice;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.tokensaving.Component;
import io.tokensaving.advice.AdviceCollector.Collected;
import io.tokensaving.event.AdviceEvent;
import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.Advice.Severity;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.Features;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.feature.PlanUsages;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.CallMeasures;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.OpenTask;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AdviceCollector}, {@link LedgerAdvice} and {@link AdviceWatch}.
 */
class AdviceCollectorTests {

	private static final PlanKey A = new PlanKey("default", "a");

	private static final PriceTable PRICES = new PriceTable(
			List.of(new ModelPrice("m", new BigDecimal("1"), new BigDecimal("1"), null, null)));

	private static final TokenUsage USAGE = new TokenUsage(1_000, 0, 0, 0, false);

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	private final StatisticsAggregator aggregator = new StatisticsAggregator(this.statistics,
			new InMemoryStatisticsRepository(this.clock), this.clock, Duration.ofHours(1));

	private final AtomicLong nanos = new AtomicLong();

	private final List<Plan> plans = new ArrayList<>(List.of(Plan.builder("a").build(), Plan.builder("b").build()));

	@AfterEach
	void close() {
		this.aggregator.close();
	}

	private AdviceCollector collector(Feature... features) {
		return new AdviceCollector(new InMemoryPlanRepository(this.plans), new Features(List.of(features)),
				this.statistics, this.aggregator, PRICES, this.nanos::get);
	}

	private static Feature feature(String name, Function<PlanUsage, List<Advice>> advice) {
		return new Feature() {

			@Override
			public String name() {
				return name;
			}

			@Override
			public List<Advice> advice(PlanUsage usage) {
				return advice.apply(usage);
			}

		};
	}

	private static Advice advice(String code, Severity severity, String cost) {
		return Advice.builder(code, severity, "Something was seen", "Something helps")
			.costUsdPerDay((cost != null) ? new BigDecimal(cost) : null)
			.build();
	}

	private void call(PlanKey key, String feature, String model, boolean retry) {
		ClosedLedger call = PlanUsages.call(key, feature, model, USAGE, PRICES);
		this.statistics.plan(key).record(call, new CallMeasures(null, !retry, retry, 1, 1, -1));
	}

	@Test
	void theWorstIsFirstByItsShareOfWhatIsSpentOrElseByItsSeverity() {
		// A dollar in a thousand calls
		for (int i = 0; i < 1000; i++) {
			call(A, "f", "m", false);
		}
		Collected collected = collector(feature("one",
				(usage) -> List.of(advice("cheap", Severity.SERIOUS, "0.009"),
						advice("unknown", Severity.WARNING, null), advice("dear", Severity.INFO, "0.2"),
						advice("wrong", Severity.SERIOUS, null), advice("middle", Severity.INFO, "0.05"),
						advice("dearest", Severity.INFO, "0.3"))))
			.collect("default");
		assertThat(collected.advice()).extracting((each) -> each.advice().code())
			.containsExactly("dearest", "dear", "wrong", "middle", "unknown", "cheap");
		assertThat(collected.advice()).extracting(PlanAdvice::severity)
			.containsExactly(Severity.SERIOUS, Severity.SERIOUS, Severity.SERIOUS, Severity.WARNING, Severity.WARNING,
					Severity.INFO);
		assertThat(collected.advice()).extracting(PlanAdvice::plan).containsOnly("a");
		assertThat(collector(feature("one", (usage) -> List.of(advice("x", Severity.INFO, null)))).collect("other")
			.advice()).isEmpty();
	}

	@Test
	void aFeatureThatThrowsHidesNoOthers() {
		call(A, "f", "m", false);
		Collected collected = collector(feature("bad", (usage) -> {
			throw new StackOverflowError();
		}), feature("good", (usage) -> List.of(advice("x", Severity.INFO, null)))).collect("default");
		assertThat(collected.advice()).extracting(PlanAdvice::advisedBy).containsExactly("good");
		assertThat(this.statistics.errors(Component.ADVICE)).isEqualTo(1);
	}

	@Test
	void plansAreLookedAtForALimitedTimeTheDearestFirst() {
		for (int i = 0; i < AdviceCollector.PLANS_AT_ONCE; i++) {
			this.plans.add(Plan.builder("dear-" + i).build());
			call(new PlanKey("default", "dear-" + i), "f", "m", false);
			call(new PlanKey("default", "dear-" + i), "f", "m", false);
		}
		call(A, "f", "m", false);
		Collected collected = collector(feature("slow", (usage) -> List.of(advice("x", Severity.INFO, null))))
			.collect("default");
		assertThat(collected.plansLeftOut()).isZero();
		AdviceCollector late = new AdviceCollector(new InMemoryPlanRepository(this.plans),
				new Features(List.of(feature("slow", (usage) -> List.of(advice("x", Severity.INFO, null))))),
				this.statistics, this.aggregator, PRICES, () -> this.nanos.getAndAdd(6_000_000_000L));
		collected = late.collect("default");
		assertThat(collected.plansLeftOut()).isEqualTo(1);
		assertThat(collected.advice()).extracting(PlanAdvice::plan)
			.hasSize(AdviceCollector.PLANS_AT_ONCE)
			.allMatch((plan) -> plan.startsWith("dear-"));
	}

	@Test
	void aListIsBounded() {
		call(A, "f", "m", false);
		List<Advice> many = new ArrayList<>();
		for (int i = 0; i < AdviceCollector.MAX_ADVICE + 1; i++) {
			many.add(advice("x_" + i, Severity.INFO, null));
		}
		many.add(advice("serious", Severity.SERIOUS, null));
		assertThat(collector(feature("one", (usage) -> many)).collect("default").advice())
			.hasSize(AdviceCollector.MAX_ADVICE)
			.first()
			.extracting((each) -> each.advice().code())
			.isEqualTo("serious");
	}

	@Test
	void costsAreOfADayOnWhichThePlanWasUsed() {
		call(A, "f", "m", false);
		this.aggregator.flush();
		this.clock.pass(Duration.ofDays(3));
		call(A, "f", "m", false);
		List<PlanUsage> seen = new ArrayList<>();
		collector(feature("one", (usage) -> {
			seen.add(usage);
			return List.of();
		})).collect("default");
		PlanUsage usage = seen.get(0);
		assertThat(usage.days()).isEqualTo(2);
		assertThat(usage.recent().totalRequests()).isEqualTo(2);
		assertThat(usage.perDay(3_000_000_000_000L)).isEqualByComparingTo("1.5");
	}

	@Test
	void retriesOfAFeatureAreToldAboveFivePercentOfItsCost() {
		for (int i = 0; i < 95; i++) {
			call(A, "steady", "m", i < 5);
			call(A, "rare", "m", i < 4);
			call(A, "restless", "m", i < 10);
		}
		for (int i = 0; i < 5; i++) {
			call(A, "steady", "m", false);
		}
		assertThat(collector().collect("default").advice()).singleElement().satisfies((each) -> {
			assertThat(each.advisedBy()).isEqualTo("ledger");
			Advice advice = each.advice();
			assertThat(advice.code()).isEqualTo("retries");
			assertThat(advice.feature()).isEqualTo("restless");
			assertThat(advice.costUsdPerDay()).isEqualByComparingTo("0.01");
			assertThat(advice.figures()).containsEntry("retry_cost_share", new Advice.Figure(0.1053, "share"))
				.containsEntry("retries", new Advice.Figure(10L, "requests"))
				.containsEntry("tasks", new Advice.Figure(85L, "tasks"));
		});
	}

	@Test
	void aFeatureWhoseTasksHardlyEverSucceedIsTold() {
		for (int i = 0; i < 60; i++) {
			task("useless", i, i % 20 == 0);
			task("useful", i, i % 9 == 0);
			task("unknown", i, null);
		}
		for (int i = 0; i < 49; i++) {
			task("seldom-asked", i, false);
		}
		assertThat(collector().collect("default").advice()).singleElement().satisfies((each) -> {
			Advice advice = each.advice();
			assertThat(advice.code()).isEqualTo("answers_of_no_use");
			assertThat(advice.feature()).isEqualTo("useless");
			assertThat(advice.costUsdPerDay()).isEqualByComparingTo("0.06");
			assertThat(advice.figures()).containsEntry("success_share", new Advice.Figure(0.05, "share"))
				.containsEntry("known_outcomes", new Advice.Figure(60L, "tasks"));
		});
	}

	private void task(String feature, int number, Boolean success) {
		OpenTask task = this.statistics.tasks().open("default", feature + number);
		this.statistics.plan(A)
			.record(PlanUsages.call(A, feature, "m", USAGE, PRICES), new CallMeasures(null, true, false, 1, 1, -1),
					task);
		if (success != null) {
			assertThat(this.statistics.tasks().report(feature + number, success)).isTrue();
		}
	}

	@Test
	void aModelWithoutAPriceIsNamedWithWhatItTook() {
		call(A, "f", "nobody-knows", false);
		call(A, "f", "m", false);
		assertThat(collector().collect("default").advice()).singleElement().satisfies((each) -> {
			assertThat(each.advice().code()).isEqualTo("unpriced_model");
			assertThat(each.advice().model()).isEqualTo("nobody-knows");
			assertThat(each.advice().figures()).containsEntry("input_tokens", new Advice.Figure(1000L, "tokens"));
			assertThat(each.advice().setting()).isEqualTo(new Setting("token-saving.prices[0].model", "nobody-knows"));
		});
	}

	@Test
	void whatIsNewIsToldOnce() {
		List<TokenSavingEvent> events = new ArrayList<>();
		this.statistics.addListener(new SavingsStatistics.Listener() {

			@Override
			public void happened(TokenSavingEvent event) {
				events.add(event);
			}

		});
		Logger logger = (Logger) LoggerFactory.getLogger(AdviceWatch.class);
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		logger.addAppender(lines);
		Level before = logger.getLevel();
		logger.setLevel(Level.INFO);
		List<Advice> advised = new ArrayList<>();
		call(A, "f", "m", false);
		try (AdviceWatch watch = new AdviceWatch(collector(feature("one", (usage) -> advised)), this.statistics,
				Duration.ofHours(1), this.nanos::get)) {
			watch.look();
			assertThat(events).isEmpty();
			advised.add(Advice.builder("noisy", Severity.INFO, "It is noisy", "Be quiet")
				.feature("f")
				.costUsdPerDay(new BigDecimal("0.0005"))
				.setting(Setting.ofPlan(A, "voice", "low"))
				.build());
			watch.look();
			watch.look();
			assertThat(events).containsExactly(new AdviceEvent("default", "a", "noisy", "serious", "f", null,
					"It is noisy", "Be quiet", "token-saving.plans.a.voice", "low", new BigDecimal("0.0005")));
			assertThat(lines.list).extracting(ILoggingEvent::getFormattedMessage)
				.containsExactly("Advice for plan 'a', feature 'f' (noisy): It is noisy. Be quiet. Setting: "
						+ "token-saving.plans.a.voice=low. About 0.0005 USD a day.");
			advised.add(advice("other", Severity.INFO, null));
			watch.look();
			assertThat(events).hasSize(2);
			advised.clear();
			this.nanos.addAndGet(Duration.ofDays(8).toNanos());
			watch.look();
			advised.add(advice("other", Severity.INFO, null));
			watch.look();
			assertThat(events).as("it had been gone for a week").hasSize(3);
		}
		finally {
			logger.setLevel(before);
			logger.detachAppender(lines);
		}
	}

	@Test
	void aWatchGoesOnWhateverIsThrown() {
		call(A, "f", "m", false);
		AdviceCollector broken = new AdviceCollector(new InMemoryPlanRepository(List.of()), new Features(List.of()),
				this.statistics, this.aggregator, PRICES, () -> {
					throw new StackOverflowError();
				});
		try (AdviceWatch watch = new AdviceWatch(broken, this.statistics, Duration.ofHours(1), this.nanos::get)) {
			watch.look();
			assertThat(this.statistics.errors(Component.ADVICE)).isEqualTo(1);
			watch.start();
			assertThat(watch.isRunning()).isTrue();
			watch.stop();
			assertThat(watch.isRunning()).isFalse();
		}
	}

}
