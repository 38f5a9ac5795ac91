package io.tokensaving.route;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

import io.tokensaving.Eventually;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.Dialects;
import io.tokensaving.route.cascade.ConfidenceChecks;
import io.tokensaving.route.learning.PairLearner;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.ModelCatalog;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedError;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.simulator.quality.KnownModels;
import io.tokensaving.simulator.quality.KnownQuestion;
import io.tokensaving.simulator.quality.KnownQuestions;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Routing from end to end: what the simulator's models of known skill make of the same
 * questions as different plans route them, as calls, streams, objects and loops of tools.
 * What the ledger says was spent and what it books as overhead is together what the
 * provider bills, to the pico-dollar; quality is the simulator's truth. The number of
 * questions of each plan is that of the system property
 * {@code token-saving.routing.questions}.
 */
class RoutingBillTests {

	private static final int QUESTIONS = Integer.getInteger("token-saving.routing.questions", 120);

	// Enough labels for the classifier to act
	private static final int LABELS = 1400;

	private static final int SOME = 30;

	private static final int READERS = 3;

	private static final int OK = 200;

	private static final String TOOL_RESULT = "See the next step.";

	private static final long SEED = Long.getLong("token-saving.routing.seed", 1);

	private static final int AT_A_TIME = 16;

	private static final String INSTRUCTIONS = "You answer the customers of a bank. "
			+ "Our terms say what is due, and when it is due. ".repeat(120);

	private static final List<String> PLANS = List.of("cheap", "strong", "rules", "heuristic", "cascade", "judged",
			"learned", "shared");

	private final KnownQuestions questions = KnownQuestions.of(SEED, LABELS + Math.max(SOME, QUESTIONS));

	private final KnownModels models = KnownModels.of(this.questions, SEED);

	private final ProviderSimulator simulator = ProviderSimulator.builder()
		.models(KnownModels.addTo(ModelCatalog.builtIn()))
		.respondWith(this.models)
		.logged(100_000)
		.start();

	private final ExecutorService together = Executors.newCachedThreadPool();

	private final ApplicationContextRunner runner = runner();

