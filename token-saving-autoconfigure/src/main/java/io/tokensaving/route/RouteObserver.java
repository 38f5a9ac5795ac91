package io.tokensaving.route;

import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.event.QualityAlertEvent;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallerContext;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteOutcome;
import io.tokensaving.route.log.RouteText;
import io.tokensaving.route.log.RouteVerdict;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.sampling.AdaptiveRate;
import io.tokensaving.sampling.FreshAnswer;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.JudgeBudget;
import io.tokensaving.sampling.JudgedSampling;
import io.tokensaving.sampling.JudgedText;
import io.tokensaving.sampling.NoVerdictException;
import io.tokensaving.sampling.NotJudged;
import io.tokensaving.sampling.QualityAlarm;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityMonitors;
import io.tokensaving.sampling.QualitySlot;
import io.tokensaving.sampling.QualityStanding;
import io.tokensaving.statistics.DescribedException;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.StringUtils;

/**
 * Follows what becomes of decisions: logs them, has a share of the answers judged in the
 * background, passes verdicts on to the classifier, and acts on alarms. Nothing here
 * makes a request wait or fail. Thread-safe.
 * <p>
 * The answer of a cheaper tier is compared with that of the default tier. Where the
 * default tier has answered, a cheaper one is tried for the classifier to learn from; its
 * answer is seen by the judge only.
 */
final class RouteObserver implements AutoCloseable {

	/**
	 * The size in bytes above which the answer of a stream is not judged.
	 */
	static final int MAX_BYTES = 128 * 1024;

	private static final Log logger = LogFactory.getLog(RouteAdvisor.class);

	private final RouteLog log;

	private final RouteJudges judges;

	private final Function<String, @Nullable RouteClassifier> classifiers;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	private final Clock clock;

	private final Ticker ticker;

	private final JudgeBudget budget;

	private final BreakEven breakEven;

	private final DoubleSupplier chance;

	private final @Nullable SharedRouting shared;

	private final JudgedSampling served;

	private final JudgedSampling explored;

	RouteObserver(RouteLog log, RouteJudges judges, Function<String, @Nullable RouteClassifier> classifiers,
			SavingsStatistics statistics, TokenCounter tokenCounter, PriceTable prices, Duration deadline, Clock clock,
			Ticker ticker, DoubleSupplier chance, @Nullable RouteStateStore store,
			Function<String, @Nullable Tier> tiers) {
		this.log = log;
		this.judges = judges;
		this.classifiers = classifiers;
		this.statistics = statistics;
		this.tokenCounter = tokenCounter;
		this.prices = prices;
		this.clock = clock;
		this.ticker = ticker;
		this.budget = new JudgeBudget(clock, prices);
		this.breakEven = new BreakEven(ticker);
		this.chance = chance;
		this.shared = (store != null) ? new SharedRouting(store, statistics, classifiers, tiers, this.budget,
				this::alarm, ticker, SharedRouting.INTERVAL) : null;
		this.served = new JudgedSampling(deadline, ticker, chance, this.budget, new Listener(RouteFeature.QUALITY));
		this.explored = new JudgedSampling(this.served, new Listener(RouteFeature.EXPLORED));
	}

	/**
	 * Note that a plan is used, so that what other instances know of it is asked for.
	 * Never waits nor fails.
	 * @param plan the plan and its workspace
	 * @param settings the settings of the plan
	 */
	void used(PlanKey plan, RouteSettings settings) {
		if (this.shared != null) {
			this.shared.used(plan, settings);
		}
	}

	/**
	 * Note that a call was answered.
	 * @param routed the call
	 * @param response the answer, or {@code null} if there is none that can be judged
	 * @param caller supplies the context of the caller; called on the current thread
	 * @param ask makes a call of a tier in the background
	 */
	void answered(RoutedCall routed, @Nullable ChatResponse response, Supplier<CallerContext> caller,
			Function<Tier, FreshAnswer> ask) {
		try {
			Tracked tracked = Tracked.of(this.log.newId(), routed);
			Judgement judgement = judgement(tracked, routed, response, ask);
			boolean fallback = routed.escalations()
				.stream()
				.anyMatch((escalation) -> escalation.reason().equals("error"));
			double propensity = (judgement != null) ? judgement.sample().rate().propensity() : Double.NaN;
			log(tracked.id(), routed, response, propensity, fallback ? RouteOutcome.FALLBACK : RouteOutcome.ANSWERED);
			// After it is logged, as a verdict is added to what the log holds
			if (judgement != null) {
				judgement.sampling().sample(judgement.sample(), caller);
			}
			awaitReport(tracked, routed);
		}
		catch (Throwable ex) {
			failed(routed.call().planKey(), ex);
		}
	}

