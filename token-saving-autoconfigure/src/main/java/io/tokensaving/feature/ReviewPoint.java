package io.tokensaving.feature;

import org.jspecify.annotations.Nullable;

/**
 * What the verdicts of people say of a threshold. Immutable.
 *
 * @param threshold the lowest similarity that would be served, 0 to 1 in hundredths
 * @param same the number of served pairs at or above it that were judged the same
 * @param different the number of served pairs at or above it that were judged different
 * @param precision the estimated share of right answers among all that were served at or
 * above it, or {@code null} if nobody judged one of them
 * @param precisionLower the lower end of its interval at 95 %, or {@code null} likewise
 * @param precisionUpper the upper end of its interval at 95 %, or {@code null} likewise
 * @param kept the share of all served answers that would still be served, 0 to 1
 */
public record ReviewPoint(double threshold, long same, long different, @Nullable Double precision,
		@Nullable Double precisionLower, @Nullable Double precisionUpper, double kept) {

}
