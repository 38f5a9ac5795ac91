package io.tokensaving.autoconfigure;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import io.tokensaving.Counter;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.batch.BatchEngine;
import io.tokensaving.batch.BatchScheduling;
import io.tokensaving.batch.BatchSettings;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchThreads;
import io.tokensaving.batch.DeferredChatMemoryRepository;
import io.tokensaving.batch.DeferredToolCallingManager;
import io.tokensaving.batch.FileBatchStore;
import io.tokensaving.batch.TokenSavingBatch;
import io.tokensaving.batch.jdbc.JdbcBatchStore;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.ManualClock;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedError;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.memory.ChatMemoryRepository;
import org.springframework.ai.chat.memory.InMemoryChatMemoryRepository;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BatchConfiguration} and {@link TokenSavingJdbcBatchAutoConfiguration},
 * and of batches from end to end.
 */
class BatchConfigurationTests {

	private static final String PREFIX = "token-saving.batch.";

	// A minute passes in a second
	private static final int SPEED = 60;

	private static final int QUESTIONS = 5;

	@TempDir
	private Path directory;

	private ApplicationContextRunner runner() {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ChatClientAutoConfiguration.class,
					TokenSavingJdbcBatchAutoConfiguration.class, TokenSavingAutoConfiguration.class,
					TokenSavingEndpointAutoConfiguration.class))
			.withPropertyValues("management.endpoints.web.exposure.include=tokensaving",
					PREFIX + "directory=" + this.directory.resolve("batches"));
	}

	private ApplicationContextRunner withEffects() {
		return runner().withBean(ChatModel.class, ScriptedChatModel::echoing)
			.withBean(ChatMemoryRepository.class, InMemoryChatMemoryRepository::new)
			.withBean(ToolCallingManager.class, () -> ToolCallingManager.builder().build());
	}

	@Test
	void nothingIsThereUnlessItIsEnabled() {
		withEffects().run((context) -> {
			assertThat(context).hasNotFailed()
				.doesNotHaveBean(TokenSavingBatch.class)
				.doesNotHaveBean(BatchEngine.class)
				.doesNotHaveBean(BatchStore.class);
			assertThat(context.getBean(ChatMemoryRepository.class)).isInstanceOf(InMemoryChatMemoryRepository.class);
			assertThat(context.getBean(ToolCallingManager.class)).isNotInstanceOf(DeferredToolCallingManager.class);
			assertThat(view(context)).isEmpty();
			assertThat(this.directory).isEmptyDirectory();
		});
	}

	@Test
	void whatWorkWritesAndExecutesIsWrapped() {
		withEffects().withPropertyValues(PREFIX + "enabled=true").run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(TokenSavingBatch.class);
			assertThat(context.getBean(BatchStore.class)).isInstanceOf(FileBatchStore.class);
			assertThat(context.getBean(ChatMemoryRepository.class)).isInstanceOf(DeferredChatMemoryRepository.class);
			assertThat(context.getBean(ToolCallingManager.class)).isInstanceOf(DeferredToolCallingManager.class);
			assertThat(this.directory.resolve("batches")).isNotEmptyDirectory();
			assertThat(view(context)).containsEntry("queued", 0).containsEntry("submitted", List.of());
		});
	}

	@Test
	void aModelWithoutABatchApiAnswersAtOnce() {
		withEffects().withPropertyValues(PREFIX + "enabled=true", "token-saving.plans.enrichment.batch.within=1h")
			.run((context) -> {
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				assertThat(context.getBean(TokenSavingBatch.class)
					.submit("a", () -> client.prompt("Why?").advisors(TokenSaving.plan("enrichment")).call().content()))
					.isCompletedWithValueMatching((answer) -> answer.contains("Why?"));
				assertThat(counts(figures(context), "batch_live")).isEqualTo(Map.of("no_batch_api", 1L));
			});
	}

	@Test
	void theDatabaseOfTheApplicationKeepsBatches() {
		JdbcConnectionPool database = database();
		try {
			runner().withBean(DataSource.class, () -> database)
				.withPropertyValues(PREFIX + "enabled=true", PREFIX + "store=jdbc")
				.run((context) -> {
					assertThat(context).hasNotFailed();
					assertThat(context.getBean(BatchStore.class)).isInstanceOf(JdbcBatchStore.class);
					assertThat(view(context)).containsEntry("queued", 0);
					assertThat(this.directory).isEmptyDirectory();
				});
		}
		finally {
			database.dispose();
		}
	}

	private static JdbcConnectionPool database() {
		return JdbcConnectionPool.create("jdbc:h2:mem:" + System.nanoTime() + ";DB_CLOSE_DELAY=-1", "sa", "");
	}

	@Test
	void theDatabaseIsLeftAloneWhereFilesKeepBatches() {
		JdbcConnectionPool database = database();
		try {
			runner().withBean(DataSource.class, () -> database)
				.withPropertyValues(PREFIX + "enabled=true")
				.run((context) -> assertThat(context.getBean(BatchStore.class)).isInstanceOf(FileBatchStore.class));
			assertThat(database.getActiveConnections()).isZero();
		}
		finally {
			database.dispose();
		}
	}

	@Test
	void aStoreThatIsNotThereIsNamedWithWhatIsAccepted() {
		assertRefused("batch.store", "jdbc", "a single or primary DataSource bean");
		runner().withPropertyValues(PREFIX + "enabled=true", PREFIX + "store=redis")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (failure) -> {
					assertThat(failure.getName()).isEqualTo("token-saving.batch.store");
					assertThat(failure.getReason()).contains("no single or primary RedisConnectionFactory bean")
						.contains("'file' or 'jdbc'");
				}));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "batch.max-requests | 0 | a number of at least 1",
			"batch.max-size | 0B | a size of at least one byte", "batch.max-wait | -1s | a duration from 0s to 14d",
			"batch.max-wait | 15d | a duration from 0s to 14d",
			"batch.min-poll-interval | 500ms | a duration from 1s to 14d",
			"batch.max-poll-interval | 10s | a duration from 30s to 14d",
			"batch.retention | -1 | a duration from 0s to 14d", "batch.retention | 15 | a duration from 0s to 14d",
			"batch.live-fallback.margin | -1s | a duration from 0s to 14d",
			"plans.a.batch.within | 30s | a duration from 1m to 14d",
			"plans.a.batch.within | 15d | a duration from 1m to 14d" })
	void aBadValueIsNamedWithWhatIsAccepted(String property, String value, String accepted) {
		assertRefused(property, value, accepted);
	}

	@Test
	void aFileIsNoDirectory() throws IOException {
		Path file = Files.writeString(this.directory.resolve("file"), "");
		assertRefused("batch.directory", file.toString(), "a directory that can be written");
		assertRefused("batch.directory", file.resolve("below").toString(), "a directory that can be written");
	}

	private void assertRefused(String property, String value, String accepted) {
		runner().withPropertyValues(PREFIX + "enabled=true", "token-saving." + property + "=" + value)
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving." + property);
					assertThat(ex.getReason()).startsWith("Accepted is ").contains(accepted);
				}));
	}

	@Test
	void theSectionOfAPlanIsReadAndShown() {
		runner()
			.withPropertyValues("token-saving.plans.a.batch.within=6h", "token-saving.plans.a.batch.tools=batch",
					"token-saving.plans.a.batch.flex=false", "token-saving.plans.b.batch.enabled=true",
					"token-saving.plans.c.batch.enabled=false", "token-saving.plans.d.based-on=a",
					"token-saving.plans.d.batch.within=2d")
			.run((context) -> {
				assertThat(settings(context, "a"))
					.isEqualTo(new BatchSettings(Duration.ofHours(6), BatchSettings.Tools.BATCH, false));
				assertThat(settings(context, "b"))
					.isEqualTo(new BatchSettings(Duration.ofHours(24), BatchSettings.Tools.LIVE, true));
				assertThat(settings(context, "c")).isNull();
				assertThat(settings(context, "d"))
					.isEqualTo(new BatchSettings(Duration.ofDays(2), BatchSettings.Tools.BATCH, false));
				assertThat(String.valueOf(part(context, "plans", "a")))
					.contains("batch={enabled=true, flex=false, tools=batch, within=6h}");
			});
	}

	private static BatchSettings settings(ApplicationContext context, String plan) {
		return context.getBean(PlanRepository.class).find("default", plan).settings(BatchSettings.class);
	}

	// From end to end, in front of a simulated provider whose clock the test moves

	/**
	 * A provider, its model and its default price list.
	 */
	enum Simulated {

		OPENAI(Provider.OPENAI) {

			@Override
			ChatModel model(String baseUrl) {
				OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
				options.baseUrl(baseUrl);
				options.apiKey("simulated");
				options.model("gpt-5-mini");
				options.maxRetries(0);
				return OpenAiChatModel.builder().options(options.build()).build();
			}

		},

		ANTHROPIC(Provider.ANTHROPIC) {

			@Override
			ChatModel model(String baseUrl) {
				AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
				options.baseUrl(baseUrl);
				options.apiKey("simulated");
				options.model("claude-sonnet-5");
				options.maxTokens(500);
				return AnthropicChatModel.builder().options(options.build()).build();
			}

		},

		GEMINI(Provider.GEMINI) {

			@Override
			ChatModel model(String baseUrl) {
				return GoogleGenAiChatModel.builder()
					.genAiClient(Client.builder()
						.apiKey("simulated")
						.httpOptions(HttpOptions.builder()
							.baseUrl(baseUrl)
							.retryOptions(HttpRetryOptions.builder().attempts(1).build())
							.build())
						.build())
					.options(GoogleGenAiChatOptions.builder().model("gemini-2.5-flash").build())
					.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
					.build();
			}

		};

		private final Provider provider;

		Simulated(Provider provider) {
			this.provider = provider;
		}

		abstract ChatModel model(String baseUrl);

	}

	private static ProviderSimulator simulator(Clock clock) {
		return ProviderSimulator.builder()
			.clock(clock)
			.respondWith((request) -> Answer.text("{\"intent\": \"lost card\"}"))
			.start();
	}

	private ApplicationContextRunner fast(Simulated simulated, ProviderSimulator simulator) {
		return runner().withBean(ChatModel.class, () -> simulated.model(simulator.baseUrl(simulated.provider)))
			.withBean(BatchTime.class,
					() -> new BatchTime(ManualClock.ticking(Clock.systemUTC(), SPEED), new FastScheduling()))
			.withPropertyValues(PREFIX + "enabled=true", PREFIX + "max-wait=10s", PREFIX + "min-poll-interval=1s",
					PREFIX + "max-poll-interval=5s", "token-saving.plans.enrichment.batch.within=24h",
					"token-saving.plans.cached.batch.within=24h", "token-saving.plans.cached.cache.backend=in_memory");
	}

	@ParameterizedTest
	@EnumSource(Simulated.class)
	void whatIsSpentIsTheBillOfTheProvider(Simulated simulated) {
		ManualClock providersTime = ManualClock.startingAt(Instant.now());
		try (ProviderSimulator simulator = simulator(providersTime)) {
			fast(simulated, simulator).run((context) -> {
				List<CompletableFuture<Intent>> answers = submitAll(context);
				awaitSubmitted(context, QUESTIONS);
				assertThat(answers).noneMatch(CompletableFuture::isDone);
				providersTime.advance(Duration.ofHours(1));
				assertAnswered(answers);
				assertThat(simulator.bill().requests()).isEqualTo(QUESTIONS);
				BigDecimal bill = simulator.bill().usd();
				assertThat(bill).isPositive();
				StatisticsSnapshot figures = figures(context);
				assertThat(figures.spentUsd()).isEqualByComparingTo(bill);
				assertThat(figures.overheadUsd()).isZero();
				// Half of each line, and all of the request that shares one
				assertThat(figures.savedUsdByTechnique()).containsOnlyKeys("batch");
				assertThat(figures.costSavedUsd())
					.isEqualByComparingTo(bill.add(bill.multiply(new BigDecimal("2")).divide(new BigDecimal("5"))));
				assertThat(figures.totalRequests()).isEqualTo(QUESTIONS + 1);
				assertThat(counts(figures, "batch_queued")).isEqualTo(Map.of("new", (long) QUESTIONS, "shared", 1L));
				Eventually.await("the provider has deleted the batch",
						() -> List.of().equals(view(context).get("submitted")));
				assertThat(view(context)).containsEntry("queued", 0)
					.containsEntry("answered", QUESTIONS)
					.containsEntry("live_fallbacks", 0)
					.containsEntry("failed", 0);
			});
			assertThat(simulator.bill().requests()).isEqualTo(QUESTIONS);
		}
	}

	@ParameterizedTest
	@CsvSource({ "OPENAI, file", "ANTHROPIC, file", "GEMINI, file", "OPENAI, jdbc" })
	void anApplicationThatStartsAgainGoesOnWhereItEnded(Simulated simulated, String store) {
		ManualClock providersTime = ManualClock.startingAt(Instant.now());
		JdbcConnectionPool database = database();
		try (ProviderSimulator simulator = simulator(providersTime)) {
			ApplicationContextRunner application = fast(simulated, simulator)
				.withPropertyValues(PREFIX + "store=" + store)
				.withBean(DataSource.class, () -> database);
			application.run((context) -> {
				submitAll(context);
				awaitSubmitted(context, QUESTIONS);
			});
			application.run((context) -> {
				List<CompletableFuture<Intent>> answers = submitAll(context);
				providersTime.advance(Duration.ofHours(1));
				assertAnswered(answers);
				assertThat(figures(context).spentUsd()).isEqualByComparingTo(simulator.bill().usd());
			});
			// Nothing is paid for what is answered already
			application.run((context) -> {
				List<CompletableFuture<Intent>> answers = submitAll(context);
				assertThat(answers).allMatch(CompletableFuture::isDone);
				assertAnswered(answers);
				assertThat(figures(context).spentUsd()).isZero();
			});
			assertThat(simulator.bill().requests()).isEqualTo(QUESTIONS);
		}
		finally {
			database.dispose();
		}
	}

	@Test
	void theCacheIsAskedFirstAndFilledAfterwards() {
		ManualClock providersTime = ManualClock.startingAt(Instant.now());
		try (ProviderSimulator simulator = simulator(providersTime)) {
			fast(Simulated.OPENAI, simulator).run((context) -> {
				CompletableFuture<Intent> first = submit(context, "first", "cached", "Where is it?");
				awaitSubmitted(context, 1);
				providersTime.advance(Duration.ofHours(1));
				assertAnswered(List.of(first));
				assertThat(submit(context, "second", "cached", "Where is it?")).isCompleted();
				StatisticsSnapshot figures = context.getBean(SavingsStatistics.class)
					.plan(new PlanKey("default", "cached"))
					.snapshot();
				assertThat(figures.cacheHits()).isEqualTo(1);
				assertThat(figures.spentUsd()).isEqualByComparingTo(simulator.bill().usd());
			});
		}
	}

	@ParameterizedTest
	@EnumSource(Simulated.class)
	void aCallerWhoCanWaitGetsTheFlexTierWhereThereIsOne(Simulated simulated) {
		boolean flex = simulated != Simulated.ANTHROPIC;
		try (ProviderSimulator simulator = simulator(Clock.systemUTC())) {
			runner().withBean(ChatModel.class, () -> simulated.model(simulator.baseUrl(simulated.provider)))
				.withPropertyValues("token-saving.plans.enrichment.batch.enabled=true")
				.run((context) -> {
					assertThat(context).doesNotHaveBean(TokenSavingBatch.class);
					assertThat(askPatiently(context)).contains("lost card");
					StatisticsSnapshot figures = figures(context);
					assertThat(figures.spentUsd()).isPositive().isEqualByComparingTo(simulator.bill().usd());
					assertThat(figures.costSavedUsd())
						.isEqualByComparingTo(flex ? figures.spentUsd() : BigDecimal.ZERO);
					assertThat(counts(figures, "flex_requests")).isEqualTo(Map.of(flex ? "flex" : "ignored", 1L));
				});
		}
	}

	@ParameterizedTest
	@EnumSource(value = Simulated.class, names = "ANTHROPIC", mode = EnumSource.Mode.EXCLUDE)
	void whatTheFlexTierRefusesIsAskedOnceMoreInTheUsualOne(Simulated simulated) {
		try (ProviderSimulator simulator = simulator(Clock.systemUTC())) {
			simulator.refuseFlex(1, SimulatedError.of(SimulatedError.Kind.UNAVAILABLE));
			runner().withBean(ChatModel.class, () -> simulated.model(simulator.baseUrl(simulated.provider)))
				.withPropertyValues("token-saving.plans.enrichment.batch.enabled=true")
				.run((context) -> {
					assertThat(askPatiently(context)).contains("lost card");
					StatisticsSnapshot figures = figures(context);
					assertThat(figures.spentUsd()).isPositive().isEqualByComparingTo(simulator.bill().usd());
					assertThat(figures.costSavedUsd()).isZero();
					assertThat(figures.modelErrors()).isZero();
					assertThat(counts(figures, "flex_requests")).isEqualTo(Map.of("standard", 1L));
					assertThat(simulator.requests()).hasSize(2);
				});
		}
	}

	private static String askPatiently(ApplicationContext context) {
		return context.getBean(ChatClient.Builder.class)
			.build()
			.prompt("Where is it?")
			.advisors(TokenSaving.plan("enrichment").within(Duration.ofMinutes(15)))
			.call()
			.content();
	}

	// The questions have the same length, and so the same price; the last is asked twice
	private static List<CompletableFuture<Intent>> submitAll(ApplicationContext context) {
		List<CompletableFuture<Intent>> answers = new ArrayList<>();
		for (int i = 0; i <= QUESTIONS; i++) {
			answers.add(submit(context, "question-" + i, "enrichment",
					"Question %d: where is it?".formatted(Math.min(i, QUESTIONS - 1))));
		}
		return answers;
	}

	private static CompletableFuture<Intent> submit(ApplicationContext context, String id, String plan,
			String question) {
		ChatClient client = context.getBean(ChatClient.Builder.class).build();
		return context.getBean(TokenSavingBatch.class)
			.submit(id, Duration.ofHours(24),
					() -> client.prompt(question).advisors(TokenSaving.plan(plan)).call().entity(Intent.class));
	}

	private static void awaitSubmitted(ApplicationContext context, int lines) {
		Eventually.await("all lines are sent", () -> {
			Map<String, Object> view = view(context);
			return view.get("queued").equals(0)
					&& ((List<?>) view.get("submitted")).stream()
						.mapToInt((batch) -> (int) ((Map<?, ?>) batch).get("lines"))
						.sum() == lines
					&& ((List<?>) view.get("submitted")).stream()
						.allMatch((batch) -> ((Map<?, ?>) batch).get("submitted_at") != null);
		});
	}

	private static void assertAnswered(List<CompletableFuture<Intent>> answers) throws Exception {
		for (CompletableFuture<Intent> answer : answers) {
			assertThat(answer.get(Eventually.LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(new Intent("lost card"));
		}
	}

	private static StatisticsSnapshot figures(ApplicationContext context) {
		return context.getBean(SavingsStatistics.class).plan(new PlanKey("default", "enrichment")).snapshot();
	}

	private static Map<String, Long> counts(StatisticsSnapshot figures, String name) {
		Counter counter = figures.counters()
			.stream()
			.filter((each) -> each.name().equals(name))
			.findFirst()
			.orElseThrow();
		return figures.counts(counter);
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> view(ApplicationContext context) {
		return (Map<String, Object>) ((Map<String, Object>) part(context, "batches")).get("batches");
	}

	private static Object part(ApplicationContext context, String... path) {
		return context.getBean(TokenSavingEndpoint.class).part(path, null);
	}

	record Intent(String intent) {

	}

	/**
	 * Threads on which time passes as fast as on the clock.
	 */
	private static final class FastScheduling implements BatchScheduling {

		private final BatchThreads threads = new BatchThreads(2);

		@Override
		public void later(Runnable task, Duration delay) {
			this.threads.later(task, delay.dividedBy(SPEED));
		}

		@Override
		public void provider(Runnable task) {
			this.threads.provider(task);
		}

		@Override
		public void callback(Runnable task) {
			this.threads.callback(task);
		}

		@Override
		public void close() {
			this.threads.close();
		}

	}

}