	/**
	 * Note that a call ended without an answer.
	 * @param routed the call
	 * @param outcome how it ended
	 */
	void ended(RoutedCall routed, RouteOutcome outcome) {
		try {
			log(this.log.newId(), routed, null, Double.NaN, outcome);
		}
		catch (Throwable ex) {
			failed(routed.call().planKey(), ex);
		}
	}

	private void failed(PlanKey plan, Throwable failure) {
		this.statistics.recordError(RouteFeature.COMPONENT, plan, failure);
	}

	private void log(UUID id, RoutedCall routed, @Nullable ChatResponse response, double propensity,
			RouteOutcome outcome) {
		Decision decision = routed.decision();
		TokenUsage usage = (response != null) ? routed.usage(response) : TokenUsage.ZERO;
		String model = routed.model(response);
		// A local model saves nothing of what the other one would have cost
		String asked = routed.call().isLocal() ? null
				: TokenCounter.model(null, routed.request().prompt().getOptions());
		PlanKey plan = routed.call().planKey();
		countCascade(routed, model, usage, asked);
		RouteDecision.Prompt prompt = this.log.measure(plan.workspace(), routed.request().prompt().getInstructions(),
				(usage.input() > 0) ? usage.input() : TokenEstimate.of(routed.request().prompt().getInstructions()));
		RouteDecision entry = new RouteDecision(id, this.clock.instant(), plan, routed.call().feature(),
				routed.acts() ? "active" : "shadow", routed.settingsDigest(),
				new RouteDecision.Choice(decision.tier().name(), decision.reason(), decision.score(), propensity),
				prompt,
				new RouteDecision.Answer(routed.tier().name(), (model != null) ? model : ModelPrice.UNKNOWN, outcome,
						usage.output(), cost(routed, model, usage), price((asked != null) ? asked : model, usage),
						Duration.ofNanos(this.ticker.read() - routed.start()).toMillis()),
				routed.escalations(), null, null);
		boolean text = this.log.keepsText() && response != null;
		this.log.add(entry,
				text ? new RouteText(RouteDecider.question(routed.request().prompt().getInstructions()), text(response))
						: null);
	}

	// What the first answer cost, and what it would have cost of the model asked for
	private void countCascade(RoutedCall routed, @Nullable String model, TokenUsage usage, @Nullable String asked) {
		if (!routed.acts() || !routed.settings().cascade().isOn()
				|| RouteDecider.OWN.equals(routed.decision().tier())) {
			return;
		}
		List<LedgerEvent.Attempted> attempts = routed.attempts();
		TokenUsage first = attempts.isEmpty() ? usage : attempts.get(0).usage();
		Long cheap = price(attempts.isEmpty() ? model : attempts.get(0).model(), first);
		Long strong = price(asked, first);
		if (cheap != null && strong != null && first.total() > 0) {
			this.breakEven.count(routed.call().planKey(), routed.decision().tier().name(), cheap, strong,
					!attempts.isEmpty());
		}
	}

	private @Nullable Long cost(RoutedCall routed, @Nullable String model, TokenUsage usage) {
		Long sum = price(routed.isReal() ? this.prices.real() : this.prices, model, usage);
		for (LedgerEvent.Attempted attempt : routed.attempts()) {
			Long each = price(attempt.model(), attempt.usage());
			sum = (sum != null && each != null) ? (Long) (sum + each) : null;
		}
		return sum;
	}

	private @Nullable Long price(@Nullable String model, TokenUsage usage) {
		return price(this.prices, model, usage);
	}

	private static @Nullable Long price(PriceTable prices, @Nullable String model, TokenUsage usage) {
		ModelPrice price = prices.find(model);
		return (price != null) ? (Long) price.picoUsd(usage) : null;
	}

	private static String text(@Nullable ChatResponse response) {
		StringBuilder text = new StringBuilder();
		if (response != null) {
			for (Generation generation : response.getResults()) {
				String part = (generation.getOutput() != null) ? generation.getOutput().getText() : null;
				text.append((part != null) ? part : "");
			}
		}
		return text.toString();
	}

