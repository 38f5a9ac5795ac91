package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

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
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.QualityMonitors;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Very many routed requests leave nothing behind but what is bounded. The build makes a
 * few; {@code -Dtoken-saving.routing.calls=100000} as many as that, in all ways together,
 * and prints what is left of them.
 */
@Timeout(1200)
class RouteEnduranceTests {

	private static final int CALLS = Integer.getInteger("token-saving.routing.calls", 2000);

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private static final PriceTable PRICES = new PriceTable(List.of(SMALL, LARGE));

	private final ScriptedChatModel small = RouteAdvisorTests.model("small-model",
			(prompt) -> prompt.getContents().contains("impossible") ? "I'm sorry, but I can't help with that."
					: "from small " + prompt.getContents().hashCode());

	private final ScriptedChatModel large = RouteAdvisorTests.model("large-model",
			(prompt) -> "from large " + prompt.getContents().hashCode());

	private final RouteLog log = RouteLog.builder().capacity(1000).build();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private TokenSavingTestChain chain = new TokenSavingTestChain();

	private RouteAdvisor advisor;

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	private static RouteSettings.Builder settings(String classifier) {
		return RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.classifier(classifier)
			// However busy the machine is
			.maxTime(Duration.ofSeconds(5))
			.judge(new JudgeSettings("judge", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN, 0.9,
					JudgeSettings.Action.ALERT));
	}

	private ChatClient client() {
		CascadeSettings cascade = new CascadeSettings(List.of("finish", "refusal", "schema"), 1, 1, StreamMode.PREFIX);
		this.chain = new TokenSavingTestChain(Plan.builder("heuristic").with(settings("heuristic").build()).build(),
				Plan.builder("learned").with(settings("learned").mode(RouteMode.SHADOW).build()).build(),
				Plan.builder("cascade").with(settings("fixed").cascade(cascade).build()).build())
			.price(SMALL)
			.price(LARGE);
		Tiers tiers = new Tiers(List.of(new Tier("small", this.small, null, Tier.Limits.NONE, "small-1")));
		LearnedClassifier learned = new LearnedClassifier(null);
		GradedJudge judge = (answers) -> new GradedJudge.Verdict(
				(answers.question().length() % 7 == 0) ? GradedJudge.Grade.WORSE : GradedJudge.Grade.SAME,
				GradedJudge.Reason.WRONG, "small-model", new TokenUsage(10, 1, 0, 0, false));
		this.advisor = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.classifiers(() -> Map.of("heuristic", new HeuristicClassifier(), "fixed", new FixedClassifier(), "learned",
					learned))
			.judges(() -> Map.of("judge", judge))
			.log(this.log)
			.prices(PRICES)
			.statistics(this.chain.statistics())
			.build();
		this.closed.addAll(List.of(this.advisor, learned));
		return this.chain.client(this.large, this.advisor, new TierModelAdvisor());
	}

	private void ask(ChatClient client, SplittableRandom random, int i) {
		String plan = List.of("heuristic", "learned", "cascade").get(i % 3);
		String question = (random.nextInt(10) == 0) ? "an impossible question " : "what is ";
		question += "number ".repeat(random.nextInt(60)) + i;
		ChatClient.ChatClientRequestSpec spec = client.prompt(question)
			.advisors(TokenSaving.plan(plan).feature("feature-" + i).task("task-" + i))
			.advisors((each) -> each.param(ChatMemory.CONVERSATION_ID, "conversation-" + random.nextInt(1 << 30)));
		String answer = (i % 2 == 0) ? spec.call().content()
				: String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(20)));
		assertThat(answer).containsAnyOf("from ", "sorry");
	}

	@Test
	void leaveNothingBehindThatGrows() {
		ChatClient client = client();
		SplittableRandom random = new SplittableRandom(7);
		long after = 0;
		for (int i = 1; i <= CALLS; i++) {
			ask(client, random, i);
			if (i == CALLS / 2) {
				Eventually.await(this.advisor::isIdle);
				after = heap();
			}
		}
		Eventually.await(this.advisor::isIdle);
		long left = heap();
		System.out.printf("heap after %d calls: %d KB, after %d calls: %d KB%n", CALLS / 2, after / 1024, CALLS,
				left / 1024);
		assertThat(left).isLessThan(after + 6_000_000);
		long decisions = 0;
		for (String plan : List.of("heuristic", "learned", "cascade")) {
			PlanKey key = new PlanKey("default", plan);
			StatisticsSnapshot stats = this.chain.statistics().plan(key).snapshot();
			decisions += stats.counts(RouteFeature.DECISIONS).values().stream().mapToLong(Long::longValue).sum();
			assertThat(stats.errors()).isZero();
			for (QualityMonitors monitors : List.of(this.chain.statistics().plan(key).state(RouteFeature.QUALITY),
					this.chain.statistics().plan(key).state(RouteFeature.EXPLORED))) {
				assertThat(monitors.snapshot().counts()).hasSizeLessThanOrEqualTo(QualityMonitors.MAX_KEYS + 17);
			}
		}
		assertThat(decisions).isEqualTo(CALLS);
	}

	private static long heap() {
		long used = Long.MAX_VALUE;
		for (int i = 0; i < 5; i++) {
			System.gc();
			used = Math.min(used, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
		}
		return used;
	}

	@Test
	void aConversationOfManyMessagesIsRoutedInTime() {
		ChatClient client = client();
		List<Message> messages = new ArrayList<>();
		for (int i = 0; i < CALLS / 2; i++) {
			messages.add(new UserMessage("question " + i));
			messages.add(AssistantMessage.builder()
				.content("answer " + i)
				.properties(Map.of(TokenSaving.TIER, (i % 2 == 0) ? "small" : Tier.OWN, "reasoningContent", "x"))
				.build());
		}
		messages.add(new UserMessage("and the last one?"));
		long start = System.nanoTime();
		for (String plan : List.of("heuristic", "learned", "cascade")) {
			for (boolean stream : List.of(false, true)) {
				ChatClient.ChatClientRequestSpec spec = client.prompt(new Prompt(messages))
					.advisors(TokenSaving.plan(plan));
				String answer = stream
						? String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(60)))
						: spec.call().content();
				assertThat(answer).containsAnyOf("from ", "sorry");
			}
		}
		long millis = (System.nanoTime() - start) / 6_000_000;
		System.out.printf("%d messages: %d ms a request%n", messages.size(), millis);
		Eventually.await(this.advisor::isIdle);
		assertThat(millis).isLessThan(10_000);
	}

}
