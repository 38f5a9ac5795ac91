package io.tokensaving.cache;

import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

import org.jspecify.annotations.Nullable;

/**
 * Reads the content of an entry that comes from outside this process and was opened by
 * {@link EntryCodec}. The content is untrusted: before anything is allocated, each length
 * is compared with the number of remaining bytes, and the memory that the value needs is
 * charged to an allowance. Compressed content is inflated while it is read, so only a
 * small buffer of it is in memory at a time. Not thread-safe.
 */
public final class EntryInput {

	private static final int BUFFER_BYTES = 4096;

	// Reading this many bytes takes some microseconds
	private static final int BYTES_BETWEEN_CHECKS = 8192;

	private final byte[] buffer;

	private final @Nullable Inflater inflater;

	private int position;

	private int limit;

	private long remaining;

	private long allowance;

	private final BooleanSupplier abandoned;

	private long nextCheck;

	/**
	 * Read uncompressed content.
	 * @param bytes the array that ends with the content
	 * @param offset the index of the first byte of the content
	 * @param limit the memory and time that reading may take
	 */
	EntryInput(byte[] bytes, int offset, ReadLimit limit) {
		this.buffer = bytes;
		this.inflater = null;
		this.position = offset;
		this.limit = bytes.length;
		this.remaining = (long) bytes.length - offset;
		this.allowance = limit.maxBytes();
		this.abandoned = limit.abandoned();
		this.nextCheck = this.remaining;
	}

	/**
	 * Read compressed content, inflating it on the way.
	 * @param inflater an inflater that has its input; the caller ends it
	 * @param length the number of bytes of the uncompressed content
	 * @param limit the memory and time that reading may take
	 */
	EntryInput(Inflater inflater, int length, ReadLimit limit) {
		this.buffer = new byte[Math.min(BUFFER_BYTES, length)];
		this.inflater = inflater;
		this.remaining = length;
		this.allowance = limit.maxBytes();
		this.abandoned = limit.abandoned();
		this.nextCheck = this.remaining;
	}

	/**
	 * Read eight bytes as a number.
	 * @return the number, whose most significant byte comes first
	 * @throws IllegalArgumentException if fewer than eight bytes are left
	 */
	public long readLong() {
		return ((long) readInt() << 32) | (readInt() & 0xFFFF_FFFFL);
	}

	/**
	 * Read the remaining bytes as UTF-16 text.
	 * @return the text, each UTF-16 unit of which is read from two bytes, most
	 * significant first
	 * @throws IllegalArgumentException if the number of bytes is odd, or the text needs
	 * more memory than allowed
	 */
	public String readUtf16() {
		check(this.remaining % Character.BYTES == 0, "The number of bytes is odd");
		return readUtf16((int) (this.remaining / Character.BYTES));
	}

	/**
	 * Read the remaining bytes.
	 * @return the bytes
	 * @throws IllegalArgumentException if they need more memory than allowed
	 */
	public byte[] readAll() {
		charge(this.remaining);
		return readBytes((int) this.remaining);
	}

	byte readByte() {
		take(1);
		return next();
	}

	short readShort() {
		take(Short.BYTES);
		return (short) ((next() << 8) | (next() & 0xFF));
	}

	int readInt() {
		take(Integer.BYTES);
		return (next() << 24) | ((next() & 0xFF) << 16) | ((next() & 0xFF) << 8) | (next() & 0xFF);
	}

	/**
	 * Read the number of bytes or elements that follow.
	 * @return the number, which is at most the number of remaining bytes
	 */
	int readSize() {
		int size = readInt();
		check(size >= 0 && size <= this.remaining, "The announced size exceeds the remaining bytes");
		return size;
	}

	byte[] readBytes(int length) {
		take(length);
		byte[] bytes = new byte[length];
		int copied = 0;
		while (copied < length) {
			if (this.position == this.limit) {
				refill();
			}
			checkTime();
			int count = Math.min(length - copied, this.limit - this.position);
			System.arraycopy(this.buffer, this.position, bytes, copied, count);
			this.position += count;
			copied += count;
		}
		return bytes;
	}

	String readLatin1(int length) {
		charge(StoredValues.textSize(length));
		if (length <= this.limit - this.position) {
			take(length);
			String text = new String(this.buffer, this.position, length, StandardCharsets.ISO_8859_1);
			this.position += length;
			return text;
		}
		return new String(readBytes(length), StandardCharsets.ISO_8859_1);
	}

	String readUtf16(int length) {
		charge(StoredValues.textSize(length));
		take((long) Character.BYTES * length);
		char[] chars = new char[length];
		for (int i = 0; i < length; i++) {
			if (i % BYTES_BETWEEN_CHECKS == BYTES_BETWEEN_CHECKS - 1) {
				checkTime();
			}
			chars[i] = (char) ((next() << 8) | (next() & 0xFF));
		}
		return new String(chars);
	}

