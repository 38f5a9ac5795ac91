package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanConflictException;
import io.tokensaving.plan.PlanRepository;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for plans that are based on others.
 */
class BasedOnPlansTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
		.withPropertyValues("token-saving.plans.base.cache.backend=in_memory", "token-saving.plans.base.cache.ttl=2h",
				"token-saving.plans.base.cache.guards=numbers,names", "token-saving.plans.base.dedup.enabled=false",
				"token-saving.plans.base.dedup.timeout=7s");

	@Test
	void settingsAreInheritedAndOverriddenOneByOne() {
		this.contextRunner
			.withPropertyValues("token-saving.plans.middle.based-on=base", "token-saving.plans.middle.cache.ttl=3h",
					"token-saving.plans.leaf.based-on=middle", "token-saving.plans.leaf.cache.guards=dates",
					"token-saving.plans.leaf.dedup.enabled=true", "token-saving.plans.same.based-on=base")
			.run((context) -> {
				PlanRepository plans = context.getBean(PlanRepository.class);
				CacheSettings base = cache(plans.find("default", "base"));
				assertThat(cache(plans.find("default", "same"))).isEqualTo(base);
				CacheSettings middle = cache(plans.find("default", "middle"));
				assertThat(middle.ttl()).isEqualTo(Duration.ofHours(3));
				assertThat(middle.guards()).isEqualTo(List.of("numbers", "names"));
				Plan leaf = plans.find("default", "leaf");
				assertThat(cache(leaf).ttl()).isEqualTo(Duration.ofHours(3));
				assertThat(cache(leaf).guards()).isEqualTo(List.of("dates"));
				assertThat(plans.find("default", "middle").settings(DedupSettings.class)).isNull();
				assertThat(leaf.settings(DedupSettings.class).timeout()).isEqualTo(Duration.ofSeconds(7));
				assertThat(base.guards()).isEqualTo(List.of("numbers", "names"));
			});
	}

	private static CacheSettings cache(Plan plan) {
		return plan.settings(CacheSettings.class);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', value = {
			"a.based-on=nobody | plans.a.based-on | nobody | 'base'",
			"a.based-on=a        | plans.a.based-on | a      | 'a' -> 'a'",
			"a.based-on=b, token-saving.plans.b.based-on=c, token-saving.plans.c.based-on=b | plans.a.based-on | b | 'a' -> 'b' -> 'c' -> 'b'",
			"a.based-on=b, token-saving.plans.b.based-on=nobody | plans.a.based-on | nobody | 'a' -> 'b' -> 'nobody'" })
	void aWrongBaseIsAnErrorThatNamesTheChain(String properties, String property, String value, String chain) {
		this.contextRunner.withPropertyValues(("token-saving.plans." + properties).split(", "))
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving." + property);
					assertThat(ex.getValue()).isEqualTo(value);
					assertThat(ex.getReason()).contains(chain);
				}));
	}

	@Test
	void aPlanThatIsCreatedAtRunTimeIsBasedOnOneOfTheConfiguration() {
		this.contextRunner.run((context) -> {
			MutablePlanRepository plans = context.getBean(MutablePlanRepository.class);
			plans.create("default", "x", Map.of("based_on", "base", "cache", Map.of("guards", List.of("dates"))));
			assertThat(cache(plans.find("default", "x")).ttl()).isEqualTo(Duration.ofHours(2));
			assertThat(cache(plans.find("default", "x")).guards()).isEqualTo(List.of("dates"));
			plans.update("default", "x", Map.of("cache", Map.of("ttl", "5h")), null);
			assertThat(cache(plans.find("default", "x")).guards()).isEqualTo(List.of("dates"));
			assertThat(cache(plans.find("default", "x")).ttl()).isEqualTo(Duration.ofHours(5));
			for (Object wrong : List.of("nobody", "x", 5, List.of("base"))) {
				assertThatExceptionOfType(InvalidPlanException.class)
					.isThrownBy(() -> plans.create("default", "y", Map.of("based_on", wrong)))
					.satisfies((ex) -> {
						assertThat(ex.getField()).isEqualTo("based-on");
						assertThat(ex.getAccepted()).contains("a plan of the configuration");
					});
			}
			assertThat(plans.find("default", "y")).isNull();
		});
	}

	@Test
	void anOverrideIsBasedOnThePlanAndItsBases() {
		this.contextRunner
			.withPropertyValues("token-saving.plans.leaf.based-on=base", "token-saving.plans.leaf.allow-override=true",
					"token-saving.plans.leaf.dedup.enabled=true", "token-saving.plans.below.based-on=leaf")
			.run((context) -> {
				MutablePlanRepository plans = context.getBean(MutablePlanRepository.class);
				Plan configured = plans.find("default", "leaf");
				plans.update("default", "leaf", Map.of("cache", Map.of("guards", List.of("dates"))), null);
				Plan overridden = plans.find("default", "leaf");
				assertThat(cache(overridden).guards()).isEqualTo(List.of("dates"));
				assertThat(cache(overridden).ttl()).isEqualTo(Duration.ofHours(2));
				assertThat(overridden.settings(DedupSettings.class).timeout()).isEqualTo(Duration.ofSeconds(7));
				assertThat(cache(plans.find("default", "below")).guards()).as("keeps to the configuration")
					.isEqualTo(List.of("numbers", "names"));
				assertThatExceptionOfType(PlanConflictException.class).as("of the plan itself only")
					.isThrownBy(() -> plans.update("default", "below", Map.of(), null))
					.withMessageContaining("token-saving.plans.below.allow-override");
				plans.delete("default", "leaf", null);
				assertThat(plans.find("default", "leaf")).isEqualTo(configured);
			});
	}

	@Test
	void whetherAPlanMayBeOverriddenIsABoolean() {
		this.contextRunner.withPropertyValues("token-saving.plans.base.allow-override=maybe")
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.rootCause()
				.hasMessageContaining("Invalid boolean value 'maybe'"));
	}

}
