package io.tokensaving.shadow;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.advisor.DefaultAroundAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Starts what runs in shadow, on a few threads of its own and within a bound. What finds
 * no room is counted and left out. Thread-safe.
 */
final class ShadowRuns implements AutoCloseable {

	private static final int MAX_RUNNING = 1000;

	private static final int THREADS = 2;

	private static final int IDLE_SECONDS = 30;

	// The caller first reaches the model, and first gets its answer: on few cores the
	// work in here would be in its way
	private static final Duration START_DELAY = Duration.ofMillis(2);

	private static final Duration ANSWER_DELAY = Duration.ofMillis(5);

	private final SavingsStatistics statistics;

	private final PriceTable prices;

	private final TokenCounter tokenCounter;

	private final Semaphore room = new Semaphore(MAX_RUNNING);

	private final Scheduler scheduler = Schedulers.newBoundedElastic(THREADS, MAX_RUNNING, "token-saving-shadow",
			IDLE_SECONDS, true);

	ShadowRuns(SavingsStatistics statistics, PriceTable prices, TokenCounter tokenCounter) {
		this.statistics = statistics;
		this.prices = prices;
		this.tokenCounter = tokenCounter;
	}

	/**
	 * Start the second way of a request.
	 * @param call the call that the caller sees
	 * @param request its request
	 * @param advisors what the copy goes through, in any order
	 * @param caller the context of the caller
	 * @return what is to be told of the answer of the model, or {@code null} if there is
	 * no room
	 */
	@Nullable ShadowRun start(CallState call, ChatClientRequest request, List<Advisor> advisors, CallerContext caller) {
		PlanStatistics plan = this.statistics.plan(call.planKey());
		if (!this.room.tryAcquire()) {
			plan.state(ShadowFeature.OBSERVED).skipped();
			return null;
		}
		ShadowRun run = new ShadowRun(this, plan, request.prompt(), call.isLocal());
		try {
			ChatClientRequest copy = call.inShadow().attachTo(request);
			SavingsLedger.open(copy);
			StreamAdvisorChain chain = DefaultAroundAdvisorChain.builder(ObservationRegistry.NOOP)
				.pushAll(advisors)
				.push(run.model())
				.build();
			run.follow(caller.stream(() -> chain.nextStream(copy))
				.subscribeOn(this.scheduler)
				.delaySubscription(START_DELAY), SavingsLedger.of(copy));
			return run;
		}
		catch (Throwable ex) {
			run.fail(ex);
			return null;
		}
	}

	/**
	 * Do something on a thread of its own, a little later.
	 * @param work the work
	 */
	void execute(Runnable work) {
		this.scheduler.schedule(work, ANSWER_DELAY.toMillis(), TimeUnit.MILLISECONDS);
	}

	void end() {
		this.room.release();
	}

	SavingsStatistics statistics() {
		return this.statistics;
	}

	PriceTable prices() {
		return this.prices;
	}

	TokenCounter tokenCounter() {
		return this.tokenCounter;
	}

	@Override
	public void close() {
		this.scheduler.dispose();
	}

}
