package io.tokensaving.batch;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.tokensaving.backend.ContentCipher;
import org.jspecify.annotations.Nullable;

/**
 * Seals bodies and answers for a {@link BatchStore}: a byte that tells the form, then the
 * content, encrypted and bound to its name if there is a key. Thread-safe.
 */
final class BatchSeal {

	private static final byte PLAIN = 1;

	private static final byte ENCRYPTED = 2;

	private final @Nullable ContentCipher cipher;

	BatchSeal(byte @Nullable [] key) {
		this.cipher = (key != null) ? new ContentCipher(key) : null;
	}

	byte[] seal(byte[] content, String name) {
		if (this.cipher != null) {
			return this.cipher.encrypt(new byte[] { ENCRYPTED }, name.getBytes(StandardCharsets.UTF_8), content, 0);
		}
		byte[] sealed = new byte[content.length + 1];
		sealed[0] = PLAIN;
		System.arraycopy(content, 0, sealed, 1, content.length);
		return sealed;
	}

	/**
	 * Open what was sealed.
	 * @param sealed what {@link #seal} returned
	 * @param name the name
	 * @return the content; {@code null} if it cannot be read, such as with another key
	 */
	byte @Nullable [] open(byte[] sealed, String name) {
		byte form = (sealed.length > 0) ? sealed[0] : 0;
		if (this.cipher == null) {
			return (form == PLAIN) ? Arrays.copyOfRange(sealed, 1, sealed.length) : null;
		}
		try {
			// What was stored before there was a key is not trusted
			return (form == ENCRYPTED) ? this.cipher.decrypt(sealed, 1, name.getBytes(StandardCharsets.UTF_8)) : null;
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

}
