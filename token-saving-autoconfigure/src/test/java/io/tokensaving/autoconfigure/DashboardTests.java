package io.tokensaving.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tokensaving.Counter;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.feature.Feature;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests that the dashboard and the alert rules in {@code docs/grafana} name metrics and
 * labels that an application exports, as Prometheus sees them.
 */
class DashboardTests {

	private static final Path DIRECTORY = Path.of("../docs/grafana");

	private static final Pattern METRIC = Pattern.compile("\\btokensaving_\\w+");

	private static final Pattern SELECTOR = Pattern.compile("(tokensaving_\\w+)\\{([^}]*)}");

	private static final Pattern SAMPLE = Pattern.compile("(?m)^(tokensaving_\\w+)(?:\\{([^}]*)})? ");

	private static final Pattern LABEL = Pattern.compile("(\\w+)(?==~?\"|!=)");

	private static final Pattern GROUPED = Pattern.compile("by \\(([^)]*)\\)");

	/** The labels of each metric. */
	private static final Map<String, Set<String>> EXPORTED = new HashMap<>();

	@BeforeAll
	static void scrape() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
					TokenSavingMetricsAutoConfiguration.class, ChatClientAutoConfiguration.class))
			.withBean(ChatModel.class,
					() -> new ScriptedChatModel(DashboardTests::answer)
						.options(ChatOptions.builder().model("scripted-model").maxTokens(20).build()))
			.withBean(PrometheusMeterRegistry.class, () -> new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))
			.withPropertyValues("token-saving.plans.faq.cache.backend=in_memory", "token-saving.plans.faq.budget.usd=1")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				PrometheusMeterRegistry registry = context.getBean(PrometheusMeterRegistry.class);
				context.getBeansOfType(MeterBinder.class).values().forEach((binder) -> binder.bindTo(registry));
				use(context);
				read(registry.scrape());
			});
		assertThat(EXPORTED).hasSizeGreaterThan(20);
	}

	private static ChatResponse answer(Prompt prompt) {
		if (prompt.getContents().contains("fail")) {
			throw new IllegalStateException("overloaded");
		}
		return ScriptedChatModel.answer("Hi");
	}

	// Counters that are split are there once something was counted
	private static void use(ApplicationContext context) {
		ChatClient client = context.getBean(ChatClient.Builder.class).defaultAdvisors(TokenSaving.plan("faq")).build();
		client.prompt("Hello").call().content();
		assertThatIllegalStateException().isThrownBy(() -> client.prompt("fail").call().content());
		PlanStatistics statistics = context.getBean(SavingsStatistics.class).plan(new PlanKey("default", "faq"));
		for (Feature feature : context.getBeansOfType(Feature.class).values()) {
			for (Counter counter : feature.counters()) {
				if (counter.dimension() != null) {
					statistics.increment(counter, "some");
				}
			}
		}
	}

	private static void read(String scraped) {
		Matcher samples = SAMPLE.matcher(scraped);
		while (samples.find()) {
			EXPORTED.computeIfAbsent(samples.group(1), (added) -> new HashSet<>())
				.addAll(labels((samples.group(2) != null) ? samples.group(2) : ""));
		}
	}

	private static Set<String> labels(String selector) {
		Set<String> labels = new TreeSet<>();
		LABEL.matcher(selector).results().forEach((label) -> labels.add(label.group(1)));
		return labels;
	}

	@Test
	void panelsNameWhatIsExported() throws IOException {
		JsonNode dashboard = JsonMapper.shared().readTree(Files.readString(DIRECTORY.resolve("token-saving.json")));
		List<String> expressions = new ArrayList<>();
		for (JsonNode panel : dashboard.path("panels")) {
			if (!panel.path("type").asString().equals("row")) {
				assertThat(panel.path("targets").size()).as(panel.path("title").asString()).isPositive();
				assertThat(panel.path("description").asString()).isNotBlank();
			}
			panel.path("targets").forEach((target) -> expressions.add(target.path("expr").asString()));
		}
		assertThat(expressions).hasSizeGreaterThan(20).doesNotContain("").allSatisfy(DashboardTests::check);
		for (JsonNode variable : dashboard.path("templating").path("list")) {
			if (variable.path("type").asString().equals("query")) {
				String definition = variable.path("definition").asString();
				check(definition);
				assertThat(definition).contains(", " + variable.path("name").asString() + ")");
			}
		}
	}

	@Test
	void alertsNameWhatIsExported() throws IOException {
		Map<String, List<Map<String, List<Map<String, Object>>>>> file = new Yaml()
			.load(Files.readString(DIRECTORY.resolve("token-saving-alerts.yml")));
		List<Map<String, Object>> rules = new ArrayList<>();
		file.get("groups").forEach((group) -> rules.addAll(group.get("rules")));
		assertThat(rules).hasSizeGreaterThan(5).allSatisfy((rule) -> {
			String expression = (String) rule.get("expr");
			check(expression);
			// What a text shows must be left after the aggregation
			Matcher shown = Pattern.compile("\\$labels\\.(\\w+)").matcher(rule.get("annotations").toString());
			while (shown.find()) {
				assertThat(grouped(expression)).as(rule.get("alert").toString()).contains(shown.group(1));
			}
		});
	}

	private static void check(String expression) {
		Set<String> metrics = new TreeSet<>();
		METRIC.matcher(expression).results().forEach((metric) -> metrics.add(metric.group()));
		assertThat(metrics).as(expression).isNotEmpty();
		assertThat(EXPORTED.keySet()).containsAll(metrics);
		Set<String> known = new HashSet<>();
		metrics.forEach((metric) -> known.addAll(EXPORTED.get(metric)));
		assertThat(known).as(expression).containsAll(grouped(expression));
		SELECTOR.matcher(expression)
			.results()
			.forEach((selector) -> assertThat(EXPORTED.get(selector.group(1))).as(expression)
				.containsAll(labels(selector.group(2))));
	}

	private static Set<String> grouped(String expression) {
		Set<String> labels = new TreeSet<>();
		GROUPED.matcher(expression).results().forEach((by) -> labels.addAll(Arrays.asList(by.group(1).split(",\\s*"))));
		return labels;
	}

}
