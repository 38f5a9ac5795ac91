package io.tokensaving.cache;

import java.util.Collection;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Says which answers are to be evicted: those of one workspace to which all that is named
 * here applies. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan, or {@code null} for all plans
 * @param scope the scope, or {@code null} for all scopes and none
 * @param tag a tag of the answer, or {@code null} for all answers
 */
public record CacheEviction(String workspace, @Nullable String plan, @Nullable String scope, @Nullable String tag) {

	/**
	 * Evict all answers of a workspace.
	 * @param workspace the workspace
	 * @return the eviction
	 */
	public static CacheEviction ofWorkspace(String workspace) {
		return new CacheEviction(workspace, null, null, null);
	}

	/**
	 * Evict only the answers of a plan.
	 * @param plan the id of the plan
	 * @return a new eviction
	 */
	public CacheEviction plan(String plan) {
		return new CacheEviction(this.workspace, plan, this.scope, this.tag);
	}

	/**
	 * Evict only the answers of a scope.
	 * @param scope the scope
	 * @return a new eviction
	 */
	public CacheEviction scope(String scope) {
		return new CacheEviction(this.workspace, this.plan, scope, this.tag);
	}

	/**
	 * Evict only the answers with a tag.
	 * @param tag the tag
	 * @return a new eviction
	 */
	public CacheEviction tag(String tag) {
		return new CacheEviction(this.workspace, this.plan, this.scope, tag);
	}

	/**
	 * Return what an answer must have of {@link EntryLabels#keywords()} to be evicted.
	 * @return the keywords, one or more
	 */
	public Set<String> keywords() {
		return EntryLabels.keywords(this.workspace, this.plan, this.scope,
				(this.tag != null) ? Set.of(this.tag) : Set.of());
	}

	/**
	 * Whether an answer is to be evicted.
	 * @param labels the labels of the answer
	 * @return whether all that is named applies
	 */
	public boolean matches(EntryLabels labels) {
		return matches(labels.workspace(), labels.plan(), labels.scope(), labels.tags());
	}

	/**
	 * Whether an answer is to be evicted.
	 * @param key the key of the answer
	 * @param tags the tags of the answer
	 * @return whether all that is named applies
	 */
	public boolean matches(CacheKey key, Collection<String> tags) {
		return matches(key.workspace(), key.plan(), key.scope(), tags);
	}

	private boolean matches(String workspace, String plan, @Nullable String scope, Collection<String> tags) {
		return this.workspace.equals(workspace) && (this.plan == null || this.plan.equals(plan))
				&& (this.scope == null || this.scope.equals(scope)) && (this.tag == null || tags.contains(this.tag));
	}

}
