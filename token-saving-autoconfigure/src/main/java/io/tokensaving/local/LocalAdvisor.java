package io.tokensaving.local;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.InternalContext;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.request.CallState;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.tier.SourceModels;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.TierNeeds;
import io.tokensaving.tier.TierSwitch;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Sends every request to a local model, with or without a plan, whatever model it was
 * made for or routed to: options are translated, and {@link TierModelAdvisor} carries it
 * out. What a local model lacks fails the request, or has it go to the real model, as the
 * policies say. Thread-safe.
 */
public final class LocalAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	private static final Log logger = LogFactory.getLog(LocalAdvisor.class);

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "local";

	private static final String PROPERTIES = "token-saving.local.";

	// How servers name what a model does not know
	private static final String NOT_SUPPORTED = "does not support";

	private static final int MAX_CAUSES = 20;

	private final LocalModels models;

	private final TierSwitch tierSwitch;

	private final TokenCounter tokenCounter;

	private final LocalPolicy onMissing;

	private final LocalPolicy fallback;

	private final Set<String> said = ConcurrentHashMap.newKeySet();

	/**
	 * Create the advisor.
	 * @param models the local models
	 * @param tierSwitch translates requests
	 * @param tokenCounter counts the tokens of requests, if the models have a limit
	 * @param onMissing what happens to a request that needs what the models do not have
	 * @param fallback what happens to a request if the endpoint cannot be reached
	 */
	public LocalAdvisor(LocalModels models, TierSwitch tierSwitch, TokenCounter tokenCounter, LocalPolicy onMissing,
			LocalPolicy fallback) {
		this.models = models;
		this.tierSwitch = tierSwitch;
		this.tokenCounter = tokenCounter;
		this.onMissing = onMissing;
		this.fallback = fallback;
	}

	@Override
	public String getName() {
		return "Token Saving Local";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.LOCAL;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		ChatClientRequest local = local(request, chain.getCallAdvisors());
		if (local == null) {
			return chain.nextCall(request);
		}
		try {
			return chain.nextCall(local);
		}
		catch (RuntimeException ex) {
			if (!goesToTheRealModel(request, ex)) {
				throw ex;
			}
		}
		return chain.copy(this).nextCall(real(request));
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		return Flux.defer(() -> {
			ChatClientRequest local = local(request, given.getStreamAdvisors());
			if (local == null) {
				return chain.nextStream(request);
			}
			AtomicBoolean begun = new AtomicBoolean();
			return chain.nextStream(local).doOnNext((element) -> begun.set(true)).onErrorResume((ex) -> {
				if (begun.get() || !goesToTheRealModel(request, ex)) {
					return Flux.error(ex);
				}
				return Flux.defer(() -> given.copy(this).nextStream(real(request)));
			});
		});
	}

	// Null for what goes on as it is: to the real model, or by a second advisor
	private @Nullable ChatClientRequest local(ChatClientRequest request, List<? extends Advisor> advisors) {
		if (request.context().containsKey(CONTEXT_KEY)) {
			return null;
		}
		Tier selected = TierModelAdvisor.selected(request);
		boolean routed = selected != null && this.models.holds(selected);
		Set<TierNeeds.Need> missing = missing(request);
		if (!missing.isEmpty()) {
			return missing(request, routed, describe(missing), missing);
		}
		ChatClientRequest made = request;
		if (!routed) {
			ChatModel source = (selected != null && selected.chatModel() != null) ? selected.chatModel()
					: SourceModels.of(advisors);
			// Reasoning of whatever model means nothing to another one
			TierSwitch.Switched switched = this.tierSwitch.apply(request,
					this.models.tier((selected != null) ? selected.name() : Tier.OWN), source, (message) -> false);
			if (switched == null) {
				return missing(request, false, "options of a kind that can be translated", Set.of());
			}
			switched.dropped()
				.forEach((option) -> sayOnce("option " + option,
						() -> "The option '" + option + "' of requests is left out, as local models have none"));
			made = switched.request();
		}
		sentTo(made, true);
		return marked(made);
	}

	private Set<TierNeeds.Need> missing(ChatClientRequest request) {
		Tier.Limits limits = this.models.limits();
		long tokens = (limits.contextWindow() > 0) ? this.tokenCounter.count(request.prompt()) : 0;
		return TierNeeds.of(request, tokens, Set.of()).lacking(limits);
	}

	private @Nullable ChatClientRequest missing(ChatClientRequest request, boolean routed, String what,
			Set<TierNeeds.Need> missing) {
		String message = "A request needs " + what + ", which the local model at " + this.models.address()
				+ " does not have by '" + PROPERTIES.substring(0, PROPERTIES.length() - 1) + "'";
		// What was made for the model of a tier cannot go to another one; routing sends
		// it once more as it was
		if (this.onMissing == LocalPolicy.FAIL || routed) {
			String remedy = " Choose a model that has it and say so there, or set '" + PROPERTIES
					+ "on-missing' to 'real' to let such requests go to the real model, which is paid";
			if (this.onMissing == LocalPolicy.FAIL) {
				sayOnce("missing " + what, () -> message + "." + remedy);
			}
			throw new MissingCapabilityException(message + "." + remedy, missing);
		}
		sayOnce("real " + what, () -> message + ". Such requests go to the real model, and are paid");
		real(request);
		return null;
	}

	private static String describe(Set<TierNeeds.Need> missing) {
		return missing.stream().map((need) -> switch (need) {
			case CONTEXT_WINDOW -> "more tokens than the context window has ('context-window')";
			case TOOLS -> "tools ('tools')";
			case MEDIA -> "images or other media ('media')";
			case NATIVE_SCHEMA -> "a JSON schema that the provider enforces ('native-schema')";
			case TAG -> "a tag";
		}).collect(Collectors.joining(" and "));
	}

	private boolean goesToTheRealModel(ChatClientRequest request, Throwable failure) {
		Tier selected = TierModelAdvisor.selected(request);
		boolean routed = selected != null && this.models.holds(selected);
		if (isUnreachable(failure)) {
			if (this.fallback == LocalPolicy.REAL && routed) {
				return false;
			}
			if (this.fallback == LocalPolicy.REAL) {
				sayOnce("fallback", () -> "The local endpoint " + this.models.address()
						+ " cannot be reached. Requests go to the real model, and are paid");
				return true;
			}
			sayOnce("unreachable", () -> "The local endpoint " + this.models.address()
					+ " cannot be reached. Start it, or set '" + PROPERTIES + "enabled' to 'false'");
			return false;
		}
		String reported = reported(failure);
		if (reported == null || this.onMissing == LocalPolicy.FAIL || routed) {
			return false;
		}
		sayOnce("reported", () -> "The local endpoint " + this.models.address()
				+ " reports that its model does not support what a request needs. Such requests go to the real model, "
				+ "and are paid");
		return true;
	}

	private static boolean isUnreachable(Throwable failure) {
		Throwable cause = failure;
		for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
			if (cause instanceof InterruptedIOException || cause instanceof InterruptedException) {
				return false;
			}
			if (cause instanceof IOException) {
				return !Thread.currentThread().isInterrupted();
			}
			cause = cause.getCause();
		}
		return false;
	}

	private static @Nullable String reported(Throwable failure) {
		Throwable cause = failure;
		for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
			String message = cause.getMessage();
			if (message != null && message.contains(NOT_SUPPORTED)) {
				return message;
			}
			cause = cause.getCause();
		}
		return null;
	}

	// The real model gets the request as it came in here
	private static ChatClientRequest real(ChatClientRequest request) {
		Tier selected = TierModelAdvisor.selected(request);
		sentTo(request, selected != null);
		SavingsLedger.of(request).recordReal();
		return request;
	}

	private static void sentTo(ChatClientRequest request, boolean elsewhere) {
		CallState call = CallState.of(request);
		if (call != null) {
			ChatOptions options = request.prompt().getOptions();
			call.sentElsewhere(elsewhere ? options : null);
			SavingsLedger.of(request).recordSent(options);
		}
	}

	private static ChatClientRequest marked(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(CONTEXT_KEY, true);
		return new ChatClientRequest(request.prompt(), context);
	}

	private void sayOnce(String key, Supplier<String> message) {
		if (this.said.add(key)) {
			logger.warn(message.get());
		}
	}

}
