package io.tokensaving.request;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.Component;
import io.tokensaving.SavingsReport;
import io.tokensaving.event.AnswerServedEvent;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.Purchase;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.CallMeasures;
import io.tokensaving.statistics.ModelFailure;
import io.tokensaving.statistics.OpenTask;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Closes the ledger of one call exactly once, however the call ends, and adds the result
 * to the statistics. Thread-safe.
 */
final class SavingsAccount {

	// What is longer takes too long to check on the way back of a request
	private static final int MAX_CHECKED_CHARS = 32 * 1024;

	private final CallState call;

	private final SavingsLedger ledger;

	private final ChatClientRequest request;

	private final Prompt prompt;

	private final SavingsStatistics statistics;

	private final PlanStatistics planStatistics;

	private final PriceTable prices;

	private final TokenCounter tokenCounter;

	private final Ticker ticker;

	private final Task.Part task;

	private final long start;

	private volatile long firstTokenNanos = -1;

	private final AtomicBoolean closed = new AtomicBoolean();

	SavingsAccount(CallState call, SavingsLedger ledger, ChatClientRequest request, SavingsStatistics statistics,
			PriceTable prices, TokenCounter tokenCounter, Ticker ticker, Task.Part task) {
		this.call = call;
		this.ledger = ledger;
		this.request = request;
		this.prompt = request.prompt();
		this.statistics = statistics;
		// Kept for the whole call, because the plan may be deleted before the call ends
		this.planStatistics = statistics.plan(call.planKey());
		this.prices = prices;
		this.tokenCounter = tokenCounter;
		this.ticker = ticker;
		this.task = task;
		this.start = ticker.read();
	}

	/**
	 * Remember when the first content of a stream arrived.
	 */
	void arrived() {
		if (this.firstTokenNanos < 0) {
			this.firstTokenNanos = this.ticker.read() - this.start;
		}
	}

	/**
	 * Whether the call was answered without the model.
	 * @return {@code true} if the ledger contains a hit
	 */
	boolean isHit() {
		return this.ledger.served() != null;
	}

	/**
	 * Close the ledger of a call that was answered.
	 * @param answer supplies the response, or {@code null} if there was none
	 * @return the report, or {@code null} if closing failed or the ledger was closed
	 * before
	 */
	@Nullable SavingsReport close(Supplier<? extends @Nullable ChatResponse> answer) {
		return close(answer, () -> 1);
	}

	/**
	 * Close the ledger of a call whose text was perhaps not kept completely.
	 * @param answer supplies the response, or {@code null} if there was none
	 * @param scale supplies the factor by which the whole text is longer than the kept
	 * text
	 * @return the report, or {@code null} if closing failed or the ledger was closed
	 * before
	 */
	@Nullable SavingsReport close(Supplier<? extends @Nullable ChatResponse> answer, DoubleSupplier scale) {
		return close(() -> {
			ChatResponse response = answer.get();
			TokenUsage bought = this.ledger.bought();
			if (bought == null) {
				bought = (response != null) ? usage(response, scale.getAsDouble()) : TokenUsage.ZERO;
			}
			return report(response, bought, true);
		}, null, answer);
	}

	/**
	 * Return what has arrived of a stream and is held back.
	 * @return the elements in order
	 */
	List<ChatResponse> unread() {
		return this.ledger.unread();
	}

	/**
	 * Close the ledger of a cancelled stream. The provider bills what it has produced so
	 * far, but does not report how much unless the answer was complete.
	 * @param whole supplies the answer if it was complete, otherwise {@code null}
	 * @param text supplies the text that had arrived
	 * @param scale supplies the factor by which the whole text is longer than the kept
	 * text
	 * @param passedOn whether the caller has received any of the text
	 */
	void closeCancelled(Supplier<? extends @Nullable ChatResponse> whole, Supplier<String> text, DoubleSupplier scale,
			boolean passedOn) {
		close(() -> {
			TokenUsage bought = this.ledger.bought();
			if (bought == null && this.ledger.isLookedUp()) {
				bought = TokenUsage.ZERO;
			}
			ChatResponse response = (bought != null) ? null : whole.get();
			TokenUsage reported = (response != null) ? this.ledger.usage(this.tokenCounter, this.prompt, response)
					: null;
			if (reported != null && !reported.estimated()) {
				bought = reported;
			}
			if (bought == null) {
				TokenScale tokens = this.tokenCounter.scale(this.ledger.sent(this.prompt.getOptions()));
				long output = Math.round(this.tokenCounter.count(text.get(), tokens) * scale.getAsDouble());
				bought = new TokenUsage(sentTokens(), output, 0, 0, true);
			}
			return report(null, bought, bought.total() > 0 || (isHit() && passedOn));
		}, null, () -> null);
	}

	/**
	 * Close the ledger of a call that failed: nothing was saved, and nothing was bought
	 * unless an event says so.
	 * @param failure what the model threw
	 */
	void closeFailed(Throwable failure) {
		close(() -> {
			TokenUsage bought = this.ledger.bought();
			return report(null, (bought != null) ? bought : TokenUsage.ZERO, false);
		}, this.ledger.isRefused() ? null : failure, () -> null);
	}

