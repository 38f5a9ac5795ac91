package io.tokensaving.promptcache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

import io.tokensaving.TokenSaving;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.PlanUsages;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.PromptCacheSettings.VolatileText;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for system texts that differ between requests, with Spring AI's model for
 * Anthropic in front of a provider that is simulated.
 */
class VolatileSystemTextTests {

	private static final String RULES = MadeUpPrompts.words("rule", 1600) + "\n";

	private static final int REQUESTS = 40;

	private static final CacheRules CLAUDE = new CacheRules(1024, 0.1,
			List.of(new CacheTtl(Duration.ofMinutes(5), 1.25)), 4, 20, EnumSet.allOf(Segment.class),
			CacheRules.TtlSharing.FRONT, CacheRules.MarkLayout.MESSAGES_WITH_TOOLS, false);

	private final ProviderModels models = new ProviderModels();

	private final PromptCacheFeature feature = new PromptCacheFeature();

	@AfterEach
	void close() {
		this.models.close();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void splitSendsTheSameCharactersAndReadsWhatIsInFront(boolean stream) {
		List<SimulatedRequest> split = run(VolatileText.SPLIT, stream);
		List<SimulatedRequest> reported = run(VolatileText.REPORT, stream);
		for (int i = 0; i < REQUESTS; i++) {
			assertThat(text(split.get(i).json().path("system"))).isEqualTo(text(reported.get(i).json().path("system")));
			assertThat(split.get(i).json().path("messages")).isEqualTo(reported.get(i).json().path("messages"));
		}
		JsonNode last = split.get(REQUESTS - 1).json().path("system");
		assertThat(last.size()).isEqualTo(2);
		assertThat(last.get(0).has("cache_control")).isTrue();
		assertThat(last.get(1).has("cache_control")).isFalse();
		assertThat(last.get(0).path("text").asString()).isEqualTo(RULES);
		assertThat(read(split)).isGreaterThan(REQUESTS * 1600L * 8 / 10);
		assertThat(read(reported)).isZero();
	}

	@Test
	void moveTakesOnlyTheTimeOutOfTheSystemText() {
		JsonNode last = run(VolatileText.MOVE, false).get(REQUESTS - 1).json();
		assertThat(text(last.path("system"))).isEqualTo(RULES + "Be brief.");
		assertThat(text(last.path("messages").get(0).path("content"))).matches("Now: [0-9T:-]+Z\\nquestion 39");
	}

	@Test
	void toolsInAnyOrderAndATimeInFrontAreNamed() {
		ChatClient client = client(VolatileText.REPORT);
		List<ToolCallback> tools = new ArrayList<>();
		for (String name : List.of("alpha", "beta", "gamma", "delta")) {
			tools.add(FunctionToolCallback.builder(name, (String text) -> text)
				.description("Does " + name)
				.inputType(String.class)
				.build());
		}
		Random random = new Random(7);
		for (int i = 0; i < 20; i++) {
			Collections.shuffle(tools, random);
			client.prompt()
				.system(system(i))
				.user("question " + i)
				.tools((Object[]) tools.toArray(ToolCallback[]::new))
				.advisors(TokenSaving.plan("plan"))
				.call()
				.content();
		}
		assertThat(this.feature.advice(PlanUsages.of(new SavingsStatistics(), new PlanKey("default", "plan"),
				Plan.builder("plan").with(PromptCacheSettings.DEFAULTS).build(), new PriceTable(List.of()))))
			.extracting(Advice::code)
			.containsExactlyInAnyOrder("tools_in_other_order", "volatile_system_text");
	}

	private List<SimulatedRequest> run(VolatileText volatileText, boolean stream) {
		ChatClient client = client(volatileText);
		int before = this.models.simulator().requests().size();
		for (int i = 0; i < REQUESTS; i++) {
			ChatClient.ChatClientRequestSpec request = client.prompt()
				.system(system(i))
				.user("question " + i)
				.advisors(TokenSaving.plan("plan"));
			if (stream) {
				request.stream().content().collectList().block();
			}
			else {
				request.call().content();
			}
			this.models.clock().advance(Duration.ofSeconds(20));
		}
		List<SimulatedRequest> all = this.models.simulator().requests();
		return all.subList(before, all.size());
	}

	private ChatClient client(VolatileText volatileText) {
		Plan plan = Plan.builder("plan").with(new PromptCacheSettings(true, true, true, false, volatileText)).build();
		return ChatClient.builder(this.models.anthropic((options) -> options))
			.defaultAdvisors(PlanAdvisor.builder(plan).build(),
					PromptCacheAdvisor.builder()
						.injectors(BuiltInInjectors.present(null))
						.rules((provider, model) -> CLAUDE)
						.clock(this.models.clock())
						.feature(this.feature)
						.build())
			.build();
	}

	private static String system(int number) {
		return RULES + "Now: 2026-11-30T12:%02d:%02dZ\n".formatted(number / 3, 20 * (number % 3)) + "Be brief.";
	}

	private static long read(List<SimulatedRequest> requests) {
		return requests.stream().mapToLong((request) -> request.input().read()).sum();
	}

	private static String text(JsonNode content) {
		if (content.isString()) {
			return content.asString();
		}
		StringBuilder text = new StringBuilder();
		content.forEach((block) -> text.append(block.path("text").asString()));
		return text.toString();
	}

}
