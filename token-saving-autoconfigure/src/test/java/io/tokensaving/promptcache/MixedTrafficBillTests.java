package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Bill;
import io.tokensaving.simulator.SimulatedError;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.simulator.TokenKind;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the ledger says was spent, and what the providers bill for the same requests: they
 * are equal to the last pico-dollar, altogether, by plan and model, and by kind of token.
 * Spring AI's models are asked through the whole chain, by several callers at once, calls
 * and streams, with tools, caches, shared requests of which one caller leaves, marks for
 * five minutes and an hour, thoughts, tiers, long prompts and failures. A stream whose
 * only caller leaves is not among them: nobody reports what it has cost, and the ledger
 * estimates it. The number of requests is that of the system property
 * {@code token-saving.bill.requests}.
 */
class MixedTrafficBillTests {

	private static final int REQUESTS = Integer.getInteger("token-saving.bill.requests", 600);

	private static final int CALLERS = 8;

	private static final int TOGETHER = 3;

	private static final int FEATURES = 7;

	// Enough for the longest answer. Spring AI reports no usage of an answer of Anthropic
	// that has no content, because all of it was thought
	private static final int MAX_TOKENS = 1000;

	// The one that costs more above 272,000 tokens
	private static final int LONG_MODEL = 2;

	// Both bills are of the built-in prices but this one, whose price is not the same in
	// all sources
	private static final String DEEPSEEK = "deepseek-chat";

	private static final List<String> PLANS = List.of("everything", "marks", "nothing");

	private static final Pattern MARKER = Pattern.compile("#(\\w+)-(\\d+)#");

	private static final String TOOL_RESULT = "The balance is 17.";

	private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();

	private final ProviderModels models = new ProviderModels((simulator) -> simulator.logged(100_000));

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
				TokenSavingEndpointAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withUserConfiguration(AgentAdviceTests.WithTheClockOfTheSimulator.class)
		.withBean(ProviderModels.class, () -> this.models)
		.withPropertyValues("management.endpoints.web.exposure.include=tokensaving",
				"token-saving.plans.everything.cache.backend=in_memory",
				"token-saving.plans.everything.dedup.enabled=true",
				"token-saving.plans.everything.prompt-cache.enabled=true",
				"token-saving.plans.everything.budget.usd=1000000",
				"token-saving.plans.marks.prompt-cache.enabled=true", "token-saving.plans.nothing.mode=off",
				"token-saving.prices[0].model=" + DEEPSEEK, "token-saving.prices[0].input=0.15",
				"token-saving.prices[0].cache-read=0.003", "token-saving.prices[0].output=0.3");

	private final ExecutorService together = Executors.newCachedThreadPool();

	@AfterEach
	void close() {
		this.together.shutdownNow();
		this.models.close();
	}

