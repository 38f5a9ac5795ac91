package io.tokensaving.dedup;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * A request on its way to the model, and all who wait for its answer. What the model says
 * is kept from the beginning, so that those who join late miss nothing; if it becomes too
 * much, nobody may join any more, and only what somebody has not read yet is kept. The
 * elements of a stream are put together as they come, for those who want the answer as a
 * whole. The model is asked to go on at the pace of the fastest reader, so no reader
 * holds up another. Once nobody waits, the call is cancelled. Thread-safe.
 */
final class Flight implements CoreSubscriber<ChatClientResponse> {

	private static final int PREFETCH = 1024;

	private final BufferBudget budget;

	private final Listener listener;

	private final Context context;

	private final List<ChatClientResponse> elements = new ArrayList<>(2);

	private final Set<Participant> participants = new LinkedHashSet<>();

	private final Participant leader;

	private @Nullable Participant payer;

	private int dropped;

	private int held;

	private boolean open = true;

	private boolean done;

	private boolean abandoned;

	private @Nullable Throwable error;

	private @Nullable Runnable cancellation;

	private @Nullable Subscription upstream;

	private long requested;

	private long fastest;

	// Null if a call leads: its answer is whole already
	private final @Nullable ResponseAssembler assembler;

	private boolean fragmentary;

	private @Nullable ChatClientResponse answer;

	/**
	 * Create a flight.
	 * @param leader the first who waits
	 * @param context the context of the leader
	 * @param budget limits what all flights keep
	 * @param listener is told when it is over
	 */
	Flight(Participant leader, Context context, BufferBudget budget, Listener listener) {
		this.leader = leader;
		this.payer = leader;
		this.context = context;
		this.budget = budget;
		this.listener = listener;
		this.assembler = leader.wantsWhole() ? null : new ResponseAssembler();
		this.participants.add(leader);
	}

	Participant leader() {
		return this.leader;
	}

	/**
	 * Wait for the answer too.
	 * @param participant who wants to
	 * @param fresh whether it has to be an answer that is still on its way
	 * @return {@code false} if it is too late
	 */
	synchronized boolean join(Participant participant, boolean fresh) {
		if (!this.open || this.abandoned || this.error != null || (fresh && this.done) || !suits(participant)) {
			return false;
		}
		return this.participants.add(participant);
	}

	/**
	 * Whether somebody can make use of what the model says. One who wants the whole
	 * cannot if the elements of a stream have no form of one piece, such as those of a
	 * model that thinks aloud.
	 * @param participant who wants to
	 * @return {@code false} if it is of no use to wait
	 */
	synchronized boolean suits(Participant participant) {
		return !participant.wantsWhole() || this.assembler == null || isSingle()
				|| (!this.fragmentary && this.assembler.isLossless());
	}

	private boolean isSingle() {
		return this.dropped == 0 && this.elements.size() <= 1;
	}

	synchronized int waiting() {
		return this.participants.size();
	}

	synchronized boolean isRunning() {
		return !this.done && !this.abandoned;
	}

