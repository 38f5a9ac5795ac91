package io.tokensaving.autoconfigure;

import java.util.function.Supplier;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.sampling.ChatModelJudge;
import io.tokensaving.sampling.Judge;

import org.springframework.ai.chat.model.ChatModel;

/**
 * The judge that asks the chat model of the application. The model is looked up when a
 * verdict is needed, because a plan that is created at run time may be the first to use
 * it. Thread-safe.
 */
final class DeferredChatModelJudge implements Judge {

	/**
	 * The name of the judge in plans.
	 */
	static final String NAME = "llm";

	private final Supplier<ChatModel> chatModel;

	private final TokenCounter tokenCounter;

	DeferredChatModelJudge(Supplier<ChatModel> chatModel, TokenCounter tokenCounter) {
		this.chatModel = chatModel;
		this.tokenCounter = tokenCounter;
	}

	@Override
	public Verdict judge(String question, String served, String fresh) {
		return new ChatModelJudge(this.chatModel.get(), this.tokenCounter).judge(question, served, fresh);
	}

}
