package io.tokensaving.cache.exact;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.PlanUsages;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.prompt.ChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ExactCacheAdvice} and {@link ExactCacheWatch}, which it is based on.
 */
class ExactCacheAdviceTests {

	private static final PlanKey KEY = new PlanKey("default", "p");

	private static final ModelPrice PRICE = new ModelPrice("scripted-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private final Plan plan = Plan.builder("p").with(new CacheSettings("in_memory")).build();

	private final AtomicLong nanos = new AtomicLong();

	private final TokenSavingTestChain chain = new TokenSavingTestChain(this.plan).price(PRICE)
		.cache((builder) -> builder.ticker(this.nanos::get));

	private final PlanUsages usages = new PlanUsages(this.chain.statistics());

	@AfterEach
	void close() throws Exception {
		this.usages.close();
		this.chain.close();
	}

	private List<Advice> advice(Plan plan) {
		return ExactCacheAdvice.of(this.usages.of(KEY, plan, new PriceTable(List.of(PRICE))));
	}

	private void ask(ChatClient client, String system, String question, boolean stream) {
		ChatClient.ChatClientRequestSpec request = client.prompt()
			.system(system)
			.user(question)
			.advisors(TokenSaving.feature("triage"));
		if (stream) {
			request.stream().content().blockLast(Duration.ofSeconds(10));
		}
		else {
			request.call().content();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void promptsThatDifferInATimeOnlyAreNamed(boolean stream) {
		ChatClient client = this.chain.client(ScriptedChatModel.echoing());
		for (int i = 0; i < 10; i++) {
			ask(client, "Be brief. It is 2026-03-31T12:00:0%dZ.".formatted(i), "one", stream);
		}
		assertThat(advice(this.plan)).as("nine after the first").isEmpty();
		ask(client, "Be brief. It is Tuesday, 31 March 2026 at 13:00.", "two", stream);
		ask(client, "Be brief. It is 2026-03-31T12:00:11Z.", "one", stream);
		assertThat(advice(this.plan)).singleElement().satisfies((advice) -> {
			assertThat(advice.code()).isEqualTo("prompts_differ_in_time");
			assertThat(advice.feature()).isEqualTo("triage");
			assertThat(advice.figures()).containsEntry("requests", new Advice.Figure(10L, "requests"));
			// Ten calls, each of 100 tokens at 2 and 20 at 10 dollars per million
			assertThat(advice.costUsdPerDay()).isEqualByComparingTo("0.004");
		});
	}

	@Test
	void whatDiffersOtherwiseOrIsAskedAboutATimeIsNotCounted() {
		ChatClient client = this.chain.client(ScriptedChatModel.echoing());
		for (int i = 0; i < 12; i++) {
			ask(client, "It is 2026-03-31T12:00:%02dZ.".formatted(i), "question " + i, false);
			ask(client, "Be brief.", "What happened at 12:00:%02d?".formatted(i), false);
			ask(client, "Rule " + i, "one", false);
			// The same request again, which is a hit
			ask(client, "Rule " + i, "one", false);
		}
		assertThat(this.chain.statistics().plan(KEY).snapshot().count(ExactCacheFeature.TIME_MISSES)).isZero();
		assertThat(this.chain.statistics().plan(KEY).snapshot().errors()).isZero();
	}

	private Map<String, Long> boughtAgain(Double temperature, Function<Integer, String> answers) {
		return boughtAgain(temperature, ExactCacheWatch.APART, answers);
	}

	private Map<String, Long> boughtAgain(Double temperature, Duration apart, Function<Integer, String> answers) {
		int[] calls = new int[1];
		ScriptedChatModel model = new ScriptedChatModel(
				(prompt) -> ScriptedChatModel.answer(answers.apply(calls[0]++)));
		model.options(ChatOptions.builder().model("scripted-model").temperature(temperature).build());
		ChatClient client = this.chain.client(model);
		for (int i = 0; i < 21; i++) {
			this.nanos.addAndGet(apart.toNanos());
			// As if the one before had expired
			client.prompt("How many are there?").advisors(TokenSaving.plan("p").noCache()).call().content();
		}
		return this.chain.statistics().plan(KEY).snapshot().counts(ExactCacheFeature.BOUGHT_AGAIN);
	}

	@Test
	void answersThatChangeAreNamed() {
		assertThat(boughtAgain(null, (call) -> "There are " + call / 4 + ".")).containsOnly(Map.entry("same", 15L),
				Map.entry("changed", 5L));
		Advice advice = advice(this.plan).get(0);
		assertThat(advice.code()).isEqualTo("answers_change");
		assertThat(advice.figures()).containsEntry("changed_share", new Advice.Figure(0.25, "share"))
			.containsEntry("ttl", new Advice.Figure("1h", "duration"));
		assertThat(advice.setting()).isEqualTo(new Setting("token-saving.plans.p.cache.ttl", "30m"));
		assertThat(advice(Plan.builder("p")
			.with(CacheSettings.builder("in_memory").ttl(ExactCacheAdvice.SHORT_TTL).build())
			.build())).as("short enough").isEmpty();
	}

	@Test
	void whatIsBoughtAgainAtTheSameTimeTellsOfNoChange() {
		assertThat(boughtAgain(null, ExactCacheWatch.APART.minusNanos(1), (call) -> "There are " + call)).isEmpty();
	}

	@Test
	void otherWordsAreNoChangeUnlessTheModelIsNotFreeToVary() {
		Function<Integer, String> words = (call) -> ((call % 2 == 0) ? "There are 7 now" : "Now there are 7");
		assertThat(boughtAgain(null, words)).containsOnly(Map.entry("reworded", 20L));
		assertThat(advice(this.plan)).isEmpty();
		assertThat(boughtAgain(0.0, words)).containsEntry("changed", 20L);
		assertThat(advice(this.plan)).singleElement();
	}

}
