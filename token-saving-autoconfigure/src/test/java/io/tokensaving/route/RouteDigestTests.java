package io.tokensaving.route;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.provider.Dialects;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RouteDigest}.
 */
class RouteDigestTests {

	private final RouteDigest digests = new RouteDigest(Dialects.builtIn());

	@Property(tries = 2000)
	void isTheSameForEqualSettingsOnly(@ForAll("settings") RouteSettings one, @ForAll("settings") RouteSettings other) {
		Tiers tiers = tiers("1");
		assertThat(this.digests.of(one, tiers).equals(this.digests.of(other, tiers))).isEqualTo(one.equals(other));
	}

	@Property(tries = 200)
	void changesWithTheTiersThatThePlanNames(@ForAll("settings") RouteSettings settings) {
		assertThat(new RouteDigest(Dialects.builtIn()).of(settings, tiers("1")))
			.isNotEqualTo(new RouteDigest(Dialects.builtIn()).of(settings, tiers("2")))
			.isEqualTo(new RouteDigest(Dialects.builtIn()).of(settings, tiers("1")));
	}

	@Example
	void doesNotChangeWithOtherTiers() {
		RouteSettings settings = RouteSettings.builder("a", Tier.OWN).build();
		Tiers more = new Tiers(List.of(tier("a", "1"), tier("z", "1")));
		assertThat(new RouteDigest(Dialects.builtIn()).of(settings, tiers("1")))
			.isEqualTo(new RouteDigest(Dialects.builtIn()).of(settings, more));
	}

	@Example
	void changesWithWhatTheBeanOfATierAnswersWithNow() {
		RouteSettings settings = RouteSettings.builder("a", Tier.OWN).build();
		for (String model : Arrays.asList(null, "model")) {
			ScriptedChatModel bean = ScriptedChatModel.echoing();
			Tiers tiers = new Tiers(List.of(new Tier("a", bean, model, Tier.Limits.NONE, "1")));
			Set<String> seen = new HashSet<>();
			for (OpenAiChatOptions options : List.of(OpenAiChatOptions.builder().model("one").build(),
					OpenAiChatOptions.builder().model("two").build(),
					OpenAiChatOptions.builder().model("two").temperature(0.1).build(),
					OpenAiChatOptions.builder().model("two").temperature(0.1).seed(1).build())) {
				bean.options(options);
				String digest = this.digests.of(settings, tiers);
				assertThat(seen.add(digest)).as(digest).isTrue();
				bean.options(options.mutate().apiKey("other").build());
				assertThat(this.digests.of(settings, tiers)).isEqualTo(digest);
			}
		}
	}

	@Example
	void isThereWhileAModelCannotBeCreated() {
		RouteSettings settings = RouteSettings.builder("a", Tier.OWN).build();
		List<ChatOptions> options = new ArrayList<>();
		ScriptedChatModel bean = new ScriptedChatModel((prompt) -> null) {

			@Override
			public ChatOptions getOptions() {
				return options.get(0);
			}

		};
		Tiers tiers = new Tiers(List.of(new Tier("a", bean, null, Tier.Limits.NONE, "1")));
		String before = this.digests.of(settings, tiers);
		options.add(ChatOptions.builder().model("one").build());
		assertThat(this.digests.of(settings, tiers)).isNotEqualTo(before);
	}

	private static Tiers tiers(String version) {
		return new Tiers(List.of(tier("a", version), tier("b", version), tier("c", version)));
	}

	private static Tier tier(String name, String version) {
		return new Tier(name, null, "model", Tier.Limits.NONE, name + version);
	}

	@Provide
	Arbitrary<RouteSettings> settings() {
		Arbitrary<List<String>> tiers = Arbitraries.of("a", "b", "c").set().ofMinSize(2).map(List::copyOf);
		Arbitrary<RouteRule> rule = Combinators.combine(Arbitraries.of("x", "y").injectNull(0.5),
				Arbitraries.of("one", "two").map(Pattern::compile).injectNull(0.5), Arbitraries.longs().between(0, 2))
			.as((feature, pattern, tokens) -> new RouteRule(feature, pattern, tokens, 0, "a"));
		return Combinators
			.combine(tiers, Arbitraries.of(RouteMode.SHADOW, RouteMode.ACTIVE), Arbitraries.of("rules", "heuristic"),
					Arbitraries.of(0.9, 0.95), rule.list().ofMaxSize(2), Arbitraries.of("eu", "us").set().ofMaxSize(1),
					Arbitraries.of(RouteSettings.Sticky.values()),
					Arbitraries.of("refusal", "schema").set().ofMaxSize(2))
			.as(RouteDigestTests::settings);
	}

	private static RouteSettings settings(List<String> tiers, RouteMode mode, String classifier, double quality,
			List<RouteRule> rules, Set<String> require, RouteSettings.Sticky sticky, Set<String> checks) {
		List<RouteRule> known = rules.stream()
			.map((rule) -> new RouteRule(rule.feature(), rule.matches(), rule.minTokens(), rule.maxTokens(),
					tiers.get(0)))
			.toList();
		return RouteSettings.builder(tiers.toArray(String[]::new))
			.mode(mode)
			.classifier(classifier)
			.minQuality(quality)
			.maxTime(Duration.ofMillis(20))
			.rules(known)
			.require(require)
			.sticky(sticky)
			.cascade(new CascadeSettings(List.copyOf(checks), 1, 1, StreamMode.PREFIX))
			.build();
	}

}
