package io.tokensaving.sampling;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallerContext;
import io.tokensaving.statistics.DescribedException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Has a share of the answers of a feature graded in the background, within a budget, and
 * watches their quality. Of answers that are compared, a calibration share is compared in
 * both orders; the others are shown to the judge at the place that it prefers, as far as
 * that is known, so that its bias raises no false alarm. One that is found better there
 * is compared in the other order too, so that the bias is not taken for quality. Equal
 * texts are not paid for.
 * <p>
 * A request never waits for it nor fails because of it: what is not judged is counted,
 * whatever the reason. Of each plan one answer at a time is judged. Thread-safe.
 */
public final class JudgedSampling implements AutoCloseable {

	/**
	 * The default of the share of comparisons that are made in both orders.
	 */
	public static final double DEFAULT_CALIBRATION_SHARE = 0.1;

	private static final int AT_A_TIME = 1;

	private static final Log logger = LogFactory.getLog(JudgedSampling.class);

	private final Sampler sampler;

	private final DoubleSupplier chance;

	private final JudgeBudget budget;

	private final Listener listener;

	/**
	 * Create a sampling.
	 * @param deadline how long models and judge may take for an answer together, above
	 * zero
	 * @param ticker the clock that measures the minutes of {@link Sampler#MAX_PER_MINUTE}
	 * @param chance supplies random numbers from 0 inclusive to 1 exclusive
	 * @param budget what judging may cost
	 * @param listener is told what happens
	 */
	public JudgedSampling(Duration deadline, Ticker ticker, DoubleSupplier chance, JudgeBudget budget,
			Listener listener) {
		this.sampler = new Sampler(deadline, ticker, () -> 0, AT_A_TIME, this::lost);
		this.chance = chance;
		this.budget = budget;
		this.listener = listener;
	}

	/**
	 * Create a sampling of other answers of the same plans. Both take turns: what is said
	 * of a plan holds for both together.
	 * @param other the other one, with which it shares all but the listener, and is
	 * closed
	 * @param listener is told what happens
	 */
	public JudgedSampling(JudgedSampling other, Listener listener) {
		this.sampler = other.sampler;
		this.chance = other.chance;
		this.budget = other.budget;
		this.listener = listener;
	}

	private void lost(PlanKey plan, RuntimeException reason) {
		notJudged(plan, NotJudged.of(reason), reason);
	}

	/**
	 * Have an answer judged with the probability of its decision. Returns at once and
	 * never fails.
	 * @param sample the answer
	 * @param caller supplies the context of the caller; called on the current thread, if
	 * the answer is to be judged
	 * @return whether the answer will be judged, unless that is given up later
	 */
	public boolean sample(Sample sample, Supplier<CallerContext> caller) {
		try {
			double propensity = sample.rate().propensity();
			if (propensity <= 0 || this.chance.getAsDouble() >= propensity) {
				return false;
			}
			BigDecimal usdPerDay = sample.terms().usdPerDay();
			if (usdPerDay != null && this.budget.isUsedUp(sample.plan(), usdPerDay)) {
				notJudged(sample.plan(), NotJudged.OUT_OF_BUDGET, null);
				return false;
			}
			Sampler.Choice choice = this.sampler.sample(sample.plan(), 1, caller, (overdue) -> judge(sample, overdue),
					this::lost);
			if (choice == Sampler.Choice.OVER_LIMIT) {
				notJudged(sample.plan(), NotJudged.OVER_LIMIT, null);
			}
			return choice == Sampler.Choice.TAKEN;
		}
		catch (Throwable ex) {
			notJudged(sample.plan(), NotJudged.FAILED, ex);
			return false;
		}
	}

	private void judge(Sample sample, BooleanSupplier overdue) {
		BigDecimal usdPerDay = sample.terms().usdPerDay();
		JudgeBudget.Judgement judgement = (usdPerDay != null) ? this.budget.begin(sample.plan(), usdPerDay) : null;
		if (usdPerDay != null && judgement == null) {
			boolean usedUp = this.budget.isUsedUp(sample.plan(), usdPerDay);
			notJudged(sample.plan(), usedUp ? NotJudged.OUT_OF_BUDGET : NotJudged.HANGING, null);
			return;
		}
		try (judgement) {
			judge(sample, overdue, (model, usage) -> {
				if (judgement != null) {
					judgement.paid(model, usage);
				}
				this.listener.paid(sample.plan(), model, usage);
			});
		}
		catch (NoVerdictException ex) {
			failed(sample, overdue, NotJudged.NO_VERDICT, new DescribedException(
					"The judge '%s' %s".formatted(sample.terms().judgeName(), ex.description()), ex));
		}
		catch (Throwable ex) {
			failed(sample, overdue, NotJudged.FAILED, ex);
		}
		finally {
			// What was interrupted may be billed all the same
			if (judgement != null && overdue.getAsBoolean()) {
				judgement.unknown();
			}
		}
	}

