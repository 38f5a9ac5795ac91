package io.tokensaving.batch;

import java.time.Instant;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * How far all batches are, without any text of requests. Immutable.
 *
 * @param queued the requests that wait to be sent
 * @param submitted the batches that are being sent or processed
 * @param answered the requests with an answer that is still kept
 * @param liveFallbacks the requests that are due to be asked live or were, as far as they
 * are still kept
 * @param failed the requests that were rejected, as far as they are still kept
 */
public record BatchOverview(int queued, List<Submitted> submitted, int answered, int liveFallbacks, int failed) {

	/**
	 * Copy the batches.
	 */
	public BatchOverview {
		submitted = List.copyOf(submitted);
	}

	/**
	 * A batch.
	 *
	 * @param id the id that the provider gave it, or ours as long as it is not known
	 * @param provider the name of the provider's API
	 * @param model the name of the model
	 * @param lines the number of its requests
	 * @param completed the requests that have been answered so far
	 * @param failed the requests that have failed so far
	 * @param submittedAt when the provider had it, {@code null} if that is not known
	 * @param deadline the earliest deadline of its requests
	 * @param expected when 95 % of the latest batches of the account would have ended,
	 * {@code null} if that is not known
	 */
	public record Submitted(String id, String provider, String model, int lines, int completed, int failed,
			@Nullable Instant submittedAt, Instant deadline, @Nullable Instant expected) {

	}

}
