package io.tokensaving.savings;

import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.tokensaving.SavingsReport;
import io.tokensaving.request.CallState;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Closes the ledger of one call, once, whichever way the call ends, and counts the
 * result. Thread-safe.
 */
final class SavingsAccount {

	private final CallState call;

	private final SavingsLedger ledger;

	private final Prompt prompt;

	private final SavingsStatistics statistics;

	private final PriceTable prices;

	private final TokenCounter tokenCounter;

	private final AtomicBoolean closed = new AtomicBoolean();

	SavingsAccount(CallState call, SavingsLedger ledger, Prompt prompt, SavingsStatistics statistics, PriceTable prices,
			TokenCounter tokenCounter) {
		this.call = call;
		this.ledger = ledger;
		this.prompt = prompt;
		this.statistics = statistics;
		this.prices = prices;
		this.tokenCounter = tokenCounter;
	}

	/**
	 * Whether the call was answered without the model.
	 * @return {@code true} after a hit was written into the ledger
	 */
	boolean isHit() {
		return this.ledger.isHit();
	}

	/**
	 * Close the ledger of a call that was answered.
	 * @param answer supplies the response, or {@code null} if there was none
	 * @return the report, or {@code null} if it could not be made or was made before
	 */
	@Nullable SavingsReport close(Supplier<? extends @Nullable ChatResponse> answer) {
		return close(() -> {
			ChatResponse response = answer.get();
			TokenUsage bought = this.ledger.bought();
			if (bought == null) {
				bought = (response != null) ? usage(response) : TokenUsage.ZERO;
			}
			return report(response, bought, true);
		}, false);
	}

	/**
	 * Close the ledger of a stream that was cancelled. The provider bills what it has
	 * produced until then, but does not say how much.
	 * @param text supplies the text that had arrived
	 * @param passedOn whether the caller was given any of it
	 */
	void closeCancelled(Supplier<String> text, boolean passedOn) {
		close(() -> {
			TokenUsage bought = this.ledger.bought();
			if (bought == null && (this.ledger.isPaidByOthers() || this.ledger.isLookedUp())) {
				bought = TokenUsage.ZERO;
			}
			if (bought == null) {
				double factor = this.tokenCounter.factor(TokenCounter.model(null, this.prompt.getOptions()));
				bought = new TokenUsage(sentTokens(), this.tokenCounter.count(text.get(), factor), 0, 0, true);
			}
			return report(null, bought, bought.total() > 0 || (isHit() && passedOn));
		}, false);
	}

	/**
	 * Close the ledger of a call that failed: nothing was saved, and nothing bought
	 * unless it is known otherwise.
	 */
	void closeFailed() {
		close(() -> report(null, this.ledger.boughtBeforeFailure(), false), true);
	}

	private @Nullable SavingsReport close(Supplier<SavingsReport> supplier, boolean modelFailed) {
		if (!this.closed.compareAndSet(false, true)) {
			return null;
		}
		try {
			SavingsReport report = supplier.get();
			this.statistics.record(report, modelFailed);
			for (String model : this.ledger.unpricedOverheads(this.prices)) {
				this.statistics.plan(report.plan()).recordUnpriced(model);
			}
			return report;
		}
		catch (RuntimeException ex) {
			fail(ex);
			return null;
		}
	}

	/**
	 * Count a failure of counting itself.
	 * @param failure the failure
	 */
	void fail(RuntimeException failure) {
		this.statistics.recordError(Component.SAVINGS, this.call.plan().id(), failure);
	}

	/**
	 * Put what was saved on a response, and take out of it what is internal.
	 * @param response the response
	 * @param report the report, or {@code null} if it could not be made
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
		catch (RuntimeException ex) {
			fail(ex);
			return new ChatClientResponse(response.chatResponse(), context);
		}
	}

	private static @Nullable ChatResponse withMetadata(@Nullable ChatResponse response, SavingsReport report) {
		if (response == null || response.getClass() != ChatResponse.class
				|| response.getMetadata().getClass() != ChatResponseMetadata.class) {
			// A subclass cannot be copied without losing what it adds; the report is in
			// the context all the same
			return response;
		}
		ChatResponse.Builder builder = ChatResponse.builder()
			.from(response)
			.metadata(SavingsReport.OUTCOME_METADATA_KEY, report.outcome().value());
		if (report.similarity() != null) {
			builder.metadata(SavingsReport.SIMILARITY_METADATA_KEY, report.similarity());
		}
		if (report.ageSeconds() != null) {
			builder.metadata(SavingsReport.AGE_METADATA_KEY, report.ageSeconds());
		}
		return builder.build();
	}

	private TokenUsage usage(ChatResponse response) {
		TokenUsage usage = this.tokenCounter.usage(this.prompt, response);
		if (usage.estimated()) {
			// The prompt is that from before compression
			usage = new TokenUsage(Math.max(0, usage.input() - this.ledger.tokensCompressed()), usage.output(), 0, 0,
					true);
		}
		return usage;
	}

	private long sentTokens() {
		return Math.max(0, this.tokenCounter.count(this.prompt) - this.ledger.tokensCompressed());
	}

	private SavingsReport report(@Nullable ChatResponse response, TokenUsage bought, boolean answered) {
		return this.ledger.close(this.call, TokenCounter.model(response, this.prompt.getOptions()), bought, answered,
				this.prices);
	}

}
