package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.MutablePlanRepository;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ShadowConfiguration}.
 */
class ShadowConfigurationTests {

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class, ChatClientAutoConfiguration.class,
				TokenSavingEndpointAutoConfiguration.class))
		.withPropertyValues("management.endpoints.web.exposure.include=tokensaving", "token-saving.default-plan=faq",
				"token-saving.plans.faq.cache.backend=in_memory")
		.withBean(ChatModel.class, () -> this.model);

	@Test
	void aPlanInShadowShowsItsForecast() {
		this.contextRunner.withPropertyValues("token-saving.plans.faq.mode=shadow").run((context) -> {
			ask(context, 3);
			assertThat(this.model.calls()).isEqualTo(3);
			assertThat(forecast(context)).containsEntry("outcomes", Map.of("miss", 1L, "exact_hit", 2L))
				.containsEntry("scope", "instance")
				.containsKeys("would_save_usd", "hits_by_age", "risks");
		});
	}

	@Test
	void aPlanIsSwitchedOnAtRunTime() {
		this.contextRunner.run((context) -> {
			MutablePlanRepository plans = context.getBean(MutablePlanRepository.class);
			plans.create("default", "trial", Map.of("cache.backend", "in_memory", "mode", "SHADOW"));
			ChatClient client = context.getBean(ChatClient.Builder.class).build();
			for (int i = 0; i < 2; i++) {
				client.prompt("one").advisors(TokenSaving.plan("trial")).call().content();
			}
			assertThat(this.model.calls()).isEqualTo(2);
			Eventually.await("both are counted", () -> forecast(context, "trial").get("requests").equals(2L));
			assertThat(plans.update("default", "trial", Map.of("mode", "active"), 1L).plan().settings()).hasSize(1);
			// What was stored in shadow is an answer of the model, and served from now on
			client.prompt("one").advisors(TokenSaving.plan("trial")).call().content();
			assertThat(this.model.calls()).isEqualTo(2);
			assertThatExceptionOfType(InvalidPlanException.class)
				.isThrownBy(() -> plans.update("default", "trial", Map.of("mode", "on"), null))
				.satisfies((ex) -> {
					assertThat(ex.getField()).isEqualTo("mode");
					assertThat(ex.getAccepted()).isEqualTo("one of 'active', 'shadow', 'off'");
				});
			assertThatExceptionOfType(InvalidPlanException.class)
				.isThrownBy(() -> plans.update("default", "trial", Map.of("mode", Map.of("shadow", true)), null))
				.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("mode"));
		});
	}

	@Test
	void whatIsSuggestedCanBeWrittenAsItIs() {
		this.contextRunner.run((context) -> {
			MutablePlanRepository plans = context.getBean(MutablePlanRepository.class);
			plans.create("default", "trial", Map.of("cache.backend", "in_memory", "mode", "shadow",
					"compression.engine", "trim", "compression.max-input-tokens", 50_000));
			ChatClient client = context.getBean(ChatClient.Builder.class).build();
			String repeated = "one ".repeat(9000);
			for (long i = 1; i <= 202; i++) {
				// The first is asked once, the second again and again
				client.prompt((i == 1) ? repeated : "two").advisors(TokenSaving.plan("trial")).call().content();
				long asked = i;
				Eventually.await(() -> forecast(context, "trial").get("requests").equals(asked));
			}
			Map<String, Object> forecast = forecast(context, "trial");
			assertThat(forecast.get("suggested")).isEqualTo(Map.of("cache", Map.of("ttl", "1m")));
			assertThat(forecast.get("suggestions")).asInstanceOf(InstanceOfAssertFactories.LIST)
				.<Object>extracting((each) -> ((Map<?, ?>) each).get("setting"))
				.containsExactly("cache.ttl", "compression.max_input_tokens");
			assertThat(forecast.get("risks")).asInstanceOf(InstanceOfAssertFactories.MAP)
				.doesNotContainKeys("cache_observed", "compression_observed");
			@SuppressWarnings("unchecked")
			Map<String, Object> suggested = (Map<String, Object>) forecast.get("suggested");
			CacheSettings changed = plans.update("default", "trial", suggested, 1L)
				.plan()
				.settings(CacheSettings.class);
			assertThat(changed.ttl()).isEqualTo(Duration.ofMinutes(1));
		});
	}

	@Test
	void theEndpointShowsTheModeAsItIsWritten() {
		this.contextRunner.withPropertyValues("token-saving.plans.faq.mode=Off").run((context) -> {
			Object plan = context.getBean(TokenSavingEndpoint.class).part(new String[] { "plans", "faq" }, null);
			assertThat(plan).isInstanceOfSatisfying(TokenSavingEndpoint.PlanDescriptor.class,
					(descriptor) -> assertThat(descriptor.settings()).containsEntry("mode", "off")
						.containsKey("cache"));
		});
	}

	private void ask(ApplicationContext context, long times) {
		ChatClient client = context.getBean(ChatClient.Builder.class).build();
		for (long i = 1; i <= times; i++) {
			client.prompt("one").call().content();
			long asked = i;
			Eventually.await("%d requests are counted".formatted(i),
					() -> forecast(context).get("requests").equals(asked));
		}
	}

	private static Map<String, Object> forecast(ApplicationContext context) {
		return forecast(context, "faq");
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> forecast(ApplicationContext context, String plan) {
		return (Map<String, Object>) context.getBean(TokenSavingEndpoint.class)
			.part(List.of("plans", plan, "forecast").toArray(String[]::new), null);
	}

}
