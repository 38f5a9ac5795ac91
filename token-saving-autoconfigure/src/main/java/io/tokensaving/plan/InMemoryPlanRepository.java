package io.tokensaving.plan;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * A fixed set of plans, the same in every workspace: what an application configures or
 * writes in code holds for all its tenants, while what the tenants cache stays apart.
 */
public class InMemoryPlanRepository implements PlanRepository {

	private final Map<String, Plan> plans;

	/**
	 * Create a repository.
	 * @param plans the plans
	 * @throws InvalidPlanException if two plans have the same id
	 */
	public InMemoryPlanRepository(Collection<Plan> plans) {
		Map<String, Plan> byId = new TreeMap<>();
		for (Plan plan : plans) {
			if (byId.put(plan.id(), plan) != null) {
				throw new InvalidPlanException("id", plan.id(), "an id that no other plan has");
			}
		}
		this.plans = Collections.unmodifiableMap(byId);
	}

	@Override
	public @Nullable Plan find(String workspace, String id) {
		return this.plans.get(id);
	}

	@Override
	public Collection<Plan> findAll(String workspace) {
		return this.plans.values();
	}

}
