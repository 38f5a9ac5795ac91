package io.tokensaving.budget;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link BudgetAdvisor}. An answer of the model has 100 input and 20 output
 * tokens and costs 0.0003 USD.
 */
class BudgetAdvisorTests {

	private static final ModelPrice PRICE = new ModelPrice("scripted-model", new BigDecimal("1"), new BigDecimal("10"),
			null, null);

	private static final long COST = 300_000_000;

	private final TestClock clock = new TestClock("2026-11-30T23:00:00Z");

	private final ConcurrentLinkedQueue<TokenSavingEvent> events = new ConcurrentLinkedQueue<>();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final ScriptedChatModel model = ScriptedChatModel.echoing()
		.options(ChatOptions.builder().model("scripted-model").maxTokens(20).build());

	private BudgetAccounts accounts = new InMemoryBudgetAccounts(this.clock);

	private List<Budget> named = List.of();

	private String tenant;

	private Duration timeout = Duration.ofMinutes(1);

	private static BudgetSettings usd(String usd, BudgetSettings.Action action) {
		return settings(usd, action, BudgetSettings.UnknownPrice.COUNT, BudgetSettings.OnFailure.ALLOW, "UTC");
	}

	private static BudgetSettings settings(String usd, BudgetSettings.Action action,
			BudgetSettings.UnknownPrice unknownPrice, BudgetSettings.OnFailure onFailure, String zone) {
		return new BudgetSettings(BudgetSettings.Period.DAY, new BigDecimal(usd), null, 0.8, action, unknownPrice,
				onFailure, 20, ZoneId.of(zone));
	}

	private static Plan plan(String id, BudgetSettings settings) {
		return Plan.builder(id).with(settings).build();
	}

	private ChatClient client(Plan... plans) {
		this.statistics.addListener(new SavingsStatistics.Listener() {

			@Override
			public void happened(TokenSavingEvent event) {
				BudgetAdvisorTests.this.events.add(event);
			}

		});
		BudgetAdvisor advisor = BudgetAdvisor.builder(new Budgets(this.named, this.accounts, this.clock))
			.statistics(this.statistics)
			.prices(new PriceTable(List.of(PRICE)))
			.timeout(this.timeout)
			.build();
		return new TokenSavingTestChain(plans).price(PRICE)
			.statistics(this.statistics)
			.plan((builder) -> builder.tenantResolver((request) -> this.tenant))
			.client(this.model, advisor);
	}

	private BudgetUsage usage(Plan plan) {
		BudgetSettings settings = plan.settings(BudgetSettings.class);
		return this.accounts.usage(new BudgetClaim(new BudgetKey("plan", "default", BudgetScope.PLAN, plan.id()),
				plan.id(), settings, settings.window(this.clock.instant())));
	}

	private static String ask(ChatClient client, String question) {
		return client.prompt().user(question).call().content();
	}

	@Test
	void takesWhatTheCallDidCost() {
		Plan plan = plan("p", usd("1", BudgetSettings.Action.REFUSE));
		ChatClient client = client(plan);
		ask(client, "One?");
		client.prompt().user("Two?").stream().chatResponse().blockLast();
		assertThat(usage(plan)).isEqualTo(new BudgetUsage(new BudgetAmount(2 * COST, 240), BudgetAmount.ZERO));
		assertThat(this.statistics.totals().tokensBought()).isEqualTo(240);
	}

