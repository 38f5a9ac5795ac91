package io.tokensaving.sampling;

import java.util.List;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * What a model replies to instructions about some data, and what it was paid for.
 * Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param text the text, empty if there is none
 * @param finishReason why the model stopped, or {@code null} if it does not say
 * @param model the name of the model, or {@code null} if it is not known
 * @param usage the tokens, estimated if the model does not report them
 */
public record ModelReply(String text, @Nullable String finishReason, @Nullable String model, TokenUsage usage) {

	/**
	 * Ask a model with its default options; blocks until it has answered.
	 * @param model the model
	 * @param tokenCounter estimates what a model is paid for that reports no usage
	 * @param instructions the instructions, as the message of the system
	 * @param data the data, as the message of the user
	 * @return the reply
	 */
	public static ModelReply ask(ChatModel model, TokenCounter tokenCounter, String instructions, String data) {
		return ask(model, null, tokenCounter, instructions, data);
	}

	/**
	 * Ask a model; blocks until it has answered.
	 * @param model the model
	 * @param options the options, or {@code null} for the defaults of the model
	 * @param tokenCounter estimates what a model is paid for that reports no usage
	 * @param instructions the instructions, as the message of the system
	 * @param data the data, as the message of the user
	 * @return the reply
	 */
	static ModelReply ask(ChatModel model, @Nullable ChatOptions options, TokenCounter tokenCounter,
			String instructions, String data) {
		Prompt prompt = new Prompt(List.of(new SystemMessage(instructions), new UserMessage(data)), options);
		ChatResponse response = model.call(prompt);
		String text = (response.getResult() != null) ? response.getResult().getOutput().getText() : null;
		String reason = (response.getResult() != null) ? response.getResult().getMetadata().getFinishReason() : null;
		return new ModelReply((text != null) ? text : "", reason,
				TokenCounter.model(response, (options != null) ? options : model.getOptions()),
				tokenCounter.usage(prompt, response));
	}

	/**
	 * Whether the model came to the end of what it had to say.
	 * @return {@code false} if it says that it was stopped
	 */
	public boolean isComplete() {
		return !Dialects.builtIn().of(null).isFinished(this.finishReason)
				|| Dialects.builtIn().of(null).isComplete(this.finishReason);
	}

}
