package io.tokensaving.route;

import java.nio.channels.ClosedByInterruptException;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.backend.HandOver;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.request.StreamGuard;
import io.tokensaving.request.StreamMemory;
import io.tokensaving.route.cascade.Cascade;
import io.tokensaving.route.cascade.ConfidenceChecks;
import io.tokensaving.route.cascade.GatedStream;
import io.tokensaving.route.cascade.NamedCheck;
import io.tokensaving.route.cascade.StreamGate;
import io.tokensaving.route.cascade.StreamGateListener;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.cascade.UnreadStream;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteOutcome;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.sampling.FreshAnswer;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.JudgeFamilies;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityStanding;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.SourceModels;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.TierSwitch;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.util.Assert;

/**
 * Sends each request to the tier that is chosen for it, and on to a dearer one if the
 * answer is not good enough. Stands behind the caches, so that only what is bought is
 * routed, and inside Spring AI's tool loop, of which each round goes to the tier that has
 * begun it.
 * <p>
 * A chain that is built by hand needs a {@link TierModelAdvisor} behind this advisor,
 * which calls the models of tiers, and a {@code PlanAdvisor} in front of its caches that
 * is given {@link RouteFeature#answerInputs}, so that no answer of one tier is stored for
 * requests of another.
 * <p>
 * A tier that fails leaves its request to the model that it was made for, whose failure
 * alone reaches the caller. Nobody ever sees parts of two answers. A share of the answers
 * is judged in the background. Thread-safe.
 */
public final class RouteAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor, AutoCloseable {

	private static final Map<String, RouteClassifier> BUILT_IN = Map.of(FixedClassifier.NAME, new FixedClassifier(),
			RulesClassifier.NAME, new RulesClassifier(), HeuristicClassifier.NAME, new HeuristicClassifier());

	private static final ConfidenceChecks NO_OTHER_CHECKS = new ConfidenceChecks(Map.of());

	private static final int MAX_CAUSES = 10;

	private final @Nullable Plan plan;

	private final RouteDecider decider;

	private final StickyTiers sticky;

	private final Supplier<Map<String, RouteClassifier>> classifiers;

	private final Supplier<ConfidenceChecks> checks;

	private final TierSwitch tierSwitch;

	private final RouteObserver observer;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	private final Ticker ticker;

	private final int order;

	private final RouteDigest digests;

	private final Supplier<Tiers> tiers;

	private final StreamMemory streams = StreamMemory.ofHeap();

	private RouteAdvisor(Builder builder) {
		this.plan = builder.plan;
		this.classifiers = builder.classifiers;
		this.checks = builder.checks;
		this.statistics = builder.statistics;
		this.tokenCounter = builder.tokenCounter;
		this.prices = builder.prices;
		this.ticker = builder.ticker;
		this.order = builder.order;
		this.tierSwitch = new TierSwitch(builder.dialects);
		this.sticky = new StickyTiers(builder.ticker);
		this.decider = new RouteDecider(builder.tiers, builder.classifiers, this.sticky, builder.statistics,
				builder.tokenCounter, builder.prices);
		this.tiers = builder.tiers;
		this.digests = (builder.feature != null) ? builder.feature.digests() : new RouteDigest(builder.dialects);
		this.observer = new RouteObserver(builder.log,
				new RouteJudges(builder.judges, builder.tiers, new JudgeFamilies(builder.dialects),
						builder.tokenCounter, builder.ownJudge),
				(name) -> builder.classifiers.get().get(name), builder.statistics, builder.tokenCounter, builder.prices,
				builder.judgeDeadline, builder.clock, builder.ticker, builder.chance, builder.store,
				this.decider::tier);
	}

