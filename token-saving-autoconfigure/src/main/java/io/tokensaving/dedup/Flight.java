package io.tokensaving.dedup;

import java.util.Set;

import io.tokensaving.request.PendingAnswer;
import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * A call of the model whose answer several requests wait for. It subscribes to the model,
 * keeps the answer in an {@link AnswerBuffer}, and wakes the participants when something
 * arrives. If all participants leave before the answer has arrived, the call is
 * cancelled. Thread-safe.
 */
final class Flight implements CoreSubscriber<ChatClientResponse> {

	/**
	 * The size on the heap in bytes of unread elements above which the slowest reader is
	 * given up.
	 */
	private static final long MAX_UNREAD_BYTES = 4 * BufferBudget.MAX_BYTES_PER_FLIGHT;

	// The size of the texts in bytes up to which a stream is assembled
	private static final long MAX_ASSEMBLED_BYTES = 1024 * 1024;

	private final BufferBudget budget;

	private final Listener listener;

	private final Context context;

	private final Participant leader;

	private final FlightParticipants participants;

	private final AnswerBuffer buffer;

	private final FlightDemand demand = new FlightDemand();

	private boolean done;

	private boolean abandoned;

	private @Nullable Throwable error;

	private @Nullable Runnable cancellation;

	private @Nullable Subscription upstream;

	private @Nullable ChatClientResponse answer;

	/**
	 * Create a flight.
	 * @param leader the first participant
	 * @param context the context of the leader
	 * @param budget the budget of the buffers of all flights
	 * @param listener is called when the flight ends
	 */
	Flight(Participant leader, Context context, BufferBudget budget, Listener listener) {
		this.leader = leader;
		this.context = context;
		this.budget = budget;
		this.listener = listener;
		ResponseAssembler assembler = leader.wantsWhole() ? null : new ResponseAssembler(
				leader.call().dialect(leader.request()), maxAssembled(leader.pending()), budget.assembled());
		this.buffer = new AnswerBuffer(budget, assembler, leader::fail);
		this.participants = new FlightParticipants(leader);
		leader.call().shareTags(this::takeTags);
	}

	// The cache stores the answer that is assembled here, so its limit applies too
	private static long maxAssembled(@Nullable PendingAnswer pending) {
		return (pending != null) ? Math.max(MAX_ASSEMBLED_BYTES, pending.maxBytes()) : MAX_ASSEMBLED_BYTES;
	}

	Participant leader() {
		return this.leader;
	}

	/**
	 * Join the flight.
	 * @param participant the request that joins
	 * @param fresh whether the request accepts only an answer that has not arrived yet
	 * @return {@code false} if the request cannot share the answer
	 */
	synchronized boolean join(Participant participant, boolean fresh) {
		if (!this.buffer.isOpen() || this.abandoned || this.error != null || (fresh && this.done) || !suits(participant)
				|| !mayTag(participant)) {
			return false;
		}
		this.participants.add(participant);
		return true;
	}

	/**
	 * Whether the answer has, or can still be given, the tags of a request.
	 * @param participant the request
	 * @return {@code false} if the answer is being stored without one of them
	 */
	synchronized boolean mayTag(Participant participant) {
		return this.participants.mayTag(participant);
	}

	/**
	 * Return the tags of the answer when it is stored. From now on requests with other
	 * tags cannot join, because an eviction by those would not find the answer.
	 * @return the tags of all requests that share the answer
	 */
	synchronized Set<String> takeTags() {
		return this.participants.takeTags();
	}

	/**
	 * Whether a request can use the answer. A request that wants the whole answer cannot
	 * use a stream that cannot be assembled without loss.
	 * @param participant the request
	 * @return {@code false} if waiting is of no use
	 */
	synchronized boolean suits(Participant participant) {
		return !participant.wantsWhole() || this.buffer.canBeWhole();
	}

	int waiting() {
		return this.participants.count();
	}

	synchronized boolean isRunning() {
		return !this.done && !this.abandoned;
	}

	/**
	 * Whether all participants left before the answer arrived.
	 * @return whether nobody receives the answer if it arrives after all
	 */
	synchronized boolean isAbandoned() {
		return this.abandoned;
	}

	/**
	 * Set how the call is cancelled when all participants have left.
	 * @param cancellation cancels the call; run at once if all have left already
	 */
	void onCancel(Runnable cancellation) {
		synchronized (this) {
			if (!this.abandoned) {
				this.cancellation = cancellation;
				return;
			}
		}
		cancellation.run();
	}

