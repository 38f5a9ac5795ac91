package io.tokensaving.route;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;

/**
 * Digests of all that decides which model answers the requests of a plan: the settings,
 * and the definitions of the tiers that they name. Each is computed once. Thread-safe.
 */
final class RouteDigest {

	private static final int BYTES = 16;

	// By identity, as comparing settings takes longer than what is saved
	private final Cache<RouteSettings, String> digests = Caffeine.newBuilder().weakKeys().build();

	/**
	 * Return the digest of settings.
	 * @param settings the settings
	 * @param tiers the tiers of the application, always the same
	 * @return hexadecimal digits
	 */
	String of(RouteSettings settings, Tiers tiers) {
		return this.digests.get(settings, (added) -> compute(added, tiers));
	}

	private static String compute(RouteSettings settings, Tiers tiers) {
		MessageDigest digest = sha256();
		update(digest, settings.values().toString());
		for (String name : settings.tiers()) {
			Tier tier = tiers.find(name);
			update(digest, (tier != null) ? tier.currentDigest() : "");
		}
		return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
	}

	private static void update(MessageDigest digest, String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
		digest.update(bytes);
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

}
