package io.tokensaving.ledger;

import java.util.List;

import io.tokensaving.Counter;
import io.tokensaving.SavingsReport;

/**
 * The result of closing the ledger of a call. Immutable.
 *
 * @param report the report
 * @param counted the counters of features that the call increments
 * @param unpriced the models without a price, except for that of the report
 * @param labels the labels under which the call is counted
 */
public record ClosedLedger(SavingsReport report, List<Counter> counted, List<String> unpriced, Labels labels) {

}
