package io.tokensaving.autoconfigure;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for what a user sees when {@link SpringApplication} fails to start because of a
 * property.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConfigurationFailureTests {

	@Test
	void namesPropertyValueAndAcceptedValues(CapturedOutput output) {
		run("--token-saving.plans.support-bot.compression.engine=trimm",
				"--token-saving.plans.support-bot.compression.max-input-tokens=100");
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("'token-saving.plans.support-bot.compression.engine'")
			.contains("'trimm'")
			.contains("Accepted is one of 'lex_rank', 'lsa', 'text_rank', 'trim'")
			.contains("CompressionEngine bean");
	}

	@Test
	void namesPropertyThatIsNotANumber(CapturedOutput output) {
		run("--token-saving.plans.support-bot.compression.max-input-tokens=many");
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("token-saving.plans.support-bot.compression.max-input-tokens")
			.contains("many");
	}

	private static void run(String... arguments) {
		assertThatThrownBy(
				() -> new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE).run(arguments))
			.isInstanceOf(Exception.class);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

	}

}