	/**
	 * Leave the flight. If the participant was to pay, the next one does.
	 * @param participant the participant that leaves
	 * @return {@code false} if the answer has arrived already
	 */
	boolean leave(Participant participant) {
		Runnable cancellation = null;
		Subscription upstream = null;
		boolean over = false;
		boolean late;
		synchronized (this) {
			if (!this.participants.remove(participant)) {
				return false;
			}
			late = this.done;
			if (!late && this.participants.isPayer(participant)) {
				this.participants.nextPays();
			}
			if (!late && this.participants.count() == 0) {
				this.abandoned = true;
				over = true;
				cancellation = this.cancellation;
				upstream = this.upstream;
				this.buffer.clear();
				this.buffer.close();
			}
			else {
				trim();
			}
		}
		if (cancellation != null) {
			cancellation.run();
		}
		if (upstream != null) {
			upstream.cancel();
		}
		if (over) {
			this.listener.abandoned(this);
		}
		return !late;
	}

	/**
	 * Whether another participant would pay if one left.
	 * @param participant the participant that might leave
	 * @return whether the answer has not arrived and others wait
	 */
	synchronized boolean hasOthers(Participant participant) {
		return !this.done && this.participants.hasOthers(participant);
	}

	synchronized boolean isPayer(Participant participant) {
		return this.participants.isPayer(participant);
	}

	@Override
	public Context currentContext() {
		return this.context;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		synchronized (this) {
			if (!this.abandoned) {
				this.upstream = subscription;
			}
		}
		if (this.upstream == null) {
			subscription.cancel();
			return;
		}
		requestMore();
	}

	@Override
	public void onNext(ChatClientResponse element) {
		synchronized (this) {
			if (this.done || this.abandoned) {
				return;
			}
			this.demand.arrived(this.buffer.add(element));
			trim();
			this.participants.giveUpSlow(this.buffer, this.demand.fastest(), 2L * this.budget.maxPerFlight(),
					MAX_UNREAD_BYTES);
		}
		this.participants.wakeAll();
	}

	private void trim() {
		if (!this.done && this.buffer.isTrimmable()) {
			this.buffer.trim(this.participants.slowest());
		}
	}

	@Override
	public void onError(Throwable failure) {
		end(failure);
	}

	@Override
	public void onComplete() {
		end(null);
	}

	private void end(@Nullable Throwable failure) {
		synchronized (this) {
			if (this.done || this.abandoned) {
				return;
			}
			this.done = true;
			this.error = failure;
		}
		try {
			this.listener.ended(this, failure);
		}
		finally {
			this.participants.wakeAll();
		}
	}

	/**
	 * Release the budget of the buffer when nobody can join any more. Participants can
	 * still read the elements.
	 */
	synchronized void close() {
		this.buffer.close();
	}

	/**
	 * Return an element.
	 * @param position its position, from 0
	 * @return the element, or {@code null} if it has not arrived or was removed
	 */
	synchronized @Nullable ChatClientResponse element(long position) {
		return this.buffer.element(position);
	}

	/**
	 * Whether all elements have been read.
	 * @param position the position of the next element
	 * @return whether there is no element at the position and will be none
	 */
	synchronized boolean isAtEnd(long position) {
		return this.done && position >= this.buffer.end();
	}

	synchronized boolean isDone() {
		return this.done;
	}

	synchronized @Nullable Throwable error() {
		return this.error;
	}

	/**
	 * Record how far a participant has read, and request more elements if it needs them.
	 * @param position the position of its next element, or {@link Participant#WANTS_ALL}
	 */
	void read(long position) {
		synchronized (this) {
			this.demand.read(position);
			trim();
		}
		requestMore();
	}

	private void requestMore() {
		Subscription upstream;
		long more;
		synchronized (this) {
			upstream = this.upstream;
			more = (upstream != null) ? this.demand.next() : 0;
		}
		if (upstream != null && more > 0) {
			upstream.request(more);
		}
	}

	/**
	 * Return the whole answer.
	 * @return the answer, or {@code null} if it has not arrived, if the model failed, if
	 * it cannot be assembled without loss, or if the stream may have been truncated
	 */
	synchronized @Nullable ChatClientResponse answer() {
		if (this.answer == null && this.done && this.error == null) {
			this.answer = this.buffer.whole(() -> this.leader.ledger().served() != null);
		}
		return this.answer;
	}

	/**
	 * Return the response so far, as far as it can be assembled.
	 * @return the response, in which thoughts and answer may be mixed, or {@code null} if
	 * there is none
	 */
	synchronized @Nullable ChatResponse response() {
		return this.buffer.response();
	}

	/**
	 * Is called when a flight ends. Each method is called at most once.
	 */
	interface Listener {

		/**
		 * The answer has arrived, or the model failed. Called before the participants are
		 * woken.
		 * @param flight the flight
		 * @param failure the failure of the model, or {@code null} if there is none
		 */
		void ended(Flight flight, @Nullable Throwable failure);

		/**
		 * All participants have left before the answer arrived.
		 * @param flight the flight
		 */
		void abandoned(Flight flight);

	}

}
