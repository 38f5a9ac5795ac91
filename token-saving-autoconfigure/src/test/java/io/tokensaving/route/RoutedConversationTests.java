package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteOutcome;
import io.tokensaving.sampling.GradedJudge;
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
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RouteAdvisor} beside a chat memory and a tool loop.
 */
class RoutedConversationTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private static final List<RouteRule> EASY_IS_SMALL = List
		.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, "small"));

	private ScriptedChatModel small = model("small-model", "from small");

	private ScriptedChatModel large = model("large-model", "from large");

	private final ScriptedChatModel huge = model("huge-model", "from huge");

	private final Map<String, RouteClassifier> classifiers = new HashMap<>(
			Map.of("rules", new RulesClassifier(), "fixed", new FixedClassifier()));

	private final RouteLog log = RouteLog.builder().build();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private double chance = 0.99;

	private TokenSavingTestChain chain = new TokenSavingTestChain();

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	private static ScriptedChatModel model(String name, String answer) {
		return RouteAdvisorTests.model(name, (prompt) -> answer)
			.options(ToolCallingChatOptions.builder().model(name).build());
	}

	private ChatClient client(RouteSettings settings) {
		return client(new TokenSavingTestChain(Plan.builder("support-bot").with(settings).build()));
	}

	private ChatClient client(TokenSavingTestChain chain) {
		this.chain = chain.price(SMALL).price(LARGE);
		Tiers tiers = new Tiers(List.of(new Tier("small", this.small, null, Tier.Limits.NONE, "small-1"),
				new Tier("huge", this.huge, null, Tier.Limits.NONE, "huge-1")));
		RouteAdvisor advisor = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.classifiers(() -> this.classifiers)
			.log(this.log)
			.prices(new PriceTable(List.of(SMALL, LARGE)))
			.statistics(this.chain.statistics())
			.chance(() -> this.chance)
			.judges(() -> Map.of("any",
					(answers) -> new GradedJudge.Verdict(GradedJudge.Grade.WORSE, GradedJudge.Reason.WRONG, null,
							TokenUsage.ZERO)))
			.build();
		this.closed.add(advisor);
		return this.chain.client(this.large, advisor, new TierModelAdvisor());
	}

	private static RouteSettings.Builder settings() {
		return RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("rules").rules(EASY_IS_SMALL);
	}

	private static String ask(ChatClient.ChatClientRequestSpec spec, boolean stream) {
		return stream ? String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(30)))
				: spec.call().content();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theMemoryOfAConversationHasTheAnswerThatItsCallerGot(boolean stream) {
		this.small = model("small-model", "I'm sorry, but I can't help with that.");
		ChatMemory memory = MessageWindowChatMemory.builder().build();
		ChatClient client = client(
				settings().cascade(new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.PREFIX)).build());
		for (String question : List.of("an easy one", "an easy one more", "a hard one")) {
			assertThat(ask(client.prompt(question)
				.advisors(MessageChatMemoryAdvisor.builder(memory).build())
				.advisors((spec) -> spec.param(ChatMemory.CONVERSATION_ID, "c-1")), stream)).isEqualTo("from large");
		}
		assertThat(memory.get("c-1").stream().map(Message::getText)).containsExactly("an easy one", "from large",
				"an easy one more", "from large", "a hard one", "from large");
		this.small = failing("small-model");
		ChatClient other = client(settings().build());
		assertThat(ask(other.prompt("an easy one")
			.advisors(MessageChatMemoryAdvisor.builder(memory).build())
			.advisors((spec) -> spec.param(ChatMemory.CONVERSATION_ID, "c-2")), stream)).isEqualTo("from large");
		assertThat(memory.get("c-2").stream().map(Message::getText)).containsExactly("an easy one", "from large");
	}

	private static ScriptedChatModel failing(String name) {
		return new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("503");
		}).options(ToolCallingChatOptions.builder().model(name).build());
	}

	private static ChatResponse round(Prompt prompt, String model) {
		List<Message> messages = prompt.getInstructions();
		if (messages.get(messages.size() - 1) instanceof ToolResponseMessage) {
			return RouteAdvisorTests.answer(model, "sunny, from " + model);
		}
		return ScriptedChatModel.response(new Generation(AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "weather", "{}")))
			.build()));
	}

	private ScriptedChatModel calling(String name) {
		return new ScriptedChatModel((prompt) -> round(prompt, name))
			.streaming((prompt) -> Flux.just(round(prompt, name)))
			.options(ToolCallingChatOptions.builder().model(name).build());
	}

	private static ChatClient.ChatClientRequestSpec withTool(ChatClient client) {
		return client.prompt("an easy question: weather?")
			.toolCallbacks(FunctionToolCallback.builder("weather", (input) -> "sunny").inputType(Void.class).build())
			.advisors(ToolCallingAdvisor.builder().build());
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aLoopThatTheOwnModelHasBegunStaysWithItWhereItIsNoTierOfThePlan(boolean stream) {
		this.small = failing("small-model");
		this.large = calling("large-model");
		ChatClient client = client(
				RouteSettings.builder("small", "huge").mode(RouteMode.ACTIVE).classifier("fixed").build());
		assertThat(ask(withTool(client), stream)).isEqualTo("sunny, from large-model");
		assertThat(this.small.calls()).isEqualTo(1);
		assertThat(this.large.calls()).isEqualTo(2);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aLoopStaysWithTheTierThatHasBegunItWhenItsResultsAreTooLongForAnother(boolean stream) {
		this.small = calling("small-model");
		this.classifiers.put("twice", new RouteClassifier() {

			private int calls;

			@Override
			public RouteChoice choose(RouteRequest request, RouteSettings settings) {
				return RouteChoice.of((this.calls++ == 0) ? "small" : "huge", "twice");
			}

		});
		ChatClient client = client(
				RouteSettings.builder("small", "huge").mode(RouteMode.ACTIVE).classifier("twice").build());
		assertThat(ask(withTool(client), stream)).isEqualTo("sunny, from small-model");
		assertThat(this.huge.calls()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "shadow", "off", "no route", "unknown tier" })
	void theOwnModelSeesNoReasoningOfATierAfterRoutingHasEnded(String how) {
		RouteSettings settings = settings().build();
		if (how.equals("shadow")) {
			settings = settings().mode(RouteMode.SHADOW).build();
		}
		else if (how.equals("off")) {
			settings = settings().mode(RouteMode.OFF).build();
		}
		Plan.Builder plan = Plan.builder("support-bot");
		if (!how.equals("no route")) {
			plan.with(settings);
		}
		for (boolean stream : List.of(false, true)) {
			ChatClient client = client(new TokenSavingTestChain(plan.build()));
			List<Message> messages = List.of(new UserMessage("x"),
					AssistantMessage.builder()
						.content("y")
						.properties(Map.of(TokenSaving.TIER, "small", "reasoningContent", "abc"))
						.build(),
					new UserMessage("hard"));
			assertThat(ask(client.prompt(new Prompt(messages)), stream)).isEqualTo("from large");
			assertThat(this.large.lastPrompt().getInstructions().get(1).getMetadata())
				.doesNotContainKey("reasoningContent");
			assertThat(this.large.lastPrompt().getInstructions().get(1).getText()).isEqualTo("y");
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatTheOwnModelAnswersInPlaceOfATierIsNotJudgedAsOne(boolean stream) {
		this.small = failing("small-model");
		this.chance = 0;
		for (boolean requested : List.of(false, true)) {
			ChatClient client = client(RouteSettings.builder("small", "huge")
				.mode(RouteMode.ACTIVE)
				.classifier("fixed")
				.judge(new JudgeSettings("any", null, JudgeSettings.Method.POINTWISE, 1, BigDecimal.TEN, 0.05,
						JudgeSettings.Action.SUSPEND))
				.build());
			ChatClient.ChatClientRequestSpec spec = client.prompt("q");
			assertThat(ask(requested ? spec.advisors(TokenSaving.tier("small")) : spec, stream))
				.isEqualTo("from large");
			RouteDecision decision = this.log.newest(KEY, 1).get(0);
			assertThat(decision.answer().outcome()).isEqualTo(RouteOutcome.FALLBACK);
			assertThat(decision.choice().propensity()).isNaN();
		}
	}

	@Test
	void anIdOfAConversationThatIsOutOfAllProportionIsNotRemembered() {
		StickyTiers sticky = new StickyTiers(Ticker.systemTicker());
		for (int length : new int[] { 1, 256, 257, 1_000_000 }) {
			ChatClientRequest request = new ChatClientRequest(new Prompt("x"),
					Map.of(ChatMemory.CONVERSATION_ID, "c".repeat(length)));
			sticky.remember(KEY, request, "small");
			assertThat(sticky.ofConversation(KEY, request)).isEqualTo((length <= 256) ? "small" : null);
		}
	}

}
