package io.tokensaving.feature;

import java.util.HashMap;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallState;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;

/**
 * Adds what the settings of {@link MadeUpFeature} say to every question, or answers it.
 * What follows "about" in a question labels the call.
 */
final class MadeUpAdvisor implements TokenSavingAdvisor, CallAdvisor {

	private static final String ABOUT = " about ";

	private final SavingsStatistics statistics;

	MadeUpAdvisor(SavingsStatistics statistics) {
		this.statistics = statistics;
	}

	@Override
	public String getName() {
		return "Made Up";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.COMPRESSION - 1;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		CallState call = CallState.of(request);
		MadeUpFeature.Settings settings = (call != null) ? call.plan().settings(MadeUpFeature.Settings.class) : null;
		if (settings == null) {
			return chain.nextCall(request);
		}
		this.statistics.plan(call.planKey()).increment(MadeUpFeature.SPOKEN, settings.voice());
		String question = request.prompt().getUserMessage().getText();
		int topic = question.indexOf(ABOUT);
		if (topic >= 0) {
			SavingsLedger ledger = SavingsLedger.of(request);
			ledger.record(new LedgerEvent.Labelled("topic", question.substring(topic + ABOUT.length())));
			ledger.record(new LedgerEvent.Labelled("voice", settings.voice()));
		}
		if (question.startsWith("hush")) {
			return answer(request, call);
		}
		String words = (String.join(" ", settings.words()) + " ").repeat(settings.times());
		return chain.nextCall(request.mutate()
			.prompt(request.prompt()
				.augmentUserMessage((message) -> message.mutate().text(words + message.getText()).build()))
			.build());
	}

	private ChatClientResponse answer(ChatClientRequest request, CallState call) {
		SavingsLedger ledger = SavingsLedger.of(request);
		ledger.record(new LedgerEvent.Served(MadeUpFeature.OUTCOME, MadeUpFeature.TECHNIQUE,
				new TokenUsage(100, 20, 0, 0, false), "scripted-model", 0, null));
		// Said twice, counted once
		ledger.record(new LedgerEvent.Counted(MadeUpFeature.OBSCURE));
		ledger.record(new LedgerEvent.Counted(MadeUpFeature.OBSCURE));
		this.statistics.plan(call.planKey()).state(MadeUpFeature.TIREDNESS).yawn();
		this.statistics.recordError(MadeUpFeature.COMPONENT, call.planKey(), new IllegalStateException("It yawned"));
		return new ChatClientResponse(ScriptedChatModel.answer("perhaps"), new HashMap<>(request.context()));
	}

}
