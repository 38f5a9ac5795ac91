package io.tokensaving.batch;

import java.time.Instant;
import java.util.concurrent.CompletionStage;

import org.jspecify.annotations.Nullable;

/**
 * Requests that wait to be sent in batches, and what became of them. What it says it has
 * is durable. Thread-safe.
 */
public interface BatchQueue {

	/**
	 * Return what became of a request.
	 * @param key the key of the request: 64 hexadecimal digits, the same for equal
	 * requests and only for them
	 * @return how far it is, with its answer if there is one; {@code null} if it is not
	 * known
	 */
	@Nullable Entry find(String key);

	/**
	 * Queue a request, unless there is an entry for its key. It is durable when the
	 * method returns. An entry whose deadline is later than the one given gets the
	 * earlier one.
	 * @param key the key of the request
	 * @param workspace the workspace
	 * @param plan the id of the plan for which it is sent
	 * @param target where it goes
	 * @param body the JSON body, which is encrypted where it is kept
	 * @param deadline when the answer must be there
	 * @return the entry, new or not
	 */
	Entry add(String key, String workspace, String plan, BatchTarget target, byte[] body, Instant deadline);

	/**
	 * Return a stage that completes once nothing more will happen to a request by itself:
	 * it was answered or rejected, or is due to be asked live.
	 * @param key the key of a request that was added
	 * @return the stage, which gives the entry; it fails only if the queue is closed
	 * before, and may be cancelled
	 */
	CompletionStage<Entry> settled(String key);

	/**
	 * Note that the caller gets the answer of a line and pays for it; the first one to
	 * note it does.
	 * @param key the key
	 * @return whether nobody had before
	 */
	boolean claimPayment(String key);

	/**
	 * Note that a request that is due to be asked live is asked. An answer that its batch
	 * gives all the same is used by nobody, but is booked as spent.
	 * @param key the key
	 */
	void askedLive(String key);

	/**
	 * How far a request is.
	 *
	 * @param key the key
	 * @param state how far it is
	 * @param body the body of the response, {@code null} unless it was answered
	 * @param error why it was rejected, otherwise {@code null}
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record Entry(String key, State state, byte @Nullable [] body, @Nullable String error) {

		/**
		 * The states of a request.
		 */
		public enum State {

			/**
			 * It waits to be sent.
			 */
			QUEUED,

			/**
			 * It is being sent; whether the provider has it is not known.
			 */
			SUBMITTING,

			/**
			 * The provider has it.
			 */
			SUBMITTED,

			/**
			 * It was answered.
			 */
			DONE,

			/**
			 * The provider does not accept it.
			 */
			FAILED,

			/**
			 * There is no time left for a batch: it is to be asked live.
			 */
			EXPIRED,

			/**
			 * It is asked live.
			 */
			LIVE

		}

	}

}
