package io.tokensaving.batch;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;

/**
 * A chat model that can be asked by batch. Thread-safe.
 */
public interface BatchModel {

	/**
	 * Return a model that makes of a prompt exactly the request which the chat model
	 * would send, and sends nothing: each call ends with a {@link CapturedRequest}, which
	 * may be the cause of what is thrown.
	 * @return the model
	 */
	ChatModel capturing();

	/**
	 * Return a model that makes of the body of a provider's response exactly the answer
	 * which the chat model would give, and sends nothing.
	 * @param body the body of a response, of the line that was captured for the prompt
	 * with which the model is called
	 * @return the model, to be called once
	 */
	ChatModel replaying(byte[] body);

	/**
	 * Return where the client of the chat model sends its requests. The options of a
	 * request need not say it, and answers of one provider are none of another's.
	 * @return the address, the same one after a restart; empty if all models of its kind
	 * are asked at the same place
	 */
	default String address() {
		return "";
	}

	/**
	 * Return what sends batches with the credentials of the chat model.
	 * @return the transport
	 */
	BatchTransport transport();

	/**
	 * Makes batch models of the chat models of one provider.
	 */
	interface Factory {

		/**
		 * Return the batch model of a chat model.
		 * @param model the chat model, which may be a proxy
		 * @return the batch model, the same one for the same model; {@code null} if the
		 * model is not one of this provider or its client cannot be found
		 */
		@Nullable BatchModel of(ChatModel model);

	}

	/**
	 * A request that was captured instead of being sent. Has no stack trace.
	 */
	final class CapturedRequest extends RuntimeException {

		private final transient BatchTarget target;

		private final transient byte[] body;

		/**
		 * Create it.
		 * @param target where the request would have gone
		 * @param body its JSON body
		 */
		public CapturedRequest(BatchTarget target, byte[] body) {
			super("A request to %s was captured".formatted(target.endpoint()), null, false, false);
			this.target = target;
			this.body = body;
		}

		/**
		 * Return where the request would have gone.
		 * @return the target
		 */
		public BatchTarget target() {
			return this.target;
		}

		/**
		 * Return the body, which is not copied.
		 * @return the JSON body
		 */
		public byte[] body() {
			return this.body;
		}

	}

}
