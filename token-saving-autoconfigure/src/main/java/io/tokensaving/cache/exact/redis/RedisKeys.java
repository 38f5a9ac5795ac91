package io.tokensaving.cache.exact.redis;

import java.util.regex.Pattern;

import io.tokensaving.backend.KeyNames;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.feature.Eviction;
import org.jspecify.annotations.Nullable;

/**
 * The names of keys: {@code tokensaving:{workspace}:exact:{plan}:{scope}:{fingerprint}}.
 * The scope, which may identify a user, is a hash, and so is a workspace or plan with
 * characters other than letters, digits, {@code .}, {@code _} and {@code -}. So no label
 * can contain a wildcard of a pattern.
 */
final class RedisKeys {

	/**
	 * A key that is never written.
	 */
	static final String NONE = "tokensaving:none";

	private static final String PREFIX = "tokensaving:";

	private static final String NO_SCOPE = "-";

	// Matches plan, scope and fingerprint
	private static final Pattern REST = Pattern
		.compile("(?:[A-Za-z0-9._-]{1,64}|~[0-9a-f]{32}):(?:-|[0-9a-f]{32}):[0-9a-f]{64}");

	private RedisKeys() {
	}

	static String entry(CacheKey key) {
		return entries(key.workspace()) + plan(key.plan()) + ":" + scope(key.scope()) + ":" + key.fingerprint();
	}

	/**
	 * Return the prefix of the keys of all answers of a workspace.
	 * @param workspace the workspace
	 * @return the prefix
	 */
	static String entries(String workspace) {
		return prefix(workspace) + "exact:";
	}

	// No label can contain a wildcard, so nothing is escaped
	static String pattern(Eviction eviction) {
		return entries(eviction.workspace()) + ((eviction.plan() != null) ? plan(eviction.plan()) : "*") + ":"
				+ ((eviction.scope() != null) ? scope(eviction.scope()) : "*") + ":*";
	}

	/**
	 * Whether a key that was read from Redis, where others may write, is the key of an
	 * answer.
	 * @param workspace the workspace of the answer
	 * @param key the key
	 * @return whether this class could have created the key for an answer of the
	 * workspace
	 */
	static boolean isEntry(String workspace, String key) {
		String entries = entries(workspace);
		return key.startsWith(entries) && REST.matcher(key).region(entries.length(), key.length()).matches();
	}

	/**
	 * Whether an eviction covers an answer.
	 * @param eviction the eviction
	 * @param key the {@linkplain #isEntry key} of the answer
	 * @return whether workspace, plan and scope match
	 */
	static boolean matches(Eviction eviction, String key) {
		if (!isEntry(eviction.workspace(), key)) {
			return false;
		}
		String[] parts = key.substring(entries(eviction.workspace()).length()).split(":", -1);
		return (eviction.plan() == null || plan(eviction.plan()).equals(parts[0]))
				&& (eviction.scope() == null || scope(eviction.scope()).equals(parts[1]));
	}

	/**
	 * Return the plan of an answer.
	 * @param workspace the workspace of the answer
	 * @param key the {@linkplain #isEntry key} of the answer
	 * @return the plan, or {@code ~} and its hash
	 */
	static String planOf(String workspace, String key) {
		return key.substring(entries(workspace).length()).split(":", -1)[0];
	}

	/**
	 * Return the hash of the scope of an answer.
	 * @param workspace the workspace of the answer
	 * @param key the {@linkplain #isEntry key} of the answer
	 * @return the hash, or {@code null} if the answer has no scope
	 */
	static @Nullable String scopeOf(String workspace, String key) {
		String scope = key.substring(entries(workspace).length()).split(":", -1)[1];
		return scope.equals(NO_SCOPE) ? null : scope;
	}

	static String tag(String workspace, String tag) {
		return prefix(workspace) + "tag:" + EntryLabels.hash(tag);
	}

	private static String prefix(String workspace) {
		return PREFIX + KeyNames.workspace(workspace) + ":";
	}

	private static String plan(String plan) {
		return KeyNames.workspace(plan);
	}

	private static String scope(@Nullable String scope) {
		return (scope != null) ? EntryLabels.hash(scope) : NO_SCOPE;
	}

}
