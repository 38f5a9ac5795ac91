package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.request.CallState;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.SimulatedError;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link PromptCacheAdvisor} with Spring AI's own models in front of a provider
 * that is simulated.
 */
class PromptCacheAdvisorTests {

	private static final Plan PLAN = Plan.builder("cached").with(PromptCacheSettings.DEFAULTS).build();

	private static final Plan WITHOUT = Plan.builder("plain").build();

	private static final PlanKey KEY = new PlanKey("default", "cached");

	private static final ModelPrice SONNET = new ModelPrice("claude-sonnet-5", new TokenPrice(new BigDecimal("2"),
			new BigDecimal("10"), new BigDecimal("0.2"), new BigDecimal("2.5"), new BigDecimal("4"), null), List.of());

	private static final CacheRules CLAUDE = new CacheRules(1024, 0.1,
			List.of(new CacheTtl(Duration.ofMinutes(5), 1.25)), 4, 20, EnumSet.allOf(Segment.class),
			CacheRules.TtlSharing.FRONT, CacheRules.MarkLayout.MESSAGES_WITH_TOOLS, false);

	private static final CacheRules IMPLICIT = new CacheRules(1024, 0.1,
			List.of(new CacheTtl(Duration.ofMinutes(30), 1.25)), 1, Integer.MAX_VALUE, EnumSet.of(Segment.TAIL),
			CacheRules.TtlSharing.ALL, CacheRules.MarkLayout.ANY, true);

	private static final BiFunction<String, String, CacheRules> RULES = (provider, model) -> switch (provider) {
		case "anthropic" -> CLAUDE;
		case "openai" -> model.startsWith("gpt-5.6") ? IMPLICIT : CacheRules.NONE;
		default -> CacheRules.NONE;
	};

	private final ProviderModels models = new ProviderModels();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final PriceTable prices = new PriceTable(List.of(SONNET));

	@AfterEach
	void close() {
		this.models.close();
	}

	private PromptCacheAdvisor.Builder advisor() {
		return PromptCacheAdvisor.builder()
			.injectors(BuiltInInjectors.present(null))
			.rules(RULES)
			.clock(this.models.clock())
			.prices(this.prices)
			.statistics(this.statistics);
	}

	private ChatClient client(ChatModel model, UnaryOperator<PromptCacheAdvisor.Builder> customizer,
			Advisor... others) {
		List<Advisor> advisors = new ArrayList<>(List.of(others));
		advisors.add(PlanAdvisor.builder(PLAN, WITHOUT).statistics(this.statistics).prices(this.prices).build());
		advisors.add(customizer.apply(advisor()).build());
		return ChatClient.builder(model).defaultAdvisors(advisors).build();
	}

	private ChatClient client(ChatModel model) {
		return client(model, (builder) -> builder);
	}

	private List<SimulatedRequest> ask(ChatClient client, Plan plan, boolean stream, List<Message> messages,
			ToolCallback... tools) {
		int before = this.models.simulator().requests().size();
		ChatClient.ChatClientRequestSpec request = client.prompt()
			.messages(messages)
			.advisors(TokenSaving.plan(plan.id()))
			.tools((Object[]) tools);
		if (stream) {
			assertThat(request.stream().chatResponse().collectList().block()).isNotEmpty();
		}
		else {
			assertThat(request.call().chatResponse()).isNotNull();
		}
		List<SimulatedRequest> all = this.models.simulator().requests();
		return all.subList(before, all.size());
	}

	private StatisticsSnapshot snapshot() {
		return this.statistics.plan(KEY).snapshot();
	}

