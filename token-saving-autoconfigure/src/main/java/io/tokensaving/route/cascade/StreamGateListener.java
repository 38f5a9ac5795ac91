package io.tokensaving.route.cascade;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Is told what becomes of a stream that is judged. Each stream ends in one of these calls
 * at most; none of them must block, and what they throw is ignored.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public interface StreamGateListener {

	/**
	 * The stream is about to begin. Not one of the calls in which a stream ends.
	 * @param unread supplies what has arrived and the reader has not seen, at any time
	 * and in any thread
	 */
	default void began(Supplier<UnreadStream> unread) {
	}

	/**
	 * The stream is good enough, or cannot be judged, and is about to be passed on.
	 * @param judged {@code false} if it was passed on without having been judged, because
	 * that was not wanted or it was too long to be kept
	 */
	default void kept(boolean judged) {
	}

	/**
	 * The stream was not good enough. It has been cancelled, and the next attempt is
	 * about to begin.
	 * @param reason the reason, in snake case
	 * @param unread what has arrived
	 * @param failure the failure if the stream has failed, otherwise {@code null}
	 */
	default void replaced(String reason, UnreadStream unread, @Nullable Throwable failure) {
	}

	/**
	 * The reader has cancelled while elements were kept.
	 * @param unread what has arrived and the reader has not seen
	 * @param begun whether the reader has seen the elements before them
	 */
	default void cancelled(UnreadStream unread, boolean begun) {
	}

	/**
	 * The next attempt could not be made, so that the stream is passed on as it is.
	 * @param reason the reason why it was not good enough
	 * @param failure the failure
	 */
	default void notReplaced(String reason, Throwable failure) {
	}

	/**
	 * A check has failed, and is left out.
	 * @param check the name of the check
	 * @param failure the failure
	 */
	default void checkFailed(String check, Throwable failure) {
	}

}
