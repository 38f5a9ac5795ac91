package io.tokensaving.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Component;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.AsyncExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link PlanAdvisor}.
 */
@ExtendWith(OutputCaptureExtension.class)
class PlanAdvisorTests {

	private static final ModelPrice PRICE = new ModelPrice("scripted-model", new BigDecimal("2"), new BigDecimal("10"),
			new BigDecimal("0.5"), null);

	private final Plan plan = Plan.builder("support-bot").with(new CacheSettings("in_memory")).build();

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	@Test
	void noAnswerIsSharedBetweenRequestsThatOthersMayAnswer() {
		AtomicReference<String> inputs = new AtomicReference<>();
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan)
			.plan((builder) -> builder.answerInputs((key, plan) -> inputs.get()));
		ChatClient client = chain.client(this.model);
		Runnable ask = () -> client.prompt("one").call().content();
		ask.run();
		// Nothing chooses who answers, so what the request says of it makes no difference
		client.prompt("one").advisors(TokenSaving.tier("nano")).call().content();
		assertThat(this.model.calls()).isEqualTo(1);
		inputs.set("a");
		ask.run();
		ask.run();
		assertThat(this.model.calls()).isEqualTo(2);
		client.prompt("one").advisors(TokenSaving.tier("nano")).call().content();
		client.prompt("one").advisors(TokenSaving.tier("nano")).call().content();
		assertThat(this.model.calls()).isEqualTo(3);
		client.prompt("one").advisors(TokenSaving.atLeast("nano")).call().content();
		assertThat(this.model.calls()).isEqualTo(4);
		inputs.set("b");
		ask.run();
		assertThat(this.model.calls()).isEqualTo(5);
		client.prompt("one").advisors(TokenSaving.defaultPlan().noRoute()).call().content();
		assertThat(this.model.calls()).isEqualTo(5);
	}

	@Test
	void noAnswerIsSharedIfItIsNotKnownWhoAnswers() {
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan)
			.plan((builder) -> builder.answerInputs((key, plan) -> {
				throw new IllegalStateException("not known");
			}));
		ChatClient client = chain.client(this.model);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "a b", "at-least:", "at-least:a b" })
	void refusesATierThatCannotExist(String tier) {
		ChatClient client = new TokenSavingTestChain(this.plan).client(this.model);
		assertThatIllegalArgumentException()
			.isThrownBy(
					() -> client.prompt("one").advisors((spec) -> spec.param(TokenSaving.TIER, tier)).call().content())
			.withMessageContaining(TokenSaving.TIER)
			.withMessageContaining("the name of a tier");
	}

	@Test
	void leavesRequestWithoutPlanAsItIs() {
		TokenSavingTestChain chain = new TokenSavingTestChain();
		ChatClient client = chain.client(this.model);
		ChatClientResponse response = client.prompt("one").call().chatClientResponse();
		client.prompt("one").call().content();
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(response.context()).isEmpty();
		assertThat(response.chatResponse().getMetadata().keySet()).isEmpty();
		assertThat(chain.statistics().plans()).isEmpty();
	}

	@Test
	void noneSwitchesDefaultPlanOffAndIsTakenOffTheRequest() {
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan);
		ChatClient client = chain.client(this.model);
		ChatClientResponse response = client.prompt("one").advisors(TokenSaving.none()).call().chatClientResponse();
		assertThat(response.context()).isEmpty();
		assertThat(chain.statistics().totals().totalRequests()).isZero();
	}

	@Test
	void letsRequestWithUnknownPlanPassAndWarnsOnceAMinute(CapturedOutput output) {
		AtomicReference<Long> now = new AtomicReference<>(0L);
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan).plan((builder) -> builder.ticker(now::get));
		ChatClient client = chain.client(this.model);
		for (int i = 0; i < 3; i++) {
			client.prompt("one").advisors(TokenSaving.plan("suport-bot")).call().content();
		}
		assertThat(this.model.calls()).isEqualTo(3);
		assertThat(chain.statistics().unknownPlans()).isEqualTo(3);
		assertThat(output.getOut().split("Unknown plan 'suport-bot', known plans are 'support-bot'")).hasSize(2);
		now.set(TimeUnit.MINUTES.toNanos(1));
		client.prompt("one").advisors(TokenSaving.plan("suport-bot")).call().content();
		assertThat(output.getOut()).contains("2 times more since the last warning");
	}

	@Test
	void failsRequestWithUnknownPlanIfToldTo() {
		ChatClient client = new TokenSavingTestChain(this.plan)
			.plan((builder) -> builder.unknownPlanPolicy(UnknownPlanPolicy.FAIL))
			.client(this.model);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> client.prompt("one").advisors(TokenSaving.plan("other")).call().content())
			.withMessage("Unknown plan 'other', known plans are 'support-bot'");
		StepVerifier.create(client.prompt("one").advisors(TokenSaving.plan("other")).stream().content())
			.verifyError(IllegalArgumentException.class);
		assertThat(this.model.calls()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "token_saving_plan", "token_saving_cahce", "token_saving_" })
	void refusesUnknownParameterByName(String name) {
		ChatClient client = new TokenSavingTestChain(this.plan).client(this.model);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> client.prompt("one").advisors((advisors) -> advisors.param(name, "x")).call().content())
			.withMessageContaining("'" + name + "'")
			.withMessageContaining("'token_saving_plan_id'")
			.withMessageContaining("'token_saving_cache'");
	}

	@Test
	void refusesParameterOfWrongType() {
		ChatClient client = new TokenSavingTestChain(this.plan).client(this.model);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> client.prompt("one")
				.advisors((advisors) -> advisors.param("token_saving_plan_id", 5))
				.call()
				.content())
			.withMessageContaining("'5' of type java.lang.Integer");
		StepVerifier
			.create(client.prompt("one")
				.advisors((advisors) -> advisors.param("token_saving_cache", "no-store"))
				.stream()
				.content())
			.verifyError(IllegalArgumentException.class);
	}

	@Test
	void acceptsPlainParameters() {
		ChatClient client = new TokenSavingTestChain(Plan.builder("other").build(), this.plan).client(this.model);
		for (int i = 0; i < 2; i++) {
			client.prompt("one")
				.advisors((advisors) -> advisors.param("token_saving_plan_id", "support-bot")
					.param("token_saving_cache", Map.of("ttl", "1h", "scope", "t")))
				.call()
				.content();
		}
		assertThat(this.model.calls()).isEqualTo(1);
	}

	@Test
	void bearsNullValueInContext() {
		CallAdvisor nullPutting = new CallAdvisor() {

			@Override
			public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
				Map<String, Object> context = new HashMap<>(request.context());
				context.put("nothing", null);
				return chain.nextCall(new ChatClientRequest(request.prompt(), context));
			}

			@Override
			public String getName() {
				return "null";
			}

			@Override
			public int getOrder() {
				return 0;
			}

		};
		ChatClient client = new TokenSavingTestChain(this.plan).client(this.model, nullPutting);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
	}

	@Test
	void goesOnWithoutPlanWhenWorkspaceCannotBeNamed() {
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan)
			.plan((builder) -> builder.workspaceResolver((request) -> {
				throw new IllegalStateException("nobody is logged in");
			}));
		ChatClient client = chain.client(this.model);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(chain.statistics().errors(Component.WORKSPACE)).isEqualTo(2);
	}

	@Test
	void countsOnceWhenChainHoldsAdvisorsTwice() {
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan);
		PlanAdvisor second = PlanAdvisor.builder(this.plan)
			.defaultPlan("support-bot")
			.statistics(chain.statistics())
			.build();
		ChatClient client = chain.client(this.model, second);
		ChatClientResponse response = client.prompt("one").call().chatClientResponse();
		assertThatReport(response).hasOutcome(Outcome.MISS);
		assertThat(chain.statistics().totals().totalRequests()).isEqualTo(1);
	}

	@Test
	void pricesHitsAtWhatTheAnswerHadCost() {
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan).price(PRICE);
		ChatClient client = chain.client(this.model);
		client.prompt("one").call().content();
		ChatClientResponse hit = client.prompt("one").call().chatClientResponse();
		// 100 input tokens at 2 USD and 20 output tokens at 10 USD per million
		assertThatReport(hit).saved(120).savedUsd("0.0004");
		StatisticsSnapshot snapshot = chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(snapshot.costSavedUsd()).isEqualByComparingTo("0.0004");
		assertThat(snapshot.tokensSaved()).isEqualTo(120);
		assertThat(snapshot.tokensBought()).isEqualTo(120);
		assertThat(snapshot.cacheHitRate()).isEqualTo(0.5);
		assertThat(snapshot.unpricedModels()).isEmpty();
	}

	@Test
	void countsTokensOfUnpricedModelAndSaysSo() {
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan);
		ChatClient client = chain.client(this.model);
		client.prompt("one").call().content();
		ChatClientResponse hit = client.prompt("one").call().chatClientResponse();
		assertThatReport(hit).saved(120).savedUsd("0");
		assertThat(chain.statistics().totals().unpricedModels()).containsExactly("scripted-model");
	}

	@Test
	void estimatesTokensOfModelThatReportsNone() {
		ScriptedChatModel silent = ScriptedChatModel
			.answering(new ChatResponse(List.of(new Generation(new AssistantMessage("Hello there, friend")))));
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan);
		ChatClient client = chain.client(silent);
		SavingsReport miss = report(client.prompt("How are you today?").call().chatClientResponse());
		assertThat(miss.estimated()).isTrue();
		assertThat(miss.tokensBought()).isBetween(10L, 20L);
		assertThat(report(client.prompt("How are you today?").call().chatClientResponse()).tokensSaved())
			.isEqualTo(miss.tokensBought());
	}

	@Test
	void creditsCompressionWithTokensThatWereNotSent() {
		Plan trim = Plan.builder("trim").with(new CompressionSettings("trim", 200)).build();
		TokenSavingTestChain chain = new TokenSavingTestChain(trim).price(PRICE);
		List<Message> history = List.of(new UserMessage("word ".repeat(300)), new AssistantMessage("ok"));
		ChatClientResponse response = chain.client(this.model)
			.prompt()
			.messages(history)
			.user("And now?")
			.call()
			.chatClientResponse();
		SavingsReport report = report(response);
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(1);
		assertThat(report.outcome()).isEqualTo(Outcome.BYPASS);
		assertThat(report.tokensBought()).isEqualTo(120);
		long saved = report.tokensSavedByTechnique().get("compression");
		assertThat(saved).isGreaterThan(300);
		assertThat(report.tokensCounterfactual()).isEqualTo(120 + saved);
		assertThat(report.costSavedUsd())
			.isEqualByComparingTo(new BigDecimal("0.000002").multiply(BigDecimal.valueOf(saved)));
	}

	@Test
	void pricesUnsentTokensAsCachedWhereTheProviderCached() {
		ScriptedChatModel caching = ScriptedChatModel
			.answering(new ChatResponse(List.of(new Generation(new AssistantMessage("x"))),
					ChatResponseMetadata.builder()
						.model("scripted-model")
						.usage(new DefaultUsage(100, 20, 120, null, 80L, null))
						.build()));
		Plan trim = Plan.builder("trim").with(new CompressionSettings("trim", 200)).build();
		SavingsReport report = report(new TokenSavingTestChain(trim).price(PRICE)
			.client(caching)
			.prompt()
			.messages(new UserMessage("word ".repeat(300)), new AssistantMessage("ok"))
			.user("And now?")
			.call()
			.chatClientResponse());
		assertThat(report.costSavedUsd())
			.isEqualByComparingTo(new BigDecimal("0.0000005").multiply(BigDecimal.valueOf(report.tokensSaved())));
	}

	@Test
	void countsFailureOfModelWithoutSaving() {
		ScriptedChatModel broken = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("down");
		});
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan);
		assertThatThrownBy(() -> chain.client(broken).prompt("one").call().content()).hasMessage("down");
		StatisticsSnapshot snapshot = chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(snapshot.totalRequests()).isEqualTo(1);
		assertThat(snapshot.modelErrors()).isEqualTo(1);
		assertThat(snapshot.errors()).isZero();
		assertThat(snapshot.tokensBought()).isZero();
		assertThat(snapshot.tokensSaved()).isZero();
	}

	@Test
	void passesStreamElementsAtOnceAndPutsReportOnTheLast() {
		Sinks.Many<ChatResponse> source = Sinks.many().unicast().onBackpressureBuffer();
		this.model.streaming((prompt) -> source.asFlux());
		ChatClient client = new TokenSavingTestChain(this.plan).client(this.model);
		StepVerifier.create(client.prompt("one").stream().chatClientResponse())
			.then(() -> source.tryEmitNext(ScriptedChatModel.answer("Hello ", "_UNKNOWN")))
			.assertNext((element) -> {
				assertThat(text(element)).isEqualTo("Hello ");
				assertThat(element.context()).isEmpty();
			})
			.then(() -> source.tryEmitNext(ScriptedChatModel.answer("world", "STOP")))
			.then(() -> source.tryEmitNext(new ChatResponse(List.of(),
					ChatResponseMetadata.builder().model("scripted-model").usage(new DefaultUsage(11, 3, 14)).build())))
			.assertNext((element) -> {
				assertThat(text(element)).isEqualTo("world");
				assertThat(element.context()).doesNotContainKey("token_saving_report");
			})
			.then(source::tryEmitComplete)
			.assertNext((element) -> assertThatReport(element).hasOutcome(Outcome.MISS).bought(14))
			.verifyComplete();
	}

	@Test
	void countsCancelledStreamOnceWithTheTokensThatHadArrived() throws InterruptedException {
		this.model.streaming((prompt) -> Flux
			.just(new ChatResponse(List.of(new Generation(new AssistantMessage("one two three four five")))))
			.concatWith(Flux.never()));
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan);
		ChatClient client = chain.client(this.model);
		for (int i = 1; i <= 50; i++) {
			CountDownLatch arrived = new CountDownLatch(1);
			var subscription = client.prompt("question " + i)
				.stream()
				.chatClientResponse()
				.subscribe((element) -> arrived.countDown());
			assertThat(arrived.await(60, TimeUnit.SECONDS)).isTrue();
			subscription.dispose();
			assertThat(chain.statistics().totals().totalRequests()).isEqualTo(i);
		}
		StatisticsSnapshot snapshot = chain.statistics().totals();
		assertThat(snapshot.misses()).isEqualTo(50);
		assertThat(snapshot.modelErrors()).isZero();
		assertThat(snapshot.tokensBought()).isBetween(50 * 10L, 50 * 20L);
	}

	@Test
	void creditsNothingToAHitThatFailsOnItsWayBack() {
		AtomicBoolean failing = new AtomicBoolean();
		CallAdvisor filter = new CallAdvisor() {

			@Override
			public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
				ChatClientResponse response = chain.nextCall(request);
				if (failing.get()) {
					throw new IllegalStateException("refused");
				}
				return response;
			}

			@Override
			public String getName() {
				return "filter";
			}

			@Override
			public int getOrder() {
				return AdvisorOrder.EXACT_CACHE - 1;
			}

		};
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan).price(PRICE);
		ChatClient client = chain.client(this.model, filter);
		client.prompt("one").call().content();
		failing.set(true);
		assertThatIllegalStateException().isThrownBy(() -> client.prompt("one").call().content());
		StatisticsSnapshot stats = chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.tokensSaved()).isZero();
		assertThat(stats.costSavedUsd()).isZero();
		assertThat(stats.requests(ExactCacheFeature.HIT)).isZero();
		assertThat(stats.tokensBought()).isEqualTo(120);
		// Bought all the same
		assertThatIllegalStateException().isThrownBy(() -> client.prompt("two").call().content());
		assertThat(chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().tokensBought())
			.isEqualTo(240);
	}

	@Test
	void creditsNothingToAHitThatNobodyHasTaken() {
		TokenSavingTestChain chain = new TokenSavingTestChain(this.plan).price(PRICE);
		ChatClient client = chain.client(this.model);
		client.prompt("one").call().content();
		StepVerifier.create(client.prompt("one").stream().content(), 0).thenCancel().verify();
		StatisticsSnapshot stats = chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.totalRequests()).isEqualTo(2);
		assertThat(stats.requests(ExactCacheFeature.HIT)).isZero();
		assertThat(stats.tokensSaved()).isZero();
		assertThat(stats.tokensBought()).isEqualTo(120);
	}

	@Test
	void hasBoughtNothingWhileItIsStillLookedUp() throws InterruptedException {
		CountDownLatch asked = new CountDownLatch(1);
		AsyncExactCacheStore silent = mock(AsyncExactCacheStore.class);
		given(silent.backend()).willReturn("silent");
		given(silent.isBlocking()).willReturn(true);
		given(silent.findAsync(any(), any())).willAnswer((invocation) -> {
			asked.countDown();
			return new CompletableFuture<>();
		});
		TokenSavingTestChain chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(CacheSettings.builder("silent").lookupTimeout(Duration.ofMinutes(1)).build())
			.build()).store(silent);
		Disposable stream = chain.client(this.model).prompt("one").stream().content().subscribe();
		assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
		stream.dispose();
		StatisticsSnapshot stats = chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.totalRequests()).isEqualTo(1);
		assertThat(stats.tokensBought()).isZero();
		assertThat(this.model.calls()).isZero();
	}

	private static SavingsReport report(ChatClientResponse response) {
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	private static String text(ChatClientResponse response) {
		return response.chatResponse().getResult().getOutput().getText();
	}

}
