package io.tokensaving.cache;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.Function;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

import io.tokensaving.backend.ContentCipher;
import org.jspecify.annotations.Nullable;

/**
 * Seals encoded content for stores outside this process, and opens it again: content is
 * compressed above a size, and encrypted with AES-GCM if there is a key. Thread-safe.
 * <p>
 * Layout: version (1 byte), flags (1 byte: 1 compressed, 2 encrypted), then either the
 * payload or, if encrypted, a 12-byte nonce and the ciphertext of the payload. The
 * payload is a CRC-32C over the flags, the name, the length and the content (4 bytes),
 * the length of the uncompressed content (4 bytes), and the content. Because the checksum
 * covers the name, an entry that is returned under a wrong name, for example by a
 * connection that mixed up replies, is rejected. An encrypted entry cannot be forged
 * either, since it is authenticated before it is parsed.
 * <p>
 * The caller of {@code open} limits the size of an entry. Larger entries are neither
 * decrypted nor inflated, whatever length they announce.
 */
public final class EntryCodec {

	/**
	 * The number of bytes above which content is compressed.
	 */
	public static final int DEFAULT_COMPRESSION_THRESHOLD = 4096;

	private static final byte VERSION = 2;

	private static final byte COMPRESSED = 1;

	private static final byte ENCRYPTED = 2;

	private static final int HEADER_BYTES = 2;

	private static final int PAYLOAD_HEADER_BYTES = 8;

	private static final int MAX_OVERHEAD_BYTES = HEADER_BYTES + PAYLOAD_HEADER_BYTES + ContentCipher.OVERHEAD_BYTES;

	private static final int PIECE_CHARS = 1024;

	private final int compressionThreshold;

	private final @Nullable ContentCipher cipher;

	/**
	 * Create a codec that compresses above {@value #DEFAULT_COMPRESSION_THRESHOLD} bytes
	 * and does not encrypt.
	 */
	public EntryCodec() {
		this(DEFAULT_COMPRESSION_THRESHOLD, null);
	}

	/**
	 * Create a codec.
	 * @param compressionThreshold the number of bytes above which content is compressed,
	 * at least 0
	 * @param encryptionKey an AES key of 16, 24 or 32 bytes, or {@code null} not to
	 * encrypt
	 * @throws IllegalArgumentException if the key has another length
	 */
	public EntryCodec(int compressionThreshold, byte @Nullable [] encryptionKey) {
		this.compressionThreshold = compressionThreshold;
		this.cipher = (encryptionKey != null) ? new ContentCipher(encryptionKey) : null;
	}

	/**
	 * Whether AES supports keys of a length.
	 * @param bytes the length of the key in bytes
	 * @return {@code true} for 16, 24 and 32 bytes
	 */
	public static boolean isKeyLength(int bytes) {
		return ContentCipher.isKeyLength(bytes);
	}

	/**
	 * Compress and encrypt content.
	 * @param content any bytes
	 * @param name the name of the entry, to which the checksum and the encryption bind it
	 * @return the bytes to store
	 */
	public byte[] seal(byte[] content, String name) {
		byte[] body = content;
		byte flags = 0;
		if (content.length > this.compressionThreshold) {
			byte[] deflated = deflate(content);
			// Deflating incompressible content may make it larger than entries may be
			if (deflated.length < content.length) {
				body = deflated;
				flags |= COMPRESSED;
			}
		}
		int start = HEADER_BYTES;
		ByteBuffer plain = ByteBuffer.allocate(start + PAYLOAD_HEADER_BYTES + body.length);
		plain.put(VERSION)
			.put(flags)
			.putInt(crc(flags, name, content.length, body, 0))
			.putInt(content.length)
			.put(body);
		return (this.cipher != null) ? this.cipher.encrypt(new byte[] { VERSION, (byte) (flags | ENCRYPTED) },
				name.getBytes(StandardCharsets.UTF_8), plain.array(), HEADER_BYTES) : plain.array();
	}

	/**
	 * Return the largest size of an entry.
	 * @param maxBytes the largest size of its content in bytes, at least 0
	 * @return the largest size in bytes of what {@link #seal} returns
	 */
	public static long maxSealedBytes(long maxBytes) {
		return Math.min(Integer.MAX_VALUE, Math.min(Integer.MAX_VALUE, maxBytes) + MAX_OVERHEAD_BYTES);
	}

	/**
	 * Decrypt and decompress an entry.
	 * @param entry the result of {@link #seal}
	 * @param name the name of the entry
	 * @param limit the memory and time that reading the content may take
	 * @return the content, or {@code null} if the entry is of another version
	 * @throws IllegalArgumentException if the entry is malformed, exceeds the limit or
	 * cannot be decrypted
	 */
	public byte @Nullable [] open(byte[] entry, String name, ReadLimit limit) {
		return open(entry, name, limit, EntryInput::readAll);
	}

