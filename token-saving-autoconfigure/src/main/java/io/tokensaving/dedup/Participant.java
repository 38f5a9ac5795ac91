package io.tokensaving.dedup;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.plan.DedupSettings;
import io.tokensaving.request.CallState;
import io.tokensaving.savings.Component;
import io.tokensaving.savings.SavingsLedger;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.TokenCounter;
import io.tokensaving.savings.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * A request that waits for the answer of a flight: its own, or one that it has joined.
 * Thread-safe.
 */
abstract class Participant {

	/**
	 * Says that whoever waits wants all there is, at once.
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

	Participant(ChatClientRequest request, CallState call, DedupSettings settings, TokenCounter tokenCounter,
			SavingsStatistics statistics) {
		this.request = request;
		this.call = call;
		this.settings = settings;
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
	 * Look whether something has arrived. Called by the thread of the model, so it must
	 * not wait for anything.
	 */
	abstract void wake();

	/**
	 * Return how much has been read.
	 * @return the position of the next element, or {@link #WANTS_ALL} for one who does
	 * not read elements but wants the whole
	 */
	abstract long position();

	/**
	 * Whether this one needs the answer in one piece.
	 * @return {@code false} if it reads elements as they come
	 */
	abstract boolean wantsWhole();

	/**
	 * Give up, because too many elements wait to be read.
	 */
	abstract void overflow();

	/**
	 * Write down a failure of sharing.
	 * @param failure the failure
	 */
	final void fail(Throwable failure) {
		this.statistics.recordError(Component.DEDUP, this.call.plan().id(), failure);
	}

	/**
	 * Write down how the answer was come by, when all of it has arrived.
	 * @param flight the flight
	 */
	final void settle(Flight flight) {
		try {
			write(flight);
		}
		catch (RuntimeException ex) {
			fail(ex);
		}
	}

	private void write(Flight flight) {
		boolean pays = flight.isPayer(this);
		if (flight.leader() == this && pays) {
			return;
		}
		this.call.storedElsewhere();
		if (this.ledger.recordSharedHit(flight.leader().ledger())) {
			return;
		}
		ChatResponse response = flight.response();
		if (!pays) {
			writeHit(response);
			return;
		}
		this.ledger.recordPaying();
		if (response != null) {
			this.ledger.recordBought(usage(response));
		}
	}

	private TokenUsage usage(@Nullable ChatResponse response) {
		return (response != null) ? this.tokenCounter.usage(this.request.prompt(), response) : TokenUsage.ZERO;
	}

	private void writeHit(@Nullable ChatResponse response) {
		this.ledger.recordHit(Outcome.DEDUP_HIT, SavingTechnique.DEDUP, usage(response),
				TokenCounter.model(response, this.request.prompt().getOptions()), 0, null);
	}

	/**
	 * Take the answer of a flight that has just landed.
	 * @param answer the answer
	 * @return the response for this one
	 */
	final ChatClientResponse take(ChatResponse answer) {
		this.call.storedElsewhere();
		ChatResponse own = answer;
		try {
			writeHit(answer);
			own = copy(answer, true);
		}
		catch (RuntimeException ex) {
			fail(ex);
		}
		return new ChatClientResponse(own, new HashMap<>(this.request.context()));
	}

	/**
	 * Hold a lease until the flight that this one leads has landed.
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
	 * Give back the lease, if there is one.
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
	 * Pay for the call from now on, because the one who would have paid has left.
	 * @param flight the flight
	 */
	final void pay(Flight flight) {
		this.ledger.recordPaying();
		this.ledger.recordShared(() -> flight.hasOthers(this) || flight.leader().ledger().isLookedUp());
	}

	/**
	 * Make of an element what this one is given: a copy, so that what one does to it no
	 * other sees, which for those who do not pay cost nothing. What is of a provider's
	 * own class cannot be copied, and is given to all.
	 * @param flight the flight
	 * @param element the element
	 * @return the element for this one
	 */
	final ChatClientResponse own(Flight flight, ChatClientResponse element) {
		ChatResponse response = element.chatResponse();
		try {
			response = (response != null) ? copy(response, !flight.isPayer(this)) : null;
		}
		catch (RuntimeException ex) {
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
			entries.put(SavingsReport.OUTCOME_METADATA_KEY, Outcome.DEDUP_HIT.value());
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
