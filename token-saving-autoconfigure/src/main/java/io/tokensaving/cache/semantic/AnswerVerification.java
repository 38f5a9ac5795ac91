package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.cache.CacheEligibility;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.savings.Component;
import io.tokensaving.savings.ErrorRateMonitor;
import io.tokensaving.savings.PlanStatistics;
import io.tokensaving.savings.PriceTable;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.TokenCounter;
import io.tokensaving.savings.TokenUsage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Sends a share of the semantic hits to the model as well, after the caller has been
 * answered, and has a judge compare the answers. One verification at a time, a bounded
 * number waiting and a bounded number a minute; what is beyond is not verified.
 * Thread-safe.
 */
final class AnswerVerification implements AutoCloseable {

	static final int MAX_WAITING = 32;

	static final int MAX_PER_MINUTE = 60;

	private static final Log logger = LogFactory.getLog(AnswerVerification.class);

	private static final long MINUTE = Duration.ofMinutes(1).toNanos();

	private final Map<String, AnswerJudge> judges;

	private final SavingsStatistics statistics;

	private final PriceTable prices;

	private final TokenCounter tokenCounter;

	private final Ticker ticker;

	private final DoubleSupplier chance;

	private final ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS,
			new ArrayBlockingQueue<>(MAX_WAITING), new DaemonThreads("token-saving-verification"));

	private long minuteStart;

	private int startedInMinute;

	AnswerVerification(Map<String, AnswerJudge> judges, SavingsStatistics statistics, PriceTable prices,
			TokenCounter tokenCounter, Ticker ticker, DoubleSupplier chance) {
		this.judges = Map.copyOf(judges);
		this.statistics = statistics;
		this.prices = prices;
		this.tokenCounter = tokenCounter;
		this.ticker = ticker;
		this.chance = chance;
		this.minuteStart = ticker.read();
		this.executor.allowCoreThreadTimeOut(true);
	}

	Set<String> judgeNames() {
		return this.judges.keySet();
	}

	/**
	 * Verify a hit, or not, as chance and the limits have it.
	 * @param plan the id of the plan
	 * @param settings how the plan caches
	 * @param request the request that was answered
	 * @param question what it asked
	 * @param served the answer that was served
	 * @param model asks the model
	 */
	void sample(String plan, CacheSettings settings, ChatClientRequest request, String question, ChatResponse served,
			Supplier<? extends @Nullable ChatResponse> model) {
		if (settings.verifySampleRate() <= 0 || this.chance.getAsDouble() >= settings.verifySampleRate()
				|| !mayStart()) {
			return;
		}
		try {
			this.executor.execute(() -> verify(plan, settings, request, question, served, model));
		}
		catch (RejectedExecutionException ex) {
			logger.debug("Too much waits to be verified");
		}
	}

	private synchronized boolean mayStart() {
		long now = this.ticker.read();
		if (now - this.minuteStart >= MINUTE) {
			this.minuteStart = now;
			this.startedInMinute = 0;
		}
		return this.startedInMinute++ < MAX_PER_MINUTE;
	}

	private void verify(String plan, CacheSettings settings, ChatClientRequest request, String question,
			ChatResponse served, Supplier<? extends @Nullable ChatResponse> model) {
		PlanStatistics planStatistics = this.statistics.plan(plan);
		try {
			AnswerJudge judge = this.judges.get(settings.judge());
			if (judge == null) {
				throw new IllegalStateException("No judge has the name '" + settings.judge() + "'");
			}
			ChatResponse fresh = model.get();
			if (fresh == null) {
				return;
			}
			TokenUsage usage = this.tokenCounter.usage(request.prompt(), fresh);
			planStatistics.recordOverhead(TokenCounter.model(fresh, request.prompt().getOptions()), usage, this.prices);
			if (!CacheEligibility.isStorable(fresh)) {
				return;
			}
			boolean right = isRight(judge, planStatistics, question, text(served), text(fresh));
			if (planStatistics.semanticErrors().record(right, settings.maxErrorRate())) {
				warn(plan, settings, planStatistics.semanticErrors().snapshot());
			}
		}
		catch (RuntimeException ex) {
			this.statistics.recordError(Component.VERIFICATION, plan, ex);
		}
	}

	private boolean isRight(AnswerJudge judge, PlanStatistics planStatistics, String question, String served,
			String fresh) {
		if (served.equals(fresh)) {
			return true;
		}
		AnswerJudge.Verdict verdict = judge.judge(question, served, fresh);
		planStatistics.recordOverhead(verdict.model(), verdict.usage(), this.prices);
		return verdict.right();
	}

	private static void warn(String plan, CacheSettings settings, ErrorRateMonitor.Verification verification) {
		logger.error(("The semantic cache of plan '%s' has suspended itself: %d of %d verified answers were wrong, "
				+ "at least %.1f %% of all, and 'cache.max-error-rate' is %.1f %%. Requests go to the model. Raise "
				+ "'cache.similarity-threshold', then POST to /actuator/tokensaving/plans/%s/resume")
			.formatted(plan, verification.wrong(), verification.verified(), 100 * verification.lower(),
					100 * settings.maxErrorRate(), plan));
	}

	private static String text(ChatResponse response) {
		StringBuilder text = new StringBuilder();
		response.getResults().forEach((generation) -> text.append(generation.getOutput().getText()).append('\n'));
		return text.toString();
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
	}

}
