package io.tokensaving.cache;

import java.util.Collection;

import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * The key of an answer in an exact cache. The fingerprint alone identifies the answer,
 * because it covers workspace, plan and scope as well; those are kept separately so that
 * answers can be evicted by them. Immutable.
 *
 * @param workspace the workspace of the request
 * @param plan the id of the plan
 * @param scope the scope of the request, or {@code null} if it has none
 * @param fingerprint the fingerprint of the request, 64 hexadecimal digits
 */
public record CacheKey(String workspace, String plan, @Nullable String scope, String fingerprint) {

	/**
	 * Whether an eviction selects the answer.
	 * @param eviction the eviction
	 * @param tags the tags of the answer
	 * @return whether all criteria of the eviction match
	 */
	public boolean matches(Eviction eviction, Collection<String> tags) {
		return eviction.matches(this.workspace, this.plan, this.scope, tags);
	}

	/**
	 * Return the plan and its workspace.
	 * @return the key
	 */
	public PlanKey planKey() {
		return new PlanKey(this.workspace, this.plan);
	}

}
