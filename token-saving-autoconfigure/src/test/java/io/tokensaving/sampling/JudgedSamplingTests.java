package io.tokensaving.sampling;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallerContext;
import io.tokensaving.sampling.AdaptiveRate.Rate;
import io.tokensaving.sampling.GradedJudge.Grade;
import io.tokensaving.sampling.GradedJudge.Reason;
import io.tokensaving.sampling.GradedJudge.Verdict;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JudgedSampling}.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class JudgedSamplingTests {

	private static final PlanKey PLAN = new PlanKey("default", "p");

	private static final QualityKey KEY = new QualityKey("nano", "triage");

	private static final String CANARY = "canary-c0ffee";

	private static final TokenUsage PRICE = new TokenUsage(1000, 0, 0, 0, false);

	private static final Component JUDGING = Component.of("judging", "Judging an answer");

	private static final QualitySlot SLOT = new QualitySlot("routing_quality", "route_quality_", "route", "routing",
			true);

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final PriceTable prices = new PriceTable(
			List.of(new ModelPrice("judge-model", BigDecimal.ONE, BigDecimal.ONE, null, null),
					new ModelPrice("scripted-model", BigDecimal.ONE, BigDecimal.ONE, null, null)));

	private final JudgeBudget budget = new JudgeBudget(Clock.systemUTC(), this.prices);

	private final AtomicLong ticks = new AtomicLong();

	private final List<JudgedSampling.Judged> judged = new CopyOnWriteArrayList<>();

	private final CountDownLatch release = new CountDownLatch(1);

	private final List<JudgedSampling> samplings = new ArrayList<>();

	private volatile Runnable whenPaid = () -> {
	};

	private volatile Runnable whenJudged = () -> {
	};

	private volatile Runnable whenFailed = () -> {
	};

	@AfterEach
	void close() {
		this.release.countDown();
		this.samplings.forEach(JudgedSampling::close);
	}

	private JudgedSampling sampling(Duration deadline, DoubleSupplier chance) {
		JudgedSampling sampling = new JudgedSampling(deadline, this.ticks::get, chance, this.budget, listener());
		this.samplings.add(sampling);
		return sampling;
	}

	private JudgedSampling.Listener listener() {
		return new JudgedSampling.Listener() {

			@Override
			public QualityMonitors monitors(PlanKey plan) {
				return JudgedSamplingTests.this.statistics.plan(plan).state(SLOT);
			}

			@Override
			public void paid(PlanKey plan, String model, TokenUsage usage) {
				JudgedSamplingTests.this.statistics.plan(plan)
					.recordOverhead(model, usage, JudgedSamplingTests.this.prices);
				JudgedSamplingTests.this.whenPaid.run();
			}

			@Override
			public void judged(JudgedSampling.Sample sample, JudgedSampling.Judged result) {
				JudgedSamplingTests.this.judged.add(result);
				JudgedSamplingTests.this.whenJudged.run();
			}

			@Override
			public void failed(PlanKey plan, Throwable failure) {
				JudgedSamplingTests.this.statistics.recordError(JUDGING, plan, failure);
				JudgedSamplingTests.this.whenFailed.run();
			}

		};
	}

	private JudgedSampling sampling() {
		return sampling(Duration.ofHours(1), () -> 0.5);
	}

	private static JudgedSampling.Terms terms(GradedJudge judge, String usdPerDay) {
		return new JudgedSampling.Terms(judge, "scripted", 0.05, 0.1,
				(usdPerDay != null) ? new BigDecimal(usdPerDay) : null, null);
	}

	private static JudgedSampling.Sample sample(JudgedSampling.Terms terms, JudgedText answer, JudgedText reference) {
		return new JudgedSampling.Sample(PLAN, KEY, Rate.ALWAYS, terms, "question " + CANARY, answer, reference, null);
	}

	private static JudgedSampling.Sample sample(GradedJudge judge) {
		return sample(terms(judge, "1"), text("answer " + CANARY), text("reference " + CANARY));
	}

	private static JudgedText text(String text) {
		return JudgedText.of(ScriptedChatModel.answer(text));
	}

	private static GradedJudge saying(Grade grade) {
		return (answers) -> new Verdict(grade, Reason.WRONG, "judge-model", PRICE);
	}

	private QualityFigures figures() {
		return this.statistics.plan(PLAN).state(SLOT).snapshot();
	}

	private long lost(NotJudged reason) {
		return figures().notJudged().get(reason);
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void awaitIdle(JudgedSampling sampling) {
		Eventually.await(() -> sampling.sampler().plans() == 0);
	}

	@Test
	void judgesInTheBackgroundAndChargesWhatItCosts() {
		JudgedSampling sampling = sampling();
		ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("fresh"));
		Prompt prompt = new Prompt("What?");
		JudgedText bought = JudgedText.bought(prompt, (cutOff) -> model.call(prompt), (answer) -> true,
				new TokenCounter(), () -> null);
		assertThat(
				sampling.sample(sample(terms(saying(Grade.WORSE), "1"), text("given"), bought), CallerContext::capture))
			.isTrue();
		awaitIdle(sampling);
		assertThat(this.judged).containsExactly(new JudgedSampling.Judged(Grade.WORSE, Reason.WRONG, null));
		assertThat(figures().byTier().get("nano").worse()).isEqualTo(1);
		assertThat(model.calls()).isEqualTo(1);
		assertThat(this.statistics.plan(PLAN).snapshot().overheadTokens()).isEqualTo(1120);
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.00112");
		assertThat(figures().lost()).isZero();
	}

	@Test
	void takesTheShareOfTheDecision() {
		SplittableRandom random = new SplittableRandom(3);
		JudgedSampling sampling = sampling(Duration.ofHours(1), random::nextDouble);
		int taken = 0;
		for (int i = 0; i < 5000; i++) {
			JudgedSampling.Sample sample = new JudgedSampling.Sample(PLAN, KEY, new Rate(0.02, 0, false),
					terms(saying(Grade.SAME), null), "q", text("a"), text("a"), null);
			if (sampling.sample(sample, CallerContext::capture)) {
				taken++;
				awaitIdle(sampling);
				this.ticks.addAndGet(Duration.ofMinutes(1).toNanos());
			}
		}
		assertThat(taken).isBetween(70, 130);
		QualityCounts counts = figures().total();
		assertThat(counts.judged()).isEqualTo(taken);
		assertThat(counts.weight()).isEqualTo(taken * 50_000L);
	}

	@Test
	void samplesOfTwoKindsOfAPlanTakeTurnsAndNoneIsLost() throws InterruptedException {
		JudgedSampling first = sampling();
		JudgedSampling second = new JudgedSampling(first, listener());
		CountDownLatch judging = new CountDownLatch(1);
		first.sample(sample((answers) -> {
			judging.countDown();
			await(this.release);
			return new Verdict(Grade.SAME, Reason.NONE, "judge-model", PRICE);
		}), CallerContext::capture);
		assertThat(judging.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(second.sample(sample(saying(Grade.WORSE)), CallerContext::capture)).isTrue();
		assertThat(second.isIdle()).isFalse();
		this.release.countDown();
		awaitIdle(first);
		awaitIdle(second);
		assertThat(this.judged).extracting(JudgedSampling.Judged::grade).containsExactly(Grade.SAME, Grade.WORSE);
		assertThat(figures().lost()).isZero();
		// The limit of a minute is that of both
		for (int i = 2; i < Sampler.MAX_PER_MINUTE; i++) {
			JudgedSampling sampling = (i % 2 == 0) ? first : second;
			assertThat(sampling.sample(sample(saying(Grade.SAME)), CallerContext::capture)).isTrue();
			awaitIdle(sampling);
		}
		assertThat(second.sample(sample(saying(Grade.SAME)), CallerContext::capture)).isFalse();
		assertThat(lost(NotJudged.OVER_LIMIT)).isEqualTo(1);
	}

	@Test
	void whatIsLostIsToldToTheKindThatLosesIt() throws InterruptedException {
		JudgedSampling first = sampling();
		QualityMonitors own = new QualityMonitors();
		JudgedSampling second = new JudgedSampling(first, new JudgedSampling.Listener() {

			@Override
			public QualityMonitors monitors(PlanKey plan) {
				return own;
			}

			@Override
			public void paid(PlanKey plan, String model, TokenUsage usage) {
			}

			@Override
			public void judged(JudgedSampling.Sample sample, JudgedSampling.Judged result) {
			}

			@Override
			public void failed(PlanKey plan, Throwable failure) {
			}

		});
		CountDownLatch judging = new CountDownLatch(1);
		first.sample(sample((answers) -> {
			judging.countDown();
			await(this.release);
			return new Verdict(Grade.SAME, Reason.NONE, "judge-model", PRICE);
		}), CallerContext::capture);
		assertThat(judging.await(10, TimeUnit.SECONDS)).isTrue();
		for (int i = 0; i < SampleQueue.MAX_WAITING + 3; i++) {
			second.sample(sample(saying(Grade.SAME)), CallerContext::capture);
		}
		assertThat(own.snapshot().notJudged().get(NotJudged.QUEUE_FULL)).isEqualTo(3);
		assertThat(figures().lost()).isZero();
	}

	@Test
	void paysNoJudgeForEqualTexts() {
		JudgedSampling sampling = sampling();
		sampling.sample(sample(terms((answers) -> {
			throw new AssertionError("must not be asked");
		}, "1"), text("the same"), text("the same")), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(this.judged).containsExactly(new JudgedSampling.Judged(Grade.SAME, Reason.NONE, null));
		assertThat(this.budget.spentUsd(PLAN)).isZero();
	}

	@Test
	void asksInBothOrdersForTheCalibrationShareAndCountsOnlyWhatAgrees() {
		JudgedSampling sampling = sampling(Duration.ofHours(1), () -> 0);
		List<Boolean> orders = new CopyOnWriteArrayList<>();
		sampling.sample(sample((answers) -> {
			orders.add(answers.referenceFirst());
			return new Verdict(answers.referenceFirst() ? Grade.WORSE : Grade.BETTER, Reason.WRONG, "judge-model",
					PRICE);
		}), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(orders).containsExactly(false, true);
		assertThat(this.judged).containsExactly(new JudgedSampling.Judged(Grade.SAME, Reason.OTHER, null));
		assertThat(figures().positionBias()).isEqualTo(new PositionBias(1, 1, 2, 0, 0, 1));
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.002");
	}

	@Test
	void showsAnAnswerWhereTheJudgePrefersItSoThatBiasRaisesNoAlarm() {
		List<Boolean> orders = new CopyOnWriteArrayList<>();
		GradedJudge judge = (answers) -> {
			orders.add(answers.referenceFirst());
			return new Verdict(Grade.SAME, Reason.NONE, null, TokenUsage.ZERO);
		};
		JudgedSampling sampling = sampling();
		sampling.sample(sample(judge), CallerContext::capture);
		awaitIdle(sampling);
		for (int i = 0; i < 30; i++) {
			this.statistics.plan(PLAN).state(SLOT).compared(PositionBias.of(Grade.WORSE, Grade.BETTER));
		}
		sampling.sample(sample(judge), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(orders).containsExactly(false, true);
	}

	@ParameterizedTest
	@CsvSource({ "BETTER, BETTER, BETTER", "BETTER, SAME, SAME", "BETTER, WORSE, SAME", "BETTER, UNUSABLE, SAME" })
	void anAnswerThatSeemsBetterIsComparedInTheOtherOrderToo(Grade shownFirst, Grade shownSecond, Grade counted) {
		List<Boolean> orders = new CopyOnWriteArrayList<>();
		JudgedSampling sampling = sampling();
		sampling.sample(sample((answers) -> {
			orders.add(answers.referenceFirst());
			return new Verdict(answers.referenceFirst() ? shownSecond : shownFirst, Reason.NONE, "judge-model", PRICE);
		}), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(orders).containsExactly(false, true);
		assertThat(this.judged).extracting(JudgedSampling.Judged::grade).containsExactly(counted);
		assertThat(figures().positionBias()).as("a second order that the verdict has asked for says nothing of it")
			.isEqualTo(PositionBias.UNKNOWN);
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.002");
	}

	@Test
	void judgesAnAnswerAloneByARubric() {
		JudgedSampling sampling = sampling(Duration.ofHours(1), () -> 0);
		List<GradedJudge.Answers> asked = new CopyOnWriteArrayList<>();
		GradedJudge judge = (answers) -> {
			asked.add(answers);
			return new Verdict(Grade.UNUSABLE, Reason.REFUSAL, "judge-model", PRICE);
		};
		sampling.sample(
				sample(new JudgedSampling.Terms(judge, "scripted", 0.05, 0.1, null, "Be brief."), text("a"), null),
				CallerContext::capture);
		awaitIdle(sampling);
		assertThat(asked).containsExactly(GradedJudge.Answers.alone("question " + CANARY, "a\n", "Be brief."));
		assertThat(this.judged).extracting(JudgedSampling.Judged::grade).containsExactly(Grade.UNUSABLE);
	}

	@Test
	void givesTheAlarmToTheFeature() {
		JudgedSampling sampling = sampling();
		for (int i = 0; i < 3; i++) {
			sampling.sample(sample(saying(Grade.WORSE)), CallerContext::capture);
			awaitIdle(sampling);
		}
		assertThat(this.judged).last().extracting((result) -> result.alarm().key()).isEqualTo(KEY);
	}

	@Test
	void aJudgeThatIsDownIsCounted(CapturedOutput output) {
		JudgedSampling sampling = sampling();
		sampling.sample(sample((answers) -> {
			throw new IllegalStateException("503 for " + answers.question());
		}), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(lost(NotJudged.FAILED)).isEqualTo(1);
		assertThat(this.statistics.errors(JUDGING)).isEqualTo(1);
		assertThat(figures().total().judged()).isZero();
		assertThat(output).contains("'judging' for plan 'p'").doesNotContain(CANARY);
	}

	@Test
	void aJudgeWithoutAVerdictIsCountedAndCharged(CapturedOutput output) {
		JudgedSampling sampling = sampling();
		ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("I cannot say, " + CANARY));
		sampling.sample(sample(new ChatModelGradedJudge(model, new TokenCounter())), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(lost(NotJudged.NO_VERDICT)).isEqualTo(1);
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.00012");
		assertThat(this.statistics.plan(PLAN).snapshot().overheadTokens()).isEqualTo(120);
		assertThat(output).contains("The judge 'scripted' replied with no verdict").doesNotContain(CANARY);
		sampling.sample(sample(saying(Grade.WORSE)), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(this.statistics.plan(PLAN).snapshot().toString() + this.judged + SLOT.describe(figures()))
			.as("what is kept, and where")
			.contains("route_quality_nano,triage,worse")
			.doesNotContain(CANARY);
	}

	@Test
	void anAnswerThatCannotBeComparedIsCountedAndCharged() {
		JudgedSampling sampling = sampling();
		Prompt prompt = new Prompt("What?");
		JudgedText unfinished = JudgedText.bought(prompt, (cutOff) -> ScriptedChatModel.answer("cut"),
				(answer) -> false, new TokenCounter(), () -> null);
		sampling.sample(sample(terms(saying(Grade.SAME), "1"), text("a"), unfinished), CallerContext::capture);
		awaitIdle(sampling);
		JudgedText none = JudgedText.bought(prompt, (cutOff) -> null, (answer) -> true, new TokenCounter(), () -> null);
		sampling.sample(sample(terms(saying(Grade.SAME), "1"), none, text("a")), CallerContext::capture);
		awaitIdle(sampling);
		assertThat(lost(NotJudged.NO_ANSWER)).isEqualTo(2);
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.00012");
		assertThat(this.judged).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aJudgeThatHangsIsGivenUpAndStandsInTheWayOfTheNext(boolean listens) {
		JudgedSampling sampling = sampling(Duration.ofMillis(30), () -> 0.5);
		GradedJudge hanging = (answers) -> {
			hang(listens);
			return saying(Grade.WORSE).judge(answers);
		};
		assertThat(sampling.sample(sample(hanging), CallerContext::capture)).isTrue();
		Eventually.await(() -> lost(NotJudged.OVERDUE) == 1);
		if (listens) {
			awaitIdle(sampling);
			assertThat(this.budget.spentUsd(PLAN)).as("it may be billed").isEqualByComparingTo("0.010000000001");
			return;
		}
		assertThat(sampling.sampler().hanging()).isEqualTo(1);
		sampling.sample(sample(saying(Grade.WORSE)), CallerContext::capture);
		Eventually.await(() -> lost(NotJudged.HANGING) == 1);
		this.release.countDown();
		awaitIdle(sampling);
		assertThat(this.judged).as("too late").isEmpty();
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.011000000001");
		assertThat(this.statistics.plan(PLAN).snapshot().overheadTokens()).isEqualTo(1000);
		assertThat(
				sampling.sample(sample(terms(saying(Grade.SAME), null), text("a"), text("a")), CallerContext::capture))
			.isTrue();
		Eventually.await(() -> figures().total().judged() == 1);
	}

	@Test
	void aFullQueueIsCounted() {
		JudgedSampling sampling = sampling();
		GradedJudge slow = (answers) -> {
			hang(false);
			return saying(Grade.SAME).judge(answers);
		};
		for (int i = 0; i < SampleQueue.MAX_WAITING + 3; i++) {
			sampling.sample(sample(slow), CallerContext::capture);
		}
		assertThat(lost(NotJudged.QUEUE_FULL)).isEqualTo(2);
		this.release.countDown();
		Eventually.await(() -> figures().total().judged() == SampleQueue.MAX_WAITING + 1);
	}

	@Test
	void whatIsOverTheLimitOfTheMinuteIsCounted() {
		JudgedSampling sampling = sampling();
		for (int i = 0; i < Sampler.MAX_PER_MINUTE; i++) {
			sampling.sample(sample(terms(saying(Grade.SAME), null), text("a"), text("a")), CallerContext::capture);
			awaitIdle(sampling);
		}
		assertThat(sampling.sample(sample(saying(Grade.SAME)), CallerContext::capture)).isFalse();
		assertThat(lost(NotJudged.OVER_LIMIT)).isEqualTo(1);
	}

	@Test
	void nothingIsJudgedBeyondTheBudget() {
		JudgedSampling sampling = sampling();
		AtomicInteger captured = new AtomicInteger();
		Supplier<CallerContext> caller = () -> {
			captured.incrementAndGet();
			return CallerContext.capture();
		};
		JudgedSampling.Sample sample = sample(terms(saying(Grade.SAME), "0.0035"), text("a"), text("b"));
		for (int i = 0; i < 50; i++) {
			sampling.sample(sample, caller);
		}
		// What was queued while there was a budget finds none left
		awaitIdle(sampling);
		assertThat(sampling.sample(sample, caller)).isFalse();
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.004");
		assertThat(figures().total().judged()).isEqualTo(4);
		assertThat(figures().lost()).isEqualTo(47);
		assertThat(lost(NotJudged.OUT_OF_BUDGET)).isPositive();
		assertThat(captured.get()).isLessThanOrEqualTo(50);
	}

	@Test
	void aJudgeWithoutPriceIsBoundedInNumber() {
		JudgedSampling sampling = sampling();
		JudgedSampling.Sample sample = sample(
				terms((answers) -> new Verdict(Grade.SAME, Reason.NONE, "no-price", PRICE), "5"), text("a"), text("b"));
		int taken = 0;
		while (sampling.sample(sample, CallerContext::capture)) {
			awaitIdle(sampling);
			taken++;
			this.ticks.addAndGet(Duration.ofMinutes(1).toNanos());
		}
		assertThat(taken).isEqualTo(JudgeBudget.UNKNOWN_PARTS);
		assertThat(lost(NotJudged.OUT_OF_BUDGET)).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "caller", "answer", "reference", "judge", "paid", "judged", "failed", "chance" })
	void nothingThatFailsReachesTheRequest(String failing, CapturedOutput output) {
		for (Throwable failure : List.of(new IllegalStateException(CANARY), new StackOverflowError(CANARY),
				new IOException(CANARY), new NoClassDefFoundError(CANARY))) {
			Map<String, Runnable> failures = Map.of(failing,
					() -> JudgedSamplingTests.<RuntimeException>sneak(failure));
			Runnable nothing = () -> {
			};
			this.whenPaid = failures.getOrDefault("paid", nothing);
			this.whenJudged = failures.getOrDefault("judged", nothing);
			this.whenFailed = failures.getOrDefault("failed", nothing);
			JudgedSampling sampling = sampling(Duration.ofHours(1), () -> {
				failures.getOrDefault("chance", nothing).run();
				return 0.5;
			});
			long before = figures().lost() + figures().total().judged();
			sampling.sample(sample(terms((answers) -> {
				failures.getOrDefault("judge", nothing).run();
				failures.getOrDefault("failed", nothing).run();
				return saying(Grade.SAME).judge(answers);
			}, "1"), (overdue, payment) -> {
				failures.getOrDefault("answer", nothing).run();
				return "a";
			}, (overdue, payment) -> {
				failures.getOrDefault("reference", nothing).run();
				return "b";
			}), () -> {
				failures.getOrDefault("caller", nothing).run();
				return CallerContext.capture();
			});
			awaitIdle(sampling);
			assertThat(figures().lost() + figures().total().judged()).as("counted once").isEqualTo(before + 1);
			assertThat(figures().total().judged()).as("was judged")
				.matches((number) -> failing.equals("judged") == (number > 0));
			JudgeBudget.Judgement next = this.budget.begin(PLAN, BigDecimal.ONE);
			assertThat(next).as("the judgement was ended").isNotNull();
			next.close();
		}
		assertThat(this.statistics.errors(JUDGING)).isPositive();
		assertThat(output).doesNotContain(CANARY);
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void sneak(Throwable throwable) throws T {
		throw (T) throwable;
	}

	@Test
	void saysNothingOfTheTexts() {
		assertThat(sample(saying(Grade.SAME)).toString()).doesNotContain(CANARY).contains("nano");
	}

	@Test
	void isLostWithoutAThread() {
		JudgedSampling sampling = sampling();
		sampling.close();
		sampling.sample(sample(saying(Grade.SAME)), CallerContext::capture);
		assertThat(lost(NotJudged.FAILED)).isEqualTo(1);
	}

	private void hang(boolean listens) {
		while (this.release.getCount() > 0) {
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				if (listens) {
					throw new IllegalStateException("interrupted", ex);
				}
			}
		}
	}

}