	private void judge(Sample sample, BooleanSupplier overdue, Comparison.Payment payment) {
		String answer = sample.answer().get(overdue, payment);
		JudgedText compared = sample.reference();
		String reference = (answer != null && compared != null && !overdue.getAsBoolean())
				? compared.get(overdue, payment) : null;
		if (overdue.getAsBoolean()) {
			return;
		}
		if (answer == null || (compared != null && reference == null)) {
			notJudged(sample.plan(), NotJudged.NO_ANSWER, null);
			return;
		}
		QualityMonitors monitors = this.listener.monitors(sample.plan());
		Graded graded = (reference != null) ? compare(sample, answer, reference, monitors, overdue, payment)
				: alone(sample, answer, payment);
		if (graded == null || overdue.getAsBoolean()) {
			return;
		}
		QualityAlarm alarm = monitors.record(sample.key(), graded.grade(), sample.rate(), sample.terms().limit());
		try {
			this.listener.judged(sample, new Judged(graded.grade(), graded.reason(), alarm));
		}
		catch (Throwable ex) {
			tell(sample.plan(), ex);
		}
	}

	private Graded alone(Sample sample, String answer, Comparison.Payment payment) {
		return ask(sample, GradedJudge.Answers.alone(sample.question(), answer, sample.terms().rubric()), payment);
	}

	private @Nullable Graded compare(Sample sample, String answer, String reference, QualityMonitors monitors,
			BooleanSupplier overdue, Comparison.Payment payment) {
		if (answer.equals(reference)) {
			return new Graded(GradedJudge.Grade.SAME, GradedJudge.Reason.NONE);
		}
		GradedJudge.Answers answers = GradedJudge.Answers.compared(sample.question(), answer, reference);
		if (this.chance.getAsDouble() >= sample.terms().calibrationShare()) {
			PositionBias bias = monitors.positionBias();
			boolean referenceFirst = bias.bias() + bias.margin() < 0;
			Graded graded = ask(sample, answers.withReferenceFirst(referenceFirst), payment);
			if (graded.grade() != GradedJudge.Grade.BETTER) {
				return graded;
			}
			// Says nothing of the bias, because it depends on the first verdict
			return overdue.getAsBoolean() ? null
					: agreed(graded, ask(sample, answers.withReferenceFirst(!referenceFirst), payment));
		}
		Graded shownFirst = ask(sample, answers, payment);
		if (overdue.getAsBoolean()) {
			return null;
		}
		Graded shownSecond = ask(sample, answers.withReferenceFirst(true), payment);
		if (overdue.getAsBoolean()) {
			return null;
		}
		monitors.compared(PositionBias.of(shownFirst.grade(), shownSecond.grade()));
		return agreed(shownFirst, shownSecond);
	}

	private static Graded agreed(Graded first, Graded second) {
		GradedJudge.Grade agreed = PositionBias.agreed(first.grade(), second.grade());
		if (agreed == first.grade()) {
			return first;
		}
		return (agreed == second.grade()) ? second : new Graded(agreed, GradedJudge.Reason.OTHER);
	}

	private static Graded ask(Sample sample, GradedJudge.Answers answers, Comparison.Payment payment) {
		try {
			GradedJudge.Verdict verdict = sample.terms().judge().judge(answers);
			payment.paid(verdict.model(), verdict.usage());
			return new Graded(verdict.grade(), verdict.reason());
		}
		catch (NoVerdictException ex) {
			payment.paid(ex.model(), ex.usage());
			throw ex;
		}
	}

	private void failed(Sample sample, BooleanSupplier overdue, NotJudged reason, Throwable failure) {
		// After the deadline, the loss was counted already
		if (!overdue.getAsBoolean()) {
			notJudged(sample.plan(), reason, failure);
		}
	}

	private void notJudged(PlanKey plan, NotJudged reason, @Nullable Throwable failure) {
		try {
			this.listener.monitors(plan).notJudged(reason);
		}
		catch (Throwable ex) {
			debug("An answer that was not judged cannot be counted", ex);
		}
		if (failure != null) {
			tell(plan, failure);
		}
	}

