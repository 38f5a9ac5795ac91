package io.tokensaving.backend;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What keys of stores outside this process are made of.
 */
public final class KeyNames {

	private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	private static final int HASH_BYTES = 16;

	private KeyNames() {
	}

	/**
	 * Return what stands for a workspace in a key: letters, digits, {@code .}, {@code _},
	 * {@code -} and {@code ~}, so that it neither ends early nor runs into what follows.
	 * @param workspace the workspace
	 * @return the workspace itself if it has 1 to 64 of these characters other than
	 * {@code ~}, or else {@code ~} and a hash
	 */
	public static String workspace(String workspace) {
		return PLAIN.matcher(workspace).matches() ? workspace : "~" + hash(workspace);
	}

	/**
	 * Return what stands for a text where it must not be readable.
	 * @param text the text
	 * @return the first 16 bytes of its SHA-256 digest, 32 hexadecimal digits
	 */
	public static String hash(String text) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

}
