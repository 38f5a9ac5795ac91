package io.tokensaving.batch;

/**
 * A line to be sent in a batch. Immutable, except that the array is shared.
 *
 * @param customId the id by which its answer is found: 1 to 64 letters {@code A} to
 * {@code Z}, digits, {@code _} and {@code -}, unique among all batches of an account
 * @param body the JSON body of the request, byte for byte as it would be sent live
 */
@SuppressWarnings("ArrayRecordComponent")
public record BatchLine(String customId, byte[] body) {

}