	/**
	 * Return a builder.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	@Override
	public String getName() {
		return "Token Saving Route";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		RoutedCall routed = begin(request, chain.getCallAdvisors(), true);
		if (routed == null) {
			return chain.nextCall(toOwnModel(request));
		}
		ChatClientResponse response;
		try {
			response = routed.acts() ? answer(routed, chain) : chain.nextCall(RoutedCall.asItIs(toOwnModel(request)));
		}
		catch (Throwable ex) {
			this.observer.ended(routed, hasLeft(ex) ? RouteOutcome.CANCELLED : RouteOutcome.FAILED);
			throw ex;
		}
		this.observer.answered(routed, response.chatResponse(), CallerContext::capture, (tier) -> (cutOff) -> {
			ChatClientRequest made = routed.inBackground(tier);
			return (made != null) ? chain.copy(this).nextCall(made).chatResponse() : null;
		});
		return routed.acts() ? marked(routed, response) : response;
	}

	private ChatClientResponse answer(RoutedCall routed, CallAdvisorChain chain) {
		Tier tier = routed.decision().tier();
		int escalations = 0;
		for (CallAdvisorChain next = chain;; next = chain.copy(this)) {
			ChatClientRequest sent = routed.send(tier);
			ChatClientResponse response;
			try {
				response = next.nextCall(sent);
			}
			catch (Throwable ex) {
				if (isFinal(routed) || isOfTheProcess(ex) || hasLeft(ex)) {
					throw ex;
				}
				failed(routed, ex);
				@Nullable List<ChatClientResponse> own = routed.ownAnswer();
				if (own != null) {
					return own.get(0);
				}
				tier = RouteDecider.OWN;
				continue;
			}
			Tier dearer = (escalations < routed.settings().cascade().maxEscalations())
					? routed.decision().dearerThan(routed.tier()) : null;
			String reason = (dearer != null) ? judge(routed, sent, response.chatResponse()) : null;
			if (dearer == null || reason == null || !routed.canGoOnTo(dearer)) {
				return response;
			}
			routed.rejected(reason, response.chatResponse(), List.of(response));
			if (Thread.currentThread().isInterrupted()) {
				throw new CancellationException("Interrupted before another model was asked");
			}
			escalations++;
			tier = dearer;
		}
	}

	private static boolean isFinal(RoutedCall routed) {
		return RouteDecider.OWN.equals(routed.tier()) || routed.isRefused();
	}

	// Nobody wants another answer then. A model that waits may have cleared the flag
	private static boolean hasLeft(Throwable failure) {
		if (Thread.currentThread().isInterrupted()) {
			return true;
		}
		Throwable cause = failure;
		for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
			if (cause instanceof InterruptedException || cause instanceof ClosedByInterruptException) {
				return true;
			}
			cause = cause.getCause();
		}
		return false;
	}

	// Another tier may have answered before the plan was changed, and no model takes the
	// reasoning of another
	private ChatClientRequest toOwnModel(ChatClientRequest request) {
		if (RoutedCall.isRouted(request)) {
			return request;
		}
		try {
			TierSwitch.Switched switched = this.tierSwitch.apply(request, RouteDecider.OWN, null,
					(message) -> RoutedCall.isOf(RouteDecider.OWN, message));
			return (switched != null) ? switched.request() : request;
		}
		catch (RuntimeException | LinkageError ex) {
			this.statistics.recordError(RouteFeature.COMPONENT, null, ex);
			return request;
		}
	}

	// Another model would fare no better. A stack that overflows is one that is free
	// again
	private static boolean isOfTheProcess(Throwable failure) {
		return failure instanceof VirtualMachineError && !(failure instanceof StackOverflowError);
	}

	private void failed(RoutedCall routed, Throwable failure) {
		routed.failed();
		this.statistics.recordError(RouteFeature.COMPONENT, routed.call().planKey(), failure);
	}

	private @Nullable String judge(RoutedCall routed, ChatClientRequest sent, @Nullable ChatResponse response) {
		List<NamedCheck> checks = checks(routed);
		String reason = checks.isEmpty() ? null
				: Cascade.judge(checks, sent, response, routed.dialect(), (check, ex) -> checkFailed(routed, ex));
		if (reason != null || response == null
				|| !routed.settings().cascade().checks().contains(CascadeSettings.JUDGE)) {
			return reason;
		}
		return isBad(routed, response) ? CascadeSettings.JUDGE : null;
	}

	// The only check that asks a model, and that makes the caller wait for it
	private boolean isBad(RoutedCall routed, ChatResponse response) {
		try {
			return this.observer.isBad(routed, response);
		}
		catch (Throwable ex) {
			checkFailed(routed, ex);
			return false;
		}
	}

	private List<NamedCheck> checks(RoutedCall routed) {
		CascadeSettings cascade = routed.settings().cascade();
		try {
			List<String> names = cascade.checks()
				.stream()
				.filter((name) -> !CascadeSettings.JUDGE.equals(name))
				.toList();
			return names.isEmpty() ? List.of() : this.checks.get().find(names, cascade.minLength());
		}
		catch (Throwable ex) {
			checkFailed(routed, ex);
			return List.of();
		}
	}

	private void checkFailed(RoutedCall routed, Throwable failure) {
		this.statistics.recordError(RouteFeature.COMPONENT, routed.call().planKey(), failure);
	}

	private ChatClientResponse marked(RoutedCall routed, ChatClientResponse response) {
		try {
			this.sticky.remember(routed.call().planKey(), routed.request(), routed.tier().name());
			return MarkedAnswer.of(response, routed.tier().name());
		}
		catch (RuntimeException | LinkageError ex) {
			this.statistics.recordError(RouteFeature.COMPONENT, routed.call().planKey(), ex);
			return response;
		}
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		return Flux.deferContextual((context) -> {
			if (settings(request) == null) {
				return chain.nextStream(toOwnModel(request));
			}
			CallerContext caller = CallerContext.capture(context);
			// A classifier that takes its time never does so on an event loop
			Mono<Begun> atOnce = Mono.fromCallable(() -> new Begun(begin(request, given.getStreamAdvisors(), false)));
			if (isQuick(request) || !HandOver.hasRoom()) {
				return atOnce.flatMapMany((begun) -> stream(begun.routed(), request, chain, given, caller));
			}
			return Mono
				.fromCallable(() -> new Begun(caller.call(() -> begin(request, given.getStreamAdvisors(), true))))
				.subscribeOn(HandOver.lookups())
				.onErrorResume(RejectedExecutionException.class, (ex) -> atOnce)
				.flatMapMany((begun) -> caller.stream(() -> stream(begun.routed(), request, chain, given, caller)));
		});
	}

	private boolean isQuick(ChatClientRequest request) {
		RouteSettings settings = settings(request);
		try {
			RouteClassifier classifier = (settings != null) ? this.classifiers.get().get(settings.classifier()) : null;
			return classifier == null || classifier.isQuick();
		}
		catch (Throwable ex) {
			// It fails again where that is counted
			return true;
		}
	}

	private Flux<ChatClientResponse> stream(@Nullable RoutedCall routed, ChatClientRequest request,
			StreamAdvisorChain chain, StreamAdvisorChain given, CallerContext caller) {
		if (routed == null) {
			return chain.nextStream(toOwnModel(request));
		}
		Flux<ChatClientResponse> answer = routed.acts() ? attempt(routed, routed.decision().tier(), 0, chain, given)
				: chain.nextStream(RoutedCall.asItIs(toOwnModel(request)));
		ResponseAssembler assembler = new ResponseAssembler(routed.dialect(), RouteObserver.MAX_BYTES, this.streams);
		return answer.map((element) -> {
			follow(routed, assembler, element);
			return element;
		}).transform((elements) -> routed.acts() ? markedStream(routed, elements) : elements).doOnComplete(() -> {
			ChatResponse response = assembler.isCut() ? null : assembler.assemble();
			this.observer.answered(routed, response, () -> caller, (tier) -> (cutOff) -> {
				ChatClientRequest made = routed.inBackground(tier);
				return (made != null)
						? FreshAnswer.ofStream(given.copy(this).nextStream(made), routed.call().dialect(made))
							.get(cutOff)
						: null;
			});
		})
			.doOnError((ex) -> this.observer.ended(routed, RouteOutcome.FAILED))
			.doOnCancel(() -> this.observer.ended(routed, RouteOutcome.CANCELLED))
			.doFinally((signal) -> assembler.release());
	}

	private void follow(RoutedCall routed, ResponseAssembler assembler, ChatClientResponse element) {
		try {
			if (element.chatResponse() != null) {
				assembler.add(element.chatResponse());
			}
		}
		catch (RuntimeException | LinkageError ex) {
			this.statistics.recordError(RouteFeature.COMPONENT, routed.call().planKey(), ex);
		}
	}

	private Flux<ChatClientResponse> markedStream(RoutedCall routed, Flux<ChatClientResponse> elements) {
		boolean[] first = { true };
		return elements.map((element) -> {
			if (!first[0] && !MarkedAnswer.holdsToolCall(element)) {
				return element;
			}
			ChatClientResponse marked = marked(routed, element);
			first[0] = first[0] && marked.equals(element);
			return marked;
		});
	}

	private Flux<ChatClientResponse> attempt(RoutedCall routed, Tier tier, int escalations, StreamAdvisorChain chain,
			StreamAdvisorChain given) {
		return Flux.defer(() -> {
			@Nullable List<ChatClientResponse> answered = RouteDecider.OWN.equals(tier) ? routed.ownAnswer() : null;
			if (answered != null) {
				return Flux.fromIterable(answered);
			}
			ChatClientRequest sent = routed.send(tier);
			CascadeSettings cascade = routed.settings().cascade();
			Tier dearer = (escalations < cascade.maxEscalations()) ? routed.decision().dearerThan(routed.tier()) : null;
			List<NamedCheck> checks = (dearer != null) ? checks(routed) : List.of();
			boolean own = RouteDecider.OWN.equals(routed.tier());
			if (own && checks.isEmpty()) {
				return chain.nextStream(sent);
			}
			StreamMode mode = checks.isEmpty() ? StreamMode.NONE : cascade.stream();
			GatedStream settings = new GatedStream(mode, checks, sent, routed.dialect(),
					(text) -> this.tokenCounter.count(text, this.tokenCounter.scale(sent.prompt().getOptions())),
					this.streams, GatedStream.DEFAULT_MAX_BYTES);
			Replacement replacement = new Replacement(routed);
			AtomicBoolean failed = new AtomicBoolean();
			Flux<ChatClientResponse> stream = StreamGuard.guardStart(Flux.defer(() -> chain.nextStream(sent)))
				.doOnError((ex) -> failed.set(true));
			return StreamGate.of(stream, settings, () -> {
				Tier next = (failed.get() || dearer == null) ? RouteDecider.OWN : dearer;
				// Otherwise the stream is passed on, or its failure
				Assert.state(!routed.isRefused() && !(own && failed.get()) && routed.canGoOnTo(next),
						"No other model is to be asked");
				return Flux.defer(() -> attempt(routed, next, escalations + 1,
						DirectStreamChain.after(this, given.copy(this)), given));
			}, replacement);
		});
	}

	private @Nullable RouteSettings settings(ChatClientRequest request) {
		CallState call = CallState.of(request, this.plan);
		RouteSettings settings = (call != null) ? call.plan().settings(RouteSettings.class) : null;
		// A second advisor in the chain has nothing left to do
		return (settings == null || settings.mode() == RouteMode.OFF || RoutedCall.isRouted(request)) ? null : settings;
	}

	private @Nullable RoutedCall begin(ChatClientRequest request, List<? extends Advisor> advisors, boolean mayWait) {
		CallState call = CallState.of(request, this.plan);
		RouteSettings settings = settings(request);
		if (call == null || settings == null) {
			return null;
		}
		boolean acts = settings.mode() == RouteMode.ACTIVE && !call.isShadow();
		String asked = acts ? call.tier() : null;
		RouteDecider.checkAsked(asked, settings);
		long start = this.ticker.read();
		try {
			this.observer.used(call.planKey(), settings);
			Decision decision = this.decider.decide(request, call, settings, asked, mayWait);
			ChatModel source = SourceModels.of(advisors);
			boolean callsTiers = advisors.stream().anyMatch(TierModelAdvisor.class::isInstance);
			this.statistics.plan(call.planKey()).increment(RouteFeature.DECISIONS, decision.tier().name());
			this.statistics.plan(call.planKey()).increment(RouteFeature.REASONS, decision.reason());
			PlanStatistics plan = this.statistics.plan(call.planKey());
			return new RoutedCall(request, call, settings, decision, acts, source, callsTiers, this.tierSwitch,
					this.tokenCounter, plan, this.prices, this.digests.of(settings, this.tiers.get()),
					(ex) -> this.statistics.recordError(RouteFeature.COMPONENT, call.planKey(), ex), start);
		}
		catch (Throwable ex) {
			this.statistics.recordError(RouteFeature.COMPONENT, call.planKey(), ex);
			return null;
		}
	}

	/**
	 * Return what decides about answers besides the settings: whether the classifier
	 * acts, and the tiers that answer no more.
	 * @param key the plan and its workspace
	 * @param settings the settings of the plan
	 * @return a short text
	 */
	String answerInputs(PlanKey key, RouteSettings settings) {
		this.observer.used(key, settings);
		RouteClassifier classifier = this.classifiers.get().get(settings.classifier());
		long generation = (classifier != null) ? classifier.generation(key) : 0;
		Map<QualityKey, QualityStanding> standings = this.statistics.plan(key).state(RouteFeature.QUALITY).standings();
		return standings.isEmpty() ? "/" + generation : "/" + generation + "/" + standings;
	}

