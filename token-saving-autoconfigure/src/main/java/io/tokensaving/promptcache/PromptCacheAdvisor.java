package io.tokensaving.promptcache;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.InternalContext;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.CallState;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Arranges each prompt so that the provider's prompt cache finds as much of it as
 * possible, tells the provider what to keep where that pays, and learns from what the
 * provider reports. The innermost advisor, so that it only sees what goes to the model:
 * each round of Spring AI's tool loop is planned anew from the original options.
 * <p>
 * Messages are never changed. A request that cannot be planned goes on as it was; one
 * that the provider rejects with what was added is sent once more without. Thread-safe.
 */
public final class PromptCacheAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "prompt-cache";

	private static final int MAX_REJECTED = 1000;

	private static final Duration REJECTED_FOR = Duration.ofHours(1);

	// The requests of a batch are answered one after another within about that time
	private static final Duration DEFERRED_FOR = Duration.ofHours(1);

	private static final Duration PACE = Duration.ofSeconds(10);

	private static final PromptCacheInjector NONE = new NoInjector();

	private final @Nullable Plan plan;

	private final List<PromptCacheInjector> injectors;

	private final CachePlanner planner;

	// Knows what would have been written if prompts that were sent without marks had had
	// some. What was really sent must not mix with it
	private final CachePlanner foreseeing = new CachePlanner();

	// Knows what is queued, whose time is that of the queue
	private final CachePlanner deferring = new CachePlanner();

	private final Clock deferred = new PacedClock(PACE);

	private final PrefixLengths lengths = new PrefixLengths();

	private final BiFunction<String, String, CacheRules> rules;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	private final Clock clock;

	private final int order;

	private final ToolArranger arranger = new ToolArranger();

	private final KeyShards shards = new KeyShards();

	private final PromptWatch watch;

	// What a provider has rejected once is not tried again for a while
	private final Cache<CacheScope, Boolean> rejected = Caffeine.newBuilder()
		.maximumSize(MAX_REJECTED)
		.expireAfterWrite(REJECTED_FOR)
		.build();

	private PromptCacheAdvisor(Builder builder) {
		this.plan = builder.plan;
		this.injectors = List.copyOf(builder.injectors);
		this.planner = builder.planner;
		this.rules = builder.rules;
		this.statistics = builder.statistics;
		this.tokenCounter = builder.tokenCounter;
		this.prices = builder.prices;
		this.clock = builder.clock;
		this.order = builder.order;
		this.watch = new PromptWatch(builder.feature, builder.statistics);
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
		return "Token Saving Prompt Cache";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		if (isUnseen(request)) {
			ForeseenRequest foreseen = foresee(request);
			ChatClientResponse response = chain.nextCall(request);
			if (foreseen != null) {
				foreseen.answered(response.chatResponse());
			}
			return response;
		}
		SentRequest planned = prepare(request, false);
		if (planned == null) {
			return chain.nextCall(request);
		}
		ChatClientResponse response;
		try {
			response = chain.nextCall(planned.request());
		}
		catch (RuntimeException | Error ex) {
			if (isPutOff(request)) {
				planned.putOff();
				throw ex;
			}
			planned.failed();
			if (!planned.isRejection(ex)) {
				throw ex;
			}
			ChatClientResponse second = chain.copy(this).nextCall(request);
			refused(planned);
			return second;
		}
		planned.answered(response.chatResponse());
		return response;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		if (isUnseen(request)) {
			return Flux.defer(() -> {
				ForeseenRequest foreseen = foresee(request);
				Flux<ChatClientResponse> answer = chain.nextStream(request);
				return (foreseen != null) ? foreseen.follow(answer) : answer;
			});
		}
		return Flux.defer(() -> {
			SentRequest planned = prepare(request, true);
			if (planned == null) {
				return chain.nextStream(request);
			}
			return chain.nextStream(planned.request())
				.doOnNext((response) -> planned.next(response.chatResponse()))
				.doOnComplete(planned::complete)
				.onErrorResume((ex) -> {
					planned.failed();
					if (planned.hasBegun() || !planned.isRejection(ex)) {
						return Flux.error(ex);
					}
					return given.copy(this).nextStream(request).doOnComplete(() -> refused(planned));
				});
		});
	}

	private void refused(SentRequest planned) {
		this.rejected.put(planned.scope(), true);
		this.statistics.plan(planned.planKey()).increment(PromptCacheFeature.REJECTIONS);
	}

	private static boolean isUnseen(ChatClientRequest request) {
		CallState call = CallState.of(request);
		return call != null && call.isShadow();
	}

	private static boolean isPutOff(ChatClientRequest request) {
		CallState call = CallState.of(request);
		return call != null && call.deferral() != null && SavingsLedger.of(request).isRefused();
	}

	// The request stays as it is: what the provider would do with marks is worked out
	private @Nullable ForeseenRequest foresee(ChatClientRequest request) {
		return withSettings(request, (call, settings) -> {
			// The original is sent as the caller made it, and only calls have a format
			Arranged arranged = arrange(request, call, settings, false);
			if (arranged == null) {
				return null;
			}
			CacheDecision decision = this.foreseeing.plan(arranged.scope(), arranged.rules(),
					arranged.segments().boundaries(), this.clock.instant());
			return new ForeseenRequest(call.planKey(), request, arranged.scope(), arranged.segments().boundaries(),
					arranged.rules(), decision, this.foreseeing, this.lengths, this.statistics, this.tokenCounter,
					this.prices, this.clock);
		});
	}

	private @Nullable SentRequest prepare(ChatClientRequest request, boolean stream) {
		return withSettings(request, (call, settings) -> plan(request, call, settings, stream));
	}

	private <T> @Nullable T withSettings(ChatClientRequest request,
			BiFunction<CallState, PromptCacheSettings, @Nullable T> work) {
		CallState call = CallState.of(request, this.plan);
		PromptCacheSettings settings = (call != null) ? call.plan().settings(PromptCacheSettings.class) : null;
		// A second advisor in the chain has nothing left to do
		if (call == null || settings == null || call.directives().noPromptCache()
				|| request.context().containsKey(CONTEXT_KEY)) {
			return null;
		}
		try {
			return work.apply(call, settings);
		}
		catch (Throwable ex) {
			this.statistics.recordError(PromptCacheFeature.COMPONENT, call.planKey(), ex);
			return null;
		}
	}

	private @Nullable SentRequest plan(ChatClientRequest request, CallState call, PromptCacheSettings settings,
			boolean stream) {
		Arranged arranged = arrange(request, call, settings, stream);
		if (arranged == null) {
			return null;
		}
		ChatOptions options = arranged.options();
		PromptCacheInjector injector = arranged.injector();
		PromptSegments segments = arranged.segments();
		CachePlanner planner = (call.deferral() != null) ? this.deferring : this.planner;
		Clock clock = (call.deferral() != null) ? this.deferred : this.clock;
		CacheDecision decision = planner.plan(arranged.scope(), arranged.rules(), segments.boundaries(),
				clock.instant());
		SentRequest planned = new SentRequest(call.planKey(), arranged.scope(), injector, arranged.rules(), decision,
				planner, this.statistics, this.tokenCounter, this.prices, clock);
		try {
			PromptCacheInjector.Injected injected = new PromptCacheInjector.Injected(options, false);
			if (arranged.tells() && !arranged.target().managed()) {
				injected = injector.inject(options, CacheInjection.of(arranged.target(), arranged.rules(), settings,
						segments, decision.marks(), new Keys(call, segments, arranged.scale())));
			}
			if (injected.options().getClass() != options.getClass()) {
				throw new IllegalStateException("The options are of another class than before");
			}
			boolean split = segments.isSplit() && injected.marked()
					&& segments.isMarked(Segment.SYSTEM, decision.marks());
			ChatClientRequest sent = arranged.request();
			planned.sent(changed(split ? VolatileArrangement.split(sent, arranged.head()) : sent, injected.options()),
					arranged.given(), injected, segments, arranged.target());
		}
		catch (Throwable ex) {
			// Nothing has been sent of what was planned
			planner.failed(decision);
			throw ex;
		}
		return planned;
	}

	private @Nullable Arranged arrange(ChatClientRequest made, CallState call, PromptCacheSettings settings,
			boolean stream) {
		ChatOptions given = made.prompt().getOptions();
		if (given == null || made.prompt().getInstructions().isEmpty()) {
			return null;
		}
		PromptCacheInjector injector = injector(given);
		ChatOptions options = this.arranger.arrange(given, settings);
		PromptWatch.Watched watched = this.watch.systemText(call, made);
		ChatClientRequest request = VolatileArrangement.moved(made, watched.finding(), settings);
		List<Message> sent = PromptSegments.sent(request, stream);
		TokenScale scale = this.tokenCounter.scale(options);
		CacheTarget target = injector.target(options, sent);
		if (target.equals(CacheTarget.UNKNOWN)) {
			target = new CacheTarget(scale.dialect().name(), "", false, List.of(), List.of());
		}
		String model = (options.getModel() != null) ? options.getModel() : "";
		CacheScope scope = new CacheScope(call.workspace(), target.baseUrl(), model);
		boolean tells = this.rejected.getIfPresent(scope) == null;
		CacheRules rules = rules(injector, target, model, tells).withWritesTold(!stream);
		if (call.deferral() != null) {
			rules = rules.withTimesFrom(DEFERRED_FOR);
		}
		int head = injector.canSplitSystem() ? VolatileArrangement.systemHead(sent, watched.finding(), settings) : 0;
		PromptSegments segments = PromptSegments.of(options, sent, PromptSegments.nativeSchema(request, stream), target,
				injector, scale, head);
		this.watch.note(call, request, given, watched, segments, rules);
		return new Arranged(request, given, options, injector, target, scope, rules, segments, scale, head, tells);
	}

	private CacheRules rules(PromptCacheInjector injector, CacheTarget target, String model, boolean tells) {
		CacheRules known = this.rules.apply(target.provider(), model);
		// What cannot be told is only measured
		return (target.managed() || !tells || NONE.equals(injector)) ? known.withMaxMarks(0) : known;
	}

	private PromptCacheInjector injector(ChatOptions options) {
		for (PromptCacheInjector injector : this.injectors) {
			if (injector.supports(options)) {
				return injector;
			}
		}
		return NONE;
	}

	private static ChatClientRequest changed(ChatClientRequest request, ChatOptions options) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(CONTEXT_KEY, true);
		return new ChatClientRequest(new Prompt(request.prompt().getInstructions(), options), context);
	}

	/**
	 * A request before it is planned.
	 *
	 * @param request the request, with what differs at each request at its end if the
	 * plan says so
	 * @param given the options that the application gave
	 * @param options the same with the tools in order
	 * @param injector sets marks
	 * @param target where it goes
	 * @param scope within which prefixes are shared
	 * @param rules the rules of the provider
	 * @param segments the prompt
	 * @param scale how the model is counted
	 * @param head how many characters of the system text are a part of their own
	 * @param tells whether the provider accepts marks
	 */
	private record Arranged(ChatClientRequest request, ChatOptions given, ChatOptions options,
			PromptCacheInjector injector, CacheTarget target, CacheScope scope, CacheRules rules,
			PromptSegments segments, TokenScale scale, int head, boolean tells) {

	}

	/**
	 * The keys of one request.
	 */
	private final class Keys implements CacheKeys {

		private final CallState call;

		private final PromptSegments segments;

		private final TokenScale scale;

		Keys(CallState call, PromptSegments segments, TokenScale scale) {
			this.call = call;
			this.segments = segments;
			this.scale = scale;
		}

		private PrefixHash.Value of(PrefixHash.Value digest) {
			return new PrefixHash().text(this.call.workspace())
				.text(this.call.plan().id())
				.text(this.call.directives().scope())
				.text(digest.hex())
				.at();
		}

		// Without the system text: if it holds the time, each request would have another
		@Override
		public String shared() {
			PrefixHash.Value key = of(this.segments.toolsDigest());
			PrefixHash.Value conversation = this.segments.conversationDigest(this.scale);
			int shard = PromptCacheAdvisor.this.shards.shard(key.high(), conversation.high(),
					PromptCacheAdvisor.this.clock.instant());
			return "%016x-%d".formatted(key.high(), shard);
		}

		@Override
		public String conversation() {
			return of(this.segments.conversationDigest(this.scale)).hex();
		}

	}

	/**
	 * Measures what a provider caches by itself.
	 */
	private static final class NoInjector implements PromptCacheInjector {

		@Override
		public boolean supports(ChatOptions options) {
			return true;
		}

		@Override
		public CacheTarget target(ChatOptions options, List<Message> messages) {
			return CacheTarget.UNKNOWN;
		}

		@Override
		public boolean isMarkable(List<Message> messages, int index) {
			return false;
		}

		@Override
		public Injected inject(ChatOptions options, CacheInjection injection) {
			return new Injected(options, false);
		}

	}

	/**
	 * Builds a {@link PromptCacheAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private @Nullable Plan plan;

		private final List<PromptCacheInjector> injectors = new ArrayList<>();

		private CachePlanner planner = new CachePlanner();

		private BiFunction<String, String, CacheRules> rules = CacheRulesTable.builtIn()::find;

		private SavingsStatistics statistics = new SavingsStatistics();

		private TokenCounter tokenCounter = new TokenCounter();

		private PriceTable prices = new PriceTable(List.of());

		private Clock clock = Clock.systemUTC();

		private int order = AdvisorOrder.PROMPT_CACHE;

		private PromptCacheFeature feature = new PromptCacheFeature();

		private Builder() {
		}

		/**
		 * Set the plan of an advisor that is used alone, without a
		 * {@link io.tokensaving.request.PlanAdvisor}. Default {@code null}.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
			return this;
		}

		/**
		 * Add injectors; of those that support a request the first one is used. Default:
		 * none, so that prompts are arranged and nothing is marked.
		 * @param injectors the injectors
		 * @return this builder
		 */
		public Builder injectors(List<? extends PromptCacheInjector> injectors) {
			this.injectors.addAll(injectors);
			return this;
		}

		/**
		 * Set the planner, which may be shared by several advisors. Default: one of its
		 * own.
		 * @param planner the planner
		 * @return this builder
		 */
		public Builder planner(CachePlanner planner) {
			this.planner = planner;
			return this;
		}

		/**
		 * Set the rules of the providers. Default: those that come with the library.
		 * @param rules the rules
		 * @return this builder
		 */
		public Builder rules(CacheRulesTable rules) {
			this.rules = rules::find;
			return this;
		}

		/**
		 * Set the rules of the providers.
		 * @param rules finds rules by the names of provider and model
		 * @return this builder
		 */
		Builder rules(BiFunction<String, String, CacheRules> rules) {
			this.rules = rules;
			return this;
		}

		/**
		 * Set the statistics that count decisions and failures. Default: statistics of
		 * its own.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the counter of tokens, which knows the factors of models and reads what is
		 * reported. Default: a new {@link TokenCounter}.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set the prices of what the provider grants by itself. Default: the built-in
		 * prices.
		 * @param prices the prices
		 * @return this builder
		 */
		public Builder prices(PriceTable prices) {
			this.prices = prices;
			return this;
		}

		/**
		 * Set the feature, which advises by what the advisor sees. Default: a feature of
		 * its own.
		 * @param feature the feature
		 * @return this builder
		 */
		public Builder feature(PromptCacheFeature feature) {
			this.feature = feature;
			return this;
		}

		/**
		 * Set the clock. Default: the system's.
		 * @param clock the clock
		 * @return this builder
		 */
		public Builder clock(Clock clock) {
			this.clock = clock;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#PROMPT_CACHE}.
		 * @param order the order
		 * @return this builder
		 */
		public Builder order(int order) {
			this.order = order;
			return this;
		}

		/**
		 * Build the advisor.
		 * @return the advisor
		 */
		public PromptCacheAdvisor build() {
			return new PromptCacheAdvisor(this);
		}

	}

}
