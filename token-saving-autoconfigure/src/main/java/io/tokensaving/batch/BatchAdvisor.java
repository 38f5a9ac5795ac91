package io.tokensaving.batch;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.event.BatchAnsweredEvent;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.request.CallState;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.FingerprintException;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.SourceModels;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.ChatModelCallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Stands in front of the model. Of work whose answers may come later it queues the
 * request as the model would send it, and ends the run; once the answer is there, it
 * plays it back through the same model. A call that says how long its caller can wait
 * goes to a cheaper service tier. All others pass. Thread-safe.
 */
public final class BatchAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	private static final int MAX_CAUSES = 10;

	private static final int MAX_LATE = 1000;

	// Requests of one time are due at about the same time, and no answer is to be old
	private static final Duration LATE_FOR = Duration.ofMinutes(30);

	private final BatchCapabilities models;

	private final @Nullable BatchQueue queue;

	private final boolean liveFallback;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final FlexCalls flex;

	// By key: equal requests that no batch has answered share one call, as those of a
	// batch
	// share a line
	private final ConcurrentMap<String, CompletableFuture<@Nullable ChatResponse>> late = Caffeine.newBuilder()
		.maximumSize(MAX_LATE)
		.expireAfterWrite(LATE_FOR)
		.<String, CompletableFuture<@Nullable ChatResponse>>build()
		.asMap();

	/**
	 * Create an advisor.
	 * @param models find out how models can be asked by batch
	 * @param queue takes what is to be sent, or {@code null} if nothing is deferred
	 * @param liveFallback whether a request is asked at once if no time is left for a
	 * batch
	 * @param flex sends calls to a cheaper service tier
	 * @param statistics count what happens
	 * @param tokenCounter reads what answers cost
	 */
	public BatchAdvisor(BatchCapabilities models, @Nullable BatchQueue queue, boolean liveFallback, FlexCalls flex,
			SavingsStatistics statistics, TokenCounter tokenCounter) {
		this.models = models;
		this.queue = queue;
		this.liveFallback = liveFallback;
		this.flex = flex;
		this.statistics = statistics;
		this.tokenCounter = tokenCounter;
	}

	@Override
	public String getName() {
		return "Token Saving Batch";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.BATCH;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		CallState call = CallState.of(request);
		if (call == null) {
			return chain.nextCall(request);
		}
		if (this.queue != null && call.deferral() instanceof BatchScope scope) {
			BatchModel model = this.models.of(model(request, chain));
			String key = key(request, call, scope, model);
			if (key == null) {
				return chain.nextCall(request);
			}
			return new Deferred(request, call, scope, this.queue, key, model).answer(chain);
		}
		return this.flex.call(request, call, chain, this);
	}

	private @Nullable String key(ChatClientRequest request, CallState call, BatchScope scope,
			@Nullable BatchModel model) {
		try {
			Tier tier = TierModelAdvisor.selected(request);
			String answering = (model != null) ? model.address() : "";
			if (tier != null) {
				answering = tier.name() + " " + answering;
			}
			// Who does not want a stored answer does not want that of an equal request
			// either
			boolean alone = call.directives().noStore() || call.directives().noCache();
			return call.lastingFingerprint(request, alone ? answering + " for " + scope.id() : answering).exact();
		}
		catch (FingerprintException | StackOverflowError ex) {
			this.statistics.recordError(Component.FINGERPRINT, call.planKey(), ex);
			return null;
		}
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		CallState call = CallState.of(request);
		return (call != null) ? this.flex.stream(request, call, chain, given, this) : chain.nextStream(request);
	}

	private static @Nullable ChatModel model(ChatClientRequest request, CallAdvisorChain chain) {
		Tier tier = TierModelAdvisor.selected(request);
		ChatModel model = (tier != null) ? tier.chatModel() : null;
		return (model != null) ? model : SourceModels.of(chain.getCallAdvisors());
	}

	private static boolean isToolRound(ChatClientRequest request) {
		List<Message> messages = request.prompt().getInstructions();
		return !messages.isEmpty() && messages.get(messages.size() - 1) instanceof ToolResponseMessage;
	}

	/**
	 * A request whose answer may come later.
	 */
	private final class Deferred {

		private final ChatClientRequest request;

		private final CallState call;

		private final BatchScope scope;

		private final BatchQueue queue;

		private final BatchSettings settings;

		private final String key;

		private final @Nullable BatchModel model;

		private final SavingsLedger ledger;

		Deferred(ChatClientRequest request, CallState call, BatchScope scope, BatchQueue queue, String key,
				@Nullable BatchModel model) {
			this.request = request;
			this.call = call;
			this.scope = scope;
			this.queue = queue;
			BatchSettings given = call.plan().settings(BatchSettings.class);
			this.settings = (given != null) ? given : BatchSettings.DEFAULT;
			this.key = key;
			this.model = model;
			this.ledger = SavingsLedger.of(request);
		}

		ChatClientResponse answer(CallAdvisorChain chain) {
			ChatClientResponse bought = this.scope.live(this.key);
			if (bought != null) {
				if (this.scope.isBuyer(this.key)) {
					this.ledger.recordCharged();
				}
				else {
					shared(bought.chatResponse());
				}
				return bought;
			}
			if (this.settings.tools() == BatchSettings.Tools.LIVE && isToolRound(this.request)) {
				return live(chain, "tool_round");
			}
			BatchModel model = this.model;
			if (model == null) {
				return live(chain, "no_batch_api");
			}
			BatchQueue.Entry entry = find();
			if (entry == null || (!isSettled(entry) && !this.scope.knows(this.key))) {
				entry = add(model, chain, entry == null);
			}
			return switch (entry.state()) {
				case QUEUED, SUBMITTING, SUBMITTED -> throw deferred();
				case DONE -> replay(model, entry, chain);
				case FAILED -> throw new RejectedRequestException(
						(entry.error() != null) ? entry.error() : "The provider did not accept the request");
				case EXPIRED, LIVE -> late(chain);
			};
		}

		private BatchQueue.@Nullable Entry find() {
			try {
				return this.queue.find(this.key);
			}
			catch (RuntimeException ex) {
				if (this.scope.knows(this.key)) {
					// What was queued is not lost because of a queue that cannot be read
					fail(ex);
					throw deferred();
				}
				throw ex;
			}
		}

		private boolean claimPayment() {
			try {
				return this.queue.claimPayment(this.key);
			}
			catch (RuntimeException ex) {
				// An answer that nobody pays for is booked when it is deleted
				fail(ex);
				return false;
			}
		}

		private void fail(Throwable failure) {
			BatchAdvisor.this.statistics.recordError(BatchFeature.COMPONENT, this.call.planKey(), failure);
		}

		private boolean isSettled(BatchQueue.Entry entry) {
			return switch (entry.state()) {
				case QUEUED, SUBMITTING, SUBMITTED -> false;
				case DONE, FAILED, EXPIRED, LIVE -> true;
			};
		}

		private BatchQueue.Entry add(BatchModel model, CallAdvisorChain chain, boolean isNew) {
			BatchModel.CapturedRequest captured = capture(model, chain);
			BatchQueue.Entry entry = this.queue.add(this.key, this.call.workspace(), this.call.plan().id(),
					captured.target(), captured.body(), this.scope.deadline(this.settings));
			this.scope.queued(this.key);
			count(BatchFeature.QUEUED, isNew ? "new" : "shared");
			return entry;
		}

		private BatchModel.CapturedRequest capture(BatchModel model, CallAdvisorChain chain) {
			try {
				ask(model.capturing(), chain);
			}
			catch (RuntimeException | Error ex) {
				Throwable cause = ex;
				for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
					if (cause instanceof BatchModel.CapturedRequest captured) {
						return captured;
					}
					cause = cause.getCause();
				}
				throw ex;
			}
			throw new IllegalStateException("The model has answered instead of capturing the request");
		}

		private ChatClientResponse ask(ChatModel model, CallAdvisorChain chain) {
			return ChatModelCallAdvisor.builder().chatModel(model).build().adviseCall(this.request, chain);
		}

		private DeferredAnswerException deferred() {
			this.scope.defer(this.key);
			this.ledger.refuse();
			return new DeferredAnswerException();
		}

		private ChatClientResponse replay(BatchModel model, BatchQueue.Entry entry, CallAdvisorChain chain) {
			byte[] body = entry.body();
			if (body == null) {
				throw new IllegalStateException("There is no answer");
			}
			ChatClientResponse response = ask(model.replaying(body), chain);
			boolean again = !this.scope.charge(this.key);
			boolean pays = this.scope.pays(this.key, this::claimPayment);
			if (pays) {
				this.ledger.recordTier(ServiceTier.BATCH);
				this.ledger.record(new LedgerEvent.Unhurried(BatchFeature.TECHNIQUE));
				if (again) {
					this.ledger.recordCharged();
				}
			}
			else {
				shared(response.chatResponse());
			}
			if (!again) {
				BatchAdvisor.this.statistics.publish(
						new BatchAnsweredEvent(this.call.workspace(), this.call.plan().id(), this.scope.id(), !pays));
			}
			return response;
		}

		private void shared(@Nullable ChatResponse response) {
			if (response != null) {
				TokenCounter counter = BatchAdvisor.this.tokenCounter;
				this.ledger.recordHit(BatchFeature.SHARED, BatchFeature.TECHNIQUE,
						// Without a plan it would have been asked at once, at the usual
						// price
						counter.usage(this.request.prompt(), response).at(ServiceTier.STANDARD),
						TokenCounter.model(response, this.request.prompt().getOptions()), 0, null);
			}
		}

		private ChatClientResponse late(CallAdvisorChain chain) {
			if (!BatchAdvisor.this.liveFallback) {
				throw new RejectedRequestException("No batch has answered the request in time");
			}
			try {
				this.queue.askedLive(this.key);
			}
			catch (RuntimeException ex) {
				fail(ex);
			}
			ConcurrentMap<String, CompletableFuture<@Nullable ChatResponse>> all = BatchAdvisor.this.late;
			CompletableFuture<@Nullable ChatResponse> own = new CompletableFuture<>();
			CompletableFuture<@Nullable ChatResponse> other = all.putIfAbsent(this.key, own);
			while (other != null) {
				ChatResponse shared = await(other);
				if (shared != null) {
					return lateShared(shared);
				}
				// Who asked has no answer
				all.remove(this.key, other);
				other = all.putIfAbsent(this.key, own);
			}
			ChatResponse answer = null;
			try {
				ChatClientResponse response = live(chain, "deadline");
				answer = response.chatResponse();
				return response;
			}
			finally {
				own.complete(answer);
			}
		}

		private @Nullable ChatResponse await(CompletableFuture<@Nullable ChatResponse> other) {
			try {
				return other.get();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new CancellationException("Interrupted while an equal request is being answered");
			}
			catch (ExecutionException ex) {
				throw new IllegalStateException(ex);
			}
		}

		private ChatClientResponse lateShared(ChatResponse answer) {
			shared(answer);
			ChatClientResponse response = new ChatClientResponse(answer, Map.copyOf(this.request.context()));
			this.scope.live(this.key, response);
			return response;
		}

		// The next run of the work gets the same answer
		private ChatClientResponse live(CallAdvisorChain chain, String reason) {
			count(BatchFeature.LIVE, reason);
			ChatClientResponse response = chain.nextCall(this.request);
			this.scope.live(this.key, response);
			return response;
		}

		private void count(Counter counter, String value) {
			if (!DeferredAnswerAdvisor.NO_PLAN.equals(this.call.plan())) {
				BatchAdvisor.this.statistics.plan(this.call.planKey()).increment(counter, value);
			}
		}

	}

}
