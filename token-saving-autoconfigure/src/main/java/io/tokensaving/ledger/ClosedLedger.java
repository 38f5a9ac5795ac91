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
 * @param cost what the call cost
 */
public record ClosedLedger(SavingsReport report, List<Counter> counted, List<String> unpriced, Labels labels,
		CallCost cost) {

	/**
	 * Create the result of a call that cost nothing.
	 * @param report the report
	 * @param counted the counters of features that the call increments
	 * @param unpriced the models without a price, except for that of the report
	 * @param labels the labels under which the call is counted
	 */
	public ClosedLedger(SavingsReport report, List<Counter> counted, List<String> unpriced, Labels labels) {
		this(report, counted, unpriced, labels, CallCost.NONE);
	}

}
