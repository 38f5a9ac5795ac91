package io.tokensaving.autoconfigure;

import java.util.List;

import io.tokensaving.plan.Plan;

/**
 * The plans of the configuration, read and checked. Immutable.
 *
 * @param plans the plans
 */
record ConfiguredPlans(List<Plan> plans) {

	ConfiguredPlans {
		plans = List.copyOf(plans);
	}

}