	private static List<Message> prompt(String question) {
		return List.of(new SystemMessage(MadeUpPrompts.words("rule", 1600)), new UserMessage(question));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anAgentReadsWhatItWroteAndSaysWhatItSaidBefore(boolean stream) {
		ChatClient client = client(this.models.anthropic((options) -> options));
		AtomicInteger called = new AtomicInteger();
		ToolCallback[] tools = { counting("weather", called), counting("almanac", called) };
		List<List<SimulatedRequest>> runs = new ArrayList<>();
		for (Plan plan : List.of(WITHOUT, PLAN, PLAN, PLAN)) {
			this.models.simulator()
				.enqueue(Answer.builder().toolCall("weather", "{}").toolCall("almanac", "{}").build(),
						Answer.toolCall("weather", "{}"), Answer.text("Rain."));
			runs.add(ask(client, plan, stream, prompt("How is it?"), tools));
			this.models.clock().advance(Duration.ofSeconds(20));
		}
		assertThat(called).hasValue(4 * 3);
		for (List<SimulatedRequest> run : runs) {
			assertThat(run).hasSize(3);
			for (int round = 0; round < 3; round++) {
				SimulatedRequest request = run.get(round);
				assertThat(request.outcome()).as(request.problem()).isEqualTo(SimulatedRequest.Outcome.ANSWERED);
				JsonNode body = ProviderModels.content(request);
				JsonNode plain = ProviderModels.content(runs.get(0).get(round));
				assertThat(names(body)).containsExactlyElementsOf(
						(run.equals(runs.get(0))) ? List.of("weather", "almanac") : List.of("almanac", "weather"));
				assertThat(withoutCallIds(body.path("messages"))).isEqualTo(withoutCallIds(plain.path("messages")));
				assertThat(body.path("system")).isEqualTo(plain.path("system"));
				assertThat(ProviderModels.marked(request)).hasSizeLessThanOrEqualTo(4);
			}
		}
		assertThat(runs.get(0)).allMatch((request) -> request.input().read() + request.input().written() == 0);
		assertThat(runs.get(3)).allSatisfy((request) -> assertThat(request.input().read()).isGreaterThan(1500));
		assertThat(this.statistics.errors(PromptCacheFeature.COMPONENT)).isZero();
	}

	@Test
	void whatIsPutOffIsMarkedForAnHourAndCountsAsSent() {
		List<AnthropicChatOptions> queued = new ArrayList<>();
		ChatClient client = client(this.models.anthropic((options) -> options),
				(builder) -> builder.rules((provider, model) -> CLAUDE.withTtls(
						List.of(new CacheTtl(Duration.ofMinutes(5), 1.25), new CacheTtl(Duration.ofHours(1), 2)))),
				new PutOff(AdvisorOrder.PLAN + 1, (request) -> CallState.of(request).defer("later")),
				new PutOff(AdvisorOrder.BATCH, (request) -> {
					queued.add((AnthropicChatOptions) request.prompt().getOptions());
					SavingsLedger.of(request).refuse();
					throw new CancellationException();
				}));
		for (int i = 0; i < 3; i++) {
			int number = i;
			assertThatExceptionOfType(CancellationException.class)
				.isThrownBy(() -> ask(client, PLAN, false, prompt("Question " + number)));
		}
		AnthropicCacheOptions last = queued.get(2).getCacheOptions();
		assertThat(last.getStrategy()).isNotEqualTo(AnthropicCacheStrategy.NONE);
		assertThat(last.getMessageTypeTtl().get(MessageType.SYSTEM)).isEqualTo(AnthropicCacheTtl.ONE_HOUR);
		assertThat(this.models.simulator().requests()).isEmpty();
	}

	private static List<String> names(JsonNode body) {
		List<String> names = new ArrayList<>();
		body.path("tools").forEach((tool) -> names.add(tool.path("name").asString()));
		return names;
	}

	private static JsonNode withoutCallIds(JsonNode messages) {
		return JsonMapper.shared().readTree(messages.toString().replaceAll("toolu_\\w+", "id"));
	}

	private static ToolCallback counting(String name, AtomicInteger called) {
		ToolCallback tool = MadeUpPrompts.tool(name, "{\"type\": \"object\", \"properties\": {}}");
		return new ToolCallback() {

			@Override
			public ToolDefinition getToolDefinition() {
				return tool.getToolDefinition();
			}

			@Override
			public String call(String toolInput) {
				called.incrementAndGet();
				return tool.call(toolInput);
			}

		};
	}

	@ParameterizedTest
	@CsvSource({ "false, 5", "true, 5", "false, 60", "true, 60" })
	void whatIsCreditedIsWhatTheBillSays(boolean stream, int minutes) {
		CacheTtl ttl = new CacheTtl(Duration.ofMinutes(minutes), (minutes == 5) ? 1.25 : 2);
		ChatClient client = client(this.models.anthropic((options) -> options),
				(builder) -> builder.rules((provider, model) -> CLAUDE.withTtls(List.of(ttl))));
		BigDecimal credited = BigDecimal.ZERO;
		for (int i = 0; i < 12; i++) {
			ChatClient.ChatClientRequestSpec request = client.prompt()
				.messages(prompt("Question " + i))
				.advisors(TokenSaving.plan("cached"));
			ChatClientResponse last = stream ? request.stream().chatClientResponse().blockLast()
					: request.call().chatClientResponse();
			SavingsReport report = (SavingsReport) last.context().get(SavingsReport.CONTEXT_KEY);
			assertThat(report.tokensSaved()).isZero();
			credited = credited.add(report.costSavedUsdByTechnique().getOrDefault("prompt_cache", BigDecimal.ZERO));
			this.models.clock().advance(Duration.ofSeconds((i == 6) ? 80 * minutes : 30));
		}
		assertThat(credited).isPositive()
			.isEqualByComparingTo(
					this.models.simulator().bill().withoutCachingUsd().subtract(this.models.simulator().bill().usd()));
		Map<String, Object> shown = PromptCacheFeature.TALLY.describe(snapshot().figures(PromptCacheFeature.TALLY));
		List<SimulatedRequest> requests = this.models.simulator().requests();
		assertThat(shown).containsEntry("read_tokens", sum(requests, "read"))
			.containsEntry("written_tokens", sum(requests, "written"))
			.containsEntry("uncached_tokens", sum(requests, "uncached"))
			.containsEntry("provider_discount_usd", BigDecimal.ZERO);
		assertThat((BigDecimal) shown.get("write_premium_usd"))
			.isEqualByComparingTo(new BigDecimal((minutes == 5) ? "0.0000005" : "0.000002")
				.multiply(BigDecimal.valueOf(sum(requests, "written"))));
	}

	private static long sum(List<SimulatedRequest> requests, String kind) {
		return requests.stream().mapToLong((request) -> switch (kind) {
			case "read" -> request.input().read();
			case "written" -> request.input().written();
			default -> request.input().uncached();
		}).sum();
	}

	@Test
	void whatTheProviderGrantsByItselfIsShownAndNotCredited() {
		ChatClient client = client(this.models.openAi("gpt-5.1", (options) -> options));
		BigDecimal credited = BigDecimal.ZERO;
		for (int i = 0; i < 3; i++) {
			ChatClientResponse response = client.prompt()
				.messages(prompt("Question " + i))
				.advisors(TokenSaving.plan("cached"))
				.call()
				.chatClientResponse();
			credited = credited.add(((SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY)).costSavedUsd());
		}
		assertThat(this.models.last().input().read()).isPositive();
		assertThat(this.models.last().json().path("prompt_cache_key").asString()).matches("[0-9a-f]{16}-0");
		assertThat(credited).isZero();
		Map<String, Object> shown = PromptCacheFeature.TALLY.describe(snapshot().figures(PromptCacheFeature.TALLY));
		assertThat((BigDecimal) shown.get("provider_discount_usd")).isEqualByComparingTo(
				this.models.simulator().bill().withoutCachingUsd().subtract(this.models.simulator().bill().usd()));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void oneOffPromptsOfModelsThatChargeForWritesAreSoonNotWritten(boolean stream) {
		ChatClient client = client(this.models.openAi("gpt-5.6-terra", (options) -> options));
		for (int i = 0; i < 30; i++) {
			List<Message> messages = List.of(new SystemMessage(MadeUpPrompts.words("rule" + i, 1600)),
					new UserMessage("Why?"));
			assertThat(ask(client, PLAN, stream, messages))
				.allMatch((request) -> request.outcome() == SimulatedRequest.Outcome.ANSWERED);
			this.models.clock().advance(Duration.ofMinutes(10));
		}
		assertThat(this.models.last().input().written()).isZero();
		assertThat(this.models.last().json().path("prompt_cache_options").path("mode").asString())
			.isEqualTo("explicit");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void withoutTheFeatureNothingChanges(boolean stream) {
		List<ChatModel> all = List.of(this.models.anthropic((options) -> options),
				this.models.openAi("gpt-5.1", (options) -> options), this.models.google());
		ToolCallback[] tools = { MadeUpPrompts.tool("b", "{\"type\":\"object\",\"properties\":{}}"),
				MadeUpPrompts.tool("a", "{\"properties\":{},\"type\":\"object\"}") };
		for (ChatModel model : all) {
			String with = ask(client(model), WITHOUT, stream, prompt("Why?"), tools).get(0).body();
			ChatClient bare = ChatClient.builder(model)
				.defaultAdvisors(PlanAdvisor.builder(PLAN, WITHOUT).build())
				.build();
			assertThat(with).isEqualTo(ask(bare, WITHOUT, stream, prompt("Why?"), tools).get(0).body());
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aRequestThatDoesNotWantItIsSentAsItWas(boolean stream) {
		ChatModel model = this.models.anthropic((options) -> options);
		ChatClient client = client(model);
		ToolCallback[] tools = { MadeUpPrompts.tool("b", "{\"type\":\"object\",\"properties\":{}}"),
				MadeUpPrompts.tool("a", "{\"properties\":{},\"type\":\"object\"}") };
		String plain = ask(client, WITHOUT, stream, prompt("Why?"), tools).get(0).body();
		ChatClient.ChatClientRequestSpec request = client.prompt()
			.messages(prompt("Why?"))
			.tools((Object[]) tools)
			.advisors(TokenSaving.plan("cached").noPromptCache());
		if (stream) {
			request.stream().content().collectList().block();
		}
		else {
			request.call().content();
		}
		assertThat(this.models.last().body()).isEqualTo(plain);
		assertThat(snapshot().counts(PromptCacheFeature.DECISIONS)).isEmpty();
		assertThat(ask(client, PLAN, stream, prompt("Why?"), tools).get(0).body()).as("the next one does")
			.isNotEqualTo(plain);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aProviderThatCachesByItselfGetsTheSamePrompt(boolean stream) {
		ChatClient client = client(this.models.google());
		SimulatedRequest with = ask(client, PLAN, stream, prompt("Why?")).get(0);
		assertThat(with.body()).isEqualTo(ask(client, WITHOUT, stream, prompt("Why?")).get(0).body());
		assertThat(with.outcome()).isEqualTo(SimulatedRequest.Outcome.ANSWERED);
		assertThat(snapshot().figures(PromptCacheFeature.TALLY).uncached()).isPositive();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whateverFailsLeavesTheRequestAsItWas(boolean stream) {
		ChatModel model = this.models.anthropic((options) -> options);
		String plain = ask(client(model), WITHOUT, stream, prompt("Why?")).get(0).body();
		for (String failing : List.of("supports", "target", "isMarkable", "inject", "another class")) {
			ChatClient client = client(model, new FailingInjector(failing));
			assertThat(ask(client, PLAN, stream, prompt("Why?")).get(0).body()).as(failing).isEqualTo(plain);
		}
		assertThat(this.statistics.errors(PromptCacheFeature.COMPONENT)).isEqualTo(5);
	}

	private PromptCacheAdvisor advisor(PromptCacheInjector injector) {
		return PromptCacheAdvisor.builder()
			.injectors(List.of(injector))
			.rules(RULES)
			.clock(this.models.clock())
			.statistics(this.statistics)
			.build();
	}

	private ChatClient client(ChatModel model, PromptCacheInjector injector) {
		return ChatClient.builder(model)
			.defaultAdvisors(PlanAdvisor.builder(PLAN, WITHOUT).statistics(this.statistics).build(), advisor(injector))
			.build();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatTheProviderRejectsIsSentOnceMoreWithout(boolean stream) {
		ChatModel model = this.models.openAi("gpt-5.1", (options) -> options);
		ChatClient client = client(model, new WrongFieldInjector());
		List<SimulatedRequest> first = ask(client, PLAN, stream, prompt("Why?"));
		assertThat(first).extracting(SimulatedRequest::outcome)
			.containsExactly(SimulatedRequest.Outcome.REJECTED, SimulatedRequest.Outcome.ANSWERED);
		assertThat(first.get(1).body()).isEqualTo(ask(client, WITHOUT, stream, prompt("Why?")).get(0).body());
		assertThat(ask(client, PLAN, stream, prompt("Why not?"))).as("not tried again").hasSize(1);
		assertThat(snapshot().count(PromptCacheFeature.REJECTIONS)).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void errorsOfTheModelReachTheCaller(boolean stream) {
		ChatClient client = client(this.models.anthropic((options) -> {
			options.maxTokens(-1);
			return options;
		}));
		assertThatThrownBy(() -> ask(client, PLAN, stream, prompt("Why?"))).hasMessageContaining("400");
		List<SimulatedRequest> requests = this.models.simulator().requests();
		assertThat(requests).hasSize(2)
			.extracting(SimulatedRequest::outcome)
			.containsOnly(SimulatedRequest.Outcome.REJECTED);
		assertThat(ProviderModels.marked(requests.get(0))).isNotEmpty();
		assertThat(ProviderModels.marked(requests.get(1))).isEmpty();
		assertThat(snapshot().count(PromptCacheFeature.REJECTIONS)).as("it was not due to what was added").isZero();
		this.models.simulator().enqueue(Answer.error(SimulatedError.Kind.OVERLOADED));
		ChatClient working = client(this.models.anthropic((options) -> options));
		assertThatThrownBy(() -> ask(working, PLAN, stream, prompt("Why?"))).hasMessageContaining("529");
		assertThat(this.models.simulator().requests()).as("not sent again").hasSize(3);
		assertThat(ask(working, PLAN, stream, prompt("Why?"))).hasSize(1);
		assertThat(this.statistics.errors(PromptCacheFeature.COMPONENT)).isZero();
	}

	@Test
	void aSecondAdvisorStepsAside() {
		ChatModel model = this.models.anthropic((options) -> options);
		ChatClient client = client(model, (builder) -> builder, advisor().order(AdvisorOrder.PROMPT_CACHE - 1).build());
		ask(client, PLAN, false, prompt("Why?"));
		ask(client, PLAN, true, prompt("Why?"));
		assertThat(snapshot().counts(PromptCacheFeature.DECISIONS)).containsOnly(Map.entry("5m", 2L));
	}

	@Test
	void aStreamThatIsCancelledIsNoFailure() {
		ChatClient client = client(this.models.anthropic((options) -> options));
		this.models.simulator().enqueue(Answer.builder().text("one two three four five six").piece(4).build());
		client.prompt()
			.messages(prompt("Why?"))
			.advisors(TokenSaving.plan("cached"))
			.stream()
			.content()
			.take(2)
			.collectList()
			.block();
		assertThat(ask(client, PLAN, true, prompt("Why?"))).hasSize(1);
		assertThat(this.statistics.errors(PromptCacheFeature.COMPONENT)).isZero();
	}

	@Test
	void whatIsAppendedForAStructuredAnswerIsPartOfTheQuestion() {
		ChatClient client = client(this.models.anthropic((options) -> options));
		this.models.simulator().enqueue(Answer.text("{\"city\": \"Bern\"}"), Answer.text("{\"city\": \"Bern\"}"));
		for (Plan plan : List.of(WITHOUT, PLAN)) {
			client.prompt().messages(prompt("Where?")).advisors(TokenSaving.plan(plan.id())).call().entity(City.class);
		}
		List<SimulatedRequest> requests = this.models.simulator().requests();
		assertThat(ProviderModels.content(requests.get(1))).isEqualTo(ProviderModels.content(requests.get(0)));
		assertThat(requests.get(0).body()).contains("JSON Schema");
	}

	record City(String city) {

	}

	/**
	 * Fails in one of its methods.
	 */
	private static final class FailingInjector implements PromptCacheInjector {

		private final String failing;

		FailingInjector(String failing) {
			this.failing = failing;
		}

		private void failIn(String method) {
			if (this.failing.equals(method)) {
				throw new IllegalStateException("It has failed");
			}
		}

		@Override
		public boolean supports(ChatOptions options) {
			failIn("supports");
			return true;
		}

		@Override
		public CacheTarget target(ChatOptions options, List<Message> messages) {
			failIn("target");
			return new CacheTarget("anthropic", "", false, List.of(), List.of());
		}

		@Override
		public boolean isMarkable(List<Message> messages, int index) {
			failIn("isMarkable");
			return true;
		}

		@Override
		public Injected inject(ChatOptions options, CacheInjection injection) {
			failIn("inject");
			return new Injected(OpenAiChatOptions.builder().model("gpt-5").build(), false);
		}

	}

	/**
	 * Adds a field that no provider knows.
	 */
	private static final class WrongFieldInjector implements PromptCacheInjector {

		@Override
		public boolean supports(ChatOptions options) {
			return true;
		}

		@Override
		public CacheTarget target(ChatOptions options, List<Message> messages) {
			return new CacheTarget("openai", "", false, List.of(), List.of());
		}

		@Override
		public boolean isMarkable(List<Message> messages, int index) {
			return false;
		}

		@Override
		public Injected inject(ChatOptions options, CacheInjection injection) {
			return new Injected(((OpenAiChatOptions) options).mutate().extraBody(Map.of("made_up", true)).build(),
					false);
		}

		@Override
		public boolean isRejection(Throwable failure) {
			return failure.getMessage().contains("400");
		}

	}

	private record PutOff(int order, Consumer<ChatClientRequest> action) implements CallAdvisor {

		@Override
		public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
			this.action.accept(request);
			return chain.nextCall(request);
		}

		@Override
		public String getName() {
			return "put off " + this.order;
		}

		@Override
		public int getOrder() {
			return this.order;
		}

	}

}
