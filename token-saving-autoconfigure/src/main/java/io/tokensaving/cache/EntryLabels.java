package io.tokensaving.cache;

import java.util.LinkedHashSet;
import java.util.Set;

import io.tokensaving.backend.HeapSize;
import io.tokensaving.backend.KeyNames;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * The labels of a stored answer, by which it can be evicted. Immutable.
 *
 * @param workspace the workspace of the request
 * @param plan the id of the plan
 * @param scope the scope of the request, or {@code null} if it has none
 * @param tags the tags of the answer
 */
public record EntryLabels(String workspace, String plan, @Nullable String scope, Set<String> tags) {

	private static final int TAG_BYTES = 8;

	/**
	 * Copy the tags.
	 * @param workspace the workspace of the request
	 * @param plan the id of the plan
	 * @param scope the scope of the request, or {@code null} if it has none
	 * @param tags the tags of the answer
	 */
	public EntryLabels {
		tags = StoredValues.immutable(tags);
	}

	/**
	 * Create labels with neither scope nor tags.
	 * @param workspace the workspace of the request
	 * @param plan the id of the plan
	 * @return the labels
	 */
	public static EntryLabels of(String workspace, String plan) {
		return new EntryLabels(workspace, plan, null, Set.of());
	}

	/**
	 * Return the plan and its workspace.
	 * @return the key
	 */
	public PlanKey planKey() {
		return new PlanKey(this.workspace, this.plan);
	}

	/**
	 * Estimate how much memory the scope and the tags occupy.
	 * @return the size in bytes
	 */
	public long sizeInBytes() {
		return sizeInBytes(this.tags) + ((this.scope != null) ? HeapSize.of(this.scope) : 0);
	}

	/**
	 * Estimate how much memory tags occupy.
	 * @param tags the tags
	 * @return the size in bytes
	 */
	public static long sizeInBytes(Set<String> tags) {
		long bytes = 0;
		for (String tag : tags) {
			bytes += TAG_BYTES + HeapSize.of(tag);
		}
		return bytes;
	}

	/**
	 * Return a keyword for each label, for stores outside this process. An eviction
	 * removes an answer that has all {@linkplain #keywords(Eviction) keywords of the
	 * eviction}. Keywords contain hashes, because a label may name a user, and consist of
	 * lower-case letters, digits and {@code :}.
	 * @return the keywords, one or more, in the order workspace, plan, scope, tags
	 */
	public Set<String> keywords() {
		return keywords(this.workspace, this.plan, this.scope, this.tags);
	}

	/**
	 * Return the keywords of the answers that an eviction selects.
	 * @param eviction the eviction
	 * @return one or more keywords, all of which a selected answer has in
	 * {@link #keywords()}
	 */
	public static Set<String> keywords(Eviction eviction) {
		String tag = eviction.tag();
		return keywords(eviction.workspace(), eviction.plan(), eviction.scope(),
				(tag != null) ? Set.of(tag) : Set.of());
	}

	/**
	 * Whether an eviction selects the answer.
	 * @param eviction the eviction
	 * @return whether all criteria of the eviction match
	 */
	public boolean matches(Eviction eviction) {
		return eviction.matches(this.workspace, this.plan, this.scope, this.tags);
	}

	private static Set<String> keywords(String workspace, @Nullable String plan, @Nullable String scope,
			Set<String> tags) {
		Set<String> keywords = new LinkedHashSet<>();
		keywords.add("workspace:" + hash(workspace));
		if (plan != null) {
			keywords.add("plan:" + hash(plan));
		}
		if (scope != null) {
			keywords.add("scope:" + hash(scope));
		}
		tags.forEach((tag) -> keywords.add("tag:" + hash(tag)));
		return keywords;
	}

	/**
	 * Return the hash that replaces a label wherever the label must not be readable.
	 * @param label the label
	 * @return the first 16 bytes of its SHA-256 digest as 32 hexadecimal digits
	 */
	public static String hash(String label) {
		return KeyNames.hash(label);
	}

}
