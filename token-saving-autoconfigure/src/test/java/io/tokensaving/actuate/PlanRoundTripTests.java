package io.tokensaving.actuate;

import java.beans.PropertyDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.autoconfigure.PlanProperties;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.budget.BudgetProperties;
import io.tokensaving.cache.CacheProperties;
import io.tokensaving.compression.CompressionProperties;
import io.tokensaving.dedup.DedupProperties;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanGenerator;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.promptcache.PromptCacheProperties;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that what {@link TokenSavingEndpoint} shows of a plan can be written as it is, to
 * the endpoint and in the configuration.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = "management.endpoints.web.exposure.include=tokensaving")
class PlanRoundTripTests {

	private static final int PLANS = 100;

	@Autowired
	private MutablePlanRepository plans;

	@LocalServerPort
	private int port;

	@Test
	void whatIsShownCanBePosted() {
		EndpointClient client = EndpointClient.of(this.port);
		Map<String, Object> shown = shownSettings();
		JsonMapper json = JsonMapper.shared();
		shown.forEach((id, settings) -> {
			Map<String, Object> beside = new LinkedHashMap<>(Map.of("id", id));
			((Map<?, ?>) settings).forEach((name, value) -> beside.put((String) name, value));
			Answer created = client.post("/plans", json.writeValueAsString(beside));
			assertThat(created.status()).as(created.body()).isEqualTo(201);
			assertSame(this.plans.find("default", id), id);
			Map<?, ?> plan = json.readValue(client.get("/plans/" + id).body(), Map.class);
			assertThat(plan.get("settings")).isEqualTo(settings);
			// All that GET shows, as the same plan, and as another one
			assertThat(client.post("/plans/" + id, json.writeValueAsString(plan)).status()).isEqualTo(200);
			this.plans.delete("default", id, null);
			Answer copied = client.post("/plans", json.writeValueAsString(plan));
			assertThat(copied.status()).as(copied.body()).isEqualTo(201);
			assertSame(this.plans.find("default", id), id);
			this.plans.delete("default", id, null);
		});
	}

	@Test
	void whatIsShownStartsAnApplication() throws Exception {
		String yaml = JsonMapper.shared()
			.writerWithDefaultPrettyPrinter()
			.writeValueAsString(Map.of("token-saving", Map.of("plans", shownSettings())));
		PropertySource<?> source = new YamlPropertySourceLoader()
			.load("plans", new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)))
			.get(0);
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
			.withBean("cheap", ChatModel.class, ScriptedChatModel::echoing)
			.withInitializer((context) -> context.getEnvironment().getPropertySources().addFirst(source))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				for (Plan plan : context.getBean(PlanRepository.class).findAll("default")) {
					assertSame(plan, plan.id());
				}
				assertThat(context.getBean(PlanRepository.class).findAll("default")).hasSizeGreaterThan(PLANS / 2);
			});
	}

	@Test
	void everySettingIsShown() {
		Map<String, Set<String>> shown = new LinkedHashMap<>();
		for (Object settings : shownSettings().values()) {
			((Map<?, ?>) settings)
				.forEach((section, values) -> shown.computeIfAbsent((String) section, (name) -> new TreeSet<>())
					.addAll((values instanceof Map<?, ?> map) ? map.keySet().stream().map(String::valueOf).toList()
							: List.of()));
		}
		assertThat(shown).isEqualTo(Map.of("compression", names(CompressionProperties.class), "cache",
				names(CacheProperties.class), "dedup", names(DedupProperties.class), "prompt_cache",
				names(PromptCacheProperties.class), "mode", Set.of(), "budget", names(BudgetProperties.class)));
		shown.put("based_on", Set.of());
		shown.put("allow_override", Set.of());
		assertThat(names(PlanProperties.class)).isEqualTo(new TreeSet<>(shown.keySet()));
	}

	private static Set<String> names(Class<?> section) {
		return Arrays.stream(BeanUtils.getPropertyDescriptors(section))
			.filter((property) -> property.getWriteMethod() != null)
			.map(PropertyDescriptor::getName)
			.map((name) -> DataObjectPropertyName.toDashedForm(name).replace('-', '_'))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	// A plan with nothing in it cannot be said in YAML
	private static Map<String, Plan> generated() {
		PlanGenerator generator = new PlanGenerator(42);
		Map<String, Plan> generated = new LinkedHashMap<>();
		for (int i = 0; i < PLANS; i++) {
			Plan plan = generator.plan("p" + i);
			if (!plan.settings().isEmpty()) {
				generated.put(plan.id(), plan);
			}
		}
		return generated;
	}

	private static Map<String, Object> shownSettings() {
		Map<String, Object> shown = new LinkedHashMap<>();
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
					TokenSavingEndpointAutoConfiguration.class, EndpointAutoConfiguration.class))
			.withPropertyValues("management.endpoints.web.exposure.include=tokensaving")
			.withBean(PlanRepository.class, () -> new InMemoryPlanRepository(generated().values()))
			.run((context) -> {
				String json = JsonMapper.shared()
					.writeValueAsString(
							context.getBean(TokenSavingEndpoint.class).part(new String[] { "plans" }, null));
				for (Object plan : (List<?>) JsonMapper.shared().readValue(json, Map.class).get("plans")) {
					shown.put((String) ((Map<?, ?>) plan).get("id"), ((Map<?, ?>) plan).get("settings"));
				}
			});
		return shown;
	}

	private static void assertSame(Plan plan, String id) {
		Plan expected = generated().get(id);
		assertThat(plan.settings()).isEqualTo(expected.settings());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel cheap() {
			return ScriptedChatModel.echoing();
		}

	}

}