	private void tell(PlanKey plan, Throwable failure) {
		try {
			this.listener.failed(plan, failure);
		}
		catch (Throwable ex) {
			debug("The failure of a judgement cannot be told", ex);
		}
	}

	// Without its message, which may quote a text
	private static void debug(String what, Throwable failure) {
		logger.debug(what + ": " + failure.getClass().getName());
	}

	/**
	 * Whether no answer is being judged, nor waits for it.
	 * @return whether all that was begun is done or given up
	 */
	public boolean isIdle() {
		return this.sampler.plans() == 0;
	}

	/**
	 * Return the sampler.
	 * @return the sampler, for figures of what is going on
	 */
	Sampler sampler() {
		return this.sampler;
	}

	@Override
	public void close() {
		this.sampler.close();
	}

	/**
	 * What a plan has its answers judged by. Immutable.
	 *
	 * @param judge the judge
	 * @param judgeName the name of the judge, for messages
	 * @param limit the share of bad answers that is tolerated, 0 to 1
	 * @param calibrationShare the share of comparisons that are made in both orders, 0 to
	 * 1
	 * @param usdPerDay what judging may cost a day in US dollars, or {@code null} for
	 * what it costs
	 * @param rubric what an answer must satisfy that is judged on its own, or
	 * {@code null} for the judge's own rubric
	 */
	public record Terms(GradedJudge judge, String judgeName, double limit, double calibrationShare,
			@Nullable BigDecimal usdPerDay, @Nullable String rubric) {

		/**
		 * Check the shares.
		 * @throws IllegalArgumentException if one is not from 0 to 1, or the budget is
		 * negative
		 */
		public Terms {
			Assert.isTrue(limit >= 0 && limit <= 1, () -> "'limit' must be from 0 to 1, but is " + limit);
			Assert.isTrue(calibrationShare >= 0 && calibrationShare <= 1,
					() -> "'calibrationShare' must be from 0 to 1, but is " + calibrationShare);
			Assert.isTrue(usdPerDay == null || usdPerDay.signum() >= 0,
					() -> "'usdPerDay' must be 0 or more, but is " + usdPerDay);
		}

	}

	/**
	 * An answer that may be judged. Immutable.
	 *
	 * @param plan the plan and its workspace
	 * @param key the tier that answered and the feature that asked
	 * @param rate the rate of the decision, from {@link QualityMonitors#rate}
	 * @param terms what it is judged by
	 * @param question the question that was asked
	 * @param answer the answer
	 * @param reference the answer that it is compared with, or {@code null} if it is
	 * judged on its own
	 * @param subject what the listener has to know of it, or {@code null}
	 */
	public record Sample(PlanKey plan, QualityKey key, AdaptiveRate.Rate rate, Terms terms, String question,
			JudgedText answer, @Nullable JudgedText reference, @Nullable Object subject) {

		/**
		 * Does not say what the texts are, so that no log can.
		 */
		@Override
		public String toString() {
			return "Sample[plan=%s, key=%s]".formatted(this.plan, this.key);
		}

	}

	/**
	 * What came of an answer. Immutable.
	 *
	 * @param grade how good it is
	 * @param reason why
	 * @param alarm the alarm that it raised, or {@code null}
	 */
	public record Judged(GradedJudge.Grade grade, GradedJudge.Reason reason, @Nullable QualityAlarm alarm) {

	}

	private record Graded(GradedJudge.Grade grade, GradedJudge.Reason reason) {

	}

	/**
	 * Is told what happens, in the background but for what is not begun. Implementations
	 * must be thread-safe; what they throw is counted or swallowed.
	 */
	public interface Listener {

		/**
		 * Return what watches the quality of a plan.
		 * @param plan the plan and its workspace
		 * @return the monitors
		 */
		QualityMonitors monitors(PlanKey plan);

		/**
		 * A model was paid; to be charged as overhead.
		 * @param plan the plan and its workspace
		 * @param model the model, or {@code null} if it is not known or none was paid
		 * @param usage the tokens that were bought
		 */
		void paid(PlanKey plan, @Nullable String model, TokenUsage usage);

		/**
		 * An answer was judged, and counted. Not called after the deadline.
		 * @param sample the answer
		 * @param judged what came of it
		 */
		void judged(Sample sample, Judged judged);

		/**
		 * An answer was not judged because something failed. It was counted.
		 * @param plan the plan and its workspace
		 * @param failure the failure
		 */
		void failed(PlanKey plan, Throwable failure);

	}

}
