package io.tokensaving.plan;

import java.util.Collection;

import org.jspecify.annotations.Nullable;

/**
 * Finds plans. Implementations are thread-safe. {@link #find} is called for every
 * request, so it answers from memory; only for an unknown plan may it ask a store, if the
 * cost is bounded and no event loop is blocked.
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
	 * Whether a plan exists, even one that this instance cannot read, such as one that a
	 * newer version has written.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return whether it exists; by default whether {@link #find} finds it
	 */
	default boolean exists(String workspace, String id) {
		return find(workspace, id) != null;
	}

	/**
	 * List the plans of a workspace.
	 * @param workspace the workspace
	 * @return the plans ordered by id, never {@code null}
	 */
	Collection<Plan> findAll(String workspace);

}