	/**
	 * Describe the routing of a plan.
	 * @param key the plan and its workspace
	 * @return values that JSON can hold, by name in snake case
	 */
	Map<String, Object> describe(PlanKey key) {
		PlanStatistics plan = this.statistics.plan(key);
		Map<String, Object> described = new LinkedHashMap<>(this.observer.describe(key));
		described.put("quality", RouteFeature.QUALITY.describe(plan.state(RouteFeature.QUALITY).snapshot()));
		described.put("tried", RouteFeature.EXPLORED.describe(plan.state(RouteFeature.EXPLORED).snapshot()));
		Map<String, Object> standings = new LinkedHashMap<>();
		plan.state(RouteFeature.QUALITY)
			.standings()
			.forEach((each, standing) -> standings.put(each.tier() + " " + each.feature(), standing.value()));
		described.put("standings", standings);
		Map<String, Object> learning = new LinkedHashMap<>();
		this.classifiers.get().forEach((name, classifier) -> {
			Map<String, Object> state = classifier.describe(key);
			if (!state.isEmpty()) {
				learning.put(name, state);
			}
		});
		described.put("classifiers", learning);
		return described;
	}

	/**
	 * Whether no answer is being judged, nor waits for it.
	 * @return whether it is so
	 */
	boolean isIdle() {
		return this.observer.isIdle();
	}

