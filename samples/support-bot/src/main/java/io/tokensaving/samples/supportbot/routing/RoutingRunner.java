package io.tokensaving.samples.supportbot.routing;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

import io.tokensaving.TokenSaving;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.quality.KnownQuestion;
import io.tokensaving.simulator.quality.KnownQuestions;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/**
 * Asks the same questions with different plans of {@code application-routing.yml}, and
 * prints how many answers were right, which the simulator alone knows, beside what the
 * simulated providers bill and what token saving says of it.
 */
@Component
@Profile(RoutingModelsConfiguration.PROFILE)
class RoutingRunner implements ApplicationRunner {

	static final List<String> PLANS = List.of("always-strong", "always-cheap", "rules", "heuristic", "cascade");

	private static final int QUESTIONS = 300;

	private static final String INSTRUCTIONS = "You are the support bot of a small bank. Answer briefly and politely. "
			+ "If you do not know an answer, say so. ".repeat(20);

	private static final Duration JUDGED = Duration.ofSeconds(30);

	private static final Duration STANDSTILL = Duration.ofMillis(300);

	private final ChatClient chatClient;

	private final ProviderSimulator simulator;

	private final KnownQuestions questions;

	private final SavingsStatistics statistics;

	private final PrintStream out = System.out;

	RoutingRunner(ChatClient.Builder builder, ProviderSimulator simulator, KnownQuestions questions,
			SavingsStatistics statistics) {
		this.chatClient = builder.build();
		this.simulator = simulator;
		this.questions = questions;
		this.statistics = statistics;
	}

	@Override
	public void run(ApplicationArguments arguments) {
		this.out.printf("%n%-14s %8s %12s %12s %12s %12s %12s %7s %9s%n", "plan", "quality", "bill", "per success",
				"spent", "overhead", "saved", "judged", "escalated");
		for (String plan : PLANS) {
			Routed routed = ask(plan, QUESTIONS);
			this.out.printf(Locale.ROOT, "%-14s %6.1f %% %12s %12s %12s %12s %12s %,7d %,9d%n", plan,
					100.0 * routed.right() / routed.asked(), routed.billedUsd(), routed.usdPerSuccess(),
					routed.spentUsd(), routed.overheadUsd(), routed.savedUsd(), routed.judged(), routed.escalated());
		}
		this.out
			.println("Quality by the truth of the simulator, bill and cost per success as its providers bill them, in "
					+ "USD; the rest as token saving counts it. Bill = spent + overhead.");
	}

	Routed ask(String plan, int count) {
		BigDecimal billedBefore = this.simulator.bill().usd();
		StatisticsSnapshot before = figures(plan);
		int right = 0;
		for (int i = 0; i < count; i++) {
			KnownQuestion question = this.questions.get(i);
			String answer = this.chatClient.prompt()
				.system(INSTRUCTIONS)
				.user(question.text())
				.advisors(TokenSaving.plan(plan))
				.call()
				.content();
			right += (answer != null && question.isRight(answer)) ? 1 : 0;
		}
		int answered = right;
		return awaitJudges(() -> Routed.of(count, answered, this.simulator.bill().usd().subtract(billedBefore), before,
				figures(plan)));
	}

	// What is judged in the background is paid some time after; all is when nothing more
	// comes in
	private Routed awaitJudges(Supplier<Routed> current) {
		long end = System.nanoTime() + JUDGED.toNanos();
		while (true) {
			Routed before = current.get();
			LockSupport.parkNanos(STANDSTILL.toNanos());
			this.simulator.awaitIdle(JUDGED);
			Routed now = current.get();
			if ((now.isPaid() && now.equals(before)) || System.nanoTime() > end) {
				return now;
			}
		}
	}

	private StatisticsSnapshot figures(String plan) {
		return this.statistics.plan(new PlanKey("default", plan)).snapshot();
	}

	/**
	 * What came of the questions.
	 *
	 * @param asked how many were asked
	 * @param right how many answers were right
	 * @param billedUsd what the providers bill
	 * @param spentUsd what token saving says was spent on answers, also those in vain
	 * @param overheadUsd what it says was spent on judging
	 * @param savedUsd what it says was saved, net of both
	 * @param judged how many answers were judged
	 * @param escalated how many requests were asked again
	 */
	record Routed(int asked, int right, BigDecimal billedUsd, BigDecimal spentUsd, BigDecimal overheadUsd,
			BigDecimal savedUsd, long judged, long escalated) {

		private static Routed of(int asked, int right, BigDecimal billed, StatisticsSnapshot before,
				StatisticsSnapshot after) {
			return new Routed(asked, right, billed, after.spentUsd().subtract(before.spentUsd()),
					after.overheadUsd().subtract(before.overheadUsd()),
					after.costSavedUsd().subtract(before.costSavedUsd()),
					count("route_verdicts", after) - count("route_verdicts", before),
					count("route_escalations", after) - count("route_escalations", before));
		}

		private static long count(String name, StatisticsSnapshot figures) {
			return figures.counters()
				.stream()
				.filter((counter) -> counter.name().equals(name))
				.flatMap((counter) -> figures.counts(counter).values().stream())
				.mapToLong(Long::longValue)
				.sum();
		}

		boolean isPaid() {
			return this.spentUsd.add(this.overheadUsd).compareTo(this.billedUsd) == 0;
		}

		BigDecimal usdPerSuccess() {
			return this.billedUsd.divide(BigDecimal.valueOf(Math.max(1, this.right)), 8, RoundingMode.HALF_UP);
		}

	}

}
