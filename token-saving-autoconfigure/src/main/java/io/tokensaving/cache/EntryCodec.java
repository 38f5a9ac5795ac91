package io.tokensaving.cache;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Turns what was encoded into what stores outside this process keep, and back: compressed
 * above a size, and encrypted with AES-GCM if there is a key. Thread-safe.
 * <p>
 * Layout: version (1 byte), flags (1 byte: 1 compressed, 2 encrypted), then the payload,
 * or its 12 byte nonce and its ciphertext. The payload is a CRC-32C of the flags, the
 * name and the rest (4 bytes), the number of its bytes once inflated (4 bytes), and the
 * content. So an entry that comes back under another name than its own, such as by a
 * connection that has mixed up replies, is refused; with encryption it cannot be forged
 * either.
 */
public final class EntryCodec {

	/**
	 * The number of bytes above which content is compressed.
	 */
	public static final int DEFAULT_COMPRESSION_THRESHOLD = 4096;

	private static final byte VERSION = 1;

	private static final byte COMPRESSED = 1;

	private static final byte ENCRYPTED = 2;

	private static final int HEADER_BYTES = 2;

	private static final int PAYLOAD_HEADER_BYTES = 8;

	private static final int NONCE_BYTES = 12;

	private static final int TAG_BITS = 128;

	private static final int MAX_BYTES = 256 * 1024 * 1024;

	// What deflate can reach, and some for the shortest bodies
	private static final int MAX_RATIO = 1032;

	private static final int MAX_RATIO_SLACK = 1024;

	private final int compressionThreshold;

	private final @Nullable SecretKey encryptionKey;

	private final SecureRandom random = new SecureRandom();

	/**
	 * Create a codec that compresses above {@value #DEFAULT_COMPRESSION_THRESHOLD} bytes
	 * and does not encrypt.
	 */
	public EntryCodec() {
		this(DEFAULT_COMPRESSION_THRESHOLD, null);
	}

	/**
	 * Create a codec.
	 * @param compressionThreshold the number of bytes above which content is compressed
	 * @param encryptionKey an AES key of 16, 24 or 32 bytes, or {@code null} not to
	 * encrypt
	 * @throws IllegalArgumentException if the key has another length
	 */
	public EntryCodec(int compressionThreshold, byte @Nullable [] encryptionKey) {
		Assert.isTrue(encryptionKey == null || isKeyLength(encryptionKey.length),
				"'encryptionKey' must have 16, 24 or 32 bytes");
		this.compressionThreshold = compressionThreshold;
		this.encryptionKey = (encryptionKey != null) ? new SecretKeySpec(encryptionKey, "AES") : null;
	}

	/**
	 * Whether a key of a length can be used.
	 * @param bytes the number of bytes
	 * @return whether AES has keys of that length
	 */
	public static boolean isKeyLength(int bytes) {
		return bytes == 16 || bytes == 24 || bytes == 32;
	}

	/**
	 * Compress and encrypt.
	 * @param content any bytes
	 * @param name the name of the entry, to which encryption binds it
	 * @return the bytes to store
	 */
	public byte[] seal(byte[] content, String name) {
		byte[] body = content;
		byte flags = 0;
		if (content.length > this.compressionThreshold) {
			body = deflate(content);
			flags |= COMPRESSED;
		}
		int start = HEADER_BYTES;
		ByteBuffer plain = ByteBuffer.allocate(start + PAYLOAD_HEADER_BYTES + body.length);
		plain.put(VERSION)
			.put(flags)
			.putInt(crc(flags, name, content.length, body, 0))
			.putInt(content.length)
			.put(body);
		return (this.encryptionKey != null) ? encrypt(plain.array(), flags, name, this.encryptionKey) : plain.array();
	}

