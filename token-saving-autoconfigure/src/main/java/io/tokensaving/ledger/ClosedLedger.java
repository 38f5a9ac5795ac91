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
 * @param cost what the answer of the caller cost, without attempts
 * @param answer the report without attempts
 * @param attempts the answers that were bought but that the caller did not get
 */
public record ClosedLedger(SavingsReport report, List<Counter> counted, List<String> unpriced, Labels labels,
		CallCost cost, SavingsReport answer, List<ClosedAttempt> attempts) {

	/**
	 * Create the result of a call that bought one answer at most.
	 * @param report the report
	 * @param counted the counters of features that the call increments
	 * @param unpriced the models without a price, except for that of the report
	 * @param labels the labels under which the call is counted
	 * @param cost what the call cost
	 */
	public ClosedLedger(SavingsReport report, List<Counter> counted, List<String> unpriced, Labels labels,
			CallCost cost) {
		this(report, counted, unpriced, labels, cost, report, List.of());
	}

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

	/**
	 * Return what all answers of the call cost together.
	 * @return what the providers bill, without overhead
	 */
	public long spentPicoUsd() {
		long sum = this.cost.spentPicoUsd();
		for (ClosedAttempt attempt : this.attempts) {
			sum += attempt.picoUsd();
		}
		return sum;
	}

}
