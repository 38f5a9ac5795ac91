package io.tokensaving.actuate;

import java.beans.PropertyDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.autoconfigure.PlanProperties;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanGenerator;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.tier.Tiers;
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
import org.springframework.core.ResolvableType;
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
			.withBean(Tiers.class, PlanGenerator::tiers)
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
		Set<String> shown = new TreeSet<>();
		shownSettings().values().forEach((settings) -> addNames(shown, "", settings));
		Set<String> expected = new TreeSet<>();
		addNames(expected, "", PlanProperties.class);
		assertThat(expected).contains("mode", "cache.ttl", "route.cascade.stream", "route.rules[].max_tokens",
				"batch.within");
		expected.removeAll(Set.of("based_on", "allow_override"));
		assertThat(shown).isEqualTo(expected);
	}

	private static void addNames(Set<String> names, String path, Object shown) {
		if (shown instanceof Map<?, ?> section) {
			section.forEach((name, value) -> {
				if (value instanceof Map<?, ?>) {
					addNames(names, path + name + ".", value);
				}
				else if (value instanceof List<?> list && !list.isEmpty() && list.get(0) instanceof Map<?, ?>) {
					list.forEach((element) -> addNames(names, path + name + "[].", element));
				}
				else if (!List.of().equals(value)) {
					names.add(path + name);
				}
			});
		}
	}

	private static void addNames(Set<String> names, String path, Class<?> section) {
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(section)) {
			if (property.getWriteMethod() == null) {
				continue;
			}
			String name = path + DataObjectPropertyName.toDashedForm(property.getName()).replace('-', '_');
			Class<?> type = property.getPropertyType();
			Class<?> element = ResolvableType.forMethodReturnType(property.getReadMethod())
				.asCollection()
				.getGeneric()
				.toClass();
			if (isSection(type)) {
				addNames(names, name + ".", type);
			}
			else if (isSection(element)) {
				addNames(names, name + "[].", element);
			}
			else {
				names.add(name);
			}
		}
	}

	private static boolean isSection(Class<?> type) {
		return type.getName().startsWith("io.tokensaving.") && !type.isEnum();
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

		@Bean
		Tiers tiers() {
			return PlanGenerator.tiers();
		}

	}

}
