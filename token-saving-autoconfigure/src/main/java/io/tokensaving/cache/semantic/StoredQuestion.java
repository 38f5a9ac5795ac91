package io.tokensaving.cache.semantic;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * How stores outside the process name an entry and write its question. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class StoredQuestion {

	private StoredQuestion() {
	}

	/**
	 * Return the id of a question: a UUID of version 8, which stores with ids of that
	 * type accept, from the first 122 bits of a SHA-256 digest.
	 * @param partition the partition
	 * @param question the question
	 * @return the id, the same for the same question of the same partition
	 */
	public static UUID id(String partition, String question) {
		MessageDigest digest = sha256();
		for (String text : new String[] { partition, question }) {
			digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(text.length()).array());
			digest.update(utf16(text));
		}
		ByteBuffer bytes = ByteBuffer.wrap(digest.digest());
		long high = (bytes.getLong() & ~0xF000L) | 0x8000L;
		long low = (bytes.getLong() & ~0xC000_0000_0000_0000L) | 0x8000_0000_0000_0000L;
		return new UUID(high, low);
	}

	/**
	 * Encode a text as UTF-16, because UTF-8 cannot encode unpaired surrogates.
	 * @param text the text
	 * @return the bytes, big endian
	 */
	public static byte[] utf16(String text) {
		ByteBuffer bytes = ByteBuffer.allocate(text.length() * Character.BYTES);
		bytes.asCharBuffer().put(text);
		return bytes.array();
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("SHA-256 is not available", ex);
		}
	}

}
