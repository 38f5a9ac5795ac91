package io.tokensaving.batch.openai;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.WeakHashMap;

import io.tokensaving.batch.BatchModel;
import io.tokensaving.batch.http.ChatModelInternals;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.openai.OpenAiChatModel;

/**
 * Makes batch models of chat models that call OpenAI or a provider with the same API.
 * Models of Azure and GitHub, and ones whose credentials change, cannot be asked by
 * batch.
 */
public final class OpenAiBatchModels implements BatchModel.Factory {

	private final Clock clock;

	private final Duration settling;

	// The batch model does not refer to the chat model
	private final Map<OpenAiChatModel, OpenAiBatchModel> models = new WeakHashMap<>();

	/**
	 * Create the factory.
	 * @param clock tells how long ago an attempt to send a batch began
	 * @param settling for how long after that a batch which is not found may still appear
	 */
	public OpenAiBatchModels(Clock clock, Duration settling) {
		this.clock = clock;
		this.settling = settling;
	}

	@Override
	public @Nullable BatchModel of(ChatModel model) {
		OpenAiChatModel chatModel = ChatModelInternals.unwrap(model, OpenAiChatModel.class);
		if (chatModel == null) {
			return null;
		}
		synchronized (this.models) {
			OpenAiBatchModel batchModel = this.models.get(chatModel);
			if (batchModel == null) {
				batchModel = OpenAiBatchModel.of(chatModel, this.clock, this.settling);
				if (batchModel != null) {
					this.models.put(chatModel, batchModel);
				}
			}
			return batchModel;
		}
	}

}
