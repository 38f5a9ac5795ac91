package io.tokensaving.statistics;

import org.jspecify.annotations.Nullable;

/**
 * What was measured of a call besides its cost. Times are in nanoseconds, and negative if
 * they are not known. Immutable.
 *
 * @param failure why its model failed, or {@code null} if it did not
 * @param newTask whether the call is the first one of its task
 * @param retry whether the call is a later attempt of its task
 * @param callNanos the time of the whole call
 * @param modelNanos the time of the model, of all calls of it together
 * @param firstTokenNanos the time until the first element of a stream that has content
 */
public record CallMeasures(@Nullable ModelFailure failure, boolean newTask, boolean retry, long callNanos,
		long modelNanos, long firstTokenNanos) {

	private static final CallMeasures NONE = new CallMeasures(null, false, false, -1, -1, -1);

	private static final CallMeasures FAILED = new CallMeasures(ModelFailure.OTHER, false, false, -1, -1, -1);

	static CallMeasures of(boolean modelFailed) {
		return modelFailed ? FAILED : NONE;
	}

}