	private ApplicationContextRunner runner() {
		ApplicationContextRunner context = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
					TokenSavingEndpointAutoConfiguration.class, ChatClientAutoConfiguration.class))
			.withUserConfiguration(WithAFastClock.class)
			.withBean("small", ChatModel.class, () -> openAi(KnownModels.SMALL))
			.withBean("judging", ChatModel.class, () -> openAi(KnownModels.JUDGE))
			.withBean("large", ChatModel.class, this::anthropic)
			.withPropertyValues("management.endpoints.web.exposure.include=tokensaving",
					"token-saving.chat-model=large", "token-saving.tiers.small.bean=small",
					"token-saving.tiers.judge.bean=judging", "token-saving.plans.shared.dedup.enabled=true",
					"token-saving.plans.cheap.route.classifier=fixed",
					"token-saving.plans.cheap.route.default-tier=small",
					"token-saving.plans.strong.route.classifier=rules",
					"token-saving.plans.rules.route.classifier=rules",
					"token-saving.plans.rules.route.rules[0].matches=(?i)cost|hour|days",
					"token-saving.plans.rules.route.rules[0].tier=small",
					"token-saving.plans.heuristic.route.classifier=heuristic",
					"token-saving.plans.cascade.route.classifier=fixed",
					"token-saving.plans.cascade.route.default-tier=small",
					"token-saving.plans.cascade.route.cascade.checks=schema,refusal",
					"token-saving.plans.judged.route.classifier=rules",
					"token-saving.plans.judged.route.rules[0].matches=.",
					"token-saving.plans.judged.route.rules[0].tier=small",
					"token-saving.plans.judged.route.cascade.checks=schema,refusal",
					"token-saving.plans.judged.route.cascade.stream=buffer",
					"token-saving.plans.judged.route.judge.sample-rate=1",
					"token-saving.plans.shared.route.classifier=heuristic",
					"token-saving.plans.shared.route.default-tier=small",
					"token-saving.plans.learned.route.mode=shadow", "token-saving.plans.learned.route.max-time=30s",
					"token-saving.plans.learned.allow-override=true");
		for (String plan : PLANS) {
			context = context.withPropertyValues("token-saving.plans." + plan + ".prompt-cache.enabled=true",
					"token-saving.plans." + plan + ".route.tiers=small,own",
					"token-saving.plans." + plan + ".route.judge.tier=judge",
					"token-saving.plans." + plan + ".route.judge.usd-per-day=1000",
					"token-saving.plans." + plan + ".route.judge.action=alert",
					"token-saving.plans." + plan + ".route.sticky=none");
			if (!plan.equals("learned")) {
				context = context.withPropertyValues("token-saving.plans." + plan + ".route.mode=active");
			}
		}
		return prices(prices(prices(context, 0, KnownModels.SMALL, "0.2", "0.8", "0.05"), 1, KnownModels.JUDGE, "0.5",
				"2", "0.25"), 2, KnownModels.LARGE, "4", "20", "0.4")
			.withPropertyValues("token-saving.prices[2].cache-write=5", "token-saving.prices[2].cache-write-one-hour=8",
					"token-saving.plans.learned.route.judge.sample-rate=1");
	}

	private static ApplicationContextRunner prices(ApplicationContextRunner context, int index, String model,
			String input, String output, String read) {
		String price = "token-saving.prices[" + index + "].";
		return context.withPropertyValues(price + "model=" + model, price + "input=" + input,
				price + "output=" + output, price + "cache-read=" + read);
	}

	private OpenAiChatModel openAi(String model) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.baseUrl(this.simulator.baseUrl(Provider.OPENAI));
		options.apiKey("key");
		options.model(model);
		options.maxRetries(0);
		options.streamOptions(OpenAiChatOptions.StreamOptions.builder().includeUsage(true).build());
		return OpenAiChatModel.builder().options(options.build()).build();
	}

	private AnthropicChatModel anthropic() {
		AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
		options.baseUrl(this.simulator.baseUrl(Provider.ANTHROPIC));
		options.apiKey("key");
		options.model(KnownModels.LARGE);
		options.maxTokens(500);
		options.maxRetries(0);
		return AnthropicChatModel.builder().options(options.build()).build();
	}

	@AfterEach
	void close() {
		this.together.shutdownNow();
		this.simulator.close();
	}

	@Test
	@Timeout(1200)
	void theLedgerIsTheBillHoweverRequestsAreRouted() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			Row cheap = new Arm(context, "cheap").play(0, QUESTIONS).matchesByModel();
			Row strong = new Arm(context, "strong").play(0, QUESTIONS).matchesByModel();
			Row rules = new Arm(context, "rules").play(0, QUESTIONS);
			Row heuristic = new Arm(context, "heuristic").play(0, QUESTIONS);
			Arm cascading = new Arm(context, "cascade");
			Row cascade = cascading.play(0, QUESTIONS).matchesByModel();
			cascading.escalationsAreThoseOfTheBill(cascade);
			Row judged = new Arm(context, "judged").play(0, QUESTIONS);
			Row learning = learn(context);
			Row learned = new Arm(context, "learned").play(LABELS, LABELS + QUESTIONS);
			print(Map.of("1 cheap", cheap, "2 strong", strong, "3 rules", rules, "4 heuristic", heuristic, "5 cascade",
					cascade, "6 judged", judged, "7 learning", learning, "8 learned", learned));
			// Every answer of these is that of one model
			assertThat(cheap.right()).isEqualTo(rightOf(KnownModels.SMALL));
			assertThat(strong.right()).isEqualTo(rightOf(KnownModels.LARGE));
			assertThat(strong.quality()).isGreaterThan(0.9);
			assertThat(cheap.quality()).isLessThan(strong.quality() - 0.2);
			assertThat(cascade.quality()).isBetween(cheap.quality(), strong.quality());
			assertThat(cascade.judged()).as("a dearer tier than the default").isZero();
			assertThat(judged.judged()).isPositive();
			assertThat(learned.figures().counts(RouteFeature.DECISIONS).get("small")).isGreaterThan(QUESTIONS / 4);
			assertThat(learned.quality()).isGreaterThan(strong.quality() - 0.1);
			// What judges cost depends on how many of so few answers they are shown
			assertThat(learned.spentPerSuccess()).isLessThan(strong.spentPerSuccess());
		});
	}

	private int rightOf(String model) {
		return (int) this.questions.all()
			.subList(0, QUESTIONS)
			.stream()
			.filter((question) -> this.models.isRight(model, question))
			.count();
	}

	// In shadow until what was learned suffices
	private Row learn(AssertableApplicationContext context) {
		Arm arm = new Arm(context, "learned");
		Row row = arm.play(0, LABELS);
		PairLearner.Figures figures = context.getBean(LearnedClassifier.class).figures(arm.key).get("small");
		System.out.println(figures);
		assertThat(figures.acts()).isTrue();
		assertThat(row.figures().counts(RouteFeature.DECISIONS)).containsKey("own");
		assertThat(this.simulator.requests()).as("tried, and answered by the own model alone")
			.filteredOn((request) -> request.model().equals(KnownModels.JUDGE))
			.isNotEmpty();
		context.getBean(MutablePlanRepository.class)
			.update("default", "learned",
					Map.of("route", Map.of("mode", "active", "judge", Map.of("sample-rate", 0.02))), null);
		return row;
	}

	@Test
	void aTierThatIsDownLeavesItsRequestsToTheOwnModelAndCostsNothing() {
		this.simulator.respondWith((request) -> request.model().equals(KnownModels.SMALL)
				? Answer.error(SimulatedError.Kind.OVERLOADED) : this.models.answer(request));
		this.runner.run((context) -> {
			Arm arm = new Arm(context, "rules");
			Row row = arm.play(0, SOME).matchesByModel();
			long routed = row.figures().counts(RouteFeature.FALLBACKS).get("small");
			assertThat(routed).isPositive();
			assertThat(RoutingBillTests.this.simulator.requests())
				.filteredOn((request) -> request.model().equals(KnownModels.SMALL))
				.hasSize((int) routed)
				.allMatch((request) -> request.bill().usd().signum() == 0);
			assertThat(row.right()).isEqualTo(this.questions.all()
				.subList(0, SOME)
				.stream()
				.filter((question) -> this.models.isRight(KnownModels.LARGE, question))
				.count());
		});
	}

	@Test
	void aSharedStreamIsPaidOnceThoughOneReaderLeaves() {
		CountDownLatch[] release = new CountDownLatch[1];
		this.simulator.respondWith((request) -> {
			KnownQuestion question = this.questions.find(request.body());
			return Answer.builder().text(this.models.text(request.model(), question, null)).hold(5, release[0]).build();
		});
		this.runner.run((context) -> {
			Arm arm = new Arm(context, "shared");
			StatisticsSnapshot before = arm.figures();
			for (int number = 0; number < SOME; number++) {
				release[0] = new CountDownLatch(1);
				arm.together(this.questions.get(number), release[0]);
			}
			assertThat(this.simulator.awaitIdle(Duration.ofSeconds(30))).isTrue();
			Row row = arm.row(before, Map.of(), SOME).matches().matchesByModel();
			assertThat(row.figures().requests(DedupFeature.HIT)).isPositive();
			assertThat(this.simulator.requests()).hasSize(SOME)
				.extracting(SimulatedRequest::model)
				.contains(KnownModels.SMALL, KnownModels.LARGE);
		});
	}

	@Test
	void aStreamWhoseReaderLeavesIsPricedAsTheModelThatAnswered() {
		CountDownLatch release = new CountDownLatch(1);
		this.simulator
			.respondWith((request) -> Answer.builder().text("It is on its way. ".repeat(20)).hold(5, release).build());
		this.runner.run((context) -> {
			Arm arm = new Arm(context, "cheap");
			arm.leave(this.questions.get(0));
			release.countDown();
			assertThat(this.simulator.awaitIdle(Duration.ofSeconds(30))).isTrue();
			BigDecimal billed = this.simulator.bill().usd();
			// What nobody reports is estimated; the other model costs twenty times as
			// much
			assertThat(arm.figures().spentUsd()).isBetween(billed.multiply(new BigDecimal("0.5")),
					billed.multiply(new BigDecimal("2")));
			assertThat(arm.byModel()).containsOnlyKeys(KnownModels.SMALL);
		});
	}

	private static void add(Map<String, BigDecimal> sums, String model, BigDecimal usd) {
		BigDecimal sum = sums.getOrDefault(model, BigDecimal.ZERO).add(usd).stripTrailingZeros();
		if (sum.signum() != 0) {
			sums.put(model, sum);
		}
		else {
			sums.remove(model);
		}
	}

	private static void print(Map<String, Row> rows) {
		System.out.printf("%-12s %8s %12s %14s %12s %12s %12s %9s %9s%n", "plan", "quality", "bill USD", "USD/success",
				"spent", "overhead", "saved", "judged", "escalated");
		new TreeMap<>(rows).forEach(
				(plan, row) -> System.out.printf("%-12s %8.4f %12s %14s %12s %12s %12s %9d %9d%n", plan, row.quality(),
						row.bill().toPlainString(), row.costPerSuccess().toPlainString(), row.spent().toPlainString(),
						row.overhead().toPlainString(), row.saved().toPlainString(), row.judged(), row.escalated()));
	}

	private static long sum(Map<String, Long> counts) {
		return counts.values().stream().mapToLong(Long::longValue).sum();
	}

	/**
	 * What a plan makes of some questions.
	 */
	private final class Arm {

		private final ProviderSimulator simulator = RoutingBillTests.this.simulator;

		private final PlanKey key;

		private final ChatClient client;

		private final AssertableApplicationContext context;

		private int right;

		Arm(AssertableApplicationContext context, String plan) {
			this.context = context;
			this.key = new PlanKey("default", plan);
			this.client = ChatClient.builder(context.getBean("large", ChatModel.class))
				.defaultAdvisors(context.getBean(TokenSavingAdvisors.class))
				.build();
		}

		StatisticsSnapshot figures() {
			return this.context.getBean(StatisticsAggregator.class).plan(this.key).figures();
		}

		Map<String, BigDecimal> byModel() {
			Map<String, BigDecimal> spent = new TreeMap<>();
			this.context.getBean(StatisticsAggregator.class)
				.labelled(this.key)
				.figures()
				.forEach((labels, part) -> add(spent, String.valueOf(labels.value(Labels.MODEL)), part.spentUsd()));
			return spent;
		}

		Row play(int from, int to) {
			StatisticsSnapshot before = figures();
			Map<String, BigDecimal> spentBefore = byModel();
			this.simulator.clear();
			for (int number = from; number < to; number++) {
				this.right += ask(RoutingBillTests.this.questions.get(number)) ? 1 : 0;
				if (number % AT_A_TIME == AT_A_TIME - 1) {
					awaitJudges();
				}
			}
			awaitJudges();
			assertThat(this.simulator.awaitIdle(Duration.ofSeconds(30))).isTrue();
			Row row = row(before, spentBefore, to - from).matches();
			assertThat(row.figures().errors()).isEqualTo(sum(row.figures().counts(RouteFeature.FALLBACKS)));
			assertThat(row.figures().unpricedModels()).isEmpty();
			noLoopChangesItsModel();
			return row;
		}

		Row row(StatisticsSnapshot before, Map<String, BigDecimal> spentBefore, int asked) {
			StatisticsSnapshot after = figures();
			Map<String, BigDecimal> spent = byModel();
			spentBefore.forEach((model, usd) -> add(spent, model, usd.negate()));
			Map<String, BigDecimal> billed = new TreeMap<>();
			this.simulator.requests().forEach((request) -> add(billed, request.model(), request.bill().usd()));
			return new Row(asked, this.right, this.simulator.bill().usd(), after.spentUsd().subtract(before.spentUsd()),
					after.overheadUsd().subtract(before.overheadUsd()),
					after.costSavedUsd().subtract(before.costSavedUsd()), spent, billed, after,
					sum(after.counts(RouteFeature.VERDICTS)) - sum(before.counts(RouteFeature.VERDICTS)));
		}

		private void awaitJudges() {
			Eventually.await("judged", this.context.getBean(RouteAdvisor.class)::isIdle);
		}

		private ChatClient.ChatClientRequestSpec request(KnownQuestion question) {
			return this.client.prompt()
				.system(INSTRUCTIONS)
				.user(question.text())
				.advisors(TokenSaving.plan(this.key.plan()).feature("bank"));
		}

		private boolean ask(KnownQuestion question) {
			ChatClient.ChatClientRequestSpec request = request(question);
			return switch (Form.of(question)) {
				case CALL -> isWholeAnswer(question, request.call().content());
				case STREAM -> isWholeAnswer(question, text(request));
				case OBJECT -> isRightObject(question, request);
				case TOOL_CALL -> isWholeAnswer(question, request.tools(lookUp()).call().content());
				case TOOL_STREAM -> isWholeAnswer(question, text(request.tools(lookUp())));
			};
		}

		private static String text(ChatClient.ChatClientRequestSpec request) {
			return String.join("", request.stream().content().collectList().block(Duration.ofSeconds(30)));
		}

		private boolean isWholeAnswer(KnownQuestion question, String answer) {
			KnownModels models = RoutingBillTests.this.models;
			assertThat(answer).as(question.text())
				.isIn(models.text(KnownModels.SMALL, question, null), models.text(KnownModels.LARGE, question, null));
			return question.isRight(answer);
		}

		private static boolean isRightObject(KnownQuestion question, ChatClient.ChatClientRequestSpec request) {
			try {
				Amount amount = request.call().entity(Amount.class);
				return amount != null && amount.amount() == question.truth();
			}
			catch (RuntimeException ex) {
				// The answer was no object
				return false;
			}
		}

		private static ToolCallback lookUp() {
			Function<Map<String, Object>, String> terms = (arguments) -> TOOL_RESULT;
			return FunctionToolCallback.builder("terms", terms)
				.description("Looks a step up in the terms")
				.inputSchema("{\"type\":\"object\",\"properties\":{\"step\":{\"type\":\"integer\"}}}")
				.inputType(Map.class)
				.build();
		}

		/**
		 * Judges buy nothing but other answers to the last round, after it was answered.
		 */
		private void noLoopChangesItsModel() {
			Map<Integer, List<String>> models = new TreeMap<>();
			for (SimulatedRequest request : this.simulator.requests()) {
				KnownQuestion question = RoutingBillTests.this.questions.find(request.body());
				int round = request.body().split(TOOL_RESULT, -1).length - 1;
				List<String> asked = models.computeIfAbsent(question.number(), (added) -> new ArrayList<>());
				if (request.status() == OK && Form.of(question).hasTools()
						&& round == Math.min(asked.size(), question.rounds()) && asked.size() <= question.rounds()) {
					asked.add(request.model());
				}
			}
			models.forEach((number, asked) -> {
				KnownQuestion question = RoutingBillTests.this.questions.get(number);
				if (Form.of(question).hasTools()) {
					assertThat(asked).as(question.text()).hasSize(question.rounds() + 1).containsOnly(asked.get(0));
				}
			});
		}

		/**
		 * Without judges, the strong model is asked for nothing but what the cheap one
		 * has answered in vain just before.
		 */
		void escalationsAreThoseOfTheBill(Row row) {
			Map<Integer, BigDecimal> before = new TreeMap<>();
			BigDecimal escalated = BigDecimal.ZERO;
			int count = 0;
			for (SimulatedRequest request : this.simulator.requests()) {
				int number = RoutingBillTests.this.questions.find(request.body()).number();
				if (request.model().equals(KnownModels.LARGE)) {
					escalated = escalated.add(before.get(number)).add(request.bill().usd());
					count++;
				}
				before.put(number, request.bill().usd());
			}
			List<RouteDecision> logged = this.context.getBean(RouteLog.class)
				.newest(this.key, 10_000)
				.stream()
				.filter((decision) -> !decision.escalations().isEmpty())
				.toList();
			long logPicoUsd = logged.stream().mapToLong((decision) -> decision.answer().costPicoUsd()).sum();
			assertThat(count).isPositive();
			assertThat(logged).hasSize(count);
			assertThat(row.escalated()).isEqualTo(count).isEqualTo(uselessOfSmall());
			assertThat(PicoUsd.toUsd(logPicoUsd)).isEqualByComparingTo(escalated);
		}

		private long uselessOfSmall() {
			return RoutingBillTests.this.questions.all().subList(0, QUESTIONS).stream().filter((question) -> {
				String property = (Form.of(question) == Form.OBJECT) ? "amount" : null;
				String text = RoutingBillTests.this.models.text(KnownModels.SMALL, question, property);
				return text.startsWith("I'm sorry") || (text.startsWith("{") && !text.endsWith("}"));
			}).count();
		}

		/**
		 * Three read one stream, of which one leaves when all have read its beginning.
		 */
		void together(KnownQuestion question, CountDownLatch release) throws Exception {
			CountDownLatch begun = new CountDownLatch(READERS);
			List<Future<String>> staying = new ArrayList<>();
			for (int i = 1; i < READERS; i++) {
				staying.add(RoutingBillTests.this.together.submit(() -> {
					CountDownLatch mine = new CountDownLatch(1);
					return String.join("",
							request(question).stream()
								.content()
								.doOnNext((element) -> first(mine, begun))
								.collectList()
								.block(Duration.ofSeconds(30)));
				}));
			}
			CountDownLatch mine = new CountDownLatch(1);
			Disposable leaving = request(question).stream()
				.content()
				.subscribeOn(Schedulers.fromExecutor(RoutingBillTests.this.together))
				.subscribe((element) -> first(mine, begun));
			assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
			leaving.dispose();
			release.countDown();
			for (Future<String> other : staying) {
				isWholeAnswer(question, other.get(30, TimeUnit.SECONDS));
			}
		}

		private static void first(CountDownLatch mine, CountDownLatch begun) {
			if (mine.getCount() > 0) {
				mine.countDown();
				begun.countDown();
			}
		}

		void leave(KnownQuestion question) throws Exception {
			CountDownLatch begun = new CountDownLatch(1);
			Disposable leaving = request(question).stream()
				.content()
				.subscribeOn(Schedulers.fromExecutor(RoutingBillTests.this.together))
				.subscribe((element) -> begun.countDown());
			assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
			leaving.dispose();
		}

	}

	private enum Form {

		CALL, STREAM, OBJECT, TOOL_CALL, TOOL_STREAM;

		static Form of(KnownQuestion question) {
			return values()[question.number() % values().length];
		}

		boolean hasTools() {
			return this == TOOL_CALL || this == TOOL_STREAM;
		}

	}

	record Amount(int amount) {

	}

	/**
	 * What came of some questions.
	 */
	private record Row(int asked, int right, BigDecimal bill, BigDecimal spent, BigDecimal overhead, BigDecimal saved,
			Map<String, BigDecimal> spentByModel, Map<String, BigDecimal> billedByModel, StatisticsSnapshot figures,
			long judged) {

		double quality() {
			return (double) this.right / this.asked;
		}

		BigDecimal costPerSuccess() {
			return this.bill.divide(BigDecimal.valueOf(this.right), 8, RoundingMode.HALF_UP);
		}

		BigDecimal spentPerSuccess() {
			return this.spent.divide(BigDecimal.valueOf(this.right), 8, RoundingMode.HALF_UP);
		}

		long escalated() {
			return sum(this.figures.counts(RouteFeature.ESCALATIONS));
		}

		Row matches() {
			assertThat(this.spent.add(this.overhead)).isEqualByComparingTo(this.bill);
			BigDecimal ofModels = this.spentByModel.values().stream().reduce(BigDecimal.ZERO, BigDecimal::add);
			assertThat(ofModels).isEqualByComparingTo(this.spent);
			this.spentByModel.forEach((model, usd) -> assertThat(usd).as(model)
				.isLessThanOrEqualTo(this.billedByModel.getOrDefault(model, BigDecimal.ZERO)));
			return this;
		}

		/** Where nothing is judged, each model has been paid what it bills. */
		Row matchesByModel() {
			assertThat(this.overhead).isZero();
			assertThat(this.spentByModel).isEqualTo(this.billedByModel);
			return this;
		}

	}

	/**
	 * Judges are not held back to so many a minute.
	 */
	@Configuration(proxyBeanMethods = false)
	static class WithAFastClock {

		@Bean
		LearnedClassifier learnedClassifier() {
			return new LearnedClassifier(null, Runnable::run, LearnedClassifier.MAX_BYTES);
		}

		@Bean
		RouteAdvisor routeAdvisor(RouteFeature feature, ObjectProvider<Tiers> tiers, RouteLog log,
				LearnedClassifier learned, TokenCounter tokenCounter, PriceTable prices, Dialects dialects,
				SavingsStatistics statistics) {
			AtomicLong minutes = new AtomicLong();
			return RouteAdvisor.builder()
				.feature(feature)
				.tiers(tiers::getObject)
				.classifiers(() -> Map.of("fixed", new FixedClassifier(), "rules", new RulesClassifier(), "heuristic",
						new HeuristicClassifier(), "learned", learned))
				.checks(() -> new ConfidenceChecks(Map.of()))
				.log(log)
				.tokenCounter(tokenCounter)
				.prices(prices)
				.dialects(dialects)
				.statistics(statistics)
				.clock(Clock.systemUTC(), () -> TimeUnit.MINUTES.toNanos(minutes.incrementAndGet()))
				.build();
		}

	}

}
