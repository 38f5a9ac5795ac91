package io.tokensaving.actuate;

import java.time.Duration;
import java.time.LocalDate;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisStatisticsAutoConfiguration;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.test.json.JsonContent;
import org.springframework.test.json.JsonContentAssert;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what {@link TokenSavingEndpoint} shows of several instances.
 */
class SharedStatisticsEndpointTests {

	private static RedisTestServer server;

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class,
				TokenSavingRedisStatisticsAutoConfiguration.class, TokenSavingAutoConfiguration.class,
				TokenSavingEndpointAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing)
		.withPropertyValues("spring.data.redis.port=" + server.port(),
				"management.endpoints.web.exposure.include=tokensaving", "token-saving.statistics.repository=redis",
				"token-saving.statistics.flush-interval=1m", "token-saving.plans.bot.cache.backend=in_memory",
				"token-saving.plans.idle.cache.backend=in_memory");

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void showsTheSumsOfAllInstances() {
		withTwoInstances("sums", (first, second) -> {
			ask(first);
			ask(first);
			show(first, "plans", "bot", "stats");
			ask(second);
			first.getBean(SavingsStatistics.class)
				.plan(new PlanKey("sums", "bot"))
				.state(SemanticCacheFeature.ERROR_RATE)
				.record(false, 1);
			JsonContentAssert stats = show(second, "plans", "bot", "stats");
			stats.extractingPath("$.scope").isEqualTo("shared");
			stats.extractingPath("$.total_requests").isEqualTo(3);
			stats.extractingPath("$.misses").isEqualTo(2);
			stats.extractingPath("$.exact_hits").isEqualTo(1);
			stats.extractingPath("$.tokens_bought").isEqualTo(240);
			JsonContentAssert totals = show(second, "totals");
			totals.extractingPath("$.scope").isEqualTo("shared");
			totals.extractingPath("$.total_requests").isEqualTo(3);
			totals.extractingPath("$.unknown_plans").isEqualTo(0);
			totals.extractingPath("$.errors_by_component.statistics").isEqualTo(0);
			JsonContentAssert all = json(second.getBean(TokenSavingEndpoint.class).tokenSaving(null));
			all.extractingPath("$.plans[0].id").isEqualTo("bot");
			all.extractingPath("$.plans[0].stats.total_requests").isEqualTo(3);
			all.extractingPath("$.plans[1].stats.total_requests").isEqualTo(0);
			all.extractingPath("$.totals.total_requests").isEqualTo(3);
			JsonContentAssert days = show(second, "plans", "bot", "stats", "daily");
			days.extractingPath("$.scope").isEqualTo("shared");
			days.extractingPath("$.days[0].date").asString().satisfies(LocalDate::parse);
			days.extractingPath("$.days[0].misses").asNumber().isNotEqualTo(0);
			show(second, "plans", "idle", "stats", "daily").extractingPath("$.days").asArray().isEmpty();
			assertThat(second.getBean(TokenSavingEndpoint.class)
				.part(new String[] { "plans", "none-such", "stats", "daily" }, null)).isInstanceOfSatisfying(
						WebEndpointResponse.class, (response) -> assertThat(response.getStatus()).isEqualTo(404));
		});
	}

	@Test
	void suspensionIsThatOfTheInstance() {
		withTwoInstances("suspension", (first, second) -> {
			for (int i = 0; i < 20; i++) {
				first.getBean(SavingsStatistics.class)
					.plan(new PlanKey("suspension", "bot"))
					.state(SemanticCacheFeature.ERROR_RATE)
					.record(false, 0.05);
			}
			JsonContentAssert own = show(first, "plans", "bot", "stats");
			own.extractingPath("$.semantic_verification.suspended").isEqualTo(true);
			JsonContentAssert other = show(second, "plans", "bot", "stats");
			other.extractingPath("$.semantic_verification.suspended").isEqualTo(false);
			other.extractingPath("$.semantic_verification.wrong").isEqualTo(20);
		});
	}

	@Test
	@Timeout(60)
	void showsTheInstanceWithinItsDeadlineIfRedisDoesNotAnswer() {
		withTwoInstances("deadline", (first, second) -> {
			ask(first);
			show(first, "totals");
			ask(second);
			ask(second);
			server.pause();
			try {
				long start = System.nanoTime();
				JsonContentAssert all = json(second.getBean(TokenSavingEndpoint.class).tokenSaving(null));
				// The client waits a minute
				assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
				all.extractingPath("$.totals.scope").isEqualTo("instance");
				all.extractingPath("$.totals.total_requests").isEqualTo(2);
				all.extractingPath("$.plans[0].stats.scope").isEqualTo("instance");
				JsonContentAssert days = show(second, "plans", "bot", "stats", "daily");
				days.extractingPath("$.scope").isEqualTo("instance");
				days.extractingPath("$.days[0].total_requests").isEqualTo(2);
			}
			finally {
				server.resume();
			}
			// It is still connecting, and nobody waits for that any more
			Eventually.await("it reads from Redis again",
					() -> !body(second.getBean(TokenSavingEndpoint.class).part(new String[] { "totals" }, null))
						.contains("\"scope\":\"instance\""));
			show(second, "totals").extractingPath("$.total_requests").isEqualTo(3);
		});
	}

	private void withTwoInstances(String workspace, Instances test) {
		ApplicationContextRunner instance = this.runner.withPropertyValues("token-saving.workspace=" + workspace);
		instance.run((first) -> instance.run((second) -> test.accept(first, second)));
	}

	private static void ask(AssertableApplicationContext instance) {
		instance.getBean(ChatClient.Builder.class)
			.build()
			.prompt("one")
			.advisors(TokenSaving.plan("bot"))
			.call()
			.content();
	}

	private static JsonContentAssert show(AssertableApplicationContext instance, String... path) {
		return json(instance.getBean(TokenSavingEndpoint.class).part(path, null));
	}

	private static JsonContentAssert json(Object body) {
		return new JsonContentAssert(new JsonContent(body(body)));
	}

	private static String body(Object body) {
		return JsonMapper.shared().writeValueAsString(body);
	}

	/**
	 * What is done with two instances of an application.
	 */
	private interface Instances {

		void accept(AssertableApplicationContext first, AssertableApplicationContext second);

	}

}
