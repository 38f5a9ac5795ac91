package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.PlanUsages;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.PromptCacheSettings.VolatileText;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Bill;
import io.tokensaving.simulator.CacheTokens;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.tool.ToolCallback;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is known to go wrong with prompt caching in the field, with Spring AI's models in
 * front of a provider that is simulated and the rules that come with the library.
 */
class KnownFailuresTests {

	private static final PlanKey KEY = new PlanKey("default", "plan");

	private static final String RULES = MadeUpPrompts.words("rule", 1600);

	private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\","
			+ "\"description\":\"" + MadeUpPrompts.words("meaning", 400) + "\"}}}";

	private final ProviderModels models = new ProviderModels();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final PromptCacheFeature feature = new PromptCacheFeature();

	@AfterEach
	void close() {
		this.models.close();
	}

	private ChatClient client(ChatModel model, VolatileText volatileText, Advisor... others) {
		return client(model, volatileText, new PriceTable(List.of()), others);
	}

	private ChatClient client(ChatModel model, VolatileText volatileText, PriceTable prices, Advisor... others) {
		Plan plan = Plan.builder("plan").with(new PromptCacheSettings(true, true, true, false, volatileText)).build();
		List<Advisor> advisors = new ArrayList<>(List.of(others));
		advisors.add(PlanAdvisor.builder(plan).statistics(this.statistics).prices(prices).build());
		advisors.add(PromptCacheAdvisor.builder()
			.injectors(BuiltInInjectors.present(null))
			.clock(this.models.clock())
			.statistics(this.statistics)
			.prices(prices)
			.feature(this.feature)
			.build());
		return ChatClient.builder(model).defaultAdvisors(advisors).build();
	}

	private ChatClient claude(Advisor... others) {
		return client(this.models.anthropic((options) -> options), VolatileText.REPORT, others);
	}