	/**
	 * Decrypt and decompress.
	 * @param entry what {@link #seal} made
	 * @param name the name of the entry
	 * @return the content, or {@code null} if the entry is of another version
	 * @throws IllegalArgumentException if the entry is broken or cannot be decrypted
	 */
	public byte @Nullable [] open(byte[] entry, String name) {
		if (entry.length < HEADER_BYTES + PAYLOAD_HEADER_BYTES) {
			throw new IllegalArgumentException("The entry is too short");
		}
		if (entry[0] != VERSION) {
			return null;
		}
		byte flags = entry[1];
		if ((flags & ~(COMPRESSED | ENCRYPTED)) != 0) {
			throw new IllegalArgumentException("The entry has unknown flags");
		}
		boolean encrypted = (flags & ENCRYPTED) != 0;
		if (encrypted != (this.encryptionKey != null)) {
			// Entries from before a key was set are not trusted
			throw new IllegalArgumentException(
					encrypted ? "The entry is encrypted, but there is no key" : "The entry is not encrypted");
		}
		ByteBuffer payload = (this.encryptionKey != null) ? ByteBuffer.wrap(decrypt(entry, name, this.encryptionKey))
				: ByteBuffer.wrap(entry, HEADER_BYTES, entry.length - HEADER_BYTES);
		if (payload.remaining() < PAYLOAD_HEADER_BYTES) {
			throw new IllegalArgumentException("The entry is too short");
		}
		int crc = payload.getInt();
		int length = payload.getInt();
		byte[] body = payload.array();
		int offset = payload.arrayOffset() + payload.position();
		if (crc != crc((byte) (flags & ~ENCRYPTED), name, length, body, offset)) {
			throw new IllegalArgumentException("The entry is not what was stored");
		}
		if ((flags & COMPRESSED) != 0) {
			return inflate(body, offset, length);
		}
		if (length != body.length - offset) {
			throw new IllegalArgumentException("The entry has another length than was stored");
		}
		return Arrays.copyOfRange(body, offset, body.length);
	}

	private static int crc(byte flags, String name, int length, byte[] body, int offset) {
		CRC32C crc = new CRC32C();
		crc.update(flags);
		crc.update(name.getBytes(StandardCharsets.UTF_8));
		crc.update(ByteBuffer.allocate(Integer.BYTES).putInt(length).flip());
		crc.update(body, offset, body.length - offset);
		return (int) crc.getValue();
	}

	private byte[] encrypt(byte[] plain, byte flags, String name, SecretKey key) {
		byte[] nonce = new byte[NONCE_BYTES];
		this.random.nextBytes(nonce);
		try {
			Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, (byte) (flags | ENCRYPTED), name);
			byte[] ciphertext = cipher.doFinal(plain, HEADER_BYTES, plain.length - HEADER_BYTES);
			return ByteBuffer.allocate(HEADER_BYTES + NONCE_BYTES + ciphertext.length)
				.put(VERSION)
				.put((byte) (flags | ENCRYPTED))
				.put(nonce)
				.put(ciphertext)
				.array();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("The entry cannot be encrypted", ex);
		}
	}

	private static byte[] decrypt(byte[] entry, String name, SecretKey key) {
		if (entry.length < HEADER_BYTES + NONCE_BYTES + TAG_BITS / Byte.SIZE) {
			throw new IllegalArgumentException("The entry is too short");
		}
		byte[] nonce = Arrays.copyOfRange(entry, HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
		try {
			Cipher cipher = cipher(Cipher.DECRYPT_MODE, key, nonce, entry[1], name);
			int start = HEADER_BYTES + NONCE_BYTES;
			return cipher.doFinal(entry, start, entry.length - start);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalArgumentException("The entry cannot be decrypted: it has another key or was changed", ex);
		}
	}

	private static Cipher cipher(int mode, SecretKey key, byte[] nonce, byte flags, String name)
			throws GeneralSecurityException {
		Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
		cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
		cipher.updateAAD(new byte[] { VERSION, flags });
		cipher.updateAAD(name.getBytes(StandardCharsets.UTF_8));
		return cipher;
	}

	private static byte[] deflate(byte[] content) {
		Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
		try {
			deflater.setInput(content);
			deflater.finish();
			ByteArrayOutputStream out = new ByteArrayOutputStream(content.length / 2);
			byte[] buffer = new byte[4096];
			while (!deflater.finished()) {
				out.write(buffer, 0, deflater.deflate(buffer));
			}
			return out.toByteArray();
		}
		finally {
			deflater.end();
		}
	}

	private static byte[] inflate(byte[] body, int offset, int length) {
		long possible = (long) MAX_RATIO * (body.length - offset) + MAX_RATIO_SLACK;
		if (length < 0 || length > Math.min(MAX_BYTES, possible)) {
			throw new IllegalArgumentException("The entry announces an impossible length");
		}
		Inflater inflater = new Inflater(true);
		try {
			inflater.setInput(body, offset, body.length - offset);
			byte[] content = new byte[length];
			int inflated = 0;
			while (inflated < length) {
				int count = inflater.inflate(content, inflated, length - inflated);
				if (count == 0) {
					break;
				}
				inflated += count;
			}
			if (inflated != length) {
				throw new IllegalArgumentException("The entry is shorter than it should be");
			}
			return content;
		}
		catch (DataFormatException ex) {
			throw new IllegalArgumentException("The entry cannot be decompressed", ex);
		}
		finally {
			inflater.end();
		}
	}

}
