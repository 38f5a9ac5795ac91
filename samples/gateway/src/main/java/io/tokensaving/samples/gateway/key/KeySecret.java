package io.tokensaving.samples.gateway.key;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.zip.CRC32;

import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * The secret of a key: {@code ts-}, 32 random bytes and a checksum in letters and digits.
 * The checksum is for typos, which then cost no look-up, and for scanners of source code.
 * Is written as text in answers only. Immutable.
 */
final class KeySecret {

	/**
	 * The number of characters that are shown of a key for good.
	 */
	static final int PREFIX_LENGTH = 8;

	private static final String START = "ts-";

	private static final int RANDOM_BYTES = 32;

	// 62^43 is more than 256^32, and 62^6 more than 2^32
	private static final int RANDOM_LENGTH = 43;

	private static final int CHECKSUM_LENGTH = 6;

	private static final int LENGTH = START.length() + RANDOM_LENGTH + CHECKSUM_LENGTH;

	private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	private static final BigInteger BASE = BigInteger.valueOf(DIGITS.length());

	private static final SecureRandom RANDOM = new SecureRandom();

	private final String text;

	private KeySecret(String text) {
		this.text = text;
	}

	/**
	 * Create a secret.
	 * @return a secret that is not known to anyone
	 */
	static KeySecret create() {
		byte[] bytes = new byte[RANDOM_BYTES];
		RANDOM.nextBytes(bytes);
		String random = START + digits(new BigInteger(1, bytes), RANDOM_LENGTH);
		return new KeySecret(random + checksum(random.getBytes(StandardCharsets.ISO_8859_1)));
	}

	private static String digits(BigInteger number, int length) {
		char[] digits = new char[length];
		BigInteger rest = number;
		for (int i = length - 1; i >= 0; i--) {
			BigInteger[] parts = rest.divideAndRemainder(BASE);
			digits[i] = DIGITS.charAt(parts[1].intValue());
			rest = parts[0];
		}
		return new String(digits);
	}

	private static String checksum(byte[] secret) {
		return digits(BigInteger.valueOf(crc(secret)), CHECKSUM_LENGTH);
	}

	private static long crc(byte[] secret) {
		CRC32 crc = new CRC32();
		crc.update(secret, 0, START.length() + RANDOM_LENGTH);
		return crc.getValue();
	}

	/**
	 * Hash what a client sent.
	 * @param text the text
	 * @return the hash, or {@code null} if the text cannot be a secret
	 */
	static @Nullable KeyHash hash(String text) {
		if (text.length() != LENGTH || !text.startsWith(START)) {
			return null;
		}
		byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
		long rest = crc(bytes);
		for (int i = LENGTH - 1; i >= LENGTH - CHECKSUM_LENGTH; i--) {
			if (text.charAt(i) != DIGITS.charAt((int) (rest % DIGITS.length()))) {
				return null;
			}
			rest /= DIGITS.length();
		}
		// Characters that are no bytes must not be taken for others
		for (int i = START.length(); i < LENGTH; i++) {
			if (!isDigit(text.charAt(i))) {
				return null;
			}
		}
		return KeyHash.of(sha256(bytes));
	}

	private static boolean isDigit(char digit) {
		return (digit >= '0' && digit <= '9') || (digit >= 'A' && digit <= 'Z') || (digit >= 'a' && digit <= 'z');
	}

	private static byte[] sha256(byte[] bytes) {
		try {
			return MessageDigest.getInstance("SHA-256").digest(bytes);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java has SHA-256", ex);
		}
	}

	KeyHash hash() {
		return KeyHash.of(sha256(this.text.getBytes(StandardCharsets.ISO_8859_1)));
	}

	String prefix() {
		return this.text.substring(0, PREFIX_LENGTH);
	}

	/**
	 * Return the secret itself.
	 * @return the text, to be shown once
	 */
	@JsonValue
	String reveal() {
		return this.text;
	}

	// Not for logs
	@Override
	public String toString() {
		return prefix() + "***";
	}

}
