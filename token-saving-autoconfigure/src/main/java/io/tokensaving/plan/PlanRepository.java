package io.tokensaving.plan;

import java.util.Collection;

import org.jspecify.annotations.Nullable;

/**
 * Where plans are found. Implementations are thread-safe, and {@link #find} is on the way
 * of every request: it answers from memory.
 */
public interface PlanRepository {

	/**
	 * Find a plan.
	 * @param workspace the workspace of the request
	 * @param id the id of the plan
	 * @return the plan, or {@code null} if the workspace has none of that id
	 */
	@Nullable Plan find(String workspace, String id);

	/**
	 * List the plans of a workspace.
	 * @param workspace the workspace
	 * @return the plans ordered by id, never {@code null}
	 */
	Collection<Plan> findAll(String workspace);

}
