package io.tokensaving.cache.exact.redis;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
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

	private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	private static final String NO_SCOPE = "-";

	private static final int HASH_BYTES = 16;

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
		return prefix(workspace) + "tag:" + hash(tag);
	}

	private static String prefix(String workspace) {
		return PREFIX + (PLAIN.matcher(workspace).matches() ? workspace : "~" + hash(workspace)) + ":";
	}

	private static String scope(@Nullable String scope) {
		return (scope != null) ? hash(scope) : NO_SCOPE;
	}

	private static String hash(String text) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
