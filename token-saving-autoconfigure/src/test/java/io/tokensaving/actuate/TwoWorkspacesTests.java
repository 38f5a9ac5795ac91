package io.tokensaving.actuate;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingMetricsAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisStatisticsAutoConfiguration;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.ErrorRateMonitor;
import io.tokensaving.sampling.Judge;
import io.tokensaving.statistics.SavingsMeterBinder;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.StatisticsScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two workspaces in one application, of which one is answered wrongly: the other one's
 * cache goes on, and its figures are its own.
 */
@Timeout(120)
class TwoWorkspacesTests {

	private static final String QUESTION = "How do I reset my password?";

	private final AtomicInteger asked = new AtomicInteger();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class,
				TokenSavingRedisStatisticsAutoConfiguration.class, TokenSavingAutoConfiguration.class,
				TokenSavingMetricsAutoConfiguration.class, TokenSavingEndpointAutoConfiguration.class,
				ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing)
		.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
		.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
		.withBean("wrong", Judge.class, TwoWorkspacesTests::wrong)
		.withBean(WorkspaceResolver.class, () -> (request) -> String.valueOf(request.context().get("tenant")))
		.withPropertyValues("management.endpoints.web.exposure.include=tokensaving", "token-saving.workspace=first",
				"token-saving.plans.p.cache.backend=in_memory_semantic",
				"token-saving.plans.p.cache.similarity-threshold=0.6",
				"token-saving.plans.p.cache.semantic-timeout=20s", "token-saving.plans.p.cache.judge=wrong",
				"token-saving.plans.p.cache.verify-sample-rate=0.000001");

	private static Judge wrong() {
		return (question, served, fresh) -> new Judge.Verdict(false, null, TokenUsage.ZERO);
	}

	@Test
	void inMemory() {
		this.runner.withPropertyValues("token-saving.statistics.repository=in_memory").run(this::oneIsAnsweredWrongly);
	}

	@ParameterizedTest
	@ValueSource(strings = { "lettuce", "jedis" })
	void inRedis(String client) {
		try (RedisTestServer server = RedisTestServer.start()) {
			ApplicationContextRunner withRedis = this.runner.withPropertyValues(
					"spring.data.redis.port=" + server.port(), "spring.data.redis.client-type=" + client,
					"token-saving.statistics.repository=redis", "token-saving.statistics.flush-interval=1m");
			withRedis.run(this::oneIsAnsweredWrongly);
			withRedis.run((context) -> {
				await(context, StatisticsScope.SHARED);
				assertThat(stats(context, "first").path("misses")).isEqualTo(1);
				assertThat(stats(context, "second").path("misses")).isEqualTo(2);
			});
		}
	}

	private void oneIsAnsweredWrongly(AssertableApplicationContext context) {
		StatisticsScope scope = context.getBean(StatisticsRepository.class).isShared() ? StatisticsScope.SHARED
				: StatisticsScope.INSTANCE;
		await(context, scope);
		ChatClient client = context.getBean(ChatClient.Builder.class).build();
		SavingsStatistics statistics = context.getBean(SavingsStatistics.class);
		ask(client, "first", QUESTION);
		ask(client, "second", QUESTION);
		for (int i = 0; i < 20; i++) {
			statistics.plan(new PlanKey("second", "p")).state(SemanticCacheFeature.ERROR_RATE).record(false, 0.05);
		}
		assertThat(ask(client, "first", "how do i reset the password")).endsWith(QUESTION);
		String question = "how do i reset the password";
		assertThat(ask(client, "second", question)).endsWith(question);
		// What the endpoint shows
		Figures first = stats(context, "first");
		Figures second = stats(context, "second");
		assertThat(first.path("semantic_hits")).isEqualTo(1);
		assertThat(first.path("misses")).isEqualTo(1);
		assertThat(first.verification().suspended()).isFalse();
		assertThat(first.verification().verified()).isZero();
		assertThat(second.path("semantic_hits")).isZero();
		assertThat(second.verification().suspended()).isTrue();
		assertThat(second.verification().wrong()).isEqualTo(20);
		TokenSavingEndpoint endpoint = context.getBean(TokenSavingEndpoint.class);
		TokenSavingEndpoint.TokenSavingDescriptor whole = endpoint.tokenSaving(null);
		assertThat(whole.workspace()).isEqualTo("first");
		assertThat(whole.plans().get(0).stats().stats().snapshot().requests(SemanticCacheFeature.HIT)).isEqualTo(1);
		assertThat(whole.workspaces()).containsOnlyKeys("first", "second");
		assertThat(whole.totals().stats().stats().snapshot().totalRequests())
			.isEqualTo(first.stats().snapshot().totalRequests() + second.stats().snapshot().totalRequests());
		assertThat(endpoint.tokenSaving("second").plans().get(0).stats().stats()).isEqualTo(second.stats());
		TokenSavingEndpoint.DailyDescriptor days = (TokenSavingEndpoint.DailyDescriptor) endpoint
			.part(new String[] { "plans", "p", "stats", "daily" }, "second");
		assertThat(days.days()).singleElement()
			.satisfies((day) -> assertThat(day.stats().snapshot().figures(SemanticCacheFeature.ERROR_RATE).wrong())
				.isEqualTo(20));
		// What the meters show
		MeterRegistry meters = context.getBean(MeterRegistry.class);
		new SavingsMeterBinder(statistics).bindTo(meters);
		for (String workspace : new String[] { "first", "second" }) {
			assertThat(meters.get("tokensaving.semantic.suspended")
				.tags("workspace", workspace, "plan", "p")
				.gauge()
				.value()).isEqualTo(workspace.equals("second") ? 1 : 0);
		}
		// Only the one that is meant resumes
		endpoint.resume("plans", "p", "resume");
		assertThat(stats(context, "second").verification().suspended()).isTrue();
		endpoint.resume("plans", "p", "resume", "", "second");
		assertThat(stats(context, "second").verification().suspended()).isFalse();
		assertThat(endpoint.resume("plans", "p", "resume", "second").getStatus()).isEqualTo(404);
		// Reading starts no figures
		stats(context, "nobody");
		assertThat(statistics.find(new PlanKey("nobody", "p"))).isNull();
	}

	private static void await(AssertableApplicationContext context, StatisticsScope scope) {
		StatisticsAggregator aggregator = context.getBean(StatisticsAggregator.class);
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
		while (aggregator.all().scope() != scope) {
			assertThat(System.nanoTime()).as("Redis is connected").isLessThan(end);
		}
	}

	private String ask(ChatClient client, String tenant, String question) {
		this.asked.incrementAndGet();
		return client.prompt(question)
			.advisors(TokenSaving.plan("p"))
			.advisors((advisor) -> advisor.param("tenant", tenant))
			.call()
			.content();
	}

	private static Figures stats(AssertableApplicationContext context, String workspace) {
		TokenSavingEndpoint.ScopedDescriptor stats = (TokenSavingEndpoint.ScopedDescriptor) context
			.getBean(TokenSavingEndpoint.class)
			.part(new String[] { "plans", "p", "stats" }, workspace);
		return new Figures(stats.stats());
	}

	private record Figures(TokenSavingEndpoint.StatsDescriptor stats) {

		long path(String name) {
			return Map
				.of("misses", this.stats.snapshot().misses(), "semantic_hits",
						this.stats.snapshot().requests(SemanticCacheFeature.HIT))
				.get(name);
		}

		ErrorRateMonitor.Verification verification() {
			return this.stats.snapshot().figures(SemanticCacheFeature.ERROR_RATE);
		}

	}

}