	private @Nullable SavingsReport close(Supplier<ClosedLedger> supplier, @Nullable Throwable failure,
			Supplier<? extends @Nullable ChatResponse> answer) {
		if (!this.closed.compareAndSet(false, true)) {
			return null;
		}
		try {
			ClosedLedger closed = supplier.get();
			if (this.ledger.isLeftOut()) {
				// What it has spent on itself is spent all the same
				this.planStatistics.recordOverhead(closed);
				return closed.report();
			}
			String id = this.task.id();
			OpenTask open = (id != null) ? this.statistics.tasks().open(this.call.workspace(), id) : null;
			boolean newTask = this.task.begins() && (open == null || open.begin());
			CallMeasures measures = new CallMeasures((failure != null) ? ModelFailure.of(failure) : null, newTask,
					this.task.retry(), this.ticker.read() - this.start, this.call.modelNanos(), this.firstTokenNanos);
			this.planStatistics.record(closed, measures, open);
			this.statistics.callEnded(this.call.planKey(), closed, measures, this.call.knownFingerprint());
			if (open != null) {
				acceptValid(open, answer);
			}
			publish(closed.report());
			return closed.report().withTaskId(id);
		}
		catch (Throwable ex) {
			fail(ex);
			return null;
		}
	}

	private void acceptValid(OpenTask open, Supplier<? extends @Nullable ChatResponse> answer) {
		try {
			if (isWhatWasAskedFor(answer)) {
				open.accept();
			}
		}
		catch (RuntimeException | StackOverflowError ex) {
			fail(ex);
		}
	}

	// A task with an id of the application may have further steps, whose last answer only
	// the application knows
	private boolean isWhatWasAskedFor(Supplier<? extends @Nullable ChatResponse> answer) {
		if (this.task.named() || !RequestedOutput.hasSchema(this.request)) {
			return false;
		}
		ChatResponse response = answer.get();
		if (response == null) {
			return false;
		}
		Dialect dialect = this.call.dialect(this.request);
		RequestedOutput output = RequestedOutput.of(this.request, dialect);
		boolean accepted = false;
		for (Generation generation : response.getResults()) {
			if (dialect.isThought(generation)) {
				continue;
			}
			String text = generation.getOutput().getText();
			if (!output.hasSchema() || generation.getOutput().hasToolCalls() || text == null
					|| text.length() > MAX_CHECKED_CHARS || !output.accepts(text)) {
				return false;
			}
			accepted = true;
		}
		return accepted;
	}

	private void publish(SavingsReport report) {
		if (report.outcome().isHit()) {
			this.statistics.publish(new AnswerServedEvent(report.workspace(), report.plan(), report.outcome(),
					report.similarity(), report.tokensCounterfactual() - report.tokensBought(), report.costSavedUsd()));
		}
	}

	/**
	 * Count a failure of the accounting itself.
	 * @param failure the failure
	 */
	void fail(Throwable failure) {
		this.statistics.recordError(Component.SAVINGS, this.call.planKey(), failure);
	}

	/**
	 * Put the report on a response, and remove internal data from it.
	 * @param response the response
	 * @param report the report, or {@code null} if there is none
	 * @return the response for the caller
	 */
	ChatClientResponse answer(ChatClientResponse response, @Nullable SavingsReport report) {
		Map<String, @Nullable Object> context = CallState.withoutInternals(response.context());
		if (report == null) {
			return new ChatClientResponse(response.chatResponse(), context);
		}
		context.put(SavingsReport.CONTEXT_KEY, report);
		try {
			return new ChatClientResponse(withMetadata(response.chatResponse(), report), context);
		}
		catch (Throwable ex) {
			fail(ex);
			return new ChatClientResponse(response.chatResponse(), context);
		}
	}

	private static @Nullable ChatResponse withMetadata(@Nullable ChatResponse response, SavingsReport report) {
		if (response == null || response.getClass() != ChatResponse.class
				|| response.getMetadata().getClass() != ChatResponseMetadata.class) {
			// A copy would lose the data of a subclass; the context has the report too
			return response;
		}
		ChatResponse.Builder builder = ChatResponse.builder()
			.from(response)
			.metadata(SavingsReport.OUTCOME_METADATA_KEY, report.outcome().value());
		if (report.taskId() != null) {
			builder.metadata(SavingsReport.TASK_ID_METADATA_KEY, report.taskId());
		}
		if (report.similarity() != null) {
			builder.metadata(SavingsReport.SIMILARITY_METADATA_KEY, report.similarity());
		}
		if (report.ageSeconds() != null) {
			builder.metadata(SavingsReport.AGE_METADATA_KEY, report.ageSeconds());
		}
		return builder.build();
	}

	private TokenUsage usage(ChatResponse response, double scale) {
		TokenUsage usage = this.ledger.usage(this.tokenCounter, this.prompt, response);
		if (usage.estimated()) {
			// The prompt is the one before compression
			usage = new TokenUsage(Math.max(0, usage.input() - this.ledger.tokensCompressed()),
					Math.round(usage.output() * scale), 0, 0, true);
		}
		return usage;
	}

	private long sentTokens() {
		return Math.max(0, this.tokenCounter.count(this.prompt) - this.ledger.tokensCompressed());
	}

	private ClosedLedger report(@Nullable ChatResponse response, TokenUsage bought, boolean answered) {
		// The price of what was asked for says nothing of what a local model answers
		ChatOptions given = this.call.isLocal() ? null : this.prompt.getOptions();
		Purchase purchase = new Purchase(TokenCounter.model(null, given),
				TokenCounter.model(response, this.ledger.sent(given)), bought, answered);
		this.ledger.record(new LedgerEvent.Labelled(Labels.FEATURE, this.call.feature()));
		return this.ledger.close(this.call.planKey(), purchase, this.prices);
	}

}
