package io.tokensaving.dedup;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.SavingsReport;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallState;
import io.tokensaving.request.PendingAnswer;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * A request that waits for the answer of a flight, which it leads or has joined.
 * Thread-safe.
 */
abstract class Participant {

	/**
	 * The position of a participant that wants all elements at once.
	 */
	static final long WANTS_ALL = Long.MAX_VALUE;

	private final ChatClientRequest request;

	private final CallState call;

	private final DedupSettings settings;

	private final SavingsLedger ledger;

	private final TokenCounter tokenCounter;

	private final SavingsStatistics statistics;

	private @Nullable Lease lease;

	private boolean landed;

	private final @Nullable PendingAnswer pending;

	private volatile @Nullable Object owner;

	private volatile boolean found;

	Participant(ChatClientRequest request, Ticket ticket, TokenCounter tokenCounter, SavingsStatistics statistics) {
		this.request = request;
		this.call = ticket.call();
		this.settings = ticket.settings();
		this.pending = PendingAnswer.of(request);
		this.ledger = SavingsLedger.of(request);
		this.tokenCounter = tokenCounter;
		this.statistics = statistics;
	}

	final ChatClientRequest request() {
		return this.request;
	}

	final CallState call() {
		return this.call;
	}

	final DedupSettings settings() {
		return this.settings;
	}

	final SavingsLedger ledger() {
		return this.ledger;
	}

	/**
	 * Check whether something has arrived. Called by the thread of the model, so it must
	 * not block.
	 */
	abstract void wake();

	/**
	 * Return how far the participant has read.
	 * @return the position of its next element, or {@link #WANTS_ALL} if it wants the
	 * whole answer instead of elements
	 */
	abstract long position();

	/**
	 * Whether the participant wants the whole answer at once.
	 * @return {@code false} if it reads elements as they arrive
	 */
	abstract boolean wantsWhole();

	/**
	 * Make the participant fail, because it has too many unread elements. Takes effect
	 * when it is woken next.
	 */
	abstract void overflow();

	/**
	 * Count a failure of sharing.
	 * @param failure the failure
	 */
	final void fail(Throwable failure) {
		this.statistics.recordError(DedupFeature.COMPONENT, this.call.planKey(), failure);
	}

