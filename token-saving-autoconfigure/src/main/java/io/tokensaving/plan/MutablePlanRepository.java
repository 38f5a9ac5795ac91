package io.tokensaving.plan;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Plans that can be created, changed and deleted while the application runs. Each stored
 * plan has a version that increases by one with every change, for optimistic locking. No
 * version of an id is used twice: a new plan gets a version above those of all plans that
 * were deleted from its workspace, or 1 if none was. Thread-safe; writes may block.
 * <p>
 * Plans that are fixed, such as those of the application's configuration, hold in every
 * workspace, win over stored ones of the same id, and cannot be written, unless they are
 * {@linkplain Plan#isOverridable() overridable}. What is written to one that is holds in
 * its place, in one workspace, until it is deleted: an update overrides single settings,
 * and {@code null} in its patch takes back what was overridden; creating the plan
 * replaces it as a whole. A stored plan that is based on the plan of its own id is one
 * that overrides single settings.
 * <p>
 * Settings are documents as in the application's configuration: sections are maps, and a
 * setting is a text, a number, a boolean or a list of these. Names may be in kebab case
 * or in snake case, and dots may stand for nesting.
 */
public interface MutablePlanRepository extends PlanRepository {

	/**
	 * Find a stored plan.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @return the plan as this instance knows it, or {@code null} if the workspace has no
	 * stored plan of that id or a fixed plan, which is not overridable, has the same id
	 */
	@Nullable StoredPlan findStored(String workspace, String id);

	/**
	 * Create a plan.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @param settings its settings; those that are {@code null} are left out
	 * @return the plan, with its version
	 * @throws InvalidPlanException if the id or a setting is not accepted
	 * @throws PlanConflictException if there is a plan of that id, or no room for
	 * another, or if a fixed plan of that id is not overridable
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	StoredPlan create(String workspace, String id, Map<String, ? extends @Nullable Object> settings);

	/**
	 * Change some settings of a plan. Without an expected version, the change is applied
	 * to the current version, and concurrent changes are not lost.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @param patch what changes, as a JSON merge patch (RFC 7396): sections are merged,
	 * everything else is replaced, and {@code null} removes a setting or a section
	 * @param expectedVersion the version that the caller expects to change, or {@code
	 * null} for any version
	 * @return the changed plan
	 * @throws InvalidPlanException if a setting is not accepted; nothing is changed
	 * @throws PlanNotFoundException if there is no plan of that id
	 * @throws PlanConflictException if the plan has another version or is fixed and not
	 * overridable
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	StoredPlan update(String workspace, String id, Map<String, ? extends @Nullable Object> patch,
			@Nullable Long expectedVersion);

	/**
	 * Delete a plan.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 * @param expectedVersion the version that the caller expects to delete, or {@code
	 * null} for any version
	 * @throws PlanNotFoundException if there is no plan of that id
	 * @throws PlanConflictException if the plan has another version, or is fixed and not
	 * overridden
	 * @throws PlanStoreUnavailableException if the store cannot be reached
	 */
	void delete(String workspace, String id, @Nullable Long expectedVersion);

}