	/**
	 * Set what ends the call if nobody waits for it any more.
	 * @param cancellation is run at once if nobody waits already
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
	 * Wait no longer. If it was the one who pays, the next one does.
	 * @param participant who leaves
	 * @return {@code false} if that comes too late, because the answer has arrived
	 */
	boolean leave(Participant participant) {
		Runnable cancellation = null;
		Subscription upstream = null;
		Participant promoted = null;
		boolean over = false;
		boolean late;
		synchronized (this) {
			if (!this.participants.remove(participant)) {
				return false;
			}
			late = this.done;
			if (!late) {
				participant.ledger().recordLeft();
			}
			if (this.payer == participant && !this.done) {
				promoted = this.participants.isEmpty() ? null : this.participants.iterator().next();
				this.payer = promoted;
			}
			if (this.participants.isEmpty() && !this.done) {
				this.abandoned = true;
				over = true;
				this.open = false;
				cancellation = this.cancellation;
				upstream = this.upstream;
				release();
			}
			else {
				trim();
			}
		}
		if (promoted != null) {
			promoted.pay(this);
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
	 * Whether somebody else would pay if one leaves.
	 * @param participant who might leave
	 * @return whether others wait
	 */
	synchronized boolean hasOthers(Participant participant) {
		return !this.done && this.participants.size() > (this.participants.contains(participant) ? 1 : 0);
	}

	synchronized boolean isPayer(Participant participant) {
		return this.payer == participant;
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
		List<Participant> lagging = new ArrayList<>(0);
		List<Participant> waiting;
		synchronized (this) {
			if (this.done || this.abandoned) {
				return;
			}
			keep(element);
			long end = this.dropped + (long) this.elements.size();
			for (Participant participant : this.participants) {
				if (end - participant.position() > 2L * this.budget.maxPerFlight()) {
					lagging.add(participant);
				}
			}
			waiting = List.copyOf(this.participants);
		}
		lagging.forEach(Participant::overflow);
		waiting.forEach(Participant::wake);
	}

	private void keep(ChatClientResponse element) {
		this.elements.add(element);
		assemble(element);
		if (this.open && this.elements.size() <= this.budget.maxPerFlight() && this.budget.tryAcquire()) {
			this.held++;
			return;
		}
		this.open = false;
		trim();
	}

	private void assemble(ChatClientResponse element) {
		if (this.assembler == null || this.fragmentary || element.chatResponse() == null) {
			return;
		}
		try {
			this.assembler.add(element.chatResponse());
		}
		catch (RuntimeException ex) {
			this.fragmentary = true;
			this.leader.fail(ex);
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
		List<Participant> waiting;
		synchronized (this) {
			if (this.done || this.abandoned) {
				return;
			}
			this.done = true;
			this.error = failure;
			waiting = List.copyOf(this.participants);
		}
		try {
			this.listener.ended(this, failure);
		}
		finally {
			waiting.forEach(Participant::wake);
		}
	}

	/**
	 * Forget what the model said, once nobody can join any more.
	 */
	synchronized void close() {
		this.open = false;
		release();
	}

	// Gives back the budget: what somebody still has to read is gone soon
	private void release() {
		this.budget.release(this.held);
		this.held = 0;
	}

	private void trim() {
		if (this.open || this.done || this.assembler == null) {
			return;
		}
		long slowest = Long.MAX_VALUE;
		for (Participant participant : this.participants) {
			slowest = Math.min(slowest, participant.position());
		}
		int read = (int) Math.min(slowest - this.dropped, this.elements.size());
		if (read > 0) {
			this.elements.subList(0, read).clear();
			this.dropped += read;
			int freed = Math.min(read, this.held);
			this.held -= freed;
			this.budget.release(freed);
		}
	}

	/**
	 * Return an element.
	 * @param position its position, from 0
	 * @return the element, or {@code null} if it has not arrived
	 */
	synchronized @Nullable ChatClientResponse element(long position) {
		int index = (int) (position - this.dropped);
		return (index >= 0 && index < this.elements.size()) ? this.elements.get(index) : null;
	}

	/**
	 * Whether all has been read.
	 * @param position the position of the next element
	 * @return whether there is and will be none at the position
	 */
	synchronized boolean isAtEnd(long position) {
		return this.done && position >= this.dropped + (long) this.elements.size();
	}

	synchronized boolean isDone() {
		return this.done;
	}

	synchronized @Nullable Throwable error() {
		return this.error;
	}

	/**
	 * Say how far somebody has read.
	 * @param position the position of the next element, or {@link Participant#WANTS_ALL}
	 */
	void read(long position) {
		synchronized (this) {
			this.fastest = Math.max(this.fastest, position);
			trim();
		}
		requestMore();
	}

	private void requestMore() {
		Subscription upstream;
		long more;
		synchronized (this) {
			upstream = this.upstream;
			if (upstream == null || this.requested == Long.MAX_VALUE) {
				return;
			}
			boolean all = this.fastest == Participant.WANTS_ALL;
			more = all ? Long.MAX_VALUE : this.fastest + PREFETCH - this.requested;
			if (!all && more < PREFETCH / 4) {
				return;
			}
			this.requested = all ? Long.MAX_VALUE : this.requested + more;
		}
		upstream.request(more);
	}

	/**
	 * Return the whole answer once it is there.
	 * @return the answer, or {@code null} if it has no form of one piece, or if nobody
	 * knows whether the stream was cut off
	 */
	synchronized @Nullable ChatClientResponse answer() {
		if (this.answer == null && this.done && this.error == null) {
			this.answer = whole();
		}
		return this.answer;
	}

	private @Nullable ChatClientResponse whole() {
		ChatClientResponse only = (isSingle() && !this.elements.isEmpty()) ? this.elements.get(0) : null;
		if (this.assembler == null) {
			return only;
		}
		boolean finished = this.assembler.isFinished() || this.leader.ledger().servedUsage() != null;
		if (!finished || only != null) {
			return finished ? only : null;
		}
		ChatResponse response = this.assembler.isLossless() ? response() : null;
		return (response != null) ? new ChatClientResponse(response, Map.of()) : null;
	}

	/**
	 * Return what the model said, as far as it can be put together.
	 * @return the response, which may have lost what tells thoughts from answer, or
	 * {@code null} if there is none
	 */
	synchronized @Nullable ChatResponse response() {
		if (this.assembler == null) {
			return this.elements.isEmpty() ? null : this.elements.get(0).chatResponse();
		}
		if (this.fragmentary) {
			return null;
		}
		try {
			return this.assembler.assemble();
		}
		catch (RuntimeException ex) {
			this.fragmentary = true;
			this.leader.fail(ex);
			return null;
		}
	}

	/**
	 * Is told when a flight is over. Called once at most for each method.
	 */
	interface Listener {

		/**
		 * All has arrived, or the model failed. Those who wait are told afterwards.
		 * @param flight the flight
		 * @param failure the failure of the model, if any
		 */
		void ended(Flight flight, @Nullable Throwable failure);

		/**
		 * Nobody waits any more, before the end.
		 * @param flight the flight
		 */
		void abandoned(Flight flight);

	}

}
