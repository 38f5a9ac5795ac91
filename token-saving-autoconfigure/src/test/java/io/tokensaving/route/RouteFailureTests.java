package io.tokensaving.route;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.request.CallState;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteOutcome;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.JudgeFamilies;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.util.Assert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RouteAdvisor} where something around it fails, or behaves as few
 * models do.
 */
class RouteFailureTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private static final ModelPrice HUGE = new ModelPrice("huge-model", new BigDecimal("20"), new BigDecimal("100"),
			null, null);

	private static final List<RouteRule> EASY_IS_SMALL = List
		.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, "small"));

	private ScriptedChatModel small = RouteAdvisorTests.model("small-model", (prompt) -> "from small");

	private final ScriptedChatModel large = RouteAdvisorTests.model("large-model", (prompt) -> "from large");

	private final ScriptedChatModel huge = RouteAdvisorTests.model("huge-model", (prompt) -> "from huge");

	private final Map<String, RouteClassifier> all = new HashMap<>(Map.of("rules", new RulesClassifier()));

	private Supplier<Map<String, RouteClassifier>> classifiers = () -> this.all;

	private Supplier<Tiers> tiers = () -> new Tiers(
			List.of(new Tier("small", this.small, null, Tier.Limits.NONE, "small-1"),
					new Tier("huge", this.huge, null, Tier.Limits.NONE, "huge-1")));

	private final RouteLog log = RouteLog.builder().build();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private List<Advisor> behind = List.of();

	private TokenSavingTestChain chain = new TokenSavingTestChain();

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	private ChatClient client(RouteSettings settings) {
		return client(settings, this.large);
	}

	private ChatClient client(RouteSettings settings, ScriptedChatModel own) {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot").with(settings).build()).price(SMALL)
			.price(LARGE)
			.price(HUGE);
		RouteAdvisor advisor = RouteAdvisor.builder()
			.tiers(() -> this.tiers.get())
			.classifiers(() -> this.classifiers.get())
			.log(this.log)
			.prices(new PriceTable(List.of(SMALL, LARGE, HUGE)))
			.statistics(this.chain.statistics())
			.chance(() -> 0.99)
			.build();
		this.closed.add(advisor);
		List<Advisor> advisors = new ArrayList<>(List.of(advisor, new TierModelAdvisor()));
		advisors.addAll(this.behind);
		return this.chain.client(own, advisors.toArray(Advisor[]::new));
	}

	private static RouteSettings.Builder settings() {
		return RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("rules").rules(EASY_IS_SMALL);
	}

	private static String ask(ChatClient client, String question, boolean stream) {
		ChatClient.ChatClientRequestSpec spec = client.prompt(question);
		return stream ? String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(5)))
				: spec.call().content();
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void sneak(Throwable ex) throws T {
		throw (T) ex;
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatCannotBeCreatedLeavesTheRequestToItsOwnModel(boolean stream) {
		ChatClient client = client(settings().build());
		Supplier<Tiers> tiers = this.tiers;
		this.tiers = () -> {
			throw new IllegalStateException("The bean of a tier cannot be created");
		};
		assertThat(ask(client, "easy", stream)).isEqualTo("from large");
		this.tiers = tiers;
		this.classifiers = () -> {
			throw new IllegalStateException("The bean of a classifier cannot be created");
		};
		assertThat(ask(client, "hard", stream)).isEqualTo("from large");
		this.all.put("rules", new RouteClassifier() {

			@Override
			public RouteChoice choose(RouteRequest request, RouteSettings settings) {
				return RouteChoice.of("small", "guess");
			}

			@Override
			public boolean isQuick() {
				throw new IllegalStateException("not known");
			}

		});
		this.classifiers = () -> this.all;
		assertThat(ask(client, "hard", stream)).isEqualTo("from large");
	}

	@ParameterizedTest
	@EnumSource(Moment.class)
	void theOwnModelAnswersWhateverATierThrowsAndWhenever(Moment moment) {
		for (Throwable failure : List.of(new IOException("checked"), new IllegalStateException("broken"),
				new AssertionError("wrong"), new Error("broken"), new StackOverflowError(),
				new NoClassDefFoundError("missing"))) {
			this.small = moment.failing(failure).options(this.small.getOptions());
			for (StreamMode mode : StreamMode.values()) {
				ChatClient client = client(
						settings().cascade(new CascadeSettings(List.of("refusal"), 1, 1, mode)).build());
				assertThat(ask(client, "easy", moment != Moment.CALL)).as(failure.toString()).isEqualTo("from large");
				assertThat(this.log.newest(KEY, 1).get(0).answer().outcome()).isEqualTo(RouteOutcome.FALLBACK);
			}
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theOwnModelAnswersWhereTheRequestForATierCannotBeMade(boolean stream) {
		for (Throwable failure : List.of(new IllegalStateException("broken"), new StackOverflowError(),
				new NoClassDefFoundError("missing"), new AssertionError("wrong"))) {
			this.small = RouteAdvisorTests.model("small-model", (prompt) -> "from small")
				.options((ChatOptions) Proxy.newProxyInstance(getClass().getClassLoader(),
						new Class<?>[] { ChatOptions.class }, (proxy, method, arguments) -> {
							if (method.getName().equals("getModel")) {
								return "small-model";
							}
							throw failure;
						}));
			ChatClient client = client(settings().build());
			assertThat(ask(client, "easy", stream)).as(failure.toString()).isEqualTo("from large");
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void oddAnswersArePassedOn(boolean stream) {
		List<ChatResponse> odd = new ArrayList<>();
		odd.add(new ChatResponse(List.of()));
		odd.add(new ChatResponse(List.of(new Generation(new AssistantMessage(null)))));
		odd.add(ScriptedChatModel.response(new Generation(new AssistantMessage("a")),
				new Generation(new AssistantMessage("b"))));
		for (ChatResponse answer : odd) {
			this.small = new ScriptedChatModel((prompt) -> answer).streaming((prompt) -> Flux.just(answer))
				.options(this.small.getOptions());
			ChatClient client = client(settings().build());
			ChatResponse got = stream ? client.prompt("easy").stream().chatResponse().blockLast()
					: client.prompt("easy").call().chatResponse();
			assertThat(got.getResults()).hasSameSizeAs(answer.getResults());
			assertThat(this.chain.statistics().plan(KEY).snapshot().errors()).as(answer.toString()).isZero();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theOwnModelIsATierLikeAnyOther(boolean stream) {
		ScriptedChatModel refusing = RouteAdvisorTests.model("large-model",
				(prompt) -> "I'm sorry, but I can't help with that.");
		CascadeSettings cascade = new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.BUFFER);
		ChatClient client = client(RouteSettings.builder(Tier.OWN, "huge")
			.mode(RouteMode.ACTIVE)
			.classifier("rules")
			.rules(List.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, Tier.OWN)))
			.cascade(cascade)
			.build(), refusing);
		assertThat(ask(client, "easy", stream)).isEqualTo("from huge");
		assertThat(this.log.newest(KEY, 1).get(0).escalations())
			.containsExactly(new RouteDecision.Escalation(Tier.OWN, "refusal"));
		// 3,000 millionths of a dollar for the own model and ten times that for the other
		assertThat(this.chain.statistics().plan(KEY).snapshot().spentUsd()).isEqualByComparingTo("0.033");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theFailureOfTheOwnModelIsNeitherHiddenNorAskedForTwice(boolean stream) {
		ScriptedChatModel failing = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("overloaded");
		}).options(this.large.getOptions());
		CascadeSettings cascade = new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.BUFFER);
		ChatClient client = client(RouteSettings.builder(Tier.OWN, "huge")
			.mode(RouteMode.ACTIVE)
			.classifier("rules")
			.rules(List.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, Tier.OWN)))
			.cascade(cascade)
			.build(), failing);
		assertThatIllegalStateException().isThrownBy(() -> ask(client, "easy", stream)).withMessage("overloaded");
		assertThat(failing.calls()).isEqualTo(1);
		assertThat(this.huge.calls()).isZero();
	}

	@ParameterizedTest
	@CsvSource({ "small,small,false", "small,small,true", "small,own,false", "small,own,true", "own,own,false",
			"own,own,true" })
	void theOwnModelIsAskedOnceHoweverOftenTheRequestIsSentOn(String first, String refusing, boolean stream) {
		String refusal = "I'm sorry, but I can't help with that.";
		this.small = RouteAdvisorTests.model("small-model", (prompt) -> {
			Assert.state(!refusing.equals("own"), "overloaded");
			return refusal;
		});
		ScriptedChatModel own = RouteAdvisorTests.model("large-model", (prompt) -> refusal);
		ScriptedChatModel failing = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("overloaded");
		}).options(this.huge.getOptions());
		Supplier<Tiers> tiers = this.tiers;
		for (boolean made : List.of(true, false)) {
			ScriptedChatModel huge = made ? failing : new ScriptedChatModel((prompt) -> null).options(unreadable());
			this.tiers = () -> new Tiers(List.of(tiers.get().find("small"),
					new Tier("huge", huge, "huge-model", Tier.Limits.NONE, "huge-2")));
			ChatClient client = client(RouteSettings.builder("small", Tier.OWN, "huge")
				.mode(RouteMode.ACTIVE)
				.classifier("rules")
				.rules(List.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, first)))
				.cascade(new CascadeSettings(List.of("refusal"), 5, 1, StreamMode.BUFFER))
				.build(), own);
			int before = own.calls();
			assertThat(ask(client, "easy", stream)).isEqualTo(refusal);
			assertThat(own.calls() - before).isEqualTo(1);
			RouteDecision logged = this.log.newest(KEY, 1).get(0);
			assertThat(logged.answer().tier()).isEqualTo(Tier.OWN);
			boolean both = first.equals("small") && refusing.equals("small");
			assertThat(this.chain.statistics().plan(KEY).snapshot().spentUsd())
				.isEqualByComparingTo(both ? "0.00314" : "0.003");
			assertThat(logged.answer().costPicoUsd()).isEqualTo(both ? 3_140_000_000L : 3_000_000_000L);
			assertThat(this.chain.statistics().plan(KEY).snapshot().tokensBought()).isEqualTo(both ? 2200 : 1100);
		}
	}

	@Test
	void theFailureOfADearerTierIsPassedOnWhereTheOwnModelWasCutOff() {
		String refusal = "I'm sorry, but I can't help with that. " + "word ".repeat(100);
		ScriptedChatModel own = RouteAdvisorTests.model("large-model", (prompt) -> refusal);
		this.huge.streaming((prompt) -> Flux.error(new IllegalStateException("overloaded")));
		ChatClient client = client(RouteSettings.builder(Tier.OWN, "huge")
			.mode(RouteMode.ACTIVE)
			.classifier("rules")
			.rules(List.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, Tier.OWN)))
			.cascade(new CascadeSettings(List.of("refusal"), 5, 1, StreamMode.PREFIX))
			.build(), own);
		assertThatIllegalStateException().isThrownBy(() -> ask(client, "easy", true)).withMessage("overloaded");
		assertThat(own.calls()).isEqualTo(1);
	}

	@Test
	void theOwnModelIsAskedOnceIfItSaysNothing() {
		this.huge.streaming((prompt) -> Flux.error(new IllegalStateException("overloaded")));
		ScriptedChatModel own = RouteAdvisorTests.model("large-model", (prompt) -> "")
			.streaming((prompt) -> Flux.empty());
		ChatClient client = client(RouteSettings.builder(Tier.OWN, "huge")
			.mode(RouteMode.ACTIVE)
			.classifier("rules")
			.rules(List.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, Tier.OWN)))
			.cascade(new CascadeSettings(List.of("refusal"), 5, 1, StreamMode.PREFIX))
			.build(), own);
		assertThat(ask(client, "easy", true)).isEmpty();
		assertThat(own.calls()).isEqualTo(1);
	}

	// Whose model is known, and nothing else
	private static ChatOptions unreadable() {
		return (ChatOptions) Proxy.newProxyInstance(RouteFailureTests.class.getClassLoader(),
				new Class<?>[] { ChatOptions.class }, (proxy, method, arguments) -> {
					if (method.getName().equals("getModel")) {
						return "huge-model";
					}
					throw new IllegalStateException("unreadable");
				});
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatIsSpentIsWhatBothModelsReport(boolean stream) {
		this.small = RouteAdvisorTests.model("small-model", (prompt) -> "I'm sorry, but I can't help with that.");
		CascadeSettings cascade = new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.BUFFER);
		ChatClient client = client(settings().cascade(cascade).build());
		assertThat(ask(client, "easy", stream)).isEqualTo("from large");
		assertThat(this.chain.statistics().plan(KEY).snapshot().spentUsd()).isEqualByComparingTo("0.00314");
		assertThat(this.log.newest(KEY, 1).get(0).answer().costPicoUsd()).isEqualTo(3_140_000_000L);
	}

	@Test
	void aJudgeAsksTheModelOfItsOwnRequest() {
		RouteJudges judges = new RouteJudges(Map::of, () -> Tiers.NONE, new JudgeFamilies(Dialects.builtIn()),
				new TokenCounter(), () -> null);
		ScriptedChatModel first = RouteAdvisorTests.model("a", (prompt) -> "{\"verdict\": \"good\"}");
		ScriptedChatModel second = RouteAdvisorTests.model("b", (prompt) -> "{\"verdict\": \"good\"}");
		Tier cheap = new Tier("cheap", null, "cheap-model", Tier.Limits.NONE, "1");
		for (Tier reference : List.of(RouteDecider.OWN, cheap)) {
			for (ScriptedChatModel own : List.of(first, second)) {
				int before = own.calls();
				judges.find(RouteSettings.builder("cheap", Tier.OWN).build().judge(), Set.of(), cheap, reference, own)
					.judge(GradedJudge.Answers.alone("q", "a", null));
				assertThat(own.calls()).isEqualTo(before + 1);
			}
		}
	}

	@Test
	void aReaderThatCancelsAfterTheEndIsNotLoggedTwice() {
		ChatClient client = client(settings().build());
		List<ChatClientResponse> read = new CopyOnWriteArrayList<>();
		client.prompt("easy").stream().chatClientResponse().subscribe(new CoreSubscriber<ChatClientResponse>() {

			private Subscription subscription;

			@Override
			public void onSubscribe(Subscription subscription) {
				this.subscription = subscription;
				subscription.request(Long.MAX_VALUE);
			}

			@Override
			public void onNext(ChatClientResponse element) {
				read.add(element);
			}

			@Override
			public void onError(Throwable ex) {
				throw new AssertionError(ex);
			}

			@Override
			public void onComplete() {
				this.subscription.cancel();
			}

		});
		Eventually.await(() -> !this.log.newest(KEY, 9).isEmpty());
		assertThat(read).isNotEmpty();
		assertThat(this.log.newest(KEY, 9)).hasSize(1);
		assertThat(this.log.newest(KEY, 1).get(0).answer().outcome()).isEqualTo(RouteOutcome.ANSWERED);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 10, 100 })
	void aCancelledStreamCostsTheSameHoweverMuchOfItWasHeldBack(int words) {
		List<BigDecimal> spent = new ArrayList<>();
		for (StreamMode mode : StreamMode.values()) {
			this.small.streaming((prompt) -> Flux.range(0, words)
				.map((i) -> new ChatResponse(List.of(new Generation(new AssistantMessage("word ")))))
				.concatWith(Flux.never()));
			AtomicInteger requests = new AtomicInteger();
			this.behind = List.of(new RequestsAdvisor(requests));
			ChatClient client = client(settings().cascade(new CascadeSettings(List.of("refusal"), 1, 1, mode)).build());
			List<String> seen = new CopyOnWriteArrayList<>();
			Disposable reading = client.prompt("easy").stream().content().subscribe(seen::add);
			boolean passedOn = mode == StreamMode.NONE || (mode == StreamMode.PREFIX && words > 64);
			// What is held back is asked for one by one
			Eventually.await(() -> passedOn ? seen.size() == words : requests.get() == words + 1);
			reading.dispose();
			spent.add(this.chain.statistics().plan(KEY).snapshot().spentUsd());
		}
		assertThat(spent).hasSize(3).containsOnly(spent.get(0));
		assertThat(spent.get(0)).as("at least the output")
			.isGreaterThan(new BigDecimal("0.0000004").multiply(BigDecimal.valueOf(words)));
	}

	@Test
	void aWholeAnswerThatNobodyHasAskedForCostsWhatTheProviderReports() throws InterruptedException {
		CountDownLatch cancelled = new CountDownLatch(1);
		ChatClient client = client(
				settings().cascade(new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.BUFFER)).build());
		client.prompt("easy").stream().chatClientResponse().subscribe(new BaseSubscriber<ChatClientResponse>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				request(1);
			}

			@Override
			protected void hookOnNext(ChatClientResponse element) {
				cancel();
				cancelled.countDown();
			}

		});
		assertThat(cancelled.await(10, TimeUnit.SECONDS)).isTrue();
		// 1,000 tokens of input and 100 of output
		assertThat(this.chain.statistics().plan(KEY).snapshot().spentUsd()).isEqualByComparingTo("0.00014");
	}

	@Test
	void aStreamThatIsCancelledWhileItIsClassifiedAsksNoModel() throws InterruptedException {
		CountDownLatch classifying = new CountDownLatch(1);
		CountDownLatch ended = new CountDownLatch(1);
		this.all.put("slow", (request, settings) -> {
			classifying.countDown();
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				ended.countDown();
			}
			return RouteChoice.of("small", "late");
		});
		ChatClient client = client(RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.maxTime(Duration.ofMillis(500))
			.classifier("slow")
			.build());
		Disposable reading = client.prompt("easy").stream().content().subscribe();
		assertThat(classifying.await(10, TimeUnit.SECONDS)).isTrue();
		reading.dispose();
		assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(this.small.calls() + this.large.calls()).isZero();
	}

	@Test
	void aClassifierThatHasNoThreadToWaitOnIsNotAsked() {
		this.all.put("slow", (request, settings) -> RouteChoice.of("small", "late"));
		RouteDecider decider = new RouteDecider(this.tiers, () -> this.all, new StickyTiers(Ticker.systemTicker()),
				new SavingsStatistics(), new TokenCounter(), new PriceTable(List.of()));
		RouteSettings settings = RouteSettings.builder("small", Tier.OWN).classifier("slow").build();
		ChatClientRequest request = new ChatClientRequest(new Prompt("easy"), Map.of());
		CallState call = CallState.of(request, Plan.builder("support-bot").with(settings).build());
		assertThat(decider.decide(request, call, settings, null, true).tier().name()).isEqualTo("small");
		assertThat(decider.decide(request, call, settings, null, false).reason()).isEqualTo("classifier_failed");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void eachRoundOfAToolLoopGoesToTheTierThatHasBegunIt(boolean stream) {
		ChatOptions options = ToolCallingChatOptions.builder().model("small-model").build();
		this.small = new ScriptedChatModel(RouteFailureTests::round).options(options);
		this.small.streaming((prompt) -> Flux.just(new ChatResponse(List.of(new Generation(new AssistantMessage("")))),
				round(prompt)));
		ScriptedChatModel own = RouteAdvisorTests.model("large-model", (prompt) -> "from large")
			.options(ToolCallingChatOptions.builder().model("large-model").build());
		// By chance: the second round would go elsewhere
		List<String> chosen = new CopyOnWriteArrayList<>();
		this.all.put("once", (request, settings) -> {
			chosen.add("x");
			return RouteChoice.of((chosen.size() == 1) ? "small" : Tier.OWN, "once");
		});
		ChatClient client = client(RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.classifier("once")
			.sticky(RouteSettings.Sticky.NONE)
			.build(), own);
		ChatClient.ChatClientRequestSpec spec = client.prompt("weather?")
			.toolCallbacks(FunctionToolCallback.builder("weather", (input) -> "sunny").inputType(Void.class).build())
			.advisors(ToolCallingAdvisor.builder().build());
		String answer = stream ? String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(5)))
				: spec.call().content();
		assertThat(answer).isEqualTo("sunny, from small");
		assertThat(chosen).hasSize(1);
		assertThat(own.calls()).isZero();
	}

	private static ChatResponse round(Prompt prompt) {
		List<Message> messages = prompt.getInstructions();
		if (messages.get(messages.size() - 1) instanceof ToolResponseMessage) {
			return RouteAdvisorTests.answer("small-model", "sunny, from small");
		}
		return ScriptedChatModel.response(new Generation(AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "weather", "{}")))
			.build()));
	}

	/**
	 * Counts how often a stream behind the routing is asked for elements.
	 */
	private record RequestsAdvisor(AtomicInteger requests) implements DirectStreamAdvisor {

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			return chain.nextStream(request).doOnRequest((count) -> this.requests.incrementAndGet());
		}

		@Override
		public String getName() {
			return "Requests";
		}

		@Override
		public int getOrder() {
			return AdvisorOrder.ROUTE + 1;
		}

	}

	/**
	 * When a model fails.
	 */
	enum Moment {

		CALL, ASSEMBLY, SUBSCRIPTION, REQUEST;

		ScriptedChatModel failing(Throwable failure) {
			return switch (this) {
				case CALL -> new ScriptedChatModel((prompt) -> {
					RouteFailureTests.<RuntimeException>sneak(failure);
					return null;
				});
				case ASSEMBLY -> new ScriptedChatModel((prompt) -> null) {

					@Override
					public Flux<ChatResponse> stream(Prompt prompt) {
						RouteFailureTests.<RuntimeException>sneak(failure);
						return Flux.empty();
					}

				};
				case SUBSCRIPTION -> new ScriptedChatModel((prompt) -> null).streaming((prompt) -> {
					RouteFailureTests.<RuntimeException>sneak(failure);
					return null;
				});
				case REQUEST -> new ScriptedChatModel((prompt) -> null)
					.streaming((prompt) -> Flux.from((subscriber) -> subscriber.onSubscribe(new Subscription() {

						@Override
						public void request(long count) {
							RouteFailureTests.<RuntimeException>sneak(failure);
						}

						@Override
						public void cancel() {
						}

					})));
			};
		}

	}

}
