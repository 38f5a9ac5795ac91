package io.tokensaving.feature;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingMetricsAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingRedisStatisticsAutoConfiguration;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsMeterBinder;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsScope;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.test.json.JsonContent;
import org.springframework.test.json.JsonContentAssert;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that what {@link MadeUpFeature} counts is in reports, in the endpoint, in meters
 * and in the sums that instances share, although nobody knows it.
 */
class MadeUpStatisticsTests {

	private static final PlanKey PLAN = new PlanKey("default", "bot");

	private static RedisTestServer server;

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class,
				TokenSavingRedisStatisticsAutoConfiguration.class, TokenSavingAutoConfiguration.class,
				TokenSavingEndpointAutoConfiguration.class, TokenSavingMetricsAutoConfiguration.class,
				ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing)
		.withBean(MadeUpFeature.class)
		.withBean(MadeUpAdvisor.class)
		.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
		.withPropertyValues("spring.data.redis.port=" + server.port(),
				"management.endpoints.web.exposure.include=tokensaving", "token-saving.statistics.repository=redis",
				"token-saving.statistics.flush-interval=1m", "token-saving.default-plan=bot",
				"token-saving.plans.bot.cache.backend=in_memory", "token-saving.plans.bot.made-up.voice=stern",
				"token-saving.prices[0].model=scripted-model", "token-saving.prices[0].input=2",
				"token-saving.prices[0].output=10");

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void isShownAndMeteredFromTheStart() {
		this.runner.withPropertyValues("token-saving.workspace=fresh").run((context) -> {
			bind(context);
			JsonContentAssert stats = show(context, "plans", "bot", "stats");
			stats.extractingPath("$.made_up_hits").isEqualTo(0);
			stats.extractingPath("$.tokens_saved_by_technique.made_up").isEqualTo(0);
			stats.extractingPath("$.obscure_answers").isEqualTo(0);
			stats.extractingPath("$.spoken").asMap().isEmpty();
			stats.extractingPath("$.tiredness.yawns").isEqualTo(0);
			show(context, "totals").extractingPath("$.errors_by_component.made_up").isEqualTo(0);
			assertThat(counter(context, "tokensaving.requests", "outcome", "made_up_hit").count()).isZero();
			assertThat(counter(context, "tokensaving.tokens.saved", "technique", "made_up").count()).isZero();
			assertThat(counter(context, "tokensaving.obscure.answers", "plan", "bot").count()).isZero();
			assertThat(counter(context, "tokensaving.errors", "component", "made_up").count()).isZero();
		});
	}

	@Test
	void isCountedShownMeteredAndSummedOverInstances() {
		this.runner.run((first) -> this.runner.run((second) -> {
			bind(first);
			bind(second);
			ChatClientResponse response = ask(first, "hush, what will be?");
			assertThatReport(response).hasOutcome(MadeUpFeature.OUTCOME).bought(0).saved(120).savedUsd("0.0004");
			SavingsReport report = (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
			assertThat(report.counted()).containsExactly("obscure_answers");
			assertThat(report.costSavedUsdByTechnique()).containsOnlyKeys("made_up");
			ask(second, "hush, and then?");
			ask(second, "hush, and then?");
			first.getBean(SavingsStatistics.class).plan(PLAN).state(MadeUpFeature.TIREDNESS).fallAsleep();
			awaitRedis(first);
			awaitRedis(second);
			JsonContentAssert stats = show(first, "plans", "bot", "stats");
			stats.extractingPath("$.scope").isEqualTo("shared");
			stats.extractingPath("$.total_requests").isEqualTo(3);
			stats.extractingPath("$.made_up_hits").isEqualTo(3);
			stats.extractingPath("$.exact_hits").isEqualTo(0);
			stats.extractingPath("$.tokens_saved_by_technique.made_up").isEqualTo(360);
			stats.extractingPath("$.obscure_answers").isEqualTo(3);
			stats.extractingPath("$.spoken.stern").isEqualTo(3);
			stats.extractingPath("$.tiredness.yawns").isEqualTo(3);
			stats.extractingPath("$.tiredness.suspended").isEqualTo(true);
			stats.extractingPath("$.errors").isEqualTo(3);
			show(second, "totals").extractingPath("$.errors_by_component.made_up").isEqualTo(3);
			show(second, "plans", "bot", "stats", "daily").extractingPath("$.days[0].made_up_hits").isEqualTo(3);
			show(second, "plans", "bot", "stats").extractingPath("$.tiredness.suspended").isEqualTo(false);
			assertThat(counter(second, "tokensaving.requests", "outcome", "made_up_hit").count()).isEqualTo(2);
			assertThat(counter(second, "tokensaving.tokens.saved", "technique", "made_up").count()).isEqualTo(240);
			assertThat(counter(second, "tokensaving.obscure.answers", "plan", "bot").count()).isEqualTo(2);
			assertThat(counter(second, "tokensaving.obscure.answers", "plan", "bot").getId().getBaseUnit())
				.isEqualTo("requests");
			assertThat(counter(second, "tokensaving.spoken", "voice", "stern").count()).isEqualTo(2);
			assertThat(counter(second, "tokensaving.made.up.yawns", "plan", "bot").count()).isEqualTo(2);
			assertThat(counter(second, "tokensaving.errors", "component", "made_up").count()).isEqualTo(2);
			assertThat(JsonMapper.shared()
				.writeValueAsString(
						first.getBean(TokenSavingEndpoint.class).resume("plans", "bot", "resume").getBody()))
				.contains("\"resumed\":true");
			assertThat(first.getBean(SavingsStatistics.class).plan(PLAN).isSuspended()).isFalse();
		}));
	}

	@Test
	void callsAreCountedByTheirLabelsInMemory() {
		this.runner.withPropertyValues("token-saving.statistics.repository=in_memory").run((context) -> {
			askAbout(context, "hush", "cats", "cats", "dogs");
			StatisticsAggregator aggregator = context.getBean(StatisticsAggregator.class);
			assertThat(aggregator.labelled(PLAN).scope()).isEqualTo(StatisticsScope.INSTANCE);
			assertCountedByLabels(aggregator, 2, 1);
			assertThat(show(context, "plans", "bot", "stats")).satisfies(
					(stats) -> stats.extractingPath("$.made_up_hits").isEqualTo(3),
					(stats) -> stats.doesNotHavePath("$.other_labels"));
		});
	}

	@Test
	void callsAreCountedByTheirLabelsOverInstances() {
		ApplicationContextRunner labelling = this.runner.withPropertyValues("token-saving.workspace=labelling");
		labelling.run((first) -> labelling.run((second) -> {
			askAbout(first, "hush", "cats", "dogs");
			askAbout(second, "hush", "cats", "cats");
			awaitRedis(first);
			awaitRedis(second);
			for (AssertableApplicationContext context : List.of(first, second)) {
				StatisticsAggregator aggregator = context.getBean(StatisticsAggregator.class);
				assertThat(aggregator.labelled(new PlanKey("labelling", "bot")).scope())
					.isEqualTo(StatisticsScope.SHARED);
				assertCountedByLabels(aggregator, 3, 1);
			}
		}));
	}

	@Test
	void labelsThatMeanHarmOrAreTooManyAreCountedAsOther() {
		this.runner.withPropertyValues("token-saving.workspace=hostile").run((context) -> {
			askAbout(context, "hush", "*", "x".repeat(101), "a b", "a,voice=b", "a=b", "\0", "\u202Eevil", "\u00e9",
					"<script>", "${jndi:ldap://host}", "a\nb", "");
			for (int i = 0; i < 101; i++) {
				askAbout(context, "hush", "topic-" + i);
			}
			awaitRedis(context);
			PlanKey plan = new PlanKey("hostile", "bot");
			Map<Labels, StatisticsSnapshot> labelled = context.getBean(StatisticsAggregator.class)
				.labelled(plan)
				.figures();
			Map<String, Long> requests = new HashMap<>();
			labelled.forEach(
					(labels, figures) -> requests.put(String.valueOf(labels.value("topic")), figures.totalRequests()));
			// '*' is one of the hundred, and eleven are not accepted
			assertThat(requests).hasSize(102)
				.containsEntry("*", 1L)
				.containsEntry("topic-98", 1L)
				.containsEntry("other", 13L)
				.containsEntry("null", 0L);
			assertThat(context.getBean(StatisticsAggregator.class).plan(plan).figures().totalRequests()).isEqualTo(113);
			show(context, "plans", "bot", "stats").extractingPath("$.other_labels.topic").isEqualTo(13);
		});
	}

	private static void askAbout(AssertableApplicationContext context, String question, String... topics) {
		for (String topic : topics) {
			ask(context, question + " about " + topic);
		}
	}

	private static void assertCountedByLabels(StatisticsAggregator aggregator, int cats, int dogs) {
		PlanKey plan = aggregator.all().figures().plans().keySet().iterator().next();
		Map<Labels, StatisticsSnapshot> labelled = aggregator.labelled(plan).figures();
		Labels ofCats = Labels.NONE.with("voice", "stern")
			.with("topic", "cats")
			.with("feature", "bot")
			.with("model", "scripted-model");
		assertThat(labelled).containsOnlyKeys(ofCats, ofCats.with("topic", "dogs"), Labels.NONE);
		StatisticsSnapshot figures = labelled.get(ofCats);
		assertThat(figures.requests(MadeUpFeature.OUTCOME)).isEqualTo(cats);
		assertThat(figures.tokensSaved(MadeUpFeature.TECHNIQUE)).isEqualTo(120L * cats);
		assertThat(figures.costSavedUsd())
			.isEqualByComparingTo(new BigDecimal("0.0004").multiply(BigDecimal.valueOf(cats)));
		assertThat(figures.count(MadeUpFeature.OBSCURE)).isEqualTo(cats);
		assertThat(labelled.get(ofCats.with("topic", "dogs")).totalRequests()).isEqualTo(dogs);
		assertThat(labelled.get(Labels.NONE).totalRequests()).isZero();
		Map<LocalDate, Map<Labels, StatisticsSnapshot>> days = aggregator.labelledDays(plan, 2).figures();
		assertThat(days.values().stream().mapToLong((day) -> day.get(ofCats).totalRequests()).sum()).isEqualTo(cats);
	}

	private static void bind(AssertableApplicationContext context) {
		context.getBean(SavingsMeterBinder.class).bindTo(context.getBean(MeterRegistry.class));
	}

	// It connects when it is first used
	private static void awaitRedis(AssertableApplicationContext context) {
		StatisticsAggregator aggregator = context.getBean(StatisticsAggregator.class);
		Eventually.await(() -> aggregator.all().scope() == StatisticsScope.SHARED);
	}

	private static FunctionCounter counter(AssertableApplicationContext context, String name, String tag,
			String value) {
		return context.getBean(MeterRegistry.class).get(name).tag(tag, value).functionCounter();
	}

	private static ChatClientResponse ask(AssertableApplicationContext context, String question) {
		return context.getBean(ChatClient.Builder.class).build().prompt(question).call().chatClientResponse();
	}

	private static JsonContentAssert show(AssertableApplicationContext context, String... path) {
		Object part = context.getBean(TokenSavingEndpoint.class).part(path, null);
		return new JsonContentAssert(new JsonContent(JsonMapper.shared().writeValueAsString(part)));
	}

}