	/**
	 * Record in the ledger how the request was answered, when the whole answer has
	 * arrived.
	 * @param flight the flight
	 */
	final void settle(Flight flight) {
		try {
			settleLedger(flight);
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	private void settleLedger(Flight flight) {
		boolean pays = flight.isPayer(this);
		if (flight.leader() == this && pays) {
			this.ledger.settle(null);
			return;
		}
		LedgerEvent.Served served = flight.leader().ledger().served();
		if (served != null) {
			this.ledger.settle(new LedgerEvent.Served(DedupFeature.HIT, DedupFeature.TECHNIQUE, served.usage(),
					served.model(), served.ageSeconds(), served.similarity()));
			return;
		}
		ChatResponse response = flight.response();
		if (pays) {
			this.ledger.takeOver(flight.leader().ledger());
			this.ledger.settle((response != null) ? new LedgerEvent.Bought(usage(response)) : null);
		}
		else {
			this.ledger.settle(new LedgerEvent.Served(DedupFeature.HIT, DedupFeature.TECHNIQUE, usage(response),
					TokenCounter.model(response, this.request.prompt().getOptions()), 0, null));
		}
	}

	private TokenUsage usage(@Nullable ChatResponse response) {
		return (response != null) ? this.ledger.usage(this.tokenCounter, this.request.prompt(), response)
				: TokenUsage.ZERO;
	}

	/**
	 * Let the ledger know that the request waits for a flight. If the request ends before
	 * the answer arrives, it has bought something only if it pays, no other request waits
	 * and the model has been called.
	 * @param flight the flight
	 */
	final void board(Flight flight) {
		this.ledger
			.await(() -> !flight.isPayer(this) || flight.hasOthers(this) || flight.leader().ledger().isLookedUp());
	}

	/**
	 * Charge an answer to the plan that arrived after all participants had left: the
	 * model is paid, but every ledger is closed.
	 * @param answer the answer
	 * @param prices the prices
	 */
	final void chargeAbandoned(ChatClientResponse answer, PriceTable prices) {
		ChatResponse response = answer.chatResponse();
		if (response == null || this.ledger.served() != null) {
			return;
		}
		try {
			this.statistics.plan(this.call.planKey())
				.recordOverhead(TokenCounter.model(response, this.request.prompt().getOptions()), usage(response),
						prices);
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	/**
	 * Return the pending answer of an outer cache.
	 * @return the pending answer, or {@code null} if there is none
	 */
	final @Nullable PendingAnswer pending() {
		return this.pending;
	}

	/**
	 * Take over the pending answer of an outer cache, because the flight stores the
	 * answer.
	 * @param newOwner the new owner
	 */
	final void takeOver(Object newOwner) {
		if (this.pending != null && this.pending.takeOver(newOwner)) {
			this.owner = newOwner;
		}
	}

	/**
	 * Stop sharing, because this request calls the model itself. The pending answer is
	 * given back to the cache.
	 */
	final void goAlone() {
		this.ledger.settle(null);
		Object owner = this.owner;
		if (this.pending != null && owner != null) {
			this.pending.giveBack(owner);
		}
	}

	/**
	 * Return the pending answer if it was taken over.
	 * @return the pending answer, or {@code null} if the flight must not store the answer
	 */
	final @Nullable PendingAnswer owned() {
		return (this.owner != null) ? this.pending : null;
	}

	/**
	 * Look up the answer in the outer cache. May block.
	 * @param pending the pending answer
	 * @param timeout the longest time to block
	 * @return the answer, or {@code null} if it is not stored
	 */
	final @Nullable ChatClientResponse find(PendingAnswer pending, Duration timeout) {
		ChatClientResponse answer = pending.find(DedupFeature.HIT, DedupFeature.TECHNIQUE, timeout);
		this.found = answer != null;
		return answer;
	}

	/**
	 * Whether the answer was found in the outer cache, so that it need not be stored.
	 * @return whether it was found
	 */
	final boolean hasFound() {
		return this.found;
	}

	/**
	 * Hold a lease until the flight that this request leads has ended.
	 * @param lease the lease
	 */
	final void hold(Lease lease) {
		boolean late;
		synchronized (this) {
			late = this.landed;
			this.lease = lease;
		}
		if (late) {
			lease.release(false);
		}
	}

	/**
	 * Release the lease, if there is one.
	 * @param answered whether there is an answer
	 */
	final void land(boolean answered) {
		Lease held;
		synchronized (this) {
			this.landed = true;
			held = this.lease;
		}
		if (held != null) {
			held.release(answered);
		}
	}

	/**
	 * Copy an element for this request, so that changes by its caller do not affect
	 * others. Unless the request pays, the usage of the copy is zero. Responses of a
	 * provider's own class cannot be copied and are shared.
	 * @param flight the flight
	 * @param element the element
	 * @return the element for this request
	 */
	final ChatClientResponse own(Flight flight, ChatClientResponse element) {
		ChatResponse response = element.chatResponse();
		try {
			response = (response != null) ? copy(response, !flight.isPayer(this)) : null;
		}
		catch (Throwable ex) {
			fail(ex);
		}
		boolean leads = flight.leader() == this;
		return new ChatClientResponse(response, new HashMap<>(leads ? element.context() : this.request.context()));
	}

	private static ChatResponse copy(ChatResponse response, boolean free) {
		if (response.getClass() != ChatResponse.class
				|| response.getMetadata().getClass() != ChatResponseMetadata.class) {
			return response;
		}
		List<Generation> generations = response.getResults().stream().map(Participant::copy).toList();
		ChatResponseMetadata metadata = response.getMetadata();
		Map<String, Object> entries = new HashMap<>();
		metadata.entrySet().forEach((entry) -> entries.put(entry.getKey(), entry.getValue()));
		if (free) {
			entries.put(SavingsReport.OUTCOME_METADATA_KEY, DedupFeature.HIT.value());
		}
		ChatResponseMetadata.Builder builder = ChatResponseMetadata.builder()
			.id(metadata.getId())
			.model(metadata.getModel())
			.rateLimit(metadata.getRateLimit())
			.promptMetadata(metadata.getPromptMetadata())
			.usage(free ? new DefaultUsage(0, 0, 0) : metadata.getUsage())
			.metadata(entries);
		return new ChatResponse(generations, builder.build());
	}

	private static Generation copy(Generation generation) {
		AssistantMessage message = generation.getOutput();
		if (message == null || message.getClass() != AssistantMessage.class
				|| generation.getClass() != Generation.class) {
			return generation;
		}
		Map<String, @Nullable Object> properties = new HashMap<>(message.getMetadata());
		AssistantMessage copied = AssistantMessage.builder()
			.content(message.getText())
			.properties(properties)
			.toolCalls(List.copyOf(message.getToolCalls()))
			.media(List.copyOf(message.getMedia()))
			.build();
		return new Generation(copied, generation.getMetadata());
	}

}
