package io.tokensaving.structured;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

import io.tokensaving.Counter;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallState;
import io.tokensaving.request.RequestedOutput;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.OptionsTranslator;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * What becomes of the answer to one request for structured output: it is repaired, or
 * patched, and counted. Belongs to one request; not thread-safe.
 */
final class AnsweredOutput {

	private final ChatClientRequest request;

	private final CallState call;

	private final StructuredSettings settings;

	private final RequestedOutput output;

	private final Dialect dialect;

	private final Tools tools;

	private final PlanStatistics statistics;

	AnsweredOutput(ChatClientRequest request, CallState call, StructuredSettings settings, RequestedOutput output,
			Dialect dialect, Tools tools) {
		this.request = request;
		this.call = call;
		this.settings = settings;
		this.output = output;
		this.dialect = dialect;
		this.tools = tools;
		this.statistics = tools.statistics().plan(call.planKey());
	}

	ChatClientRequest request() {
		return this.request;
	}

	CallState call() {
		return this.call;
	}

	/**
	 * Look at the answer.
	 * @param response the answer
	 * @param group how the model was told the format
	 * @param model asks a model for a patch
	 * @return the answer, repaired if it had to be and could be
	 */
	Answer answered(ChatClientResponse response, StructuredTally.Group group,
			Function<ChatClientRequest, ChatClientResponse> model) {
		ChatResponse given = response.chatResponse();
		if (given == null) {
			return new Answer(response, false, true);
		}
		SavingsLedger ledger = SavingsLedger.of(this.request);
		TokenUsage usage = ledger.usage(this.tools.tokenCounter(), this.request.prompt(), given);
		ModelPrice price = this.tools.prices()
			.find(TokenCounter.model(given, ledger.sent(this.request.prompt().getOptions())));
		long picoUsd = (price != null) ? price.picoUsd(usage) : 0;
		StructuredTally tally = this.statistics.state(StructuredFeature.TALLY);
		RetryReason retry = this.call.isRetry() ? RetryReason.of(this.request.prompt()) : null;
		boolean counted = !ledger.isLeftOut();
		if (retry != null && counted) {
			this.statistics.increment(StructuredFeature.RETRIES, retry.value());
			tally.addRetry(usage, picoUsd);
		}
		if (retry != null) {
			ledger.record(new LedgerEvent.Labelled(StructuredFeature.RETRY, retry.value()));
		}
		Checked checked = check(given, model);
		if (checked == null) {
			// Validation does not look at calls of tools either
			return new Answer(response, false, true);
		}
		if (counted) {
			tally.addAnswer(group, checked.valid(), usage, picoUsd);
		}
		if (checked.generations() == null) {
			return new Answer(response, true, checked.json());
		}
		if (counted) {
			tally.addRepaired();
		}
		if (counted && checked.first() && this.call.validationsLeft() > 0) {
			tally.addAvoided();
			ledger.record(new LedgerEvent.Avoided(StructuredFeature.TECHNIQUE, again(usage)));
		}
		return new Answer(new ChatClientResponse(new ChatResponse(checked.generations(), given.getMetadata()),
				response.context()), true, true);
	}

	// What the first attempt has written to the provider's prompt cache, a second one
	// would have read
	private static TokenUsage again(TokenUsage usage) {
		return new TokenUsage(usage.input(), usage.output(), usage.cacheRead() + usage.cacheWrite(), 0, 0,
				usage.reasoning(), usage.tier(), usage.estimated());
	}

