package io.tokensaving.statistics;

import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * Is told of every call when it has ended and was counted, in the thread that ended it.
 * Must be fast, as the caller waits; what it throws is counted and reaches nobody else.
 * Implementations are thread-safe.
 */
@FunctionalInterface
public interface CallListener {

	/**
	 * A call has ended.
	 * @param plan its plan and workspace
	 * @param call what it saved and cost
	 * @param measures what was measured of it
	 * @param fingerprint the fingerprint of its request, which is the key of stored
	 * answers and must not be shown; {@code null} if nothing needed one
	 */
	void ended(PlanKey plan, ClosedLedger call, CallMeasures measures, @Nullable String fingerprint);

}
