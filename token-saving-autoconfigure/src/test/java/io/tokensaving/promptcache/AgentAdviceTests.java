package io.tokensaving.promptcache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.TokenSaving;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.autoconfigure.TokenSavingAutoConfiguration;
import io.tokensaving.autoconfigure.TokenSavingEndpointAutoConfiguration;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An agent that takes 26 steps, whose tools come in another order each time and whose
 * memories stand in the system text, other ones at each step: what the endpoint says of
 * it, and what following that changes.
 */
class AgentAdviceTests {

	private static final int RUNS = 3;

	private static final int STEPS = 26;

	private static final String RULES = MadeUpPrompts.words("rule", 3000) + "\n";

	private final ProviderModels models = new ProviderModels();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
				TokenSavingEndpointAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withUserConfiguration(WithTheClockOfTheSimulator.class)
		.withBean(ProviderModels.class, () -> this.models)
		.withBean(ChatModel.class, () -> this.models.anthropic((options) -> options))
		.withPropertyValues("management.endpoints.web.exposure.include=tokensaving",
				"token-saving.plans.careless.prompt-cache.sort-tools=false",
				"token-saving.plans.split.prompt-cache.volatile=split",
				"token-saving.plans.remedied.prompt-cache.enabled=true");

	@AfterEach
	void close() {
		this.models.close();
	}

	@Test
	void nothingIsReadUntilTheAdviceIsFollowed() {
		ChatModel marking = this.models.anthropic((options) -> {
			options.cacheOptions(AnthropicCacheOptions.builder()
				.strategy(AnthropicCacheStrategy.CONVERSATION_HISTORY)
				.cacheToolResults(true)
				.build());
			return options;
		});
		assertThat(run(ChatClient.create(marking), "none", Memories.IN_THE_MIDDLE)).as("Spring AI's own marks")
			.isZero();
		this.runner.run((context) -> {
			ChatClient client = context.getBean(ChatClient.Builder.class).build();
			assertThat(run(client, "careless", Memories.IN_THE_MIDDLE)).isZero();
			assertThat(advice(context, "careless")).extracting(TokenSavingEndpoint.AdviceDescriptor::code)
				.contains("tools_in_other_order", "memory_in_system_text");
			assertThat(advice(context, "careless"))
				.filteredOn((advice) -> advice.code().equals("memory_in_system_text"))
				.singleElement()
				.satisfies((advice) -> assertThat(advice.remedy()).contains("split"));
			double split = run(client, "split", Memories.BEHIND_THE_INSTRUCTIONS);
			double remedied = run(client, "remedied", Memories.IN_THE_QUESTION);
			System.out.printf("Share of an agent's prompts that is read from the cache: 0.0 %% before, %.1f %% with "
					+ "split, %.1f %% with memories in the question%n", 100 * split, 100 * remedied);
			assertThat(split).isGreaterThanOrEqualTo(0.9);
			assertThat(remedied).isGreaterThanOrEqualTo(0.9);
			assertThat(advice(context, "remedied")).as("tools are sorted here")
				.extracting(TokenSavingEndpoint.AdviceDescriptor::code)
				.containsExactly("tools_in_other_order");
		});
	}

	@SuppressWarnings("unchecked")
	private static List<TokenSavingEndpoint.AdviceDescriptor> advice(ApplicationContext context, String plan) {
		Map<String, Object> shown = (Map<String, Object>) context.getBean(TokenSavingEndpoint.class)
			.part(new String[] { "advice" }, null);
		return ((List<TokenSavingEndpoint.AdviceDescriptor>) shown.get("advice")).stream()
			.filter((advice) -> advice.plan().equals(plan))
			.toList();
	}

	/** Returns the share of the prompts that was read from the cache. */
	private double run(ChatClient client, String plan, Memories memories) {
		int before = this.models.simulator().requests().size();
		List<ToolCallback> tools = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			tools.add(MadeUpPrompts.tool("tool" + i,
					"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"description\":\""
							+ MadeUpPrompts.words("meaning", 80) + "\"}}}"));
		}
		Random random = new Random(7);
		for (int run = 0; run < RUNS; run++) {
			List<Message> transcript = new ArrayList<>();
			for (int step = 0; step < STEPS; step++) {
				Collections.shuffle(tools, random);
				String memory = "LONG_TERM_MEMORY:\n" + MadeUpPrompts.words("m%d-%d".formatted(run, step), 10) + "\n";
				transcript
					.add(new UserMessage(memories.question(memory, "Observation %d of run %d".formatted(step, run))));
				List<Message> messages = new ArrayList<>();
				messages.add(new SystemMessage(memories.system(memory)));
				messages.addAll(transcript);
				String conversation = plan + run;
				String answer = client.prompt()
					.messages(messages)
					.tools((Object[]) tools.toArray(ToolCallback[]::new))
					.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, plan)
						.param(ChatMemory.CONVERSATION_ID, conversation))
					.call()
					.content();
				transcript.add(new AssistantMessage(answer));
				this.models.clock().advance(Duration.ofSeconds(5));
			}
			this.models.clock().advance(Duration.ofSeconds(60));
		}
		List<SimulatedRequest> requests = this.models.simulator().requests();
		double read = 0;
		double total = 0;
		for (SimulatedRequest request : requests.subList(before, requests.size())) {
			assertThat(request.outcome()).as(request.problem()).isEqualTo(SimulatedRequest.Outcome.ANSWERED);
			read += request.input().read();
			total += request.input().total();
		}
		return read / total;
	}

	private enum Memories {

		IN_THE_MIDDLE, BEHIND_THE_INSTRUCTIONS, IN_THE_QUESTION;

		String system(String memory) {
			return switch (this) {
				case IN_THE_MIDDLE -> "You help.\n" + memory + RULES;
				case BEHIND_THE_INSTRUCTIONS -> "You help.\n" + RULES + memory;
				case IN_THE_QUESTION -> "You help.\n" + RULES;
			};
		}

		String question(String memory, String question) {
			return (this == IN_THE_QUESTION) ? memory + question : question;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WithTheClockOfTheSimulator {

		@Bean
		PromptCacheAdvisor promptCacheAdvisor(ProviderModels models, PromptCacheFeature feature, CachePlanner planner,
				CacheRulesTable rules, SavingsStatistics statistics) {
			return PromptCacheAdvisor.builder()
				.clock(models.clock())
				.feature(feature)
				.planner(planner)
				.rules(rules)
				.statistics(statistics)
				.injectors(BuiltInInjectors.present(null))
				.build();
		}

	}

}
