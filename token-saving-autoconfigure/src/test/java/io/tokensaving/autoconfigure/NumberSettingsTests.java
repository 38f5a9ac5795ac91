package io.tokensaving.autoconfigure;

import java.beans.PropertyDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanRepository;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a number which is not what a setting becomes is refused, for every setting
 * there is, in YAML and where plans are stored.
 */
@ExtendWith(OutputCaptureExtension.class)
class NumberSettingsTests {

	private static final String DIGITS = "1".repeat(90);

	private static final List<String> NO_NUMBERS = List.of(".nan", "NaN", "-.inf", "1e999999999", "1e-999999999",
			"1.0e-400", "0.1" + DIGITS, DIGITS + DIGITS, "0x1p3", "1.5d", "many");

	private static final List<String> NO_WHOLE_NUMBERS = List.of("1.5", "3.0", "1e3", "1.0e+30",
			"-99999999999999999999");

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class));

	@Test
	void noSettingBecomesAnotherNumberThanWasWritten() {
		Map<String, Class<?>> settings = new TreeMap<>();
		PropertyClasses.all().forEach((prefix, type) -> collect(prefix, type, settings));
		collect("token-saving.plans.a", PlanProperties.class, settings);
		assertThat(settings).hasSizeGreaterThan(20)
			.containsKeys("token-saving.plans.a.cache.similarity-threshold", "token-saving.prices[0].cache-write",
					"token-saving.in-memory-semantic.max-entries", "token-saving.advisor-order.plan");
		settings.forEach((name, type) -> {
			for (String value : values(type)) {
				load(name, value).run((context) -> {
					assertThat(context).as(name + ": " + value).hasFailed();
					assertThat(context.getStartupFailure()).as(name + ": " + value)
						.rootCause()
						.satisfies((ex) -> assertThat(messages(context.getStartupFailure())).contains(name)
							.hasSizeLessThan(4000));
				});
			}
		});
	}

	private static String messages(Throwable failure) {
		StringBuilder messages = new StringBuilder();
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			messages.append(cause.getMessage()).append('\n');
		}
		return messages.toString();
	}

	@Test
	void noSettingOfAStoredPlanBecomesAnotherNumber() {
		Map<String, Class<?>> settings = new TreeMap<>();
		collect("", PlanProperties.class, settings);
		assertThat(settings).containsKeys(".cache.replay-chunks", ".route.thresholds[0]", ".route.rules[0].max-tokens",
				".route.judge.usd-per-day");
		JsonMapper json = JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();
		this.contextRunner.run((context) -> {
			PlanReader reader = context.getBean(PlanReader.class);
			settings.forEach((name, type) -> values(type).forEach((value) -> {
				assertRefused(reader, name, value);
				if (value.matches("-?[0-9]+(\\.[0-9]+)?(e[+-]?[0-9]+)?")) {
					assertRefused(reader, name, json.readValue(value, Object.class));
				}
			}));
		});
	}

	private static void assertRefused(PlanReader reader, String name, Object value) {
		String[] path = name.substring(1).split("\\.");
		Object settings = value;
		for (int i = path.length - 1; i >= 0; i--) {
			boolean element = path[i].endsWith("[0]");
			settings = Map.of(path[i].replace("[0]", ""), element ? List.of(settings) : settings);
		}
		try {
			@SuppressWarnings("unchecked")
			Map<String, Object> plan = (Map<String, Object>) settings;
			reader.read("p", plan);
		}
		catch (InvalidPlanException ex) {
			assertThat(ex.getField()).as(name + ": " + value).isEqualTo(name.substring(1));
			assertThat(ex.getAccepted()).as(name + ": " + value).matches(".*(number|share|size).*");
			assertThat(ex.getMessage()).hasSizeLessThan(500);
			return;
		}
		throw new AssertionError("'%s' was accepted for '%s'".formatted(value, name));
	}

	@Test
	void saysPropertyValueAndWhatIsAccepted(CapturedOutput output) throws Exception {
		fail("token-saving.plans.a.cache.similarity-threshold", "1e-999999999");
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("Invalid value '1e-999999999' for configuration property "
					+ "'token-saving.plans.a.cache.similarity-threshold'")
			.contains("Accepted is a number such as '0.85' with at most 17 digits");
		fail("token-saving.in-memory-semantic.max-entries", "1.5");
		assertThat(output)
			.contains("Invalid value '1.5' for configuration property 'token-saving.in-memory-semantic.max-entries'")
			.contains("Accepted is a whole number of at most 9223372036854775807");
	}

	@Test
	void whatIsRightIsTaken() {
		for (String value : List.of("0.85", "8.5e-1", "0.12345678901234567", "1", "0", "0.0", "1.0", "1e-300")) {
			load("token-saving.plans.a.cache.similarity-threshold", value)
				.run((context) -> assertThat(context.getBean(PlanRepository.class)
					.find("default", "a")
					.settings(CacheSettings.class)
					.similarityThreshold()).isEqualTo(Double.parseDouble(value)));
		}
		load("token-saving.in-memory-semantic.max-entries", "${entries:7}")
			.run((context) -> assertThat(context.getBean(InMemorySemanticCacheProperties.class).getMaxEntries())
				.isEqualTo(7));
	}

	private ApplicationContextRunner load(String name, String value) {
		return this.contextRunner
			.withInitializer((context) -> context.getEnvironment().getPropertySources().addFirst(yaml(name, value)));
	}

	// What the setting stands beside has to be there
	private static PropertySource<?> yaml(String name, String value) {
		StringBuilder yaml = new StringBuilder(name + ": " + value + "\n");
		String compression = "token-saving.plans.a.compression";
		if (name.startsWith(compression) && !name.endsWith("max-input-tokens")) {
			yaml.append(compression + ".max-input-tokens: 5\n");
		}
		for (String price : List.of("model", "input", "output")) {
			if (name.startsWith("token-saving.prices") && !name.endsWith("." + price)) {
				yaml.append("token-saving.prices[0]." + price + ": 5\n");
			}
		}
		try {
			return new YamlPropertySourceLoader()
				.load("test", new ByteArrayResource(yaml.toString().getBytes(StandardCharsets.UTF_8)))
				.get(0);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void fail(String name, String value) {
		try {
			new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
				.initializers((context) -> context.getEnvironment().getPropertySources().addFirst(yaml(name, value)))
				.run()
				.close();
		}
		catch (RuntimeException ex) {
			return;
		}
		throw new AssertionError("'%s' was accepted for '%s'".formatted(value, name));
	}

	private static List<String> values(Class<?> type) {
		List<String> values = new ArrayList<>(NO_NUMBERS);
		if (type == Integer.class || type == Long.class) {
			values.addAll(NO_WHOLE_NUMBERS);
		}
		return values;
	}

	private static void collect(String path, Class<?> type, Map<String, Class<?>> settings) {
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
			Class<?> propertyType = ClassUtils.resolvePrimitiveIfNecessary(property.getPropertyType());
			String name = path + "." + DataObjectPropertyName.toDashedForm(property.getName());
			if (Number.class.isAssignableFrom(propertyType)) {
				settings.put(name, propertyType);
			}
			else if (property.getName().equals("prices")) {
				collect(name + "[0]", TokenSavingProperties.Price.class, settings);
			}
			else if (KnownProperties.isBean(propertyType)) {
				collect(name, propertyType, settings);
			}
			else if (!path.startsWith("token-saving.prices")) {
				Class<?> element = ResolvableType.forMethodReturnType(property.getReadMethod())
					.asCollection()
					.getGeneric()
					.toClass();
				if (Number.class.isAssignableFrom(element)) {
					settings.put(name + "[0]", element);
				}
				else if (KnownProperties.isBean(element)) {
					collect(name + "[0]", element, settings);
				}
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

	}

}
