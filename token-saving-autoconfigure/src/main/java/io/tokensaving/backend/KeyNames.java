package io.tokensaving.backend;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Parts of the keys of stores outside this process.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class KeyNames {

	private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	private static final int HASH_BYTES = 16;

	// No valid UTF-8 contains this byte, so the bytes cannot equal those of another text
	private static final byte NO_UTF_8 = (byte) 0xFF;

	private KeyNames() {
	}

	/**
	 * Return the name of a workspace, or a plan, in a key: letters, digits, {@code .},
	 * {@code _}, {@code -} and {@code ~}, so that it cannot contain the separator of the
	 * parts of the key.
	 * @param workspace the workspace or plan
	 * @return the name itself if it has 1 to 64 of these characters other than {@code ~},
	 * or else {@code ~} and a hash
	 */
	public static String workspace(String workspace) {
		return PLAIN.matcher(workspace).matches() ? workspace : "~" + hash(workspace);
	}

	/**
	 * Return the hash of a text that must not be readable in a key.
	 * @param text the text; two that differ in half a surrogate pair are different too
	 * @return the first 16 bytes of its SHA-256 digest, 32 hexadecimal digits
	 */
	public static String hash(String text) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes(text));
			return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	private static byte[] bytes(String text) {
		try {
			ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
			byte[] encoded = new byte[bytes.remaining()];
			bytes.get(encoded);
			return encoded;
		}
		catch (CharacterCodingException ex) {
			ByteBuffer units = ByteBuffer.allocate(1 + Character.BYTES * text.length()).put(NO_UTF_8);
			units.asCharBuffer().put(text);
			return units.array();
		}
	}

}
