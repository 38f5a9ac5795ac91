package io.tokensaving.budget;

import java.time.Instant;
import java.time.LocalDate;

/**
 * One period of a budget. Immutable.
 *
 * @param start the first day, in the time zone of the budget
 * @param end when the next period begins
 */
public record BudgetWindow(LocalDate start, Instant end) {

}
