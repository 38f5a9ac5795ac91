package io.tokensaving.shadow;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.Purchase;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.PlanStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The second way of one request, in shadow. It is told of the answer that the caller
 * gets, and counts what the plan would have done once both are there. Nothing that fails
 * here reaches the caller. Thread-safe.
 */
final class ShadowRun {

	// A model that never answers must not hold its run for ever
	private static final Duration DEADLINE = Duration.ofMinutes(10);

	private final ShadowRuns runs;

	private final PlanStatistics plan;

	private final Prompt prompt;

	private final boolean local;

	private final CompletableFuture<@Nullable ChatResponse> answer = new CompletableFuture<>();

	private final AtomicBoolean ended = new AtomicBoolean();

	private volatile @Nullable Disposable following;

	ShadowRun(ShadowRuns runs, PlanStatistics plan, Prompt prompt, boolean local) {
		this.runs = runs;
		this.plan = plan;
		this.prompt = prompt;
		this.local = local;
	}

	Advisor model() {
		return new RecordedAnswer(this.answer);
	}

	/**
	 * Follow the second way to its end.
	 * @param stream the answer that the plan would give
	 * @param ledger the ledger of that way
	 */
	void follow(Flux<ChatClientResponse> stream, SavingsLedger ledger) {
		this.answer.orTimeout(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
		this.following = stream.subscribe((element) -> {
		}, this::fail, () -> this.answer.whenComplete((response, failure) -> {
			if (response != null) {
				guard(() -> count(ledger, response));
			}
			end();
		}));
		if (this.ended.get()) {
			stop();
		}
	}

	/**
	 * Tell the answer that the caller gets.
	 * @param response the answer, or {@code null} if it is not known as a whole
	 */
	void answered(@Nullable ChatResponse response) {
		if (response != null) {
			// What waits for the answer must not work on the thread of the caller
			guard(() -> this.answer.completeAsync(() -> response, this.runs::execute));
		}
		else {
			abandon();
		}
	}

	/**
	 * Give the run up, because the caller gets no answer.
	 */
	void abandon() {
		if (end()) {
			guard(() -> this.plan.state(ShadowFeature.OBSERVED).skipped());
			stop();
		}
	}

	private void stop() {
		Disposable following = this.following;
		if (following != null) {
			following.dispose();
		}
		// Ends as an empty answer, which is no failure
		this.answer.complete(null);
	}

	private void count(SavingsLedger ledger, ChatResponse response) {
		TokenCounter counter = this.runs.tokenCounter();
		TokenUsage bought = counter.usage(this.prompt, response);
		String model = TokenCounter.model(response, this.prompt.getOptions());
		ModelPrice price = this.runs.prices().find(model);
		TokenUsage known = ledger.bought();
		Purchase purchase = new Purchase(this.local ? null : TokenCounter.model(null, this.prompt.getOptions()), model,
				(known != null) ? known : without(bought, ledger.tokensCompressed()), true);
		ClosedLedger closed = ledger.close(this.plan.key(), purchase, this.runs.prices());
		this.plan.recordOverhead(closed);
		this.plan.state(ShadowFeature.OBSERVED)
			.record(closed.report(), PicoUsd.toUsd((price != null) ? price.picoUsd(bought) : 0));
	}

	// What the model was sent was not compressed
	private static TokenUsage without(TokenUsage bought, long compressed) {
		long cached = bought.cacheRead() + bought.cacheWrite();
		return new TokenUsage(Math.max(cached, bought.input() - compressed), bought.output(), bought.cacheRead(),
				bought.cacheWrite(), bought.cacheWriteOneHour(), bought.reasoning(), bought.tier(), bought.estimated());
	}

	void fail(Throwable failure) {
		if (end()) {
			this.plan.state(ShadowFeature.OBSERVED).failed();
			this.runs.statistics().recordError(ShadowFeature.COMPONENT, this.plan.key(), failure);
			stop();
		}
	}

	private boolean end() {
		boolean first = this.ended.compareAndSet(false, true);
		if (first) {
			this.runs.end();
		}
		return first;
	}

	/**
	 * Do something of which nobody but this run is to see a failure.
	 * @param work the work
	 */
	void guard(Runnable work) {
		try {
			work.run();
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

}
