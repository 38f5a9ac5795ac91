package io.tokensaving.samples.gateway.wire.json;

import io.tokensaving.samples.gateway.wire.WireException;

/**
 * Checks bytes before a parser sees them. Parsers guess other encodings, and accept
 * halves of surrogate pairs, both of which another parser would read differently.
 */
public final class JsonBytes {

	private JsonBytes() {
	}

	/**
	 * Check that bytes are UTF-8 without a byte order mark, without control characters
	 * and without escaped halves of surrogate pairs.
	 * @param bytes the bytes
	 * @throws WireException if they are not
	 */
	public static void check(byte[] bytes) {
		if (bytes.length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF) {
			throw refused("The body must begin with JSON but begins with a byte order mark", "invalid_json");
		}
		int i = 0;
		while (i < bytes.length) {
			byte b = bytes[i];
			if (b >= 0x20 && b != '\\') {
				i++;
			}
			else if (b == '\\') {
				i = escape(bytes, i);
			}
			else if (b >= 0) {
				if (b != '\n' && b != '\r' && b != '\t') {
					throw refused("The body must be JSON but has a control character at byte " + i, "invalid_json");
				}
				i++;
			}
			else {
				int length = sequence(bytes, i);
				if (length == 0) {
					throw refused("The body must be UTF-8 but is not at byte " + i, "invalid_utf8");
				}
				i += length;
			}
		}
	}

	/**
	 * Whether bytes are UTF-8, so that a text of them has the same bytes again.
	 * @param bytes the bytes
	 * @return whether they are
	 */
	public static boolean isUtf8(byte[] bytes) {
		int i = 0;
		while (i < bytes.length) {
			int length = (bytes[i] >= 0) ? 1 : sequence(bytes, i);
			if (length == 0) {
				return false;
			}
			i += length;
		}
		return true;
	}

	private static int escape(byte[] bytes, int i) {
		if (i + 1 >= bytes.length || bytes[i + 1] != 'u') {
			return i + 2;
		}
		int unit = unit(bytes, i);
		if (unit < Character.MIN_SURROGATE || unit > Character.MAX_SURROGATE) {
			return i + 2;
		}
		if (unit <= Character.MAX_HIGH_SURROGATE && i + 7 < bytes.length && bytes[i + 6] == '\\'
				&& bytes[i + 7] == 'u') {
			int low = unit(bytes, i + 6);
			if (low >= Character.MIN_LOW_SURROGATE && low <= Character.MAX_LOW_SURROGATE) {
				return i + 12;
			}
		}
		throw refused("The body must have whole surrogate pairs but has half of one at byte " + i,
				"unpaired_surrogate");
	}

	// Negative if the escape is malformed, which the parser finds
	private static int unit(byte[] bytes, int i) {
		if (i + 6 > bytes.length) {
			return -1;
		}
		int unit = 0;
		for (int k = i + 2; k < i + 6; k++) {
			int digit = Character.digit(bytes[k], 16);
			if (digit < 0) {
				return -1;
			}
			unit = unit << 4 | digit;
		}
		return unit;
	}

	// The length of a sequence of two to four bytes, 0 if it is none
	private static int sequence(byte[] bytes, int i) {
		int first = bytes[i] & 0xFF;
		int length = (first >= 0xC2 && first <= 0xDF) ? 2
				: (first >= 0xE0 && first <= 0xEF) ? 3 : (first >= 0xF0 && first <= 0xF4) ? 4 : 0;
		if (length == 0 || i + length > bytes.length) {
			return 0;
		}
		for (int k = 1; k < length; k++) {
			if ((bytes[i + k] & 0xC0) != 0x80) {
				return 0;
			}
		}
		int second = bytes[i + 1] & 0xFF;
		boolean valid = switch (first) {
			case 0xE0 -> second >= 0xA0;
			case 0xED -> second <= 0x9F;
			case 0xF0 -> second >= 0x90;
			case 0xF4 -> second <= 0x8F;
			default -> true;
		};
		return valid ? length : 0;
	}

	private static WireException refused(String message, String code) {
		return new WireException(message, null, code);
	}

}
