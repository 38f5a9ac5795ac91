package io.tokensaving.cache.exact.redis;

import io.tokensaving.backend.KeyNames;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.EntryLabels;
import org.jspecify.annotations.Nullable;

/**
 * Names keys: {@code tokensaving:{workspace}:exact:{plan}:{scope}:{fingerprint}}. The
 * scope, which may name a user, is there as a hash only, and so is a workspace of other
 * characters than letters, digits, {@code .}, {@code _} and {@code -}.
 */
final class RedisKeys {

	/**
	 * A key that does not exist.
	 */
	static final String NONE = "tokensaving:none";

	private static final String PREFIX = "tokensaving:";

	private static final String NO_SCOPE = "-";

	private RedisKeys() {
	}

	static String entry(CacheKey key) {
		return prefix(key.workspace()) + "exact:" + key.plan() + ":" + scope(key.scope()) + ":" + key.fingerprint();
	}

	// Everything but '*' is letters, digits, '.', '_', '-' and ':'
	static String pattern(CacheEviction eviction) {
		return prefix(eviction.workspace()) + "exact:" + ((eviction.plan() != null) ? eviction.plan() : "*") + ":"
				+ ((eviction.scope() != null) ? scope(eviction.scope()) : "*") + ":*";
	}

	static boolean matches(CacheEviction eviction, String key) {
		String[] parts = key.substring(prefix(eviction.workspace()).length()).split(":", -1);
		return parts.length == 4 && (eviction.plan() == null || eviction.plan().equals(parts[1]))
				&& (eviction.scope() == null || scope(eviction.scope()).equals(parts[2]));
	}

	static String tag(String workspace, String tag) {
		return prefix(workspace) + "tag:" + EntryLabels.hash(tag);
	}

	private static String prefix(String workspace) {
		return PREFIX + KeyNames.workspace(workspace) + ":";
	}

	private static String scope(@Nullable String scope) {
		return (scope != null) ? EntryLabels.hash(scope) : NO_SCOPE;
	}

}
