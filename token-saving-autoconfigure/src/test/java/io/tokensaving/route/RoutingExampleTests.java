package io.tokensaving.route;

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.log.RouteLine;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteSink;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the example of {@code plans/{id}/routing} in the documentation has the
 * fields that the endpoint shows.
 */
class RoutingExampleTests {

	private static final Pattern EXAMPLE = Pattern.compile("```json\\nGET \\S+/routing\\n(.*?)```", Pattern.DOTALL);

	private static final List<ModelPrice> PRICES = List.of(
			new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"), null, null),
			new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"), null, null));

	private static final PlanKey PLAN = new PlanKey("default", "support-bot");

	@Test
	void theExampleHasTheFieldsOfTheEndpoint() throws Exception {
		Matcher example = EXAMPLE.matcher(Files.readString(Path.of("../docs/routing.md")));
		assertThat(example.find()).isTrue();
		JsonNode documented = JsonMapper.shared().readTree(example.group(1));
		JsonNode described = JsonMapper.shared().valueToTree(describe());
		assertThat(documented.propertyNames()).containsExactlyElementsOf(described.propertyNames());
		assertFields(documented, described, "");
	}

	private static void assertFields(JsonNode documented, JsonNode described, String path) {
		assertThat(documented.getNodeType()).as(path).isEqualTo(described.getNodeType());
		documented.properties().forEach((field) -> {
			String name = path + "/" + field.getKey();
			assertThat(described.has(field.getKey())).as(name).isTrue();
			assertFields(field.getValue(), described.get(field.getKey()), name);
		});
		for (int i = 0; documented.isArray() && i < documented.size(); i++) {
			assertFields(documented.get(i), described.get(i), path + "/" + i);
		}
	}

	private static Map<String, Object> describe() {
		JudgeSettings judge = new JudgeSettings("kind", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN,
				0.05, JudgeSettings.Action.ALERT);
		TokenSavingTestChain chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(RouteSettings.builder("nano", Tier.OWN)
				.mode(RouteMode.ACTIVE)
				.classifier(RouteSettings.RULES)
				.rules(List.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, "nano")))
				.cascade(new CascadeSettings(List.of(CascadeSettings.REFUSAL), 1, 1, StreamMode.PREFIX))
				.judge(judge)
				.build())
			.build());
		PRICES.forEach(chain::price);
		ScriptedChatModel small = RouteAdvisorTests.model("small-model", (prompt) -> "from small");
		ScriptedChatModel large = RouteAdvisorTests.model("large-model", (prompt) -> "from large");
		Tiers tiers = new Tiers(List.of(new Tier("nano", small, null, Tier.Limits.NONE, "nano-1")));
		GradedJudge kind = (answers) -> new GradedJudge.Verdict(GradedJudge.Grade.SAME, GradedJudge.Reason.NONE, null,
				TokenUsage.ZERO);
		try (RouteLog log = RouteLog.builder().sinks(List.of(new NoSink())).build();
				RouteAdvisor advisor = RouteAdvisor.builder()
					.tiers(() -> tiers)
					.judges(() -> Map.of("kind", kind))
					.log(log)
					.prices(new PriceTable(PRICES))
					.statistics(chain.statistics())
					.chance(() -> 0)
					.build()) {
			ChatClient client = chain.client(large, advisor, new TierModelAdvisor());
			for (String question : List.of("easy", "hard")) {
				client.prompt(question).advisors(TokenSaving.plan("support-bot").task(question)).call().content();
				chain.statistics().tasks().report(question, true);
			}
			Eventually.await(() -> log.newest(PLAN, 2).get(1).judged() != null);
			return advisor.describe(PLAN);
		}
	}

	private static final class NoSink implements RouteSink {

		@Override
		public String name() {
			return "none";
		}

		@Override
		public void write(List<RouteLine> lines) {
		}

	}

}
