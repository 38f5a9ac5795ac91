package io.tokensaving.samples.supportbot.promptcache;

import java.math.BigDecimal;

import io.tokensaving.TokenSaving;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.samples.supportbot.SupportBotApplication;
import io.tokensaving.samples.supportbot.promptcache.PromptCacheRunner.Billed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PromptCacheRunner}.
 */
@ExtendWith(OutputCaptureExtension.class)
class PromptCacheRunnerTests {

	@Test
	void showsWhatThePlanSavesAsTheProviderBillsIt(CapturedOutput output) {
		try (var context = new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.run("--spring.profiles.active=prompt-cache")) {
			assertThat(output).contains("prompt-cache ", "hit_rate", "provider_discount_usd");
			PromptCacheRunner runner = context.getBean(PromptCacheRunner.class);
			TokenSavingEndpoint endpoint = context.getBean(TokenSavingEndpoint.class);
			BigDecimal before = saved(endpoint);
			Billed without = runner.talk(TokenSaving.none());
			Billed with = runner.talk(TokenSaving.plan(PromptCacheRunner.PLAN));
			assertThat(without.hitRate()).isZero();
			assertThat(with.hitRate()).isGreaterThan(0.8);
			assertThat(with.usd()).isLessThan(without.usd());
			assertThat(saved(endpoint).subtract(before))
				.isEqualByComparingTo(with.withoutCachingUsd().subtract(with.usd()));
		}
	}

	private static BigDecimal saved(TokenSavingEndpoint endpoint) {
		JsonMapper mapper = new JsonMapper();
		Object stats = endpoint.part(new String[] { "plans", PromptCacheRunner.PLAN, "stats" }, null);
		return mapper.readTree(mapper.writeValueAsString(stats)).path("cost_saved_usd").decimalValue();
	}

}
