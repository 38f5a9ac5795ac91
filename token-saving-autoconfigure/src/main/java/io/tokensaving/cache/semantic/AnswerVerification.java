package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.cache.CacheEligibility;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.event.FeatureSuspendedEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.Dialect;
import io.tokensaving.request.CallerContext;
import io.tokensaving.sampling.Comparison;
import io.tokensaving.sampling.ErrorRateMonitor;
import io.tokensaving.sampling.FreshAnswer;
import io.tokensaving.sampling.Judge;
import io.tokensaving.sampling.Sampler;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Verifies a sample of the semantic hits: the model answers the request too, and a judge
 * compares both answers. If too many served answers were wrong, the semantic cache of the
 * plan suspends itself. The cost of the verification is charged to the plan. Thread-safe.
 */
final class AnswerVerification implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(AnswerVerification.class);

	private final SavingsStatistics statistics;

	private final PriceTable prices;

	private final Comparison comparison;

	private final @Nullable SemanticReviews reviews;

	private final Sampler sampler;

	private final Sampler samplerBelow;

	AnswerVerification(Map<String, Judge> judges, Duration deadline, SavingsStatistics statistics, PriceTable prices,
			TokenCounter tokenCounter, Ticker ticker, DoubleSupplier chance, @Nullable SemanticReviews reviews) {
		this.statistics = statistics;
		this.prices = prices;
		this.reviews = reviews;
		this.comparison = new Comparison(judges, tokenCounter);
		this.sampler = new Sampler(deadline, ticker, chance, this::lost);
		this.samplerBelow = new Sampler(deadline, ticker, chance, this::lost);
	}

	private void lost(PlanKey plan, RuntimeException reason) {
		this.statistics.recordError(SemanticCacheFeature.VERIFICATION, plan, reason);
	}

	Set<String> judgeNames() {
		return this.comparison.judgeNames();
	}

	Sampler sampler() {
		return this.sampler;
	}

	/**
	 * Verify a hit in the background if it is sampled. Of the calls in shadow all are
	 * sampled, because the answer of the model is there.
	 * @param request the request that was answered
	 * @param question the question of the request
	 * @param hit the answer that was served
	 * @param caller supplies the context of the caller; called on the current thread
	 * @param model calls the model
	 */
	void sample(CacheRequest request, String question, SemanticHit hit, Supplier<CallerContext> caller,
			FreshAnswer model) {
		double rate = request.call().isShadow() ? 1 : request.settings().verifySampleRate();
		this.sampler.sample(request.call().planKey(), rate, caller,
				(overdue) -> verify(request, question, hit, model, overdue, true));
	}

	/**
	 * Verify in the background what a lower threshold would have served to a call in
	 * shadow. It neither suspends the cache nor takes the place of a hit.
	 * @param request the request
	 * @param question the question of the request
	 * @param below the answer that was not similar enough
	 * @param caller supplies the context of the caller; called on the current thread
	 * @param model calls the model
	 */
	void sampleBelow(CacheRequest request, String question, SemanticHit below, Supplier<CallerContext> caller,
			FreshAnswer model) {
		this.samplerBelow.sample(request.call().planKey(), 1, caller,
				(overdue) -> verify(request, question, below, model, overdue, false));
	}

	private void verify(CacheRequest request, String question, SemanticHit hit, FreshAnswer model,
			BooleanSupplier overdue, boolean served) {
		PlanKey plan = request.call().planKey();
		CacheSettings settings = request.settings();
		PlanStatistics planStatistics = this.statistics.plan(plan);
		Dialect dialect = request.dialect();
		Comparison.Sample sample = new Comparison.Sample(request.request().prompt(), question, hit.served(),
				(fresh) -> CacheEligibility.isStorable(fresh, dialect), request.call().isShadow());
		try {
			Boolean right = this.comparison.compare(sample, settings.judge(), model, overdue,
					(name, usage) -> planStatistics.recordOverhead(name, usage, this.prices));
			if (right == null) {
				return;
			}
			request.judged(right, hit.age(), hit.similarity());
			if (this.reviews != null && hit.review() != null) {
				this.reviews.verified(plan, hit.review(), right);
			}
			ErrorRateMonitor errors = planStatistics.state(SemanticCacheFeature.ERROR_RATE);
			if (served && errors.record(right, settings.maxErrorRate())) {
				warn(plan.plan(), settings, errors.snapshot());
				this.statistics.publish(new FeatureSuspendedEvent(plan.workspace(), plan.plan(), "semantic-cache",
						"Verified answers were wrong more often than 'cache.max-error-rate'"));
			}
		}
		catch (Throwable ex) {
			// After the deadline, the sampler has counted the failure already
			if (!overdue.getAsBoolean()) {
				this.statistics.recordError(SemanticCacheFeature.VERIFICATION, plan, ex);
			}
		}
	}

	private static void warn(String plan, CacheSettings settings, ErrorRateMonitor.Verification verification) {
		logger.error(("The semantic cache of plan '%s' has suspended itself: %d of %d verified answers were wrong, "
				+ "of all or of the last ones surely more than 'cache.max-error-rate', which is %.1f %%. Requests go to "
				+ "the model. Raise 'cache.similarity-threshold', then POST to /actuator/tokensaving/plans/%s/resume")
			.formatted(plan, verification.wrong(), verification.verified(), 100 * settings.maxErrorRate(), plan));
	}

	@Override
	public void close() {
		this.sampler.close();
		this.samplerBelow.close();
	}

}
