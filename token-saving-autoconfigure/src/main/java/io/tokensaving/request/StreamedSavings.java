package io.tokensaving.request;

import io.tokensaving.provider.Dialect;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.StringUtils;

/**
 * Closes the ledger of one stream at its end. Elements are passed on at once, up to the
 * first one with a finish reason; from then on the latest element is held back until the
 * next one or the end arrives, so that the last element can carry the report. These
 * elements contain no more text, so no reader waits for text. If a model gives no finish
 * reason, its stream carries no report, but is still counted.
 */
final class StreamedSavings {

	private final SavingsAccount account;

	/**
	 * The maximum size of the kept text in bytes, from which tokens are estimated if the
	 * model does not report them.
	 */
	private static final int MAX_BYTES = 128 * 1024;

	private static final Flux<ChatClientResponse> NOT_ENOUGH_MEMORY = Flux
		.error(new IllegalStateException("There was no memory left for the end of the stream"));

	private final ResponseAssembler assembler;

	private @Nullable ChatClientResponse held;

	private boolean finishing;

	private volatile boolean passedOn;

	StreamedSavings(SavingsAccount account, Dialect dialect, StreamMemory memory) {
		this.account = account;
		this.assembler = new ResponseAssembler(dialect, MAX_BYTES, memory);
	}

	void next(ChatClientResponse element, SynchronousSink<ChatClientResponse> sink) {
		follow(element.chatResponse());
		ChatClientResponse passing = element;
		if (this.finishing) {
			passing = this.held;
			this.held = element;
		}
		if (passing != null) {
			this.passedOn = true;
			sink.next(CallState.detachFrom(passing));
		}
	}

	private void follow(@Nullable ChatResponse response) {
		if (response == null) {
			return;
		}
		try {
			if (hasContent(response)) {
				this.account.arrived();
			}
			this.assembler.add(response);
			this.finishing = this.finishing || this.assembler.isFinished() || this.account.isHit();
		}
		catch (Throwable ex) {
			// Accounting must not break the stream
			this.account.fail(ex);
		}
	}

	private static boolean hasContent(ChatResponse response) {
		Generation result = response.getResult();
		return result != null
				&& (StringUtils.hasLength(result.getOutput().getText()) || result.getOutput().hasToolCalls());
	}

	Flux<ChatClientResponse> complete() {
		try {
			var report = this.account.close(this.assembler::assemble, this.assembler::scale);
			return (this.held != null) ? Flux.just(this.account.answer(this.held, report)) : Flux.empty();
		}
		catch (OutOfMemoryError ex) {
			// Once everything has arrived, no operator passes this error on
			return NOT_ENOUGH_MEMORY;
		}
	}

	/**
	 * Pass on the element that is held back before a failure is passed on.
	 * @param failure the failure
	 * @return the held back element and then the failure, unchanged
	 */
	Flux<ChatClientResponse> flush(Throwable failure) {
		Flux<ChatClientResponse> failed = Flux.error(failure);
		return (this.held != null) ? failed.startWith(CallState.detachFrom(this.held)) : failed;
	}

	void fail(Throwable failure) {
		this.account.closeFailed(failure);
	}

	/**
	 * Release the memory, however the stream has ended.
	 */
	void release() {
		this.assembler.release();
	}

	void cancel() {
		// Not by what follows elements: nobody has seen these
		try {
			this.account.unread().forEach(this.assembler::add);
		}
		catch (RuntimeException | LinkageError | StackOverflowError ex) {
			this.account.fail(ex);
		}
		this.account.closeCancelled(() -> this.assembler.isFinished() ? this.assembler.assemble() : null,
				this.assembler::text, this.assembler::scale, this.passedOn);
	}

}
