package io.tokensaving.route;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.tokensaving.Counter;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RouteFeature}.
 */
class RouteFeatureTests {

	private static final Tiers TIERS = new Tiers(List.of(new Tier("nano", null, "a", Tier.Limits.NONE, "a"),
			new Tier("mid", null, "b", Tier.Limits.NONE, "b")));

	private final AtomicInteger asked = new AtomicInteger();

	private final RouteFeature feature = new RouteFeature(() -> count(TIERS), () -> count(Set.of("learned", "mine")),
			() -> count(Set.of("schema", "polite")), () -> count(Set.of("llm", "strict")),
			RouteFeatureTests::noAdvisor);

	private static RouteAdvisor noAdvisor() {
		throw new IllegalStateException("There is no advisor");
	}

	private <T> T count(T value) {
		this.asked.incrementAndGet();
		return value;
	}

	@Test
	void takesWhatThereIs() {
		check("nano", "mid", "own").accept((route) -> route.classifier("mine")
			.cascade(new CascadeSettings(List.of("polite", "schema"), 1, 1, StreamMode.NONE))
			.judge(judge("strict", "nano")));
		check("own", "nano").accept((route) -> route.judge(judge("llm", "own")));
	}

	@Test
	void asksForNothingUnlessAPlanRoutes() {
		assertThat(this.feature.name()).isEqualTo("route");
		assertThat(this.feature.section().name()).isEqualTo("route");
		this.feature.check(Plan.builder("p").build());
		this.feature.load(Plan.builder("p").build());
		assertThat(this.asked).hasValue(0);
	}

	@Test
	void namesWhatThereIsNot() {
		refuse("route.tiers[1]", "big", "one of 'mid', 'nano', 'own'. Other tiers are defined by 'token-saving.tiers.",
				() -> RouteSettings.builder("nano", "big"));
		refuse("route.judge.tier", "big", "one of 'mid', 'nano', 'own'",
				() -> RouteSettings.builder("nano", "own").judge(judge("llm", "big")));
		refuse("route.classifier", "fixed",
				"one of 'learned', 'mine'. A classifier of your own is a RouteClassifier bean",
				() -> RouteSettings.builder("nano", "own").classifier("fixed"));
		refuse("route.cascade.checks[1]", "finish", "one of 'polite', 'schema'",
				() -> RouteSettings.builder("nano", "own")
					.cascade(new CascadeSettings(List.of("schema", "finish"), 1, 1, StreamMode.NONE)));
		refuse("route.judge.name", "lenient", "one of 'llm', 'strict'",
				() -> RouteSettings.builder("nano", "own").judge(judge("lenient", null)));
	}

	@Test
	void whatIsOffIsCheckedToo() {
		refuse("route.tiers[0]", "big", "one of 'mid', 'nano', 'own'",
				() -> RouteSettings.builder("big").mode(RouteMode.OFF));
	}

	@Test
	void withoutTiersThereIsTheOwnModelOnly() {
		RouteFeature alone = new RouteFeature(() -> Tiers.NONE, () -> RouteSettings.CLASSIFIERS,
				() -> CascadeSettings.CHECKS, () -> List.of(JudgeSettings.LLM), RouteFeatureTests::noAdvisor);
		alone.check(plan(RouteSettings.builder().mode(RouteMode.OFF)));
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> alone.check(plan(RouteSettings.builder("own", "nano"))))
			.satisfies((ex) -> assertThat(ex.getAccepted()).startsWith("one of 'own'. "));
	}

	@Test
	void countsWhatHappens() {
		assertThat(this.feature.counters()).extracting(Counter::dimension)
			.containsExactly("tier", "reason", null, null, "check", "tier", "option", "verdict");
		assertThat(this.feature.counters()).extracting(Counter::name)
			.allSatisfy((name) -> assertThat(name).startsWith("route_"))
			.doesNotHaveDuplicates();
		assertThat(this.feature.techniques()).singleElement().hasToString("routing");
		assertThat(this.feature.components()).extracting(Object::toString).containsExactly("route", "route_log");
	}

	private Consumer<Consumer<RouteSettings.Builder>> check(String... tiers) {
		return (change) -> {
			RouteSettings.Builder builder = RouteSettings.builder(tiers);
			change.accept(builder);
			this.feature.check(plan(builder));
		};
	}

	private void refuse(String field, String value, String accepted, Supplier<RouteSettings.Builder> settings) {
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> this.feature.check(plan(settings.get())))
			.satisfies((ex) -> {
				assertThat(ex.getField()).isEqualTo(field);
				assertThat(ex.getValue()).isEqualTo(value);
				assertThat(ex.getAccepted()).startsWith(accepted);
			});
	}

	private static Plan plan(RouteSettings.Builder settings) {
		return Plan.builder("p").with(settings.build()).build();
	}

	private static JudgeSettings judge(String name, String tier) {
		JudgeSettings defaults = JudgeSettings.DEFAULTS;
		return new JudgeSettings(name, tier, defaults.method(), defaults.sampleRate(), defaults.usdPerDay(),
				defaults.maxWorseRate(), defaults.action());
	}

}
