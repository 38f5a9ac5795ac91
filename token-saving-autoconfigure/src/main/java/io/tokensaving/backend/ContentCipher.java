package io.tokensaving.backend;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;

import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

import org.springframework.util.Assert;

/**
 * Encrypts content for stores outside this process with AES-GCM, under a random nonce of
 * 12 bytes and with a tag of 16 bytes. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class ContentCipher {

	/**
	 * The number of bytes by which what is encrypted is longer than the content.
	 */
	public static final int OVERHEAD_BYTES = 28;

	private static final int NONCE_BYTES = 12;

	private static final int TAG_BITS = 128;

	private final SecretKey key;

	private final SecureRandom random = new SecureRandom();

	/**
	 * Create a cipher.
	 * @param key an AES key of 16, 24 or 32 bytes
	 * @throws IllegalArgumentException if the key has another length
	 */
	public ContentCipher(byte[] key) {
		Assert.isTrue(isKeyLength(key.length), "'encryptionKey' must have 16, 24 or 32 bytes");
		this.key = new SecretKeySpec(key, "AES");
	}

	/**
	 * Whether AES supports keys of a length.
	 * @param bytes the length of the key in bytes
	 * @return {@code true} for 16, 24 and 32 bytes
	 */
	public static boolean isKeyLength(int bytes) {
		return bytes == 16 || bytes == 24 || bytes == 32;
	}

	/**
	 * Encrypt content.
	 * @param header bytes that stay readable in front of it, and to which it is bound
	 * @param name the name to which it is bound
	 * @param content an array with the content
	 * @param start where in the array the content begins
	 * @return the header, the nonce, the encrypted content and the tag
	 */
	public byte[] encrypt(byte[] header, byte[] name, byte[] content, int start) {
		byte[] nonce = new byte[NONCE_BYTES];
		this.random.nextBytes(nonce);
		try {
			byte[] ciphertext = cipher(Cipher.ENCRYPT_MODE, nonce, header, name).doFinal(content, start,
					content.length - start);
			return ByteBuffer.allocate(header.length + NONCE_BYTES + ciphertext.length)
				.put(header)
				.put(nonce)
				.put(ciphertext)
				.array();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("The entry cannot be encrypted", ex);
		}
	}

	/**
	 * Decrypt content.
	 * @param entry what {@link #encrypt} returned
	 * @param headerBytes the length of its header in bytes
	 * @param name the name to which it must be bound
	 * @return the content
	 * @throws IllegalArgumentException if it has another key or name, or was changed
	 */
	public byte[] decrypt(byte[] entry, int headerBytes, byte[] name) {
		if (entry.length < headerBytes + OVERHEAD_BYTES) {
			throw new IllegalArgumentException("The entry is too short");
		}
		int start = headerBytes + NONCE_BYTES;
		byte[] nonce = Arrays.copyOfRange(entry, headerBytes, start);
		try {
			return cipher(Cipher.DECRYPT_MODE, nonce, Arrays.copyOf(entry, headerBytes), name).doFinal(entry, start,
					entry.length - start);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalArgumentException("The entry cannot be decrypted: it has another key or was changed", ex);
		}
	}

	private Cipher cipher(int mode, byte[] nonce, byte[] header, byte[] name) throws GeneralSecurityException {
		Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
		cipher.init(mode, this.key, new GCMParameterSpec(TAG_BITS, nonce));
		cipher.updateAAD(header);
		cipher.updateAAD(name);
		return cipher;
	}

}