	private @Nullable Judgement judgement(Tracked tracked, RoutedCall routed, @Nullable ChatResponse response,
			Function<Tier, FreshAnswer> ask) {
		ChatResponse given = (response != null) ? visible(response, routed.dialect()) : null;
		if (given == null || !isJudgeable(given)) {
			return null;
		}
		List<Tier> candidates = routed.decision().candidates();
		Tier reference = reference(routed);
		Tier answering = routed.tier();
		JudgeSettings settings = routed.settings().judge();
		String question = RouteDecider.question(routed.request().prompt().getInstructions());
		if (!answering.equals(reference) && routed.acts()) {
			int position = candidates.indexOf(answering);
			if (position < 0) {
				// It is none of the plan's tiers, and has taken the place of one that
				// failed
				return null;
			}
			if (position > candidates.indexOf(reference)) {
				// That a dearer tier is better is no news, and would not be worth its
				// price
				return null;
			}
			JudgedText compared = null;
			if (settings.method() == JudgeSettings.Method.REFERENCE) {
				compared = bought(routed, reference, ask);
			}
			return judgement(this.served, RouteFeature.QUALITY, tracked, routed, answering, question,
					JudgedText.of(given), compared, 1);
		}
		List<Tier> cheaper = candidates.subList(0, Math.max(0, candidates.indexOf(reference)));
		if (cheaper.isEmpty() || routed.decision().features() == null) {
			return null;
		}
		// Each as often, as something is to be learned of all
		Tier tried = cheaper.get(Math.min((int) (this.chance.getAsDouble() * cheaper.size()), cheaper.size() - 1));
		JudgedText answer = bought(routed, tried, ask);
		// In shadow, another tier than the default one has answered
		JudgedText compared = answering.equals(reference) ? JudgedText.of(given) : bought(routed, reference, ask);
		return judgement(this.explored, RouteFeature.EXPLORED, tracked.trying(tried), routed, tried, question, answer,
				compared, cheaper.size());
	}

	private JudgedText bought(RoutedCall routed, Tier tier, Function<Tier, FreshAnswer> ask) {
		FreshAnswer fresh = ask.apply(tier);
		Dialect dialect = routed.dialect();
		return JudgedText.bought(routed.request().prompt(), (cutOff) -> {
			ChatResponse answer = fresh.get(cutOff);
			return (answer != null) ? visible(answer, dialect) : null;
		}, RouteObserver::isJudgeable, this.tokenCounter, () -> routed.configuredModel(tier));
	}

	// A call of a tool says nothing that a reader could compare
	private static boolean isJudgeable(ChatResponse visible) {
		return !visible.getResults().isEmpty() && !visible.hasToolCalls() && StringUtils.hasText(text(visible));
	}

	// A reader does not see what a model thinks
	private static ChatResponse visible(ChatResponse response, Dialect dialect) {
		List<Generation> visible = response.getResults()
			.stream()
			.filter((generation) -> generation.getOutput() != null && !dialect.isThought(generation))
			.toList();
		return (visible.size() == response.getResults().size()) ? response
				: new ChatResponse(visible, response.getMetadata());
	}

	private @Nullable Judgement judgement(JudgedSampling sampling, QualitySlot slot, Tracked tracked, RoutedCall routed,
			Tier tier, String question, JudgedText answer, @Nullable JudgedText reference, int alternatives) {
		JudgeSettings settings = routed.settings().judge();
		PlanKey plan = routed.call().planKey();
		if (settings.sampleRate() <= 0) {
			return null;
		}
		// Most answers are not judged, so none looks for its judge before it is
		GradedJudge judge = (answers) -> {
			GradedJudge found = this.judges.find(settings, routed.settings().require(), tier, reference(routed),
					routed.source());
			if (found == null) {
				throw new DescribedException("No model is known that can judge");
			}
			return found.judge(answers);
		};
		QualityKey key = new QualityKey(tier.name(), routed.call().feature());
		AdaptiveRate.Rate rate = this.statistics.plan(plan)
			.state(slot)
			.rate(key, routed.version(tier), settings.sampleRate());
		// What is tried raises no alarm
		double limit = slot.equals(RouteFeature.QUALITY) ? settings.maxWorseRate() : 1;
		JudgedSampling.Terms terms = new JudgedSampling.Terms(judge, settings.name(), limit,
				JudgedSampling.DEFAULT_CALIBRATION_SHARE, settings.usdPerDay(), null);
		return new Judgement(sampling, new JudgedSampling.Sample(plan, key, rate, terms, question, answer, reference,
				tracked.sampledAt(rate.propensity() / alternatives)));
	}