	/**
	 * Decrypt an entry, and decompress its content while it is read.
	 * @param entry the result of {@link #seal}
	 * @param name the name of the entry
	 * @param limit the memory and time that reading the content may take
	 * @param reader reads the content to its end; it must not keep the input
	 * @param <T> the type of what the reader returns
	 * @return the result of the reader, or {@code null} if the entry is of another
	 * version
	 * @throws IllegalArgumentException if the entry is malformed, exceeds the limit or
	 * cannot be decrypted
	 */
	public <T> @Nullable T open(byte[] entry, String name, ReadLimit limit, Function<EntryInput, T> reader) {
		if (entry.length < HEADER_BYTES + PAYLOAD_HEADER_BYTES) {
			throw new IllegalArgumentException("The entry is too short");
		}
		if (entry.length > maxSealedBytes(limit.maxBytes())) {
			throw new IllegalArgumentException("The entry is larger than entries may be");
		}
		if (entry[0] != VERSION) {
			return null;
		}
		byte flags = entry[1];
		if ((flags & ~(COMPRESSED | ENCRYPTED)) != 0) {
			throw new IllegalArgumentException("The entry has unknown flags");
		}
		boolean encrypted = (flags & ENCRYPTED) != 0;
		if (encrypted != (this.cipher != null)) {
			// An entry stored before the key was configured is not trusted
			throw new IllegalArgumentException(
					encrypted ? "The entry is encrypted, but there is no key" : "The entry is not encrypted");
		}
		ByteBuffer payload = (this.cipher != null) ? ByteBuffer.wrap(decrypt(entry, name, this.cipher))
				: ByteBuffer.wrap(entry, HEADER_BYTES, entry.length - HEADER_BYTES);
		if (payload.remaining() < PAYLOAD_HEADER_BYTES) {
			throw new IllegalArgumentException("The entry is too short");
		}
		int crc = payload.getInt();
		int length = payload.getInt();
		byte[] body = payload.array();
		int offset = payload.arrayOffset() + payload.position();
		if (crc != crc((byte) (flags & ~ENCRYPTED), name, length, body, offset)) {
			throw new IllegalArgumentException("The checksum of the entry does not match");
		}
		if (length < 0 || length > limit.maxBytes()) {
			throw new IllegalArgumentException("The entry announces an impossible length");
		}
		if ((flags & COMPRESSED) != 0) {
			return inflate(body, offset, length, limit, reader);
		}
		if (length != body.length - offset) {
			throw new IllegalArgumentException("The entry has another length than it announces");
		}
		return read(new EntryInput(body, offset, limit), reader);
	}

	/**
	 * Decrypt and decompress an entry that a store keeps as text.
	 * @param entry the result of {@link #seal}, in Base64
	 * @param name the name of the entry
	 * @param limit the memory and time that reading the content may take
	 * @param reader reads the content to its end; it must not keep the input
	 * @param <T> the type of what the reader returns
	 * @return the result of the reader, or {@code null} if the entry is of another
	 * version
	 * @throws IllegalArgumentException if the entry is malformed, exceeds the limit or
	 * cannot be decrypted
	 */
	public <T> @Nullable T openText(String entry, String name, ReadLimit limit, Function<EntryInput, T> reader) {
		// Base64 encodes three bytes as four chars
		if (entry.length() / 4 > maxSealedBytes(limit.maxBytes()) / 3 + 1) {
			throw new IllegalArgumentException("The entry is larger than entries may be");
		}
		return open(decode(entry), name, limit, reader);
	}

	// Decodes piece by piece, as Base64.Decoder would first copy the whole text
	private static byte[] decode(String text) {
		int padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
		byte[] decoded = new byte[(text.length() - padding) * 3 / 4];
		byte[] piece = new byte[Math.min(PIECE_CHARS, text.length())];
		byte[] bytes = new byte[piece.length];
		int position = 0;
		for (int start = 0; start < text.length(); start += PIECE_CHARS) {
			int length = Math.min(PIECE_CHARS, text.length() - start);
			for (int i = 0; i < length; i++) {
				char c = text.charAt(start + i);
				piece[i] = (c < 0x80) ? (byte) c : 0;
			}
			byte[] encoded = (length == piece.length) ? piece : Arrays.copyOf(piece, length);
			int count = Base64.getDecoder().decode(encoded, bytes);
			EntryInput.check(count <= decoded.length - position, "Not Base64");
			System.arraycopy(bytes, 0, decoded, position, count);
			position += count;
		}
		EntryInput.check(position == decoded.length, "Not Base64");
		return decoded;
	}

	private static <T> T read(EntryInput input, Function<EntryInput, T> reader) {
		T content = reader.apply(input);
		input.end();
		return content;
	}

	private static int crc(byte flags, String name, int length, byte[] body, int offset) {
		CRC32C crc = new CRC32C();
		crc.update(flags);
		crc.update(name.getBytes(StandardCharsets.UTF_8));
		crc.update(ByteBuffer.allocate(Integer.BYTES).putInt(length).flip());
		crc.update(body, offset, body.length - offset);
		return (int) crc.getValue();
	}

	private static byte[] decrypt(byte[] entry, String name, ContentCipher cipher) {
		return cipher.decrypt(entry, HEADER_BYTES, name.getBytes(StandardCharsets.UTF_8));
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

	private static <T> T inflate(byte[] body, int offset, int length, ReadLimit limit, Function<EntryInput, T> reader) {
		Inflater inflater = new Inflater(true);
		try {
			inflater.setInput(body, offset, body.length - offset);
			return read(new EntryInput(inflater, length, limit), reader);
		}
		finally {
			inflater.end();
		}
	}

}
