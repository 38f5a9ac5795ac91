package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.AnswerJudge;
import io.tokensaving.cache.semantic.ChatModelAnswerJudge;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.ObjectProvider;

/**
 * The judge that asks the chat model of the application, which is looked for once a
 * verdict is needed: a plan that is created while the application runs may want it.
 * Thread-safe.
 */
final class DeferredChatModelJudge implements AnswerJudge {

	/**
	 * The name of the judge in plans.
	 */
	static final String NAME = "llm";

	private final ObjectProvider<ChatModel> chatModel;

	DeferredChatModelJudge(ObjectProvider<ChatModel> chatModel) {
		this.chatModel = chatModel;
	}

	@Override
	public Verdict judge(String question, String served, String fresh) {
		return new ChatModelAnswerJudge(this.chatModel.getObject()).judge(question, served, fresh);
	}

}
