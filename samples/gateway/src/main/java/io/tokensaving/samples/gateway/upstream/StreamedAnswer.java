package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.message.WireAssistantMessage;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * A stream for one subscriber. A thread sends the request once elements are asked for,
 * and reads from the connection only what is asked for, so that nothing is queued here.
 */
final class StreamedAnswer implements Subscription, Runnable {

	// A subscriber that neither takes anything nor leaves would hold its connection for
	// ever
	private static final long MAX_STALL = TimeUnit.MINUTES.toNanos(10);

	private final Subscriber<? super ChatResponse> subscriber;

	private final Executor executor;

	private final UpstreamClient client;

	private final Supplier<GatewayChatModel.Sending> preparing;

	private final Lock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	private long demand;

	private boolean started;

	private boolean cancelled;

	private @Nullable Throwable invalid;

	// Set only while it waits for the upstream, where no code of others runs
	private @Nullable Thread opening;

	private @Nullable UpstreamExchange exchange;

	StreamedAnswer(Subscriber<? super ChatResponse> subscriber, Executor executor, UpstreamClient client,
			Supplier<GatewayChatModel.Sending> preparing) {
		this.subscriber = subscriber;
		this.executor = executor;
		this.client = client;
		this.preparing = preparing;
	}

	@Override
	public void request(long n) {
		boolean start;
		this.lock.lock();
		try {
			if (n <= 0) {
				this.invalid = new IllegalArgumentException("'n' must be above 0, but was " + n);
			}
			else {
				this.demand = (this.demand + n < 0) ? Long.MAX_VALUE : this.demand + n;
			}
			start = !this.started && !this.cancelled;
			this.started = true;
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		if (start) {
			try {
				this.executor.execute(this);
			}
			catch (RejectedExecutionException ex) {
				this.subscriber.onError(new UpstreamException("", 503, "gateway_busy", "Too many streams at once",
						Map.of("retry-after", List.of("1")), null));
			}
		}
	}

	@Override
	public void cancel() {
		UpstreamExchange current;
		this.lock.lock();
		try {
			if (this.cancelled) {
				return;
			}
			this.cancelled = true;
			current = this.exchange;
			if (this.opening != null) {
				this.opening.interrupt();
			}
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		if (current != null) {
			current.close();
		}
	}

	@Override
	public void run() {
		GatewayChatModel.Sending sending = null;
		Throwable failure = null;
		boolean whole = false;
		try {
			if (!isCancelled()) {
				sending = this.preparing.get();
				whole = read(sending);
			}
		}
		catch (Throwable ex) {
			failure = ex;
		}
		if (sending != null && !whole) {
			try {
				sending.giveUp();
			}
			catch (RuntimeException ex) {
				failure = (failure != null) ? failure : ex;
			}
		}
		if (isCancelled()) {
			return;
		}
		if (failure != null) {
			this.subscriber.onError(failure);
		}
		else {
			this.subscriber.onComplete();
		}
	}

	// Returns whether the money is settled
	private boolean read(GatewayChatModel.Sending sending) {
		UpstreamExchange current = open(sending);
		if (current == null) {
			return false;
		}
		try (current) {
			WireStream stream = sending.format().readStream(sending.options());
			if (current.isEventStream()) {
				readEvents(current, stream, sending);
			}
			else {
				cut(current, stream, sending);
			}
			if (isCancelled()) {
				return false;
			}
			if (!stream.isComplete()) {
				throw broken(current, null);
			}
			current.complete();
			ChatResponse end = stream.end();
			ChatResponse last = (end != null) ? GatewayChatModel.named(end, current.model()) : null;
			if (last != null) {
				sending.spending().see(last);
			}
			sending.spending().settle();
			if (awaitDemand()) {
				this.subscriber.onNext((last != null) ? last : withoutBody());
			}
			return true;
		}
	}

	// What cannot be put together cannot be given to others, who would get the last event
	// alone. Nobody stores messages of other classes
	private static ChatResponse withoutBody() {
		return new ChatResponse(List.of(new Generation(new WireAssistantMessage("", List.of(), Map.of(), Map.of()))));
	}

	private @Nullable UpstreamExchange open(GatewayChatModel.Sending sending) {
		this.lock.lock();
		try {
			if (this.cancelled) {
				return null;
			}
			this.opening = Thread.currentThread();
		}
		finally {
			this.lock.unlock();
		}
		UpstreamExchange opened = null;
		try {
			opened = this.client.open(sending.targets(), sending.request());
			return opened;
		}
		finally {
			boolean late;
			this.lock.lock();
			try {
				this.opening = null;
				this.exchange = opened;
				late = this.cancelled;
				// A late interrupt is not for what the thread does next
				Thread.interrupted();
			}
			finally {
				this.lock.unlock();
			}
			if (late && opened != null) {
				opened.close();
			}
		}
	}

	private void readEvents(UpstreamExchange current, WireStream stream, GatewayChatModel.Sending sending) {
		EventStreamParser parser = new EventStreamParser(current.maxSize());
		try {
			ByteBuffer buffer = current.read();
			while (buffer != null) {
				parser.feed(buffer);
				ServerSentEvent event = parser.next();
				while (event != null) {
					if (!emit(event, stream, current, sending)) {
						return;
					}
					event = parser.next();
				}
				if (!awaitDemand()) {
					return;
				}
				buffer = current.read();
			}
			ServerSentEvent last = parser.end();
			if (last != null) {
				emitLast(last, stream, current, sending);
			}
		}
		catch (IOException ex) {
			throw new UpstreamException(current.upstream().name(), 502, "upstream_too_large",
					"The upstream sent an event that is too large", Map.of(), ex);
		}
	}

	// What was cut in two is no answer of another format
	private void emitLast(ServerSentEvent event, WireStream stream, UpstreamExchange current,
			GatewayChatModel.Sending sending) {
		try {
			emit(event, stream, current, sending);
		}
		catch (UpstreamException ex) {
			throw (ex.body() != null) ? ex : broken(current, ex);
		}
	}

	// Some servers answer at once although they were asked for a stream
	private void cut(UpstreamExchange current, WireStream stream, GatewayChatModel.Sending sending) {
		String body = new String(current.readAll(), StandardCharsets.UTF_8);
		Iterator<ServerSentEvent> events;
		try {
			events = sending.format().cut(body, sending.options()).iterator();
		}
		catch (WireException ex) {
			sending.spending().see(body);
			throw GatewayChatModel.unreadable(current, ex);
		}
		while (events.hasNext() && emit(events.next(), stream, current, sending)) {
			// Until all are emitted
		}
	}

	// Returns whether to go on
	private boolean emit(ServerSentEvent event, WireStream stream, UpstreamExchange current,
			GatewayChatModel.Sending sending) {
		ChatResponse element;
		try {
			element = stream.next(event);
		}
		catch (WireException ex) {
			if (ErrorBodies.isError(event.data())) {
				throw new UpstreamException(current.upstream().name(), 502, Map.of(),
						current.withoutSecret(event.data().getBytes(StandardCharsets.UTF_8)));
			}
			throw GatewayChatModel.unreadable(current, ex);
		}
		sending.spending().see(element);
		if (!awaitDemand()) {
			return false;
		}
		this.lock.lock();
		try {
			this.demand -= (this.demand != Long.MAX_VALUE) ? 1 : 0;
		}
		finally {
			this.lock.unlock();
		}
		this.subscriber.onNext(element);
		return !stream.isComplete() && !isCancelled();
	}

	private static UpstreamException broken(UpstreamExchange current, @Nullable Throwable cause) {
		return new UpstreamException(current.upstream().name(), 502, "upstream_broken",
				"The upstream ended its answer before it was complete", Map.of(), cause);
	}

	// Returns false if the subscriber has cancelled
	private boolean awaitDemand() {
		this.lock.lock();
		try {
			long left = MAX_STALL;
			while (this.demand == 0 && !this.cancelled && this.invalid == null) {
				if (left <= 0) {
					throw new UpstreamException("", 504, "client_stalled", "The client took nothing for too long",
							Map.of(), null);
				}
				left = await(left);
			}
			if (this.invalid instanceof IllegalArgumentException ex) {
				throw ex;
			}
			return !this.cancelled;
		}
		finally {
			this.lock.unlock();
		}
	}

	private long await(long nanos) {
		try {
			return this.changed.awaitNanos(nanos);
		}
		catch (InterruptedException ex) {
			throw new CancellationException("The stream was interrupted");
		}
	}

	private boolean isCancelled() {
		this.lock.lock();
		try {
			return this.cancelled;
		}
		finally {
			this.lock.unlock();
		}
	}

}
