package io.tokensaving.autoconfigure;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
			.contains("Accepted is one of 'lex_rank', 'lsa', 'summary', 'text_rank', 'trim'")
			.contains("CompressionEngine bean");
	}

	@Test
	void namesPropertyThatIsNotANumber(CapturedOutput output) {
		run("--token-saving.plans.support-bot.compression.max-input-tokens=many");
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("token-saving.plans.support-bot.compression.max-input-tokens")
			.contains("many");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', value = {
			"plans.a.compression.max-input-tokens | many   | a whole number",
			"plans.a.cache.ttl                    | soon   | a duration such as '500ms', '30s' or '1h'",
			"plans.a.cache.max-entry-size         | big    | a size such as '512KB' or '16MB'",
			"plans.a.cache.similarity-threshold   | high   | a number such as '0.85'",
			"plans.a.dedup.enabled                | maybe  | 'true' or 'false'",
			"plans.a.dedup.scope                  | galaxy | one of 'instance', 'cluster'",
			"plans.a.mode                         | on     | one of 'active', 'shadow', 'off'",
			"plans.a.budget.per                   | week   | one of 'day', 'month'",
			"plans.a.budget.usd                   | much   | a number such as '0.85'",
			"budgets.all.scope                    | galaxy | one of 'workspace', 'plan', 'feature', 'tenant'",
			"plans.a.route.mode                   | loud   | one of 'off', 'shadow', 'active'",
			"plans.a.route.judge.action           | cry    | one of 'alert', 'raise_tier', 'suspend'",
			"plans.a.route.rules[0].max-tokens    | many   | a whole number",
			"plans.a.route.rules                  | many   | a list of sections, each of them a section with at least one of 'feature', 'matches', 'max-tokens', 'min-tokens', 'tier'",
			"plans.a.route.thresholds[0]          | 1e-400 | a number such as '0.85' with at most 17 digits",
			"plans.a.route.thresholds             | a,b    | a list, of which each element is a number such as '0.85'",
			"prices[0].input                      | cheap  | a number such as '0.85'",
			"plan-repository                      | mysql  | one of 'auto', 'in_memory', 'redis'",
			"enabled                              | perhaps | 'true' or 'false'" })
	void namesWhatIsAcceptedInsteadOfAValueOfTheWrongType(String property, String value, String accepted,
			CapturedOutput output) {
		run("--token-saving." + property + "=" + value);
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("Invalid value '" + value + "' for configuration property 'token-saving." + property + "'")
			.contains("commandLineArgs")
			.contains("Accepted is " + accepted);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', value = {
			"default-plans           | token-saving               | 'default-plan', 'embedding-model'",
			"plans.a.compresion.engine | token-saving.plans.a       | 'cache', 'compression', 'dedup'",
			"plans.a.route.cascade.check | token-saving.plans.a.route.cascade | 'checks', 'max-escalations', 'min-length', 'stream'",
			"plans.a.route.rules[1].matchez | token-saving.plans.a.route.rules[1] | 'feature', 'matches', 'max-tokens', 'min-tokens', 'tier'",
			"plans.a.route.rules[1]     | token-saving.plans.a.route.rules[1] | 'feature', 'matches', 'max-tokens', 'min-tokens', 'tier'",
			"plans.a.cache.time-to-live | token-saving.plans.a.cache | 'similarity-threshold', 'sure-similarity', 'ttl', 'verify",
			"prices[0].in              | token-saving.prices[0]     | 'cache-read', 'cache-write', 'cache-write-one-hour', 'input'" })
	void namesWhatIsAcceptedInsteadOfAnUnknownProperty(String property, String place, String accepted,
			CapturedOutput output) {
		run("--token-saving." + property + "=s3cret");
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("There is no configuration property 'token-saving." + property + "'")
			.contains("commandLineArgs")
			.contains("Accepted under '" + place + "' is")
			.contains(accepted)
			.doesNotContain("s3cret");
	}

	@Test
	void leavesOtherPropertiesToOthers(CapturedOutput output) {
		run("--spring.main.lazy-initialization=perhaps");
		assertThat(output).doesNotContain("Accepted is");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "--token-saving.plans.a.cache.backend=redis" })
	void showsNothingOfAnEncryptionKeyThatIsInvalid(String argument, CapturedOutput output) {
		for (String key : List.of("c2VjcmV0", "s#cret")) {
			run("--token-saving.cache.encryption-key=" + key, argument);
			assertThat(output).doesNotContain(key).doesNotContain("#").doesNotContain("secret");
		}
		assertThat(output).contains("'token-saving.cache.encryption-key', which is not shown, has 6 bytes.")
			.contains("'token-saving.cache.encryption-key', which is not shown, is no Base64.")
			.contains("Accepted are 16, 24 or 32 random bytes in Base64");
	}

	@Test
	void checksTheNearCacheWithoutRedis(CapturedOutput output) {
		run("--token-saving.cache.near-cache.max-size=-1");
		assertThat(output).contains("'token-saving.cache.near-cache.max-size'").contains("0 (no near cache)");
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
