package io.tokensaving.batch.google;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.WeakHashMap;

import io.tokensaving.batch.BatchModel;
import io.tokensaving.batch.http.ChatModelInternals;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;

/**
 * Makes batch models of chat models that call Gemini with an API key. Models of Vertex AI
 * cannot be asked by batch.
 */
public final class GoogleBatchModels implements BatchModel.Factory {

	private final Clock clock;

	private final Duration settling;

	// The batch model does not refer to the chat model
	private final Map<GoogleGenAiChatModel, GoogleBatchModel> models = new WeakHashMap<>();

	/**
	 * Create the factory.
	 * @param clock tells how long ago an attempt to send a batch began
	 * @param settling for how long after that a batch which is not found may still appear
	 */
	public GoogleBatchModels(Clock clock, Duration settling) {
		this.clock = clock;
		this.settling = settling;
	}

	@Override
	public @Nullable BatchModel of(ChatModel model) {
		GoogleGenAiChatModel chatModel = ChatModelInternals.unwrap(model, GoogleGenAiChatModel.class);
		if (chatModel == null) {
			return null;
		}
		synchronized (this.models) {
			GoogleBatchModel batchModel = this.models.get(chatModel);
			if (batchModel == null) {
				batchModel = GoogleBatchModel.of(chatModel, this.clock, this.settling);
				if (batchModel != null) {
					this.models.put(chatModel, batchModel);
				}
			}
			return batchModel;
		}
	}

}