	// Null if nothing of the response is an answer
	private @Nullable Checked check(ChatResponse response, Function<ChatClientRequest, ChatClientResponse> model) {
		List<Generation> generations = response.getResults();
		// A copy would lose the data of a subclass
		boolean mayChange = this.settings.repair() && response.getClass() == ChatResponse.class;
		List<Generation> changed = null;
		boolean any = false;
		boolean valid = true;
		boolean json = true;
		boolean first = false;
		for (int i = 0; i < generations.size(); i++) {
			Generation generation = generations.get(i);
			AssistantMessage message = generation.getOutput();
			if (message.hasToolCalls()) {
				return null;
			}
			String text = message.getText();
			if (text == null || text.isBlank() || this.dialect.isThought(generation)
					|| this.dialect.isRefused(generation)) {
				continue;
			}
			any = true;
			if (this.output.isValid(text)) {
				continue;
			}
			valid = false;
			boolean only = generations.size() == 1;
			Repaired repaired = (mayChange && message.getClass() == AssistantMessage.class
					&& generation.getClass() == Generation.class) ? repair(generation, text, only, model) : null;
			json &= repaired == null || repaired.json();
			if (repaired != null && repaired.text() != null) {
				changed = (changed != null) ? changed : new ArrayList<>(generations);
				changed.set(i, with(generation, repaired.text()));
				// Validation looks at the first one only
				first |= i == 0;
			}
		}
		return any ? new Checked(valid, json, first, changed) : null;
	}

	private Repaired repair(Generation generation, String text, boolean only,
			Function<ChatClientRequest, ChatClientResponse> model) {
		boolean complete = this.dialect.isComplete(generation.getMetadata().getFinishReason());
		JsonRepair.Result result = JsonRepair.repair(text, complete, this::isAskedFor);
		if (result.json() != null) {
			result.steps().forEach((step) -> count(StructuredFeature.REPAIRS, step.value()));
			return new Repaired(result.json(), true);
		}
		JsonRepair.Reason reason = (result.reason() != null) ? result.reason() : JsonRepair.Reason.BROKEN;
		count(StructuredFeature.UNREPAIRED, reason.value());
		String patched = null;
		String tier = this.settings.retryTier();
		// Of a call whose answer may come later, a patch would have to come later as well
		if (only && tier != null && this.settings.retry() == RetryMode.PATCH && this.call.validationsLeft() > 0
				&& this.call.deferral() == null) {
			patched = new PatchRequest(this.request, this.call, this.output, this.tools).patch(text, tier, model);
			this.statistics.increment(StructuredFeature.PATCHES, (patched != null) ? "accepted" : "not_accepted");
		}
		return new Repaired(patched, reason != JsonRepair.Reason.NO_JSON);
	}

	// The answer of a call that is made again is counted once
	private void count(Counter counter, String value) {
		if (!SavingsLedger.of(this.request).isLeftOut()) {
			this.statistics.increment(counter, value);
		}
	}

	// Without a schema, a bracket in a sentence could be taken for the answer
	private boolean isAskedFor(String json) {
		return (json.charAt(0) == '{' || this.output.schema() != null) && this.output.isValid(json);
	}

	private static Generation with(Generation generation, String text) {
		AssistantMessage message = generation.getOutput();
		return new Generation(AssistantMessage.builder()
			.content(text)
			.properties(message.getMetadata())
			.toolCalls(message.getToolCalls())
			.media(message.getMedia())
			.build(), generation.getMetadata());
	}

	/**
	 * An answer. Immutable.
	 *
	 * @param response the response, repaired if it had to be and could be
	 * @param checked whether there was something to be checked
	 * @param json whether there was any JSON in it
	 */
	record Answer(ChatClientResponse response, boolean checked, boolean json) {

	}

	/**
	 * What all requests share.
	 *
	 * @param statistics counts answers
	 * @param tokenCounter reads usages
	 * @param prices prices them
	 * @param tiers supplies the tiers that may patch
	 * @param translator makes options for them
	 */
	record Tools(SavingsStatistics statistics, TokenCounter tokenCounter, PriceTable prices, Supplier<Tiers> tiers,
			OptionsTranslator translator) {

	}

	private record Checked(boolean valid, boolean json, boolean first, @Nullable List<Generation> generations) {

	}

	private record Repaired(@Nullable String text, boolean json) {

	}

}
