package io.tokensaving.feature;

import java.util.Collection;

import org.jspecify.annotations.Nullable;

/**
 * Selects the answers to evict: those of one workspace that match every criterion that is
 * not {@code null}. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan, or {@code null} for all plans
 * @param scope the scope, or {@code null} for answers with any scope or none
 * @param tag a tag of the answer, or {@code null} for answers with any tags or none
 */
public record Eviction(String workspace, @Nullable String plan, @Nullable String scope, @Nullable String tag) {

	/**
	 * Select all answers of a workspace.
	 * @param workspace the workspace
	 * @return the eviction
	 */
	public static Eviction ofWorkspace(String workspace) {
		return new Eviction(workspace, null, null, null);
	}

	/**
	 * Select only the answers of a plan.
	 * @param plan the id of the plan
	 * @return a new eviction
	 */
	public Eviction plan(String plan) {
		return new Eviction(this.workspace, plan, this.scope, this.tag);
	}

	/**
	 * Select only the answers of a scope.
	 * @param scope the scope
	 * @return a new eviction
	 */
	public Eviction scope(String scope) {
		return new Eviction(this.workspace, this.plan, scope, this.tag);
	}

	/**
	 * Select only the answers with a tag.
	 * @param tag the tag
	 * @return a new eviction
	 */
	public Eviction tag(String tag) {
		return new Eviction(this.workspace, this.plan, this.scope, tag);
	}

	/**
	 * Whether an answer is selected.
	 * @param workspace the workspace of the answer
	 * @param plan the id of its plan
	 * @param scope its scope, or {@code null} if it has none
	 * @param tags its tags
	 * @return whether all criteria match
	 */
	public boolean matches(String workspace, String plan, @Nullable String scope, Collection<String> tags) {
		return this.workspace.equals(workspace) && (this.plan == null || this.plan.equals(plan))
				&& (this.scope == null || this.scope.equals(scope)) && (this.tag == null || tags.contains(this.tag));
	}

}
