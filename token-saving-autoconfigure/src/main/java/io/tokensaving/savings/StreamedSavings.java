package io.tokensaving.savings;

import io.tokensaving.request.CallState;
import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Follows one stream to its end. Elements pass at once, except from the first one with a
 * finish reason on: of those the latest is held back until the next one or the end, so
 * that the last element can carry the report. They hold no more text, so nobody waits for
 * anything. The stream of a model that gives no finish reason carries no report, but is
 * counted all the same.
 */
final class StreamedSavings {

	private final SavingsAccount account;

	private final ResponseAssembler assembler = new ResponseAssembler();

	private @Nullable ChatClientResponse held;

	private boolean finishing;

	private volatile boolean passedOn;

	StreamedSavings(SavingsAccount account) {
		this.account = account;
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
			this.assembler.add(response);
			this.finishing = this.finishing || this.assembler.isFinished() || this.account.isHit();
		}
		catch (RuntimeException ex) {
			this.account.fail(ex);
		}
	}

	Flux<ChatClientResponse> complete() {
		var report = this.account.close(this.assembler::assemble);
		return (this.held != null) ? Flux.just(this.account.answer(this.held, report)) : Flux.empty();
	}

	/**
	 * Pass on what is held back before a failure is.
	 * @param failure the failure
	 * @return what is held back and then the failure, unchanged
	 */
	Flux<ChatClientResponse> flush(Throwable failure) {
		Flux<ChatClientResponse> failed = Flux.error(failure);
		return (this.held != null) ? failed.startWith(CallState.detachFrom(this.held)) : failed;
	}

	void fail() {
		this.account.closeFailed();
	}

	void cancel() {
		this.account.closeCancelled(this.assembler::text, this.passedOn);
	}

}