	/**
	 * Have an answer judged on its own while the caller waits. Tool calls are not, and
	 * none is once the budget is used up.
	 * @param routed the call
	 * @param response the answer
	 * @return whether it is of no use, or worse than it should be
	 */
	boolean isBad(RoutedCall routed, ChatResponse response) {
		JudgeSettings settings = routed.settings().judge();
		ChatResponse given = visible(response, routed.dialect());
		GradedJudge judge = isJudgeable(given) ? this.judges.find(settings, routed.settings().require(), routed.tier(),
				reference(routed), routed.source()) : null;
		if (judge == null) {
			return false;
		}
		PlanKey plan = routed.call().planKey();
		JudgeBudget.Judgement judgement = this.budget.beginAtOnce(plan, settings.usdPerDay());
		if (judgement == null) {
			this.statistics.plan(plan).state(RouteFeature.QUALITY).notJudged(NotJudged.OUT_OF_BUDGET);
			return false;
		}
		String question = RouteDecider.question(routed.request().prompt().getInstructions());
		try (judgement) {
			GradedJudge.Verdict verdict = judge.judge(GradedJudge.Answers.alone(question, text(given), null));
			judgement.paid(verdict.model(), verdict.usage());
			routed.payOverhead(verdict.model(), verdict.usage());
			return verdict.grade().isBad();
		}
		catch (NoVerdictException ex) {
			judgement.paid(ex.model(), ex.usage());
			routed.payOverhead(ex.model(), ex.usage());
			throw ex;
		}
	}

	private void awaitReport(Tracked tracked, RoutedCall routed) {
		String task = routed.call().taskId();
		if (task == null) {
			return;
		}
		boolean cheaper = routed.acts() && !tracked.judged().equals(tracked.reference());
		Tracked kept = cheaper ? tracked : tracked.withoutFeatures();
		this.statistics.tasks()
			.open(tracked.plan().workspace(), task)
			.whenReported((success) -> reported(kept, cheaper, success));
	}

	private void reported(Tracked tracked, boolean cheaper, boolean success) {
		try {
			this.log.verdict(tracked.plan(), tracked.id(), success ? RouteVerdict.SUCCESS : RouteVerdict.FAILURE);
			if (cheaper) {
				// Nothing was compared, so that no success is more than the default
				// tier's
				learn(tracked, success ? GradedJudge.Grade.SAME : GradedJudge.Grade.WORSE);
			}
		}
		catch (Throwable ex) {
			failed(tracked.plan(), ex);
		}
	}

	private void learn(Tracked tracked, GradedJudge.Grade grade) {
		float[] features = tracked.features();
		RouteClassifier classifier = this.classifiers.apply(tracked.settings().classifier());
		if (features != null && classifier != null) {
			RouteLabel label = new RouteLabel(tracked.plan(), tracked.judged(), tracked.reference(), features, grade,
					1 / tracked.propensity());
			if (this.shared == null || !this.shared.learn(label, tracked.settings())) {
				classifier.learn(label, tracked.settings());
			}
		}
	}

	private static Tier reference(RoutedCall routed) {
		List<Tier> candidates = routed.decision().candidates();
		for (Tier tier : candidates) {
			if (tier.name().equals(routed.settings().defaultTier())) {
				return tier;
			}
		}
		return candidates.get(candidates.size() - 1);
	}

	private void alarm(PlanKey plan, JudgeSettings settings, QualityAlarm alarm) {
		QualityMonitors monitors = this.statistics.plan(plan).state(RouteFeature.QUALITY);
		String consequence = switch (settings.action()) {
			case ALERT -> "Nothing else is done, as 'route.judge.action' says";
			case RAISE_TIER -> {
				monitors.setStanding(alarm.key(), QualityStanding.RAISED);
				yield "Dearer tiers answer in its place";
			}
			case SUSPEND -> {
				monitors.setStanding(alarm.key(), QualityStanding.SUSPENDED);
				yield "The default tier answers in its place";
			}
		};
		logger.error(("Routing of plan '%s': %d of %d judged answers of tier '%s' to feature '%s' were worse, which is "
				+ "surely more than 'route.judge.max-worse-rate', %.1f %%. %s. To go back, POST to "
				+ "/actuator/tokensaving/plans/%s/resume")
			.formatted(plan.plan(), alarm.bad(), alarm.judged(), alarm.key().tier(), alarm.key().feature(),
					100 * alarm.limit(), consequence, plan.plan()));
		this.statistics.publish(new QualityAlertEvent(plan.workspace(), plan.plan(), alarm.key().tier(),
				alarm.key().feature(), alarm.judged(), alarm.bad(), SettingText.of(settings.action())));
	}

