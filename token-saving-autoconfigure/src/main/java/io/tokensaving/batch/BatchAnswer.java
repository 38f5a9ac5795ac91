package io.tokensaving.batch;

import org.jspecify.annotations.Nullable;

/**
 * What became of a line of a batch. Immutable, except that the array is shared.
 *
 * @param customId the id of the line
 * @param kind what became of it
 * @param body the JSON body of the response, byte for byte as it would come live;
 * {@code null} unless it was answered
 * @param error the provider's description, {@code null} if it was answered; without text
 * of the request as far as that can be told
 */
@SuppressWarnings("ArrayRecordComponent")
public record BatchAnswer(String customId, Kind kind, byte @Nullable [] body, @Nullable String error) {

	/**
	 * What can become of a line.
	 */
	public enum Kind {

		/**
		 * The model has answered; the line is paid.
		 */
		ANSWERED,

		/**
		 * The provider does not accept the request, now or later.
		 */
		REJECTED,

		/**
		 * The provider could not answer now, and may in another batch.
		 */
		FAILED,

		/**
		 * The time of the batch was over before.
		 */
		EXPIRED,

		/**
		 * The batch was cancelled before.
		 */
		CANCELLED

	}

}