	private static void ask(ChatClient client, boolean stream, String conversation, List<Message> messages,
			ToolCallback... tools) {
		ChatClient.ChatClientRequestSpec request = client.prompt()
			.messages(messages)
			.tools((Object[]) tools)
			.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, "plan")
				.param(ChatMemory.CONVERSATION_ID, conversation));
		if (stream) {
			assertThat(request.stream().chatResponse().collectList().block()).isNotEmpty();
		}
		else {
			assertThat(request.call().chatResponse()).isNotNull();
		}
	}

	private static List<Message> prompt(String system, String question) {
		return List.of(new SystemMessage(system), new UserMessage(question));
	}

	private static ToolCallback[] tools(int number) {
		List<ToolCallback> tools = new ArrayList<>();
		for (int i = 0; i < number; i++) {
			tools.add(MadeUpPrompts.tool("tool" + i, SCHEMA));
		}
		return tools.toArray(ToolCallback[]::new);
	}

	private void pass(Duration duration) {
		this.models.clock().advance(duration);
	}

	private List<SimulatedRequest> requests() {
		List<SimulatedRequest> requests = this.models.simulator().requests();
		assertThat(requests).allSatisfy((request) -> assertThat(request.outcome()).as(request.problem())
			.isEqualTo(SimulatedRequest.Outcome.ANSWERED));
		return requests;
	}

	private List<SimulatedRequest> last(int number) {
		List<SimulatedRequest> requests = requests();
		return requests.subList(requests.size() - number, requests.size());
	}

	private static boolean isMarked(SimulatedRequest request, String part) {
		return request.json().path(part).toString().contains("cache_control");
	}

	/** What input costs, where 1 is without a cache. */
	private static double cost(List<SimulatedRequest> requests) {
		double cost = 0;
		double total = 0;
		for (SimulatedRequest request : requests) {
			CacheTokens input = request.input();
			cost += input.uncached() + 0.1 * input.read() + 1.25 * input.written5m() + 2 * input.written1h();
			total += input.total();
		}
		return cost / total;
	}

	private List<String> advice() {
		return this.feature
			.advice(PlanUsages.of(this.statistics, KEY, Plan.builder("plan").with(PromptCacheSettings.DEFAULTS).build(),
					new PriceTable(List.of())))
			.stream()
			.map(Advice::code)
			.toList();
	}

	private List<String> textOf(SimulatedRequest request) {
		List<String> texts = new ArrayList<>();
		JsonNode system = request.json().path("system");
		if (system.isString()) {
			texts.add(system.asString());
		}
		system.forEach((block) -> texts.add(block.path("text").asString()));
		return texts;
	}

	// Case 1
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aTimeOnTopOfTheSystemTextIsNotWrittenForEverAndTheToolsAreRead(boolean stream) {
		ChatClient client = claude();
		for (int i = 0; i < 40; i++) {
			String now = "Now: 2026-11-30T12:%02d:%02dZ\n".formatted(i / 3, 20 * (i % 3));
			ask(client, stream, "c" + i, prompt(now + RULES, "Question " + i), tools(4));
			pass(Duration.ofSeconds(20));
		}
		assertThat(advice()).contains("volatile_system_text");
		assertThat(last(20)).allSatisfy((request) -> {
			assertThat(isMarked(request, "tools")).isTrue();
			assertThat(isMarked(request, "system")).isFalse();
			assertThat(isMarked(request, "messages")).isFalse();
			assertThat(request.input().written()).isZero();
			assertThat(request.input().read()).isGreaterThan(1024);
		});
	}

	// Case 2
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void memoriesInTheMiddleOfTheSystemTextAreNamedAndWhatIsInFrontIsRead(boolean stream) {
		for (VolatileText volatileText : List.of(VolatileText.REPORT, VolatileText.SPLIT)) {
			ChatClient client = client(this.models.anthropic((options) -> options), volatileText);
			for (int i = 0; i < 30; i++) {
				String memories = "\nLONG_TERM_MEMORY:\n" + MadeUpPrompts.words("memory" + i, 40)
						+ "\n---------------------\n";
				ask(client, stream, "c", prompt(RULES + memories + "Be brief.", "Question " + i));
				pass(Duration.ofSeconds(20));
			}
			if (volatileText == VolatileText.REPORT) {
				assertThat(advice()).contains("memory_in_system_text");
				assertThat(last(30)).allSatisfy((request) -> assertThat(request.input().read()).isZero());
				assertThat(cost(last(30))).isLessThan(1.05);
			}
		}
		assertThat(last(15)).allSatisfy((request) -> {
			assertThat(String.join("", textOf(request))).startsWith(RULES).endsWith("Be brief.");
			assertThat(request.input().read()).isGreaterThan(1600);
			assertThat(request.input().written()).isZero();
		});
	}

	// Case 7
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatTheModelThoughtIsNotMarked(boolean stream) {
		ChatClient client = client(this.models.anthropic((options) -> {
			options.thinkingEnabled(1024);
			options.maxTokens(4000);
			return options;
		}), VolatileText.REPORT);
		for (int run = 0; run < 4; run++) {
			this.models.simulator()
				.enqueue(Answer.builder().thinking("Which tool?").toolCall("tool0", "{}").build(),
						Answer.builder().thinking("And now?").text("One more.").toolCall("tool1", "{}").build(),
						Answer.builder().thinking("That is all.").text("Done.").build());
			ask(client, stream, "c" + run, prompt(RULES, "Why?"), tools(2));
			pass(Duration.ofSeconds(20));
		}
		assertThat(requests()).hasSize(12);
		assertThat(requests()).allSatisfy((request) -> {
			assertThat(ProviderModels.marked(request)).hasSizeLessThanOrEqualTo(4)
				.noneMatch((mark) -> mark.path("type").asString().contains("thinking"));
			assertThat(isMarked(request, "messages") || isMarked(request, "system")).isTrue();
		});
		assertThat(last(3)).allSatisfy((request) -> assertThat(request.input().read()).isGreaterThan(1600));
	}

	// Case 8
	@Test
	void resultsThatAreTooManyToLookBackAreNotWrittenForEver() {
		ChatClient client = claude();
		for (int run = 0; run < 10; run++) {
			for (int round = 0; round < 10; round++) {
				Answer.Builder answer = Answer.builder();
				for (int call = 0; call < 12; call++) {
					answer.toolCall("tool" + call, "{\"round\":%d}".formatted(round));
				}
				this.models.simulator().enqueue(answer.build());
			}
			this.models.simulator().enqueue(Answer.text("Done."));
			ask(client, false, "c" + run, prompt(RULES, "Question " + run), tools(12));
			pass(Duration.ofMinutes(1));
		}
		assertThat(requests()).hasSize(110);
		List<SimulatedRequest> late = last(55).stream()
			.filter((request) -> request.json().path("messages").size() > 1)
			.toList();
		assertThat(late).allSatisfy((request) -> {
			assertThat(ProviderModels.marked(request))
				.noneMatch((mark) -> mark.path("type").asString().equals("tool_result"));
			assertThat(request.input().read()).isGreaterThan(1600);
		});
		assertThat(this.models.simulator().bill().usd()).isLessThan(this.models.simulator().bill().withoutCachingUsd());
	}

	// Case 10
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aWindowThatSlidesIsNamedAndItsMessagesAreNotWritten(boolean stream) {
		double ours = window(claude(memory()), stream);
		assertThat(advice()).contains("sliding_window");
		assertThat(last(20)).allSatisfy((request) -> {
			assertThat(isMarked(request, "messages")).isFalse();
			assertThat(request.input().written()).isZero();
			assertThat(request.input().read()).isGreaterThan(1600);
		});
		ChatModel fixed = this.models.anthropic((options) -> {
			options.cacheOptions(
					AnthropicCacheOptions.builder().strategy(AnthropicCacheStrategy.CONVERSATION_HISTORY).build());
			return options;
		});
		assertThat(ours).as("less than Spring AI's strategy for conversations")
			.isLessThan(window(ChatClient.builder(fixed).defaultAdvisors(memory()).build(), stream));
	}

	private static Advisor memory() {
		return MessageChatMemoryAdvisor.builder(MessageWindowChatMemory.builder().maxMessages(20).build()).build();
	}

	private double window(ChatClient client, boolean stream) {
		for (int i = 0; i < 60; i++) {
			ChatClient.ChatClientRequestSpec request = client.prompt()
				.system(RULES)
				.user(MadeUpPrompts.words("question" + i, 60))
				.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, "plan")
					.param(ChatMemory.CONVERSATION_ID, "c"));
			if (stream) {
				request.stream().content().collectList().block();
			}
			else {
				request.call().content();
			}
			pass(Duration.ofSeconds(60));
		}
		return cost(last(60));
	}

	// Case 11
	@Test
	void whatWasRetrievedForOneQuestionIsNotWritten() {
		ChatClient client = claude();
		for (int i = 0; i < 40; i++) {
			ask(client, false, "c" + i,
					prompt(RULES, MadeUpPrompts.words("document" + i, 1600) + "\nQuestion " + i + "?"));
			pass(Duration.ofSeconds(20));
		}
		assertThat(last(30)).allSatisfy((request) -> {
			assertThat(isMarked(request, "messages")).isFalse();
			assertThat(isMarked(request, "system")).isTrue();
			assertThat(request.input().written()).isZero();
			assertThat(request.input().read()).isGreaterThan(1600);
		});
	}

	// Case 12
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void ofEqualPrefixesAtTheSameTimeOneIsWritten(boolean stream) throws Exception {
		ChatClient client = claude();
		int number = 20;
		CountDownLatch arrived = new CountDownLatch(number);
		CountDownLatch go = new CountDownLatch(1);
		this.models.simulator().respondWith((request) -> {
			arrived.countDown();
			return Answer.builder().text("Yes.").hold(0, go).build();
		});
		ExecutorService threads = Executors.newFixedThreadPool(number);
		try {
			List<CompletableFuture<Void>> asked = new ArrayList<>();
			for (int i = 0; i < number; i++) {
				String question = "Question " + i;
				asked.add(CompletableFuture.runAsync(() -> ask(client, stream, question, prompt(RULES, question)),
						threads));
			}
			assertThat(arrived.await(60, TimeUnit.SECONDS)).isTrue();
			go.countDown();
			CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
		}
		finally {
			go.countDown();
			threads.shutdownNow();
		}
		assertThat(requests()).hasSize(number)
			.filteredOn((request) -> request.input().written() > 0)
			.as("written once")
			.hasSize(1);
		pass(Duration.ofSeconds(5));
		ask(client, stream, "c", prompt(RULES, "And then?"));
		assertThat(this.models.last().input().read()).isGreaterThan(1600);
	}

	// Case 13
	@Test
	void whatIsTooShortForTheModelIsSaidToBeTooShort() {
		ChatClient client = client(this.models.anthropic((options) -> {
			options.model("claude-haiku-4-5");
			return options;
		}), VolatileText.REPORT);
		for (int i = 0; i < 10; i++) {
			ask(client, false, "c" + i, prompt(MadeUpPrompts.words("rule", 900), "Question " + i));
			pass(Duration.ofSeconds(20));
		}
		assertThat(requests()).allSatisfy((request) -> {
			assertThat(ProviderModels.marked(request)).isEmpty();
			assertThat(request.input().read() + request.input().written()).isZero();
		});
		assertThat(advice()).containsExactly("below_minimum");
		assertThat(this.statistics.plan(KEY).snapshot().counts(PromptCacheFeature.MISSES)).as("no other cause")
			.containsOnlyKeys("below_minimum");
		assertThat(this.statistics.errors(PromptCacheFeature.COMPONENT)).isZero();
	}

	// Case 14
	@ParameterizedTest
	@CsvSource({ "7, 1h", "50, 1h", "90, none" })
	void theTimeToKeepFollowsTheTraffic(int minutes, String expected) {
		ChatClient client = claude();
		for (int i = 0; i < 60; i++) {
			ask(client, false, "c" + i, prompt(RULES, "Question " + i));
			pass(Duration.ofMinutes(minutes));
		}
		assertThat(last(20)).allSatisfy((request) -> {
			List<JsonNode> marks = ProviderModels.marked(request);
			if (expected.equals("none")) {
				assertThat(marks).isEmpty();
			}
			else {
				assertThat(marks).isNotEmpty()
					.allSatisfy((mark) -> assertThat(mark.path("cache_control").path("ttl").asString())
						.isEqualTo(expected));
				assertThat(request.input().read()).isGreaterThan(1600);
			}
		});
		assertThat(cost(requests())).isLessThan(expected.equals("none") ? 1.05 : 0.25);
	}

	// Cases 15 and 20
	@ParameterizedTest
	@CsvSource({ "claude-sonnet-5, false", "claude-sonnet-5, true", "gpt-5.1, false", "gpt-5.1, true",
			"gpt-5.6-terra, false", "gpt-5.6-terra, true", "gemini-2.5-flash, false", "gemini-2.5-flash, true",
			"deepseek-v4-flash, false", "deepseek-v4-flash, true" })
	void everyTokenIsCountedOnceAndTheBillIsTheProviders(String name, boolean stream) {
		ModelPrice price = switch (name) {
			case "claude-sonnet-5" -> price(name, "2", "10", "0.2", "2.5", "4");
			case "gpt-5.1" -> price(name, "1.25", "10", "0.125", null, null);
			case "gpt-5.6-terra" -> price(name, "2", "12", "0.2", "2.5", null);
			case "gemini-2.5-flash" -> price(name, "0.3", "2.5", "0.03", null, null);
			default -> price(name, "0.15", "0.3", "0.003", null, null);
		};
		ChatModel model = switch (name) {
			case "claude-sonnet-5" -> this.models.anthropic((options) -> options);
			case "gemini-2.5-flash" -> this.models.google();
			case "deepseek-v4-flash" -> this.models.openAi(name, (options) -> {
				options.baseUrl("http://api.deepseek.com/v1");
				return options;
			});
			default -> this.models.openAi(name, (options) -> options);
		};
		ChatClient client = client(model, VolatileText.REPORT, new PriceTable(List.of(price)));
		BigDecimal cheaper = BigDecimal.ZERO;
		List<Message> messages = new ArrayList<>(List.of(new SystemMessage(MadeUpPrompts.words("rule", 2400))));
		for (int i = 0; i < 12; i++) {
			messages.add(new UserMessage(MadeUpPrompts.words("question" + i, 300)));
			ChatClient.ChatClientRequestSpec request = client.prompt()
				.messages(messages)
				.advisors(TokenSaving.plan("plan"));
			ChatClientResponse response = stream ? request.stream().chatClientResponse().blockLast()
					: request.call().chatClientResponse();
			SavingsReport report = (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
			cheaper = cheaper.add(report.costSavedUsd()).add(report.providerDiscountUsd());
			messages.add(new AssistantMessage("Answer " + i));
			pass(Duration.ofSeconds(30));
		}
		Bill bill = this.models.simulator().bill();
		assertThat(bill.hitRate()).as("there is something to count").isPositive();
		assertThat(cheaper).isEqualByComparingTo(bill.withoutCachingUsd().subtract(bill.usd()));
		PromptCacheTally.Figures figures = this.statistics.plan(KEY).snapshot().figures(PromptCacheFeature.TALLY);
		assertThat(figures.read()).isEqualTo(sum("read"));
		assertThat(figures.written()).isEqualTo(sum("written"));
		assertThat(figures.uncached()).isEqualTo(sum("uncached"));
		assertThat(figures.hitRate()).isEqualTo(bill.hitRate());
	}

	private long sum(String kind) {
		return requests().stream().mapToLong((request) -> switch (kind) {
			case "read" -> request.input().read();
			case "written" -> request.input().written();
			default -> request.input().uncached();
		}).sum();
	}

	private static ModelPrice price(String model, String input, String output, String read, String write,
			String writeOneHour) {
		return new ModelPrice(model,
				new TokenPrice(new BigDecimal(input), new BigDecimal(output), new BigDecimal(read),
						(write != null) ? new BigDecimal(write) : null,
						(writeOneHour != null) ? new BigDecimal(writeOneHour) : null, null),
				Collections.emptyList());
	}

}
