package io.tokensaving.batch;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The ids of lines in batches.
 */
final class BatchIds {

	private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	private static final int DIGEST_CHARS = 40;

	private BatchIds() {
	}

	/**
	 * Return the id of a line: the first 40 characters of the SHA-256 of its key in
	 * Base32 (200 bits), and the number of the attempt.
	 * @param key the key
	 * @param attempt the attempt
	 * @return the id
	 */
	static String customId(String key, int attempt) {
		byte[] digest;
		try {
			digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
		StringBuilder id = new StringBuilder(DIGEST_CHARS + 4);
		int bits = 0;
		int buffer = 0;
		for (int i = 0; id.length() < DIGEST_CHARS; i++) {
			buffer = (buffer << 8) | (digest[i] & 0xff);
			for (bits += 8; bits >= 5; bits -= 5) {
				id.append(ALPHABET.charAt((buffer >> (bits - 5)) & 31));
			}
			buffer &= 31;
		}
		return id.append('-').append(attempt).toString();
	}

}