	/**
	 * Describe the decisions of a plan.
	 * @param plan the plan and its workspace
	 * @return values that JSON can hold, by name in snake case
	 */
	Map<String, Object> describe(PlanKey plan) {
		Map<String, Object> described = new LinkedHashMap<>(this.log.summary(plan).describe());
		described.put("cascade", this.breakEven.describe(plan, this.log.summary(plan).tiers().keySet()));
		described.put("judging_today_usd", this.budget.spentUsd(plan));
		described.put("log", this.log.describe());
		return described;
	}

	/**
	 * Whether no answer is being judged, nor waits for it.
	 * @return whether it is so
	 */
	boolean isIdle() {
		return this.served.isIdle() && this.explored.isIdle();
	}

	@Override
	public void close() {
		this.served.close();
		this.explored.close();
		if (this.shared != null) {
			this.shared.close();
		}
	}

	/**
	 * A decision whose verdict may come later. Holds nothing of the request, as many wait
	 * for long.
	 *
	 * @param id the id of the decision
	 * @param plan the plan and its workspace
	 * @param settings the settings of the plan
	 * @param features what the classifier can learn from, or {@code null}
	 * @param judged the name of the tier whose answer is judged
	 * @param reference the name of the tier that is the measure of quality
	 * @param propensity the probability with which it is judged
	 */
	private record Tracked(UUID id, PlanKey plan, RouteSettings settings, float @Nullable [] features, String judged,
			String reference, double propensity) {

		static Tracked of(UUID id, RoutedCall routed) {
			return new Tracked(id, routed.call().planKey(), routed.settings(), routed.decision().features(),
					routed.tier().name(), RouteObserver.reference(routed).name(), 1);
		}

		Tracked trying(Tier tier) {
			return new Tracked(this.id, this.plan, this.settings, this.features, tier.name(), this.reference,
					this.propensity);
		}

		Tracked withoutFeatures() {
			return new Tracked(this.id, this.plan, this.settings, null, this.judged, this.reference, this.propensity);
		}

		Tracked sampledAt(double propensity) {
			return new Tracked(this.id, this.plan, this.settings, this.features, this.judged, this.reference,
					propensity);
		}

	}

	private record Judgement(JudgedSampling sampling, JudgedSampling.Sample sample) {

	}

	/**
	 * Is told of verdicts.
	 */
	private final class Listener implements JudgedSampling.Listener {

		private final QualitySlot slot;

		Listener(QualitySlot slot) {
			this.slot = slot;
		}

		@Override
		public QualityMonitors monitors(PlanKey plan) {
			return RouteObserver.this.statistics.plan(plan).state(this.slot);
		}

		@Override
		public void paid(PlanKey plan, @Nullable String model, TokenUsage usage) {
			RouteObserver.this.statistics.plan(plan).recordOverhead(model, usage, RouteObserver.this.prices);
		}

		@Override
		public void judged(JudgedSampling.Sample sample, JudgedSampling.Judged judged) {
			RouteObserver observer = RouteObserver.this;
			observer.statistics.plan(sample.plan()).increment(RouteFeature.VERDICTS, judged.grade().value());
			if (!(sample.subject() instanceof Tracked tracked)) {
				return;
			}
			if (this.slot.equals(RouteFeature.QUALITY)) {
				observer.log.verdict(sample.plan(), tracked.id(), RouteVerdict.valueOf(judged.grade().name()));
			}
			if (observer.shared != null && this.slot.equals(RouteFeature.QUALITY)) {
				observer.shared.judged(sample.plan(), sample.key(), judged.grade().isBad());
			}
			boolean compared = sample.reference() != null;
			observer.learn(tracked, (compared || judged.grade().isBad()) ? judged.grade() : GradedJudge.Grade.SAME);
			if (judged.alarm() != null && this.slot.equals(RouteFeature.QUALITY)) {
				observer.alarm(sample.plan(), tracked.settings().judge(), judged.alarm());
			}
		}

		@Override
		public void failed(PlanKey plan, Throwable failure) {
			RouteObserver.this.failed(plan, failure);
		}

	}

}
