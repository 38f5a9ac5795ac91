package io.tokensaving.plan;

import java.util.Collection;

/**
 * Creates the repository of an application that keeps stored plans in a place of its own,
 * such as a database. A bean of this type takes the place of the repository in memory,
 * and the configured plans hold beside the stored ones. It is not asked if the
 * configuration says that plans are stored in Redis, or if there is a
 * {@link PlanRepository} bean.
 */
@FunctionalInterface
public interface PlanRepositoryFactory {

	/**
	 * Create the repository. Called once.
	 * @param configured the plans of the application's configuration, for
	 * {@link AbstractPlanRepository}
	 * @param reader reads what is stored, with the checks of configured plans
	 * @return the repository
	 */
	PlanRepository create(Collection<Plan> configured, PlanReader reader);

}