	@Override
	public void close() {
		this.observer.close();
	}

	private record Begun(@Nullable RoutedCall routed) {

	}

	/**
	 * Builds a {@link RouteAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private @Nullable Plan plan;

		private Supplier<Tiers> tiers = () -> Tiers.NONE;

		private Supplier<Map<String, RouteClassifier>> classifiers = () -> BUILT_IN;

		private Supplier<ConfidenceChecks> checks = () -> NO_OTHER_CHECKS;

		private Supplier<Map<String, GradedJudge>> judges = Map::of;

		private @Nullable RouteFeature feature;

		private RouteLog log = RouteLog.builder().build();

		private @Nullable RouteStateStore store;

		private SavingsStatistics statistics = new SavingsStatistics();

		private TokenCounter tokenCounter = new TokenCounter();

		private PriceTable prices = new PriceTable(List.of());

		private Dialects dialects = Dialects.builtIn();

		private Duration judgeDeadline = Duration.ofMinutes(1);

		private Supplier<? extends @Nullable ChatModel> ownJudge = () -> null;

		private DoubleSupplier chance = () -> ThreadLocalRandom.current().nextDouble();

		private Clock clock = Clock.systemUTC();

		private Ticker ticker = Ticker.systemTicker();

		private int order = AdvisorOrder.ROUTE;

		private Builder() {
		}

		/**
		 * Set the plan of an advisor that is used without a PlanAdvisor. Default
		 * {@code null}: the plan of the request.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
			return this;
		}

		/**
		 * Set the tiers of the application. Default: none.
		 * @param tiers supplies the tiers, always the same; called when one is needed
		 * @return this builder
		 */
		public Builder tiers(Supplier<Tiers> tiers) {
			this.tiers = tiers;
			return this;
		}

