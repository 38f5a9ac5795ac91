package io.tokensaving.actuate;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.json.JsonContent;
import org.springframework.test.json.JsonContentAssert;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link TokenSavingEndpoint} and the meters over HTTP.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving,prometheus",
				"spring.test.metrics.export=true", "token-saving.workspace=shop",
				"token-saving.default-plan=support-bot", "token-saving.plans.support-bot.compression.engine=trim",
				"token-saving.plans.support-bot.compression.max-input-tokens=4096",
				"token-saving.plans.support-bot.cache.backend=in_memory", "token-saving.plans.support-bot.cache.ttl=90",
				"token-saving.plans.idle.cache.backend=in_memory", "token-saving.prices[0].model=scripted-model",
				"token-saving.prices[0].input=2", "token-saving.prices[0].output=10" })
class TokenSavingEndpointWebTests {

	@Autowired
	private ChatClient.Builder chatClientBuilder;

	@Autowired
	private SavingsStatistics statistics;

	@LocalServerPort
	private int port;

	@Test
	void endpointAndPrometheusShowTheSame() {
		ChatClient client = this.chatClientBuilder.build();
		for (int i = 0; i < 3; i++) {
			client.prompt("one").call().content();
		}
		client.prompt("one").advisors(TokenSaving.plan("unknown")).call().content();
		assertThatJson(get("")).extractingPath("$.workspace").isEqualTo("shop");
		assertThatJson(get("")).extractingPath("$.plans.length()").isEqualTo(2);
		assertThatJson(get("")).extractingPath("$.plans[1].id").isEqualTo("support-bot");
		assertThatJson(get("")).extractingPath("$.plans[1].source").isEqualTo("configuration");
		assertThatJson(get("")).extractingPath("$.plans[1].settings.compression.max_input_tokens").isEqualTo(4096);
		assertThatJson(get("")).extractingPath("$.plans[1].settings.cache.ttl").isEqualTo("90s");
		assertThatJson(get("")).extractingPath("$.totals.total_requests").isEqualTo(3);
		assertThatJson(get("")).extractingPath("$.totals.unknown_plans").isEqualTo(1);
		assertThatJson(get("")).extractingPath("$.cache_engines[0].name").isEqualTo("in_memory");
		assertThatJson(get("")).extractingPath("$.cache_engines[0].status").isEqualTo("UP");
		assertThatJson(get("")).extractingPath("$.cache_engines[0].entries").isEqualTo(1);
		assertThatJson(get("")).extractingPath("$.compression_engines")
			.asArray()
			.containsExactly("lex_rank", "lsa", "summary", "text_rank", "trim");
		String stats = get("/plans/support-bot/stats");
		assertThatJson(stats).extractingPath("$.exact_hits").isEqualTo(2);
		assertThatJson(stats).extractingPath("$.cache_hits").isEqualTo(2);
		assertThatJson(stats).extractingPath("$.misses").isEqualTo(1);
		assertThatJson(stats).extractingPath("$.cache_hit_rate").isEqualTo(0.6667);
		assertThatJson(stats).extractingPath("$.tokens_saved").isEqualTo(240);
		assertThatJson(stats).extractingPath("$.tokens_saved_by_technique.exact_cache").isEqualTo(240);
		assertThatJson(stats).extractingPath("$.tokens_bought").isEqualTo(120);
		assertThatJson(stats).extractingPath("$.cost_saved_usd").isEqualTo(0.0008);
		assertThatJson(stats).extractingPath("$.scope").isEqualTo("instance");
		String days = get("/plans/support-bot/stats/daily");
		assertThatJson(days).extractingPath("$.scope").isEqualTo("instance");
		assertThatJson(days).extractingPath("$.days[0].date").asString().matches("\\d{4}-\\d{2}-\\d{2}");
		assertThatJson(days).extractingPath("$.days[0].tokens_saved_by_technique.exact_cache").isEqualTo(240);
		String prometheus = RestClient.create()
			.get()
			.uri("http://localhost:{port}/actuator/prometheus", this.port)
			.retrieve()
			.body(String.class);
		assertThat(prometheus)
			.contains("tokensaving_requests_total{outcome=\"exact_hit\",plan=\"support-bot\",workspace=\"shop\"} 2.0")
			.contains("tokensaving_requests_total{outcome=\"miss\",plan=\"support-bot\",workspace=\"shop\"} 1.0")
			.contains("tokensaving_requests_total{outcome=\"miss\",plan=\"idle\",workspace=\"shop\"} 0.0")
			.contains(
					"tokensaving_tokens_saved_total{plan=\"support-bot\",technique=\"exact_cache\",workspace=\"shop\"} 240.0")
			.contains("tokensaving_tokens_bought_total{plan=\"support-bot\",workspace=\"shop\"} 120.0")
			.contains("tokensaving_cost_saved_usd{plan=\"support-bot\",workspace=\"shop\"} 8.0E-4")
			.contains("tokensaving_lookup_seconds_count{tier=\"exact\"} 3")
			.contains("tokensaving_errors_total{component=\"compression\"} 0.0");
		assertThat(prometheus.lines()
			.filter((line) -> line.startsWith("# HELP tokensaving_"))
			.map((line) -> line.split(" ", 4))).isNotEmpty().allSatisfy((help) -> assertThat(help).hasSize(4));
	}

