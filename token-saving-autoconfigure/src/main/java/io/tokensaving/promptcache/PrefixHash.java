package io.tokensaving.promptcache;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;

import org.jspecify.annotations.Nullable;

/**
 * A running SHA-256 digest of a prompt, which can be read at any place and goes on from
 * there. Every value is preceded by its kind and length, so that adjacent values cannot
 * run into each other.
 */
final class PrefixHash {

	private static final byte[] PREFIX = new byte[1 + Integer.BYTES];

	private final MessageDigest digest;

	private final ByteBuffer head = ByteBuffer.wrap(PREFIX.clone());

	private long estimate;

	PrefixHash() {
		try {
			this.digest = MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	PrefixHash mark(char kind, int size) {
		this.head.clear();
		this.head.put((byte) kind).putInt(size);
		this.digest.update(this.head.array());
		return this;
	}

	PrefixHash text(@Nullable String text) {
		return text(text, false);
	}

	/**
	 * Add a text whose tokens count.
	 * @param text the text
	 * @return this hash
	 */
	PrefixHash content(@Nullable String text) {
		return text(text, true);
	}

	private PrefixHash text(@Nullable String text, boolean counts) {
		if (text == null) {
			return mark('0', 0);
		}
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		mark('s', bytes.length);
		this.digest.update(bytes);
		if (counts) {
			this.estimate += TokenEstimate.of(bytes);
		}
		return this;
	}

	/**
	 * Return the estimated tokens of all content so far.
	 * @return the tokens
	 */
	double tokens() {
		return (double) this.estimate / TokenEstimate.UNIT;
	}

	PrefixHash bytes(byte[] bytes) {
		mark('b', bytes.length);
		this.digest.update(bytes);
		return this;
	}

	PrefixHash value(@Nullable Object value) {
		if (value instanceof byte[] bytes) {
			return bytes(bytes);
		}
		return text((value != null) ? value.toString() : null);
	}

	PrefixHash values(Collection<? extends @Nullable Object> values) {
		mark('l', values.size());
		values.forEach(this::value);
		return this;
	}

	/**
	 * Read the digest of everything so far.
	 * @return the first 128 bits of it
	 */
	Value at() {
		try {
			ByteBuffer bytes = ByteBuffer.wrap(((MessageDigest) this.digest.clone()).digest());
			return new Value(bytes.getLong(), bytes.getLong());
		}
		catch (CloneNotSupportedException ex) {
			throw new IllegalStateException("The security provider's SHA-256 cannot be cloned", ex);
		}
	}

	/**
	 * The first bits of a digest.
	 *
	 * @param high the first 64 bits
	 * @param low the next 64 bits
	 */
	record Value(long high, long low) {

		String hex() {
			return "%016x%016x".formatted(this.high, this.low);
		}

	}

}
