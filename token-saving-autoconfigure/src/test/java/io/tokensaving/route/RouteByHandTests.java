package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallState;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteOutcome;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.prompt.ChatOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link RouteAdvisor} in chains that are built by hand, and in applications of
 * several workspaces.
 */
class RouteByHandTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			new BigDecimal("0.2"), null);

	private static final List<RouteRule> EASY_IS_SMALL = List
		.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, "small"));

	private ScriptedChatModel small = RouteAdvisorTests.model("small-model", (prompt) -> "from small");

	private final ScriptedChatModel large = RouteAdvisorTests.model("large-model", (prompt) -> "from large");

	private final RouteLog log = RouteLog.builder().build();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private double chance = 0.99;

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	private static RouteSettings.Builder settings() {
		return RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("rules").rules(EASY_IS_SMALL);
	}

	private static Plan plan(RouteSettings settings) {
		return Plan.builder("support-bot").with(settings).build();
	}

	private RouteAdvisor.Builder advisor() {
		Tiers tiers = new Tiers(List.of(new Tier("small", this.small, null, Tier.Limits.NONE, "small-1")));
		return RouteAdvisor.builder()
			.tiers(() -> tiers)
			.log(this.log)
			.prices(new PriceTable(List.of(SMALL, LARGE)))
			.statistics(this.statistics)
			.chance(() -> this.chance);
	}

	private RouteAdvisor built(RouteAdvisor.Builder builder) {
		RouteAdvisor advisor = builder.build();
		this.closed.add(advisor);
		return advisor;
	}

	private static String ask(ChatClient.ChatClientRequestSpec spec, boolean stream) {
		return stream ? String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(30)))
				: spec.call().content();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anAdvisorWithoutOneForPlansHeedsWhatARequestSays(boolean stream) {
		ChatClient client = ChatClient.builder(this.large)
			.defaultAdvisors(
					built(advisor().plan(plan(settings().rules(List.of(new RouteRule("triage", null, 0, 0, "small"),
							new RouteRule(null, Pattern.compile("easy"), 0, 0, "small")))
						.build()))),
					new TierModelAdvisor())
			.build();
		assertThat(ask(client.prompt("easy"), stream)).isEqualTo("from small");
		assertThat(ask(client.prompt("hard"), stream)).isEqualTo("from large");
		assertThat(ask(client.prompt("hard").advisors(TokenSaving.tier("small")), stream)).isEqualTo("from small");
		assertThat(ask(client.prompt("easy").advisors(TokenSaving.atLeast("own")), stream)).isEqualTo("from large");
		assertThat(ask(client.prompt("easy").advisors(TokenSaving.plan("support-bot").noRoute()), stream))
			.isEqualTo("from large");
		assertThat(ask(client.prompt("hard").advisors(TokenSaving.feature("triage")), stream)).isEqualTo("from small");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> ask(client.prompt("easy").advisors(TokenSaving.tier("unknown")), stream));
		assertThat(this.log.newest(KEY, 1).get(0).feature()).isEqualTo("triage");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theOwnModelAnswersWhereNothingCanCallTheModelOfATier(boolean stream) {
		ChatClient client = ChatClient.builder(this.large)
			.defaultAdvisors(built(advisor().plan(plan(settings().build()))))
			.build();
		assertThat(ask(client.prompt("easy"), stream)).isEqualTo("from large");
		assertThat(this.large.lastPrompt().getOptions().getModel()).isEqualTo("large-model");
		assertThat(this.log.newest(KEY, 1).get(0).answer().tier()).isEqualTo(Tier.OWN);
		assertThat(this.statistics.plan(KEY).snapshot().counts(RouteFeature.FALLBACKS)).containsEntry("small", 1L);
		assertThat(this.statistics.plan(KEY).snapshot().errors()).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void advisorsOfTheApplicationSeeEachAttemptBehindAndOneRequestInFront(boolean stream) {
		this.small = RouteAdvisorTests.model("small-model", (prompt) -> "I'm sorry, but I can't help with that.");
		for (int order : new int[] { AdvisorOrder.ROUTE - 1, AdvisorOrder.ROUTE, AdvisorOrder.ROUTE + 1 }) {
			List<String> seen = new CopyOnWriteArrayList<>();
			TokenSavingTestChain chain = new TokenSavingTestChain(
					plan(settings().cascade(new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.PREFIX)).build()))
				.price(SMALL)
				.price(LARGE)
				.statistics(this.statistics);
			ChatClient client = chain.client(this.large, new Watching(seen, order), built(advisor()),
					new TierModelAdvisor());
			assertThat(ask(client.prompt("easy"), stream)).isEqualTo("from large");
			if (order < AdvisorOrder.ROUTE) {
				assertThat(seen).containsExactly("large-model");
			}
			else if (order > AdvisorOrder.ROUTE) {
				assertThat(seen).containsExactly("small-model", "large-model");
			}
			else {
				assertThat(seen).endsWith("large-model");
			}
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void clientsWithOtherOrdersRouteAlike(boolean stream) {
		for (int order : new int[] { AdvisorOrder.ROUTE, AdvisorOrder.EXACT_CACHE - 1, AdvisorOrder.BUDGET + 1 }) {
			TokenSavingTestChain chain = new TokenSavingTestChain(plan(settings().build())).price(SMALL)
				.price(LARGE)
				.statistics(this.statistics);
			RouteAdvisor twice = built(advisor().order(order));
			ChatClient client = chain.client(this.large, twice, twice, built(advisor().order(order + 1)),
					new TierModelAdvisor());
			int before = this.small.calls();
			long decided = decisions();
			assertThat(ask(client.prompt("easy"), stream)).isEqualTo("from small");
			assertThat(ask(client.prompt("hard"), stream)).isEqualTo("from large");
			assertThat(this.small.calls()).isEqualTo(before + 1);
			assertThat(decisions()).isEqualTo(decided + 2);
		}
	}

	private long decisions() {
		return this.statistics.plan(KEY)
			.snapshot()
			.counts(RouteFeature.DECISIONS)
			.values()
			.stream()
			.mapToLong(Long::longValue)
			.sum();
	}

	@Test
	void workspacesAndTenantsShareNothingButTheModels() {
		this.chance = 0;
		List<String> learned = new CopyOnWriteArrayList<>();
		List<PlanKey> labels = new CopyOnWriteArrayList<>();
		RouteClassifier learning = new RouteClassifier() {

			@Override
			public RouteChoice choose(RouteRequest request, RouteSettings settings) {
				learned.add(request.plan().workspace());
				return new RouteChoice("small", "learned", 0.5, new float[] { 1 });
			}

			@Override
			public void learn(RouteLabel label, RouteSettings settings) {
				labels.add(label.plan());
			}

		};
		GradedJudge judge = (answers) -> new GradedJudge.Verdict(
				answers.question().contains("bad") ? GradedJudge.Grade.WORSE : GradedJudge.Grade.SAME,
				GradedJudge.Reason.WRONG, "large-model", new TokenUsage(1000, 0, 0, 0, false));
		RouteSettings settings = RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.classifier("learning")
			.judge(new JudgeSettings("judge", null, JudgeSettings.Method.POINTWISE, 1, new BigDecimal("0.009"), 0.05,
					JudgeSettings.Action.SUSPEND))
			.build();
		TokenSavingTestChain chain = new TokenSavingTestChain(plan(settings)).price(SMALL)
			.price(LARGE)
			.statistics(this.statistics)
			.plan((builder) -> builder.workspaceResolver((request) -> (String) request.context().get("workspace")));
		RouteAdvisor advisor = built(
				advisor().classifiers(() -> Map.of("learning", learning)).judges(() -> Map.of("judge", judge)));
		ChatClient client = chain.client(this.large, advisor, new TierModelAdvisor());
		for (int i = 0; i < 10; i++) {
			client.prompt("bad " + i).advisors((spec) -> spec.param("workspace", "a")).call().content();
			Eventually.await(advisor::isIdle);
		}
		client.prompt("good").advisors((spec) -> spec.param("workspace", "b")).call().content();
		Eventually.await(advisor::isIdle);
		PlanKey a = new PlanKey("a", "support-bot");
		PlanKey b = new PlanKey("b", "support-bot");
		assertThat(this.statistics.plan(a).state(RouteFeature.QUALITY).isSuspended()).isTrue();
		assertThat(this.statistics.plan(b).state(RouteFeature.QUALITY).isSuspended()).isFalse();
		assertThat(advisor.answerInputs(a, settings)).isNotEqualTo(advisor.answerInputs(b, settings));
		assertThat(this.log.newest(b, 99)).hasSize(1);
		assertThat(this.log.newest(a, 99)).hasSize(10);
		assertThat(labels).containsOnly(a, b);
		assertThat(labels.stream().filter(b::equals)).hasSize(1);
		assertThat((BigDecimal) advisor.describe(b).get("judging_today_usd")).isEqualByComparingTo("0.002");
		assertThat(client.prompt("good").advisors((spec) -> spec.param("workspace", "a")).call().content())
			.isEqualTo("from large");
		assertThat(client.prompt("good").advisors((spec) -> spec.param("workspace", "b")).call().content())
			.isEqualTo("from small");
		String hashOfA = this.log.newest(a, 1).get(0).prompt().hash();
		assertThat(hashOfA).isNotEqualTo(this.log.newest(b, 1).get(0).prompt().hash());
	}

	@ParameterizedTest
	@ValueSource(strings = { "workspace", "tenant" })
	void oneIdOfAConversationIsAnotherConversationElsewhere(String apart) {
		TokenSavingTestChain chain = new TokenSavingTestChain(plan(settings().build())).price(SMALL)
			.price(LARGE)
			.statistics(this.statistics)
			.plan((builder) -> builder
				.workspaceResolver((request) -> (String) request.context().getOrDefault("workspace", "default"))
				.tenantResolver((request) -> (String) request.context().get("tenant")));
		ChatClient client = chain.client(this.large, built(advisor().prices(new PriceTable(List.of(LARGE)))),
				new TierModelAdvisor());
		for (String name : List.of("a", "b")) {
			String question = name.equals("a") ? "hard" : "easy";
			String answer = client.prompt(question)
				.advisors((spec) -> spec.param(apart, name).param(ChatMemory.CONVERSATION_ID, "1"))
				.call()
				.content();
			// It would stay with the tier of the other one, as a move down does not pay
			assertThat(answer).isEqualTo(name.equals("a") ? "from large" : "from small");
		}
		assertThat(client.prompt("easy")
			.advisors((spec) -> spec.param(apart, "a").param(ChatMemory.CONVERSATION_ID, "1"))
			.call()
			.content()).isEqualTo("from large");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aDecisionIsLoggedAlsoIfTheModelThatWouldBeTriedCannotBeMade(boolean stream) {
		this.chance = 0;
		this.small = new ScriptedChatModel((prompt) -> RouteAdvisorTests.answer("small-model", "never")) {

			@Override
			public ChatOptions getOptions() {
				throw new IllegalStateException("no such bean");
			}

		};
		RouteClassifier learning = (request, settings) -> new RouteChoice(Tier.OWN, "learning", 0.5, new float[] { 1 });
		TokenSavingTestChain chain = new TokenSavingTestChain(
				plan(RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("learning").build()))
			.price(SMALL)
			.price(LARGE)
			.statistics(this.statistics);
		RouteAdvisor advisor = built(advisor().classifiers(() -> Map.of("learning", learning)));
		ChatClient client = chain.client(this.large, advisor, new TierModelAdvisor());
		assertThat(ask(client.prompt("q"), stream)).isEqualTo("from large");
		Eventually.await(advisor::isIdle);
		assertThat(this.log.newest(KEY, 9)).hasSize(1);
		assertThat(this.log.newest(KEY, 1).get(0).answer().outcome()).isEqualTo(RouteOutcome.ANSWERED);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aTierWhoseModelCannotBeMadeDoesNotKeepOthersFromAnswering(boolean stream) {
		ScriptedChatModel broken = new ScriptedChatModel((prompt) -> RouteAdvisorTests.answer("none", "never")) {

			@Override
			public ChatOptions getOptions() {
				throw new IllegalStateException("no such bean");
			}

		};
		Tiers tiers = new Tiers(List.of(new Tier("broken", broken, null, Tier.Limits.NONE, "broken-1"),
				new Tier("small", this.small, null, Tier.Limits.NONE, "small-1")));
		TokenSavingTestChain chain = new TokenSavingTestChain(plan(RouteSettings.builder("broken", "small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.classifier("fixed")
			.rules(EASY_IS_SMALL)
			.build())).price(SMALL).price(LARGE).statistics(this.statistics);
		ChatClient client = chain.client(this.large, built(advisor().tiers(() -> tiers)), new TierModelAdvisor());
		assertThat(ask(client.prompt("easy"), stream)).isEqualTo("from small");
		assertThat(ask(client.prompt("q"), stream)).isEqualTo("from large");
		assertThat(this.log.newest(KEY, 9)).hasSize(2);
		assertThat(this.log.newest(KEY, 1).get(0).choice().tier()).isEqualTo("broken");
	}

	/**
	 * An advisor of the application, which sees requests.
	 */
	private static final class Watching implements CallAdvisor, StreamAdvisor {

		private final List<String> seen;

		private final int order;

		Watching(List<String> seen, int order) {
			this.seen = seen;
			this.order = order;
		}

		@Override
		public String getName() {
			return "watching";
		}

		@Override
		public int getOrder() {
			return this.order;
		}

		private void see(ChatClientRequest request) {
			assertThat(CallState.of(request)).isNotNull();
			this.seen.add(request.prompt().getOptions().getModel());
		}

		@Override
		public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
			see(request);
			return chain.nextCall(request);
		}

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			see(request);
			return chain.nextStream(request);
		}

	}

}
