package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

import io.tokensaving.Component;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.Deadlines;
import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.context.ApplicationEventPublisher;

/**
 * Publishes what happens as application events, if anybody listens. Events wait in a
 * queue of bounded length for a thread of their own, so that no listener can hold up a
 * request; those that find no room are dropped and counted, as is what a listener throws.
 * A listener that takes too long is interrupted. Thread-safe.
 */
final class ApplicationEvents implements SavingsStatistics.Listener, AutoCloseable {

	static final int MAX_WAITING = 1000;

	private final ApplicationEventPublisher publisher;

	private final Predicate<TokenSavingEvent> heard;

	private final SavingsStatistics statistics;

	private final Duration deadline;

	private final ThreadPoolExecutor executor;

	private volatile boolean closed;

	/**
	 * Create the listener, and start to listen.
	 * @param publisher publishes the events
	 * @param heard says whether anybody listens to an event; must be quick
	 * @param statistics tells what happens
	 * @param deadline how long the listeners of an event may take together
	 */
	ApplicationEvents(ApplicationEventPublisher publisher, Predicate<TokenSavingEvent> heard,
			SavingsStatistics statistics, Duration deadline) {
		this.publisher = publisher;
		this.heard = heard;
		this.statistics = statistics;
		this.deadline = deadline;
		this.executor = new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING),
				new DaemonThreads("token-saving-events"));
		this.executor.allowCoreThreadTimeOut(true);
		statistics.addListener(this);
	}

	@Override
	public void happened(TokenSavingEvent event) {
		// Without a listener, no event may cost anything or find no room
		if (this.closed || !this.heard.test(event)) {
			return;
		}
		try {
			this.executor.execute(() -> publish(event));
		}
		catch (RejectedExecutionException ex) {
			fail(new IllegalStateException("Too many events wait to be published"));
		}
	}

	private void publish(TokenSavingEvent event) {
		AtomicBoolean overdue = new AtomicBoolean();
		try {
			Deadlines.run(this.deadline, () -> this.publisher.publishEvent(event), () -> {
				overdue.set(true);
				fail(new IllegalStateException("Listeners take longer than " + this.deadline));
			});
		}
		catch (Throwable ex) { // a listener may throw anything
			// What the interrupt makes of an overdue listener has been counted
			if (!overdue.get()) {
				fail(ex);
			}
		}
	}

	private void fail(Throwable failure) {
		if (!this.closed) {
			this.statistics.recordError(Component.EVENTS, null, failure);
		}
	}

	/**
	 * Stop publishing. Events that wait are dropped.
	 */
	@Override
	public void close() {
		this.closed = true;
		this.executor.shutdownNow();
	}

}
