package io.tokensaving.statistics;

/**
 * Figures, and whose requests are in them. Immutable.
 *
 * @param <T> the type of the figures
 * @param scope whose requests are in the figures
 * @param figures the figures
 */
public record ScopedStatistics<T>(StatisticsScope scope, T figures) {

}
