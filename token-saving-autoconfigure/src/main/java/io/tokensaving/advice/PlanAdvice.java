package io.tokensaving.advice;

import io.tokensaving.feature.Advice;

/**
 * An advice for a plan. Immutable.
 *
 * @param plan the id of the plan
 * @param advisedBy the name of the feature that advises, or {@value #LEDGER}
 * @param severity how bad it is, by its share of what is spent if its cost is known
 * @param advice the advice
 */
public record PlanAdvice(String plan, String advisedBy, Advice.Severity severity, Advice advice) {

	/**
	 * Stands for what is advised by what was spent, whatever the features are.
	 */
	public static final String LEDGER = "ledger";

}
