package io.tokensaving.route.log;

import org.jspecify.annotations.Nullable;

/**
 * Encrypts the texts of the log. Implementations must be thread-safe.
 */
public interface RouteTextCipher {

	/**
	 * Encrypt a text.
	 * @param content the bytes of the text
	 * @param name the name that the result is bound to
	 * @return the encrypted bytes, different ones each time
	 */
	byte[] seal(byte[] content, String name);

	/**
	 * Decrypt a text.
	 * @param sealed the encrypted bytes
	 * @param name the name that they were bound to
	 * @return the bytes of the text, or {@code null} if they are of another version
	 * @throws IllegalArgumentException if they cannot be decrypted
	 */
	byte @Nullable [] open(byte[] sealed, String name);

}