	/**
	 * Read UTF-8. Overlong forms and unpaired surrogates are rejected.
	 * @param length the number of UTF-16 units
	 * @param bytes the number of bytes
	 * @return the text
	 */
	String readUtf8(int length, int bytes) {
		check(length <= bytes, "The text has more characters than bytes");
		charge(StoredValues.textSize(length));
		take(bytes);
		char[] chars = new char[length];
		int left = bytes;
		int count = 0;
		int nextCheck = BYTES_BETWEEN_CHECKS;
		while (left > 0) {
			if (count >= nextCheck) {
				nextCheck = count + BYTES_BETWEEN_CHECKS;
				checkTime();
			}
			int ascii = copyAscii(chars, count, left);
			count += ascii;
			left -= ascii;
			if (left > 0) {
				int codePoint = readCodePoint();
				left -= utf8Length(codePoint);
				int units = Character.charCount(codePoint);
				check(left >= 0 && count + units <= length, "The text has more characters than announced");
				Character.toChars(codePoint, chars, count);
				count += units;
			}
		}
		check(count == length, "The text has fewer characters than announced");
		return new String(chars);
	}

	// Most characters are ASCII, so they are copied in a tight loop
	private int copyAscii(char[] chars, int offset, int max) {
		byte[] from = this.buffer;
		int start = this.position;
		int end = start + Math.min(Math.min(max, chars.length - offset), this.limit - start);
		int i = start;
		while (i < end && from[i] >= 0) {
			chars[offset + i - start] = (char) from[i];
			i++;
		}
		this.position = i;
		return i - start;
	}

	private int readCodePoint() {
		int first = next();
		int more = (first >= 0) ? 0 : Integer.numberOfLeadingZeros(~first) - 25;
		check(more >= 0 && more <= 3 && (first >= 0 || more > 0), "Not UTF-8");
		int codePoint = (first >= 0) ? first : first & (0x3F >> more);
		for (int i = 0; i < more; i++) {
			int follower = next();
			check((follower & 0xC0) == 0x80, "Not UTF-8");
			codePoint = (codePoint << 6) | (follower & 0x3F);
		}
		check(more == utf8Length(codePoint) - 1, "Not UTF-8");
		return codePoint;
	}

	// Zero for code points that UTF-8 cannot encode
	private static int utf8Length(int codePoint) {
		if (codePoint < 0x80) {
			return 1;
		}
		if (codePoint < 0x800) {
			return 2;
		}
		if (codePoint < Character.MIN_SUPPLEMENTARY_CODE_POINT) {
			return (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) ? 3 : 0;
		}
		return (codePoint <= Character.MAX_CODE_POINT) ? 4 : 0;
	}

	/**
	 * Charge memory to the allowance.
	 * @param bytes the number of bytes that the next value occupies
	 * @throws IllegalArgumentException if the allowance is used up
	 */
	void charge(long bytes) {
		this.allowance -= bytes;
		check(this.allowance >= 0, "It needs more memory than allowed");
	}

	/**
	 * Check that all bytes have been read.
	 * @throws IllegalArgumentException if bytes are left
	 */
	void end() {
		check(this.remaining == 0, "It is longer than announced");
		Inflater inflater = this.inflater;
		if (inflater != null) {
			check(inflate(inflater, new byte[1]) == 0 && inflater.finished() && inflater.getRemaining() == 0,
					"It is longer than announced");
		}
	}

	private void take(long bytes) {
		this.remaining -= bytes;
		check(this.remaining >= 0, "It is shorter than announced");
		if (this.remaining < this.nextCheck) {
			this.nextCheck = this.remaining - BYTES_BETWEEN_CHECKS;
			checkTime();
		}
	}

	private void checkTime() {
		check(!this.abandoned.getAsBoolean(), "It takes too long");
	}

	private byte next() {
		if (this.position == this.limit) {
			refill();
		}
		return this.buffer[this.position++];
	}

	private void refill() {
		int count = (this.inflater != null) ? inflate(this.inflater, this.buffer) : 0;
		check(count > 0, "It is shorter than announced");
		this.position = 0;
		this.limit = count;
	}

	private static int inflate(Inflater inflater, byte[] target) {
		try {
			return inflater.inflate(target);
		}
		catch (DataFormatException ex) {
			throw new IllegalArgumentException("The entry cannot be decompressed", ex);
		}
	}

	static void check(boolean condition, String problem) {
		if (!condition) {
			throw new IllegalArgumentException("The entry cannot be read: " + problem);
		}
	}

}
