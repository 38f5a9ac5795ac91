package io.tokensaving.cache;

import java.util.LinkedHashSet;
import java.util.Set;

import io.tokensaving.backend.KeyNames;
import org.jspecify.annotations.Nullable;

/**
 * Says whose an answer is and what it is about, so that it can be evicted. Immutable.
 *
 * @param workspace the workspace of the request
 * @param plan the id of the plan
 * @param scope the scope of the request, or {@code null} if it has none
 * @param tags the tags of the answer
 */
public record EntryLabels(String workspace, String plan, @Nullable String scope, Set<String> tags) {

	/**
	 * Copy the tags.
	 * @param workspace the workspace of the request
	 * @param plan the id of the plan
	 * @param scope the scope of the request, or {@code null} if it has none
	 * @param tags the tags of the answer
	 */
	public EntryLabels {
		tags = Set.copyOf(tags);
	}

	/**
	 * Create labels without a scope and tags.
	 * @param workspace the workspace of the request
	 * @param plan the id of the plan
	 * @return the labels
	 */
	public static EntryLabels of(String workspace, String plan) {
		return new EntryLabels(workspace, plan, null, Set.of());
	}

	/**
	 * Return a keyword for each label, for stores outside this process. An answer is to
	 * be evicted if it has all {@linkplain CacheEviction#keywords() keywords of the
	 * eviction}. Keywords hold hashes only, because a label may name a user: lower case
	 * letters, digits and {@code :}.
	 * @return the keywords, one or more, in the order workspace, plan, scope, tags
	 */
	public Set<String> keywords() {
		return keywords(this.workspace, this.plan, this.scope, this.tags);
	}

	static Set<String> keywords(String workspace, @Nullable String plan, @Nullable String scope, Set<String> tags) {
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
	 * Return what stands for a label where it must not be readable.
	 * @param label the label
	 * @return the first 16 bytes of its SHA-256 digest, 32 hexadecimal digits
	 */
	public static String hash(String label) {
		return KeyNames.hash(label);
	}

}