	@Test
	@Timeout(1200)
	void whatIsSpentIsWhatProvidersBill() {
		this.models.simulator().respondWith(this::answer);
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			long start = System.nanoTime();
			int failed = play(clients(context));
			double seconds = (System.nanoTime() - start) / 1e9;
			assertThat(this.models.simulator().awaitIdle(Duration.ofSeconds(30))).isTrue();
			StatisticsSnapshot total = compare(context);
			compareBudget(context);
			assertThat(failed).isPositive();
			assertThat(total.requests(ExactCacheFeature.HIT)).isPositive();
			assertThat(total.requests(DedupFeature.HIT)).isPositive();
			assertThat(total.modelErrors()).isPositive();
			assertThat(total.unpricedModels()).isEmpty();
			assertThat(total.errors()).isZero();
			System.out.printf("%d requests of the application in %.1f s, %d failed%n", REQUESTS, seconds, failed);
		});
	}

	private Map<String, ChatClient> clients(ApplicationContext context) {
		Map<String, ChatModel> models = new LinkedHashMap<>();
		models.put("openai", this.models.openAi("gpt-5-mini", MixedTrafficBillTests::withUsage));
		models.put("flex", this.models.openAi("gpt-5-mini", (options) -> withUsage(options).serviceTier("flex")));
		models.put("openai-writes", this.models.openAi("gpt-5.6-terra", MixedTrafficBillTests::withUsage));
		models.put("anthropic", this.models.anthropic((options) -> options.maxTokens(MAX_TOKENS)));
		models.put("anthropic-hour", this.models.anthropic((options) -> {
			options.model("claude-sonnet-4-6").maxTokens(MAX_TOKENS);
			options.cacheOptions(AnthropicCacheOptions.builder()
				.strategy(AnthropicCacheStrategy.SYSTEM_ONLY)
				.messageTypeTtl(MessageType.SYSTEM, AnthropicCacheTtl.ONE_HOUR)
				.build());
			return options;
		}));
		models.put("google", this.models.google());
		models.put("deepseek", this.models.deepSeek(DEEPSEEK, MixedTrafficBillTests::withUsage));
		Map<String, ChatClient> clients = new LinkedHashMap<>();
		models.forEach((name, model) -> clients.put(name,
				ChatClient.builder(model).defaultAdvisors(context.getBean(TokenSavingAdvisors.class)).build()));
		return clients;
	}

	private static OpenAiChatOptions.Builder withUsage(OpenAiChatOptions.Builder options) {
		options.streamOptions(OpenAiChatOptions.StreamOptions.builder().includeUsage(true).build());
		return options;
	}

	/** Returns how many failed. */
	private int play(Map<String, ChatClient> clients) throws Exception {
		List<ChatClient> models = List.copyOf(clients.values());
		ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
		try {
			List<Future<Boolean>> asked = new ArrayList<>();
			for (int i = 0; i < REQUESTS; i++) {
				int number = i;
				asked.add(callers.submit(() -> {
					this.models.clock().advance(Duration.ofMillis(500));
					return new Question(models, number).ask();
				}));
			}
			int failed = 0;
			for (Future<Boolean> each : asked) {
				failed += each.get(60, TimeUnit.SECONDS) ? 0 : 1;
			}
			return failed;
		}
		finally {
			callers.shutdownNow();
		}
	}

	private Answer answer(SimulatedRequest request) {
		Matcher marker = MARKER.matcher(request.body());
		assertThat(marker.find()).isTrue();
		int number = Integer.parseInt(marker.group(2));
		String text = "Answer " + number + ". " + "word ".repeat(30 + number % 200);
		return switch (marker.group(1)) {
			case "fails" -> Answer.error(List
				.of(SimulatedError.Kind.RATE_LIMITED, SimulatedError.Kind.OVERLOADED, SimulatedError.Kind.SERVER_ERROR,
						SimulatedError.Kind.INVALID_REQUEST)
				.get(number % 4));
			case "tool" -> request.body().contains(TOOL_RESULT) ? Answer.text(text)
					: Answer.toolCall("balance", "{\"account\": \"" + number + "\"}");
			case "thinks" -> Answer.builder().text(text).thinkingTokens(50 + number % 500).build();
			case "together" -> Answer.builder().text(text).hold(5, this.held.get(marker.group())).build();
			default -> Answer.text(text);
		};
	}

	private StatisticsSnapshot compare(ApplicationContext context) {
		StatisticsAggregator aggregator = context.getBean(StatisticsAggregator.class);
		StatisticsSnapshot total = null;
		BigDecimal ofLabels = BigDecimal.ZERO;
		Map<String, BigDecimal> byModel = new TreeMap<>();
		Map<String, Integer> features = new TreeMap<>();
		for (String plan : PLANS) {
			PlanKey key = new PlanKey("default", plan);
			StatisticsSnapshot figures = aggregator.plan(key).figures();
			total = (total != null) ? total.plus(figures) : figures;
			for (Map.Entry<Labels, StatisticsSnapshot> part : aggregator.labelled(key).figures().entrySet()) {
				BigDecimal spent = part.getValue().spentUsd();
				ofLabels = ofLabels.add(spent);
				if (spent.signum() != 0) {
					features.merge(String.valueOf(part.getKey().value(Labels.FEATURE)), 1, Integer::sum);
					byModel.merge(String.valueOf(part.getKey().value(Labels.MODEL)), spent, BigDecimal::add);
				}
			}
		}
		Bill bill = this.models.simulator().bill();
		print(bill, total, byModel);
		assertThat(strip(byModel)).isEqualTo(strip(billed()));
		assertThat(total.spentUsd()).isEqualByComparingTo(bill.usd());
		assertThat(ofLabels).as("sum over features and models").isEqualByComparingTo(bill.usd());
		assertThat(features).hasSize(FEATURES);
		assertThat(total.tokensByKind()).containsEntry("cache_read", bill.tokens(TokenKind.CACHE_READ))
			.containsEntry("cache_write_5m",
					bill.tokens(TokenKind.CACHE_WRITE_5M) + bill.tokens(TokenKind.CACHE_WRITE_30M))
			.containsEntry("cache_write_1h", bill.tokens(TokenKind.CACHE_WRITE_1H))
			.containsEntry("output", bill.tokens(TokenKind.OUTPUT) + bill.tokens(TokenKind.THINKING));
		for (TokenKind kind : TokenKind.values()) {
			assertThat(bill.tokens(kind)).as(kind.name()).isPositive();
		}
		return total;
	}

	private Map<String, BigDecimal> billed() {
		Map<String, BigDecimal> billed = new TreeMap<>();
		for (SimulatedRequest request : this.models.simulator().requests()) {
			if (request.bill().usd().signum() != 0) {
				billed.merge(request.model(), request.bill().usd(), BigDecimal::add);
			}
		}
		return billed;
	}

	private static Map<String, BigDecimal> strip(Map<String, BigDecimal> amounts) {
		Map<String, BigDecimal> stripped = new TreeMap<>();
		amounts.forEach((name, usd) -> stripped.put(name, usd.stripTrailingZeros()));
		return stripped;
	}

	private static void print(Bill bill, StatisticsSnapshot total, Map<String, BigDecimal> byModel) {
		System.out.printf("ledger %s USD, bill %s USD, saved %s USD, %s, model errors %s, %s%n",
				total.spentUsd().toPlainString(), bill.usd().toPlainString(), total.costSavedUsd().toPlainString(),
				total.requestsByOutcome(), total.modelErrorsByType(), total.tokensByKind());
		byModel.forEach((model, usd) -> System.out.printf("  %-20s %s%n", model, usd.toPlainString()));
	}

	@SuppressWarnings("unchecked")
	private static void compareBudget(ApplicationContext context) {
		Map<String, Object> shown = (Map<String, Object>) context.getBean(TokenSavingEndpoint.class)
			.part(new String[] { "budgets" }, null);
		BigDecimal spent = context.getBean(StatisticsAggregator.class)
			.plan(new PlanKey("default", "everything"))
			.figures()
			.spentUsd();
		assertThat((List<Map<String, Object>>) shown.get("budgets")).singleElement().satisfies((budget) -> {
			assertThat((BigDecimal) budget.get("used_usd")).isEqualByComparingTo(spent);
			assertThat((BigDecimal) budget.get("reserved_usd")).isZero();
		});
	}

	/**
	 * A request of the application.
	 */
	private final class Question {

		private final ChatClient client;

		private final String plan;

		private final String feature;

		private final boolean stream;

		private final Kind kind;

		private final String marker;

		private final String system;

		private final String text;

		Question(List<ChatClient> clients, int number) {
			Random random = new Random(number);
			this.kind = Kind.of(number, random);
			this.plan = (this.kind == Kind.TOGETHER) ? PLANS.get(0) : PLANS.get(random.nextInt(PLANS.size()));
			this.feature = "feature-" + random.nextInt(FEATURES);
			this.stream = random.nextBoolean();
			// Plain questions are asked again, the more often the smaller their number
			int asked = (this.kind == Kind.PLAIN) ? (int) Math.pow(REQUESTS, random.nextDouble()) : number;
			this.marker = "#%s-%d#".formatted(this.kind.name().toLowerCase(Locale.ROOT), asked);
			this.text = this.marker + ((this.kind == Kind.LONG) ? MadeUpPrompts.words("detail", 160_000) : " Why?");
			Random of = new Random(asked);
			this.client = (this.kind == Kind.LONG) ? clients.get(LONG_MODEL) : clients.get(of.nextInt(clients.size()));
			this.system = MadeUpPrompts.words("rule" + of.nextInt(3), 1500);
		}

		/** Returns whether it was answered. */
		boolean ask() throws Exception {
			if (this.kind == Kind.TOGETHER) {
				askTogether();
				return true;
			}
			try {
				if (this.stream) {
					request().stream().chatResponse().blockLast(Duration.ofSeconds(30));
				}
				else {
					request().call().chatResponse();
				}
				return this.kind != Kind.FAILS;
			}
			catch (RuntimeException ex) {
				assertThat(this.kind).as(ex.toString()).isEqualTo(Kind.FAILS);
				return false;
			}
		}

		private ChatClient.ChatClientRequestSpec request() {
			ChatClient.ChatClientRequestSpec request = this.client.prompt()
				.system(this.system)
				.user(this.text)
				.advisors(TokenSaving.plan(this.plan).feature(this.feature));
			return (this.kind == Kind.TOOL) ? request.tools(balance()) : request;
		}

		private ToolCallback balance() {
			Function<Map<String, Object>, String> balance = (arguments) -> TOOL_RESULT;
			return FunctionToolCallback.builder("balance", balance)
				.description("Tells the balance of an account")
				.inputSchema("{\"type\":\"object\",\"properties\":{\"account\":{\"type\":\"string\"}}}")
				.inputType(Map.class)
				.build();
		}

		/**
		 * Several read one stream. One of them leaves when all have read its beginning;
		 * before that, its end is not sent.
		 */
		private void askTogether() throws Exception {
			CountDownLatch release = new CountDownLatch(1);
			CountDownLatch begun = new CountDownLatch(TOGETHER);
			MixedTrafficBillTests.this.held.put(this.marker, release);
			try {
				List<Future<?>> others = new ArrayList<>();
				for (int i = 1; i < TOGETHER; i++) {
					others.add(MixedTrafficBillTests.this.together.submit(() -> {
						CountDownLatch mine = new CountDownLatch(1);
						return request().stream().chatResponse().doOnNext((element) -> {
							if (mine.getCount() > 0) {
								mine.countDown();
								begun.countDown();
							}
						}).blockLast(Duration.ofSeconds(30));
					}));
				}
				CountDownLatch mine = new CountDownLatch(1);
				// The client of Google reads a stream on the thread that subscribes to it
				Disposable leaving = request().stream()
					.chatResponse()
					.subscribeOn(Schedulers.fromExecutor(MixedTrafficBillTests.this.together))
					.subscribe((element) -> {
						if (mine.getCount() > 0) {
							mine.countDown();
							begun.countDown();
						}
					});
				assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
				leaving.dispose();
				release.countDown();
				for (Future<?> other : others) {
					other.get(30, TimeUnit.SECONDS);
				}
			}
			finally {
				release.countDown();
			}
		}

	}

	private enum Kind {

		PLAIN, TOOL, THINKS, FAILS, TOGETHER, LONG;

		private static final int LONG_AT = 400;

		static Kind of(int number, Random random) {
			if (number % LONG_AT == LONG_AT - 1) {
				return LONG;
			}
			int kind = random.nextInt(100);
			if (kind < 60) {
				return PLAIN;
			}
			if (kind < 75) {
				return TOOL;
			}
			if (kind < 88) {
				return THINKS;
			}
			return (kind < 95) ? FAILS : TOGETHER;
		}

	}

}