		/**
		 * Set the classifiers. Default: those of the library that need no model.
		 * @param classifiers supplies the classifiers by the names that plans select them
		 * by
		 * @return this builder
		 */
		public Builder classifiers(Supplier<Map<String, RouteClassifier>> classifiers) {
			this.classifiers = classifiers;
			return this;
		}

		/**
		 * Set the checks of cascades. Default: those of the library.
		 * @param checks supplies the checks
		 * @return this builder
		 */
		public Builder checks(Supplier<ConfidenceChecks> checks) {
			this.checks = checks;
			return this;
		}

		/**
		 * Set the judges. Default: a chat model judges.
		 * @param judges supplies the judges by the names that plans select them by
		 * @return this builder
		 */
		public Builder judges(Supplier<Map<String, GradedJudge>> judges) {
			this.judges = judges;
			return this;
		}

		/**
		 * Set how long models and judge may take to judge an answer. Default one minute.
		 * @param judgeDeadline the time, above zero
		 * @return this builder
		 */
		public Builder judgeDeadline(Duration judgeDeadline) {
			this.judgeDeadline = judgeDeadline;
			return this;
		}

		/**
		 * Set the model that judges in place of that which a request was made for.
		 * Default: none, so that the latter judges.
		 * @param ownJudge supplies the model, or {@code null} for none
		 * @return this builder
		 */
		public Builder ownJudge(Supplier<? extends @Nullable ChatModel> ownJudge) {
			this.ownJudge = ownJudge;
			return this;
		}

