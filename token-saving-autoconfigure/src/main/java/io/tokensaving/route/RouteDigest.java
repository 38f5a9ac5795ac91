package io.tokensaving.route;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.OptionsDigest;
import io.tokensaving.tier.FixedChatModel;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;

import org.springframework.ai.chat.model.ChatModel;

/**
 * Digests of all that decides which model answers the requests of a plan: the settings,
 * and the tiers that they name. What is defined is digested once. The options of a bean
 * may be others with each request, and so are read with each. Thread-safe.
 */
final class RouteDigest {

	private static final int BYTES = 16;

	// By identity, as comparing settings takes longer than what is saved
	private final Cache<RouteSettings, String> digests = Caffeine.newBuilder().weakKeys().build();

	private final Dialects dialects;

	RouteDigest(Dialects dialects) {
		this.dialects = dialects;
	}

	/**
	 * Return the digest of settings, and of the models that answer now.
	 * @param settings the settings
	 * @param tiers the tiers of the application, always the same
	 * @return hexadecimal digits
	 */
	String of(RouteSettings settings, Tiers tiers) {
		String defined = this.digests.get(settings, (added) -> compute(added, tiers));
		MessageDigest digest = null;
		for (String name : settings.tiers()) {
			Tier tier = tiers.find(name);
			ChatModel model = (tier != null) ? tier.chatModel() : null;
			if (model != null && !(model instanceof FixedChatModel)) {
				digest = (digest != null) ? digest : sha256();
				update(digest, name);
				update(digest, options(model));
			}
		}
		if (digest == null) {
			return defined;
		}
		update(digest, defined);
		return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
	}

	// While a model cannot be created, others answer in its place
	private String options(ChatModel model) {
		try {
			return OptionsDigest.of(model.getOptions(), this.dialects);
		}
		catch (RuntimeException | LinkageError | StackOverflowError ex) {
			return "";
		}
	}

	private static String compute(RouteSettings settings, Tiers tiers) {
		MessageDigest digest = sha256();
		update(digest, settings.values().toString());
		for (String name : settings.tiers()) {
			Tier tier = tiers.find(name);
			update(digest, (tier != null) ? tier.digest() : "");
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
