package io.tokensaving.samples.gateway.key;

import java.nio.ByteBuffer;
import java.util.HexFormat;

import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 of a secret. Compares in constant time. Immutable.
 */
final class KeyHash {

	private final long first;

	private final long second;

	private final long third;

	private final long fourth;

	private KeyHash(ByteBuffer bytes) {
		this.first = bytes.getLong();
		this.second = bytes.getLong();
		this.third = bytes.getLong();
		this.fourth = bytes.getLong();
	}

	static KeyHash of(byte[] sha256) {
		return new KeyHash(ByteBuffer.wrap(sha256));
	}

	/**
	 * Return the hash as the store has it.
	 * @return 64 hexadecimal digits
	 */
	String toHex() {
		return HexFormat.of()
			.formatHex(ByteBuffer.allocate(32)
				.putLong(this.first)
				.putLong(this.second)
				.putLong(this.third)
				.putLong(this.fourth)
				.array());
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof KeyHash that && ((this.first ^ that.first) | (this.second ^ that.second)
				| (this.third ^ that.third) | (this.fourth ^ that.fourth)) == 0;
	}

	@Override
	public int hashCode() {
		return Long.hashCode(this.first);
	}

	// Not for logs
	@Override
	public String toString() {
		return "KeyHash[***]";
	}

}