		/**
		 * Set the feature whose plans are routed. Default: one of its own.
		 * @param feature the feature
		 * @return this builder
		 */
		public Builder feature(RouteFeature feature) {
			this.feature = feature;
			return this;
		}

		/**
		 * Set where decisions are logged. Default: in memory.
		 * @param log the log, which is not closed with the advisor
		 * @return this builder
		 */
		public Builder log(RouteLog log) {
			this.log = log;
			return this;
		}

		/**
		 * Set where what was learned is kept, and what judging has found and cost.
		 * Default {@code null}: in memory, until the advisor is closed.
		 * @param store the store, which is not closed with the advisor
		 * @return this builder
		 */
		public Builder store(@Nullable RouteStateStore store) {
			this.store = store;
			return this;
		}

		/**
		 * Set the statistics. Default: statistics that nothing else uses.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the token counter for models that do not report usage.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set the prices. Default: the built-in ones.
		 * @param prices the prices
		 * @return this builder
		 */
		public Builder prices(PriceTable prices) {
			this.prices = prices;
			return this;
		}

		/**
		 * Set the dialects of providers. Default: the built-in ones.
		 * @param dialects the dialects
		 * @return this builder
		 */
		public Builder dialects(Dialects dialects) {
			this.dialects = dialects;
			return this;
		}

		/**
		 * Set the random numbers that decide which answers are judged.
		 * @param chance supplies numbers from 0 inclusive to 1 exclusive
		 * @return this builder
		 */
		Builder chance(DoubleSupplier chance) {
			this.chance = chance;
			return this;
		}

		/**
		 * Set the clocks. Default: the system's.
		 * @param clock tells the day of a budget
		 * @param ticker measures times
		 * @return this builder
		 */
		public Builder clock(Clock clock, Ticker ticker) {
			this.clock = clock;
			this.ticker = ticker;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#ROUTE}.
		 * @param order the order
		 * @return this builder
		 */
		public Builder order(int order) {
			this.order = order;
			return this;
		}

		/**
		 * Build the advisor.
		 * @return the advisor, which must be closed
		 */
		public RouteAdvisor build() {
			return new RouteAdvisor(this);
		}

	}

	/**
	 * Records why the stream of a tier is replaced.
	 */
	private final class Replacement implements StreamGateListener {

		private final RoutedCall routed;

		Replacement(RoutedCall routed) {
			this.routed = routed;
		}

		@Override
		public void began(Supplier<UnreadStream> unread) {
			this.routed.holdsBack(() -> unread.get().responses());
		}

		@Override
		public void replaced(String reason, UnreadStream unread, @Nullable Throwable failure) {
			if (failure != null) {
				RouteAdvisor.this.failed(this.routed, failure);
			}
			else {
				this.routed.rejected(reason,
						unread.elements().isEmpty() ? null : unread.assemble(this.routed.dialect()),
						unread.whole() ? unread.elements() : null);
			}
		}

		@Override
		public void checkFailed(String check, Throwable failure) {
			RouteAdvisor.this.checkFailed(this.routed, failure);
		}

	}

}
