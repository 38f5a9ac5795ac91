package io.tokensaving.samples.gateway.upstream;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.key.SpentTokens;

/**
 * Records what happens to reserved money.
 */
final class RecordingGuard implements KeyGuard {

	final List<String> events = new CopyOnWriteArrayList<>();

	final List<SpentTokens> spent = new CopyOnWriteArrayList<>();

	volatile CountDownLatch ended = new CountDownLatch(1);

	volatile RuntimeException refusal;

	@Override
	public Caller authenticate(String key) {
		throw new UnsupportedOperationException();
	}

	@Override
	public Admission admit(Caller caller) {
		throw new UnsupportedOperationException();
	}

	@Override
	public Reservation reserve(Caller caller, String model, long maxInputTokens, long maxOutputTokens) {
		if (this.refusal != null) {
			throw this.refusal;
		}
		this.events.add("reserved " + model);
		return new Reservation() {

			@Override
			public void settle(SpentTokens usage) {
				RecordingGuard.this.spent.add(usage);
				RecordingGuard.this.events
					.add(Thread.currentThread().isInterrupted() ? "settled interrupted" : "settled");
				RecordingGuard.this.ended.countDown();
			}

			@Override
			public void release() {
				RecordingGuard.this.events.add("released");
				RecordingGuard.this.ended.countDown();
			}

		};
	}

}