	@Test
	void showsPartsByPathAndNothingElse() {
		assertThatJson(get("/plans")).extractingPath("$.plans[0].id").isEqualTo("idle");
		assertThatJson(get("/plans/idle")).extractingPath("$.id").isEqualTo("idle");
		assertThatJson(get("/cache-engines")).extractingPath("$.cache_engines[0].name").isEqualTo("in_memory");
		assertThatJson(get("/compression-engines")).extractingPath("$.compression_engines")
			.asArray()
			.containsExactly("lex_rank", "lsa", "summary", "text_rank", "trim");
		for (String path : new String[] { "/plans/none-such", "/plans/idle/other", "/other" }) {
			assertThatExceptionOfType(HttpClientErrorException.NotFound.class).isThrownBy(() -> get(path));
		}
	}

	@Test
	void resumesASuspendedSemanticCache() {
		for (int i = 0; i < 20; i++) {
			this.statistics.plan(new PlanKey("shop", "idle"))
				.state(SemanticCacheFeature.ERROR_RATE)
				.record(false, 0.05);
		}
		String stats = get("/plans/idle/stats");
		assertThatJson(stats).extractingPath("$.semantic_verification.suspended").isEqualTo(true);
		assertThatJson(stats).extractingPath("$.semantic_verification.error_rate_lower").isEqualTo(0.8389);
		String resumed = post("/plans/idle/resume");
		assertThatJson(resumed).extractingPath("$.resumed").isEqualTo(true);
		assertThatJson(resumed).extractingPath("$.stats.semantic_verification.suspended").isEqualTo(false);
		for (String path : new String[] { "/plans/none-such/resume", "/plans/idle/other" }) {
			assertThatExceptionOfType(HttpClientErrorException.NotFound.class).isThrownBy(() -> post(path));
		}
	}

	@Test
	void resumesInTheWorkspaceThatIsNamed() {
		PlanKey key = new PlanKey("other", "idle");
		for (int i = 0; i < 20; i++) {
			this.statistics.plan(key).state(SemanticCacheFeature.ERROR_RATE).record(false, 0.05);
		}
		assertThatJson(get("/plans/idle/stats?workspace=other")).extractingPath("$.semantic_verification.suspended")
			.isEqualTo(true);
		assertThatJson(get("/plans/idle/stats/daily?workspace=other")).extractingPath("$.days.length()").isEqualTo(1);
		assertThatJson(get("?workspace=other")).extractingPath("$.plans[0].stats.semantic_verification.wrong")
			.isEqualTo(20);
		assertThatJson(get("")).extractingPath("$.workspaces.other.semantic_verification.wrong").isEqualTo(20);
		post("/plans/idle/resume");
		assertThat(this.statistics.plan(key).state(SemanticCacheFeature.ERROR_RATE).isSuspended()).isTrue();
		for (String path : new String[] { "/plans/idle/resume/other", "/plans/idle/resume/%20/other" }) {
			assertThatExceptionOfType(HttpClientErrorException.NotFound.class).isThrownBy(() -> post(path));
		}
		assertThatExceptionOfType(HttpClientErrorException.BadRequest.class)
			.isThrownBy(() -> post("/plans/idle/resume?workspaces=other"));
		assertThat(this.statistics.plan(key).state(SemanticCacheFeature.ERROR_RATE).isSuspended()).isTrue();
		assertThatJson(post("/plans/idle/resume?workspace=other"))
			.extractingPath("$.stats.semantic_verification.suspended")
			.isEqualTo(false);
		assertThat(this.statistics.plan(key).state(SemanticCacheFeature.ERROR_RATE).isSuspended()).isFalse();
	}

	private String post(String path) {
		return RestClient.create()
			.post()
			.uri("http://localhost:" + this.port + "/actuator/tokensaving" + path)
			.retrieve()
			.body(String.class);
	}

	private String get(String path) {
		return RestClient.create()
			.get()
			.uri("http://localhost:" + this.port + "/actuator/tokensaving" + path)
			.retrieve()
			.body(String.class);
	}

	private static JsonContentAssert assertThatJson(String json) {
		return new JsonContentAssert(new JsonContent(json));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

	}

}
