package io.tokensaving.autoconfigure;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanGenerator;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.SettingsDocument;
import io.tokensaving.plan.redis.RedisPlanRepository;
import io.tokensaving.route.CascadeSettings;
import io.tokensaving.route.JudgeSettings;
import io.tokensaving.route.RouteChoice;
import io.tokensaving.route.RouteClassifier;
import io.tokensaving.route.RouteMode;
import io.tokensaving.route.RouteRule;
import io.tokensaving.route.RouteSettings;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RouteConfiguration}, and the section {@code route} of plans.
 */
class RouteConfigurationTests {

	private static final String YAML = """
			token-saving:
			  plans:
			    support-bot:
			      route:
			        mode: active
			        tiers: [nano, mid, own]
			        thresholds: [0.3, 0.6]
			        max-time: 20
			        rules:
			          - { feature: triage, tier: nano }
			          - { matches: "(?i)^classify|extract", max-tokens: 400, tier: nano }
			          - tier: mid
			            min-tokens: 10000
			        require: [eu]
			        sticky: turn
			        cascade: { checks: [schema, tool_arguments], stream: none }
			        judge: { tier: mid, action: raise-tier, usd-per-day: 2.50 }
			    cheaper:
			      based-on: support-bot
			      route:
			        thresholds: []
			        rules:
			          - { tier: own, max-tokens: 5 }
			        judge: { sample-rate: 0.1 }
			    idle:
			      based-on: support-bot
			      route: { mode: off, rules: [] }
			""";

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing)
		.withBean(Tiers.class, PlanGenerator::tiers);

	private static PropertySource<?> yaml(String text) throws Exception {
		return new YamlPropertySourceLoader()
			.load("plans", new ByteArrayResource(text.getBytes(StandardCharsets.UTF_8)))
			.get(0);
	}

	@Test
	void readsWhatYamlSays() throws Exception {
		PropertySource<?> source = yaml(YAML);
		this.contextRunner.withInitializer((context) -> context.getEnvironment().getPropertySources().addFirst(source))
			.run((context) -> {
				PlanRepository plans = context.getBean(PlanRepository.class);
				RouteSettings route = route(plans, "support-bot");
				assertThat(route.mode()).isEqualTo(RouteMode.ACTIVE);
				assertThat(route.tiers()).containsExactly("nano", "mid", "own");
				assertThat(route.defaultTier()).isEqualTo("own");
				assertThat(route.thresholds()).containsExactly(0.3, 0.6);
				assertThat(route.maxTime()).hasMillis(20);
				assertThat(route.rules()).containsExactly(new RouteRule("triage", null, 0, 0, "nano"),
						new RouteRule(null, Pattern.compile("(?i)^classify|extract"), 0, 400, "nano"),
						new RouteRule(null, null, 10_000, 0, "mid"));
				assertThat(route.require()).containsExactly("eu");
				assertThat(route.sticky()).isEqualTo(RouteSettings.Sticky.TURN);
				assertThat(route.cascade())
					.isEqualTo(new CascadeSettings(List.of("schema", "tool_arguments"), 1, 1, StreamMode.NONE));
				assertThat(route.judge().tier()).isEqualTo("mid");
				assertThat(route.judge().action()).isEqualTo(JudgeSettings.Action.RAISE_TIER);
				assertThat(route.judge().usdPerDay()).isEqualTo("2.5");
				RouteSettings cheaper = route(plans, "cheaper");
				assertThat(cheaper.rules()).containsExactly(new RouteRule(null, null, 0, 5, "own"));
				assertThat(cheaper.thresholds()).isEmpty();
				assertThat(cheaper.cascade()).isEqualTo(route.cascade());
				assertThat(cheaper.judge().sampleRate()).isEqualTo(0.1);
				assertThat(cheaper.judge().action()).isEqualTo(JudgeSettings.Action.RAISE_TIER);
				assertThat(route(plans, "idle").mode()).isEqualTo(RouteMode.OFF);
				assertThat(route(plans, "idle").rules()).isEmpty();
			});
	}

	private static RouteSettings route(PlanRepository plans, String plan) {
		return plans.find("default", plan).settings(RouteSettings.class);
	}

	@Test
	void aClassifierOfTheApplicationIsSelectedByItsName() {
		ApplicationContextRunner named = this.contextRunner.withPropertyValues(
				"token-saving.plans.a.route.tiers=nano,own", "token-saving.plans.a.route.classifier=mine");
		named
			.withBean("mine", RouteClassifier.class,
					() -> (request, settings) -> RouteChoice.of(request.defaultTier(), "because"))
			.run((context) -> assertThat(route(context.getBean(PlanRepository.class), "a").classifier())
				.isEqualTo("mine"));
		named.run((context) -> assertThat(context).hasFailed()
			.getFailure()
			.rootCause()
			.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
				assertThat(ex.getName()).isEqualTo("token-saving.plans.a.route.classifier");
				assertThat(ex.getReason()).contains("one of 'fixed', 'heuristic', 'learned', 'rules'");
			}));
	}

	@Test
	void withoutTiersAPlanThatRoutesIsRefused() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
			.withPropertyValues("token-saving.plans.a.route.tiers=nano,own")
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.plans.a.route.tiers[0]");
					assertThat(ex.getReason()).contains("one of 'own'").contains("token-saving.tiers.<name>");
				}));
	}

	@ParameterizedTest
	@ValueSource(strings = { "thresholds: ['', 0.5]", "thresholds: [~, 0.5]", "tiers: [nano, '']", "tiers: [nano, ~]",
			"rules: [{tier: ''}]", "rules: [{tier: ~}]", "rules: [~]", "rules: [{}]", "rules: [nano]", "rules: nano",
			"rules: {tier: nano}", "cascade: {checks: [~]}", "require: ['']", "judge: x",
			"rules: [{tier: nano, min-tokens: 1.5}]", "rules: [{tier: nano, matches: '['}]" })
	void anApplicationWithAPlanThatIsWrongDoesNotStart(String wrong) throws Exception {
		String tiers = wrong.startsWith("tiers") ? "" : "\n        tiers: [nano, mid, own]";
		PropertySource<?> source = yaml(
				"token-saving:\n  plans:\n    a:\n      route:\n        " + wrong + tiers + "\n");
		this.contextRunner.withInitializer((context) -> context.getEnvironment().getPropertySources().addFirst(source))
			.run((context) -> {
				assertThat(context).hasFailed();
				StringBuilder messages = new StringBuilder();
				for (Throwable cause = context.getStartupFailure(); cause != null; cause = cause.getCause()) {
					assertThat(cause).isNotInstanceOf(NullPointerException.class);
					messages.append(cause);
				}
				assertThat(messages).contains("token-saving.plans.a.route." + wrong.substring(0, wrong.indexOf(':')));
			});
	}

	@Test
	void storedPlansAreTheSameInAnotherInstance() {
		PlanGenerator generator = new PlanGenerator(7);
		List<Plan> generated = new ArrayList<>();
		for (int i = 0; i < 60; i++) {
			Plan plan = generator.plan("p" + i);
			if (plan.settings(RouteSettings.class) != null) {
				generated.add(plan);
			}
		}
		assertThat(generated).anySatisfy((plan) -> assertThat(plan.settings(RouteSettings.class).rules()).hasSize(100));
		try (RedisTestServer server = RedisTestServer.start()) {
			ApplicationContextRunner instance = this.contextRunner
				.withConfiguration(AutoConfigurations.of(TokenSavingRedisPlansAutoConfiguration.class,
						DataRedisAutoConfiguration.class))
				.withBean("cheap", ChatModel.class, ScriptedChatModel::echoing)
				.withPropertyValues("spring.data.redis.host=" + server.host(),
						"spring.data.redis.port=" + server.port(), "token-saving.plan-repository=redis");
			instance.run((context) -> {
				MutablePlanRepository plans = context.getBean(RedisPlanRepository.class);
				for (Plan plan : generated) {
					plans.create("default", plan.id(), SettingsDocument.of(plan).asMap());
				}
				plans.update("default", generated.get(0).id(),
						Map.of("route", Map.of("rules", List.of(Map.of("tier", "nano", "max_tokens", 7)))), null);
				assertThatExceptionOfType(InvalidPlanException.class)
					.isThrownBy(() -> plans.update("default", generated.get(0).id(),
							Map.of("route.rules", List.of(Map.of("tier", "nano"), Map.of("tiers", "nano"))), null))
					.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("route.rules[1].tiers"));
			});
			instance.run((context) -> {
				MutablePlanRepository plans = context.getBean(RedisPlanRepository.class);
				assertThat(route(plans, generated.get(0).id()).rules())
					.containsExactly(new RouteRule(null, null, 0, 7, "nano"));
				for (Plan plan : generated.subList(1, generated.size())) {
					assertThat(plans.find("default", plan.id()).settings()).isEqualTo(plan.settings());
					assertThat(plans.findStored("default", plan.id()).settings())
						.isEqualTo(SettingsDocument.of(plan).asMap());
				}
			});
		}
	}

}