	@Test
	void refusesACallThatMayCostMoreThanIsLeft() {
		Plan plan = plan("p", usd("0.0004", BudgetSettings.Action.REFUSE));
		ChatClient client = client(plan);
		ask(client, "First?");
		for (boolean stream : new boolean[] { false, true }) {
			assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> {
				ChatClient.ChatClientRequestSpec secret = client.prompt().user("My secret?");
				if (stream) {
					secret.stream().content().blockLast();
				}
				else {
					secret.call().content();
				}
			}).satisfies((ex) -> {
				assertThat(ex.getReason()).isEqualTo(TokenBudgetExceededException.Reason.LIMIT);
				assertThat(ex.getBudget()).isEqualTo("plan");
				assertThat(ex.getLimitUsd()).isEqualByComparingTo("0.0004");
				assertThat(ex.getUsedUsd()).isEqualByComparingTo("0.0003");
				assertThat(ex.getLimitTokens()).isNull();
				assertThat(ex.getUsedTokens()).isEqualTo(120);
				assertThat(ex.getResetsAt()).isEqualTo(Instant.parse("2026-12-01T00:00:00Z"));
				assertThat(ex.getMessage()).contains("'plan'", "0.0003 of 0.0004 USD", "2026-12-01T00:00:00Z")
					.doesNotContain("secret");
			});
		}
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(this.statistics.totals().modelErrors()).isZero();
		assertThat(this.events.stream().map((event) -> event.getClass().getSimpleName()))
			.containsExactly("BudgetExceededEvent");
		// The next day
		this.clock.pass(Duration.ofHours(1));
		ask(client, "Third?");
		assertThat(usage(plan).used().picoUsd()).isEqualTo(COST);
	}

	@Test
	void aDayBeginsInItsZone() {
		Plan plan = plan("p", settings("0.0004", BudgetSettings.Action.REFUSE, BudgetSettings.UnknownPrice.COUNT,
				BudgetSettings.OnFailure.ALLOW, "America/New_York"));
		ChatClient client = client(plan);
		ask(client, "First?");
		this.clock.pass(Duration.ofHours(5));
		assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> ask(client, "Second?"))
			.satisfies((ex) -> assertThat(ex.getResetsAt()).isEqualTo(Instant.parse("2026-12-01T05:00:00Z")));
		this.clock.pass(Duration.ofHours(1));
		ask(client, "Third?");
	}

	@Test
	void anAnswerThatIsNotBoughtNeedsNoBudget() {
		Plan plan = Plan.builder("p")
			.with(usd("0.0004", BudgetSettings.Action.REFUSE))
			.with(new CacheSettings("in_memory"))
			.build();
		ChatClient client = client(plan);
		String first = ask(client, "First?");
		assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> ask(client, "Second?"));
		assertThat(ask(client, "First?")).isEqualTo(first);
		assertThat(client.prompt().user("First?").stream().content().collectList().block()).isNotEmpty();
		assertThat(usage(plan).used().picoUsd()).isEqualTo(COST);
	}

	@Test
	void aFailedCallGivesBackWhatItReserved() {
		Plan plan = plan("p", usd("0.0004", BudgetSettings.Action.REFUSE));
		ScriptedChatModel failing = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("model");
		}).options(this.model.getOptions())
			.streaming((prompt) -> Flux.just(word("Some")).concatWith(Flux.error(new IllegalStateException("model"))));
		ChatClient client = client(plan).mutate().build();
		ChatClient failingClient = new TokenSavingTestChain(plan).price(PRICE)
			.statistics(this.statistics)
			.client(failing,
					BudgetAdvisor.builder(new Budgets(List.of(), this.accounts, this.clock))
						.prices(new PriceTable(List.of(PRICE)))
						.statistics(this.statistics)
						.build());
		for (int i = 0; i < 3; i++) {
			assertThatThrownBy(() -> ask(failingClient, "Question?")).hasMessage("model");
			assertThatThrownBy(() -> failingClient.prompt().user("Question?").stream().content().blockLast())
				.hasMessage("model");
			assertThat(usage(plan)).isEqualTo(BudgetUsage.NONE);
		}
		assertThat(ask(client, "Question?")).isNotNull();
	}

	private static ChatResponse word(String text) {
		return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
	}

	@Test
	void ofACancelledStreamWhatHadArrivedIsPaid() {
		Plan plan = plan("p", usd("1", BudgetSettings.Action.REFUSE));
		ScriptedChatModel endless = this.model
			.streaming((prompt) -> Flux.just(word("Some words "), word("and more ")).concatWith(Flux.never()));
		assertThat(endless).isNotNull();
		ChatClient client = client(plan);
		ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
		Disposable reading = client.prompt().user("Question?").stream().content().subscribe(seen::add);
		Eventually.await(() -> seen.size() == 2);
		assertThat(usage(plan).reserved().picoUsd()).isPositive();
		reading.dispose();
		assertThat(usage(plan).reserved()).isEqualTo(BudgetAmount.ZERO);
		assertThat(usage(plan).used().picoUsd()).isPositive();
		// The ledger of the call says the same
		assertThat(usage(plan).used().tokens()).isEqualTo(this.statistics.totals().tokensBought());
	}

	@Test
	void aStreamThatNobodyReadsReservesNothing() {
		Plan plan = plan("p", usd("1", BudgetSettings.Action.REFUSE));
		ChatClient client = client(plan);
		Flux<String> stream = client.prompt().user("Question?").stream().content();
		assertThat(stream).isNotNull();
		assertThat(usage(plan)).isEqualTo(BudgetUsage.NONE);
	}

	@Test
	void eachRoundOfAToolLoopReservesForItself() {
		Plan plan = plan("p", usd("0.0004", BudgetSettings.Action.REFUSE));
		ScriptedChatModel looping = new ScriptedChatModel(
				(prompt) -> ScriptedChatModel.response(new Generation(AssistantMessage.builder()
					.content("")
					.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "clock", "\"now\"")))
					.build())))
			.options(ToolCallingChatOptions.builder().model("scripted-model").maxTokens(20).build());
		ChatClient client = new TokenSavingTestChain(plan).price(PRICE)
			.statistics(this.statistics)
			.client(looping,
					BudgetAdvisor.builder(new Budgets(List.of(), this.accounts, this.clock))
						.prices(new PriceTable(List.of(PRICE)))
						.build());
		assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> client.prompt()
			.user("What time is it?")
			.tools(FunctionToolCallback.builder("clock", (String input) -> "noon").inputType(String.class).build())
			.call()
			.content());
		assertThat(looping.calls()).isEqualTo(1);
		assertThat(usage(plan).used().picoUsd()).isEqualTo(COST);
	}

	@Test
	void warnsAndLetsCallsPass() {
		Plan plan = plan("p", usd("0.001", BudgetSettings.Action.WARN));
		ChatClient client = client(plan);
		for (int i = 0; i < 6; i++) {
			ask(client, "Question " + i);
		}
		assertThat(this.model.calls()).isEqualTo(6);
		assertThat(this.events).hasSize(2);
		assertThat(this.events.poll()).isEqualTo(new BudgetWarnedEvent("default", "p", "plan", new BigDecimal("0.001"),
				new BigDecimal("0.0009"), null, 360, Instant.parse("2026-12-01T00:00:00Z")));
		assertThat(this.events.poll()).isInstanceOf(BudgetExceededEvent.class);
	}

	@Test
	void aModelWithoutAPriceIsCountedOrRefusedAsSet() {
		ChatOptions unpriced = ChatOptions.builder().model("nobody-knows").maxTokens(20).build();
		ScriptedChatModel other = ScriptedChatModel
			.answering(new ChatResponse(List.of(new Generation(new AssistantMessage("Answer")))));
		other.options(unpriced);
		for (BudgetSettings.UnknownPrice set : BudgetSettings.UnknownPrice.values()) {
			Plan plan = plan("p" + set.ordinal(),
					settings("1", BudgetSettings.Action.WARN, set, BudgetSettings.OnFailure.ALLOW, "UTC"));
			ChatClient client = new TokenSavingTestChain(plan).client(other,
					BudgetAdvisor.builder(new Budgets(List.of(), this.accounts, this.clock))
						.statistics(this.statistics)
						.build());
			if (set == BudgetSettings.UnknownPrice.REFUSE) {
				assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> ask(client, "Question?"))
					.satisfies((ex) -> assertThat(ex.getReason())
						.isEqualTo(TokenBudgetExceededException.Reason.UNKNOWN_PRICE));
				assertThat(usage(plan)).isEqualTo(BudgetUsage.NONE);
			}
			else {
				ask(client, "Question?");
				assertThat(usage(plan).used().picoUsd()).isZero();
				assertThat(usage(plan).used().tokens()).isPositive();
				assertThat(this.statistics.plan(new PlanKey("default", plan.id()))
					.snapshot()
					.count(BudgetFeature.UNPRICED)).isEqualTo(1);
			}
		}
	}

	@Test
	void aBudgetThatCannotBeReadAllowsOrRefusesAsSet() {
		List<CompletableFuture<BudgetAccounts.Answer>> answers = List
			.of(CompletableFuture.failedFuture(new IllegalStateException("down")), new CompletableFuture<>());
		this.timeout = BudgetAdvisor.DEFAULT_TIMEOUT;
		for (CompletableFuture<BudgetAccounts.Answer> answer : answers) {
			this.accounts = new FixedAccounts(answer);
			for (BudgetSettings.OnFailure set : BudgetSettings.OnFailure.values()) {
				ChatClient client = client(plan("p",
						settings("1", BudgetSettings.Action.WARN, BudgetSettings.UnknownPrice.COUNT, set, "UTC")));
				long before = this.statistics.errors(BudgetFeature.COMPONENT);
				if (set == BudgetSettings.OnFailure.ALLOW) {
					assertThat(ask(client, "Question?")).isNotNull();
					assertThat(client.prompt().user("Question?").stream().content().collectList().block()).isNotEmpty();
				}
				else {
					assertThatExceptionOfType(TokenBudgetExceededException.class)
						.isThrownBy(() -> ask(client, "Question?"))
						.satisfies((ex) -> assertThat(ex.getReason())
							.isEqualTo(TokenBudgetExceededException.Reason.UNAVAILABLE));
					assertThatExceptionOfType(TokenBudgetExceededException.class)
						.isThrownBy(() -> client.prompt().user("Question?").stream().content().blockLast());
				}
				assertThat(this.statistics.errors(BudgetFeature.COMPONENT)).isEqualTo(before + 2);
			}
		}
	}

	@Test
	void aReservationThatComesTooLateIsGivenBack() {
		this.timeout = Duration.ofMillis(1);
		CompletableFuture<BudgetAccounts.Answer> late = new CompletableFuture<>();
		this.accounts = new FixedAccounts(late);
		ask(client(plan("p", usd("1", BudgetSettings.Action.REFUSE))), "Question?");
		List<BudgetAmount> settled = new ArrayList<>();
		late.complete(new BudgetAccounts.Answer(settled::add, null, BudgetUsage.NONE));
		assertThat(settled).containsExactly(BudgetAmount.ZERO);
	}

	@Test
	void aStreamThatWaitsForItsBudgetIsSettledOnceItIsKnown() {
		CompletableFuture<BudgetAccounts.Answer> later = new CompletableFuture<>();
		this.accounts = new FixedAccounts(later);
		List<BudgetAmount> settled = new ArrayList<>();
		CompletableFuture<List<String>> read = client(plan("p", usd("1", BudgetSettings.Action.REFUSE))).prompt()
			.user("Question?")
			.stream()
			.content()
			.collectList()
			.toFuture();
		assertThat(this.model.calls()).isZero();
		later.complete(new BudgetAccounts.Answer((cost) -> {
			if (settled.isEmpty()) {
				settled.add(cost);
			}
		}, null, BudgetUsage.NONE));
		assertThat(read.join()).isNotEmpty();
		assertThat(settled).containsExactly(new BudgetAmount(COST, 120));
	}

	@Test
	void plansOfAWorkspaceShareItsBudget() {
		this.named = List
			.of(new Budget("all", BudgetScope.WORKSPACE, Set.of(), usd("0.0007", BudgetSettings.Action.REFUSE)));
		ChatClient client = client(Plan.builder("a").build(), Plan.builder("b").build());
		ask(client, "Question?");
		client.prompt().user("Question?").advisors(TokenSaving.plan("b")).call().content();
		assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> ask(client, "Third?"))
			.satisfies((ex) -> assertThat(ex.getBudget()).isEqualTo("all"));
	}

	@Test
	void aBudgetOfCertainPlansLeavesOthersAlone() {
		this.named = List
			.of(new Budget("b-only", BudgetScope.PLAN, Set.of("b"), usd("0.0001", BudgetSettings.Action.REFUSE)));
		ChatClient client = client(Plan.builder("a").build(), Plan.builder("b").build());
		ask(client, "Question?");
		assertThatExceptionOfType(TokenBudgetExceededException.class)
			.isThrownBy(() -> client.prompt().user("Question?").advisors(TokenSaving.plan("b")).call().content());
	}

	@Test
	void featuresAndTenantsHaveBudgetsOfTheirOwn() {
		this.named = List.of(
				new Budget("features", BudgetScope.FEATURE, Set.of(), usd("0.0004", BudgetSettings.Action.REFUSE)),
				new Budget("tenants", BudgetScope.TENANT, Set.of("acme"), usd("0.0004", BudgetSettings.Action.REFUSE)));
		this.tenant = "other";
		ChatClient client = client(Plan.builder("a").build());
		client.prompt().user("Question?").advisors(TokenSaving.feature("triage")).call().content();
		client.prompt().user("Question?").advisors(TokenSaving.feature("search")).call().content();
		assertThatExceptionOfType(TokenBudgetExceededException.class)
			.isThrownBy(() -> client.prompt().user("Other?").advisors(TokenSaving.feature("triage")).call().content())
			.satisfies((ex) -> assertThat(ex.getMessage()).contains("'features' of the feature 'triage'"));
		this.tenant = "acme";
		client.prompt().user("Question?").advisors(TokenSaving.feature("one")).call().content();
		assertThatExceptionOfType(TokenBudgetExceededException.class)
			.isThrownBy(() -> client.prompt().user("Other?").advisors(TokenSaving.feature("two")).call().content())
			.satisfies((ex) -> assertThat(ex.getBudget()).isEqualTo("tenants"));
	}

	@Test
	void aStormOfCallersNeverSpendsMoreThanTheBudget() throws Exception {
		Plan plan = plan("p", usd("0.01", BudgetSettings.Action.REFUSE));
		ChatClient client = client(plan);
		ExecutorService callers = Executors.newFixedThreadPool(100);
		try {
			List<Future<Boolean>> answers = new ArrayList<>();
			for (int i = 0; i < 200; i++) {
				String question = "Question " + i;
				answers.add(callers.submit(() -> {
					try {
						return ask(client, question) != null;
					}
					catch (TokenBudgetExceededException ex) {
						return false;
					}
				}));
			}
			int answered = 0;
			for (Future<Boolean> answer : answers) {
				answered += answer.get(60, TimeUnit.SECONDS) ? 1 : 0;
			}
			assertThat(answered).isEqualTo(this.model.calls()).isBetween(1, 33);
			assertThat(usage(plan))
				.isEqualTo(new BudgetUsage(new BudgetAmount(answered * COST, answered * 120L), BudgetAmount.ZERO));
		}
		finally {
			callers.shutdownNow();
		}
	}

	/**
	 * Accounts that always give the same answer.
	 */
	private record FixedAccounts(CompletableFuture<Answer> answer) implements BudgetAccounts {

		@Override
		public CompletableFuture<Answer> reserve(List<BudgetClaim> claims, BudgetAmount amount) {
			return this.answer;
		}

		@Override
		public BudgetUsage usage(BudgetClaim claim) {
			return BudgetUsage.NONE;
		}

		@Override
		public void setListener(Listener listener) {
		}

	}

}
