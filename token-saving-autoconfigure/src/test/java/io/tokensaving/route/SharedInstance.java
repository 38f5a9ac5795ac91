package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.sampling.AdaptiveRate;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.JudgeBudget;
import io.tokensaving.sampling.QualityAlarm;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityMonitors;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import org.jspecify.annotations.Nullable;

/**
 * An instance of an application, as far as it shares what routing has learned.
 */
final class SharedInstance implements AutoCloseable {

	static final PlanKey PLAN = RouteTestRequests.PLAN;

	static final List<String> TIERS = List.of("nano", "frontier");

	static final RouteSettings SETTINGS = RouteTestRequests.settings(LearnedClassifier.NAME, TIERS, 0.95);

	static final QualityKey NANO = new QualityKey("nano", "triage");

	static final String EASY = "Hello there";

	static final String HARD = "Solve 12 + 7 * 93 - 4 / 5 = 3 x ^ 2 and 44 - 3 y = 12";

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final LearnedClassifier classifier = new LearnedClassifier(null, Runnable::run,
			LearnedClassifier.MAX_BYTES);

	private final JudgeBudget budget = new JudgeBudget(Clock.systemUTC(),
			new PriceTable(List.of(new ModelPrice("judge-model", BigDecimal.ONE, BigDecimal.ONE, null, null))));

	private final List<QualityAlarm> alarms = new CopyOnWriteArrayList<>();

	private final AtomicLong now = new AtomicLong();

	private final SharedRouting shared;

	SharedInstance(RouteStateStore store, Map<String, String> definitions, Duration interval) {
		this.shared = new SharedRouting(store, this.statistics,
				(name) -> name.equals(LearnedClassifier.NAME) ? this.classifier : null,
				(name) -> new Tier(name, null, null, Tier.Limits.NONE, definitions.getOrDefault(name, "")), this.budget,
				(plan, settings, alarm) -> this.alarms.add(alarm), this.now::get, interval);
	}

	SharedRouting shared() {
		return this.shared;
	}

	LearnedClassifier classifier() {
		return this.classifier;
	}

	JudgeBudget budget() {
		return this.budget;
	}

	List<QualityAlarm> alarms() {
		return this.alarms;
	}

	void pass(Duration time) {
		this.now.addAndGet(time.toNanos());
	}

	QualityMonitors monitors() {
		return this.statistics.plan(PLAN).state(RouteFeature.QUALITY);
	}

	RouteLabel label(SplittableRandom random) {
		boolean hard = random.nextInt(3) == 0;
		float[] features = this.classifier.features(RouteTestRequests.ask(hard ? HARD : EASY, TIERS));
		if (features == null) {
			throw new IllegalStateException("There are no features");
		}
		return new RouteLabel(PLAN, "nano", "frontier", features,
				(random.nextDouble() < (hard ? 0.9 : 0.005)) ? GradedJudge.Grade.WORSE : GradedJudge.Grade.SAME, 50);
	}

	@Nullable QualityAlarm judge(GradedJudge.Grade grade) {
		QualityAlarm alarm = monitors().record(NANO, grade, AdaptiveRate.Rate.ALWAYS, SETTINGS.judge().maxWorseRate());
		this.shared.judged(PLAN, NANO, grade.isBad());
		return alarm;
	}

	void pay(int usd) {
		try (JudgeBudget.Judgement judgement = this.budget.begin(PLAN, BigDecimal.TEN)) {
			if (judgement == null) {
				throw new IllegalStateException("The budget is used up");
			}
			judgement.paid("judge-model", new TokenUsage(usd * 1_000_000L, 0, 0, 0, false));
		}
	}

	String choose(String question) {
		return this.classifier.choose(RouteTestRequests.ask(question, TIERS), SETTINGS).tier();
	}

	long errors() {
		return this.statistics.errors(RouteFeature.COMPONENT);
	}

	@Override
	public void close() {
		this.shared.close();
		this.classifier.close();
	}

}
