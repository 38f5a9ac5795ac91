package io.tokensaving.route.cascade;

import org.jspecify.annotations.Nullable;

/**
 * Decides whether the answer of a cheap tier is good enough, or a dearer tier is to be
 * asked. An application adds a check as a bean of this type; plans select it by the name
 * of the bean. Implementations must be thread-safe, should take less than a millisecond
 * and must not block, because they run on the thread that the answer arrives on. A check
 * that throws is counted and left out: the answer is judged by the others.
 */
@FunctionalInterface
public interface ConfidenceCheck {

	/**
	 * Check an answer.
	 * @param answer the answer, and the request that it answers
	 * @return the reason why it is not good enough, in snake case and of few different
	 * values, or {@code null} if the check finds no fault with it
	 */
	@Nullable String check(CheckedAnswer answer);

	/**
	 * Whether the check can judge the beginning of an answer, of which more is to come.
	 * If so, it is also called for the beginning of a stream; if not, only for whole
	 * answers.
	 * @return {@code false} by default
	 */
	default boolean judgesBeginnings() {
		return false;
	}

}
