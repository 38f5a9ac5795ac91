package io.tokensaving.autoconfigure;

import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.route.log.RouteTextCipher;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts the texts of the routing log like stored answers. Thread-safe.
 */
final class EncryptedRouteTexts implements RouteTextCipher {

	private static final int MAX_BYTES = 8 * 1024 * 1024;

	private final EntryCodec codec;

	/**
	 * Create a cipher.
	 * @param codec a codec that has a key if anything is to be secret
	 */
	EncryptedRouteTexts(EntryCodec codec) {
		this.codec = codec;
	}

	@Override
	public byte[] seal(byte[] content, String name) {
		return this.codec.seal(content, name);
	}

	@Override
	public byte @Nullable [] open(byte[] sealed, String name) {
		return this.codec.open(sealed, name, ReadLimit.ofBytes(MAX_BYTES));
	}

}
