package io.tokensaving.promptcache;

/**
 * Estimates the tokens of a text from its bytes, some hundred times as fast as counting
 * them: each pair of neighbouring bytes adds a part of a token by what kinds of bytes
 * they are, and of a long text only a quarter is read. The parts were fitted to
 * {@code o200k_base} by least squares, on 850 texts of up to 3,000 characters in natural
 * languages of all scripts, programming languages and data formats; of as many others the
 * mean of each kind is within 18 % of the count. The planner scales its estimates by what
 * the provider reports, so that only differences within a prompt matter.
 */
final class TokenEstimate {

	/**
	 * What is returned for one token.
	 */
	static final int UNIT = 100;

	/**
	 * Texts of more bytes are sampled.
	 */
	static final int SAMPLED_BYTES = 2048;

	private static final int SAMPLE = 128;

	private static final int STRIDE = 512;

	private static final int SHIFT = 4;

	private static final int SPACE = 4;

	// From the kind of a byte (row) to that of the next one: lower case, upper case,
	// digit, space, other white space, other ASCII, rest of a character, and the first
	// byte of characters of two (2), three (3) and four bytes
	private static final int[][] PARTS = { { 21, 0, 150, 0, 65, 0, 25, 146, 31, 0, 0, 0, 28 },
			{ 0, 22, 247, 9, 204, 83, 25, 59, 21, 183, 18, 24, 29 },
			{ 76, 415, 0, 19, 163, 170, 25, 8, 28, 25, 33, 22, 22 },
			{ 46, 62, 140, 12, 37, 57, 25, 109, 97, 0, 94, 7, 20 },
			{ 60, 62, 157, 46, 20, 257, 25, 0, 189, 164, 10, 60, 26 },
			{ 46, 0, 58, 59, 28, 13, 25, 102, 192, 97, 117, 91, 25 },
			{ 0, 24, 48, 30, 186, 39, 0, 0, 0, 37, 33, 35, 50 }, { 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0 },
			{ 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
			{ 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0 },
			{ 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0 } };

	private static final byte[] KINDS = kinds();

	private static final int[] TABLE = table();

	private TokenEstimate() {
	}

	private static byte[] kinds() {
		byte[] kinds = new byte[256];
		for (int value = 0; value < kinds.length; value++) {
			kinds[value] = (byte) kind(value);
		}
		return kinds;
	}

	private static int kind(int value) {
		if (value < 0x80) {
			if (Character.isLetter(value)) {
				return Character.isLowerCase(value) ? 0 : 1;
			}
			return Character.isDigit(value) ? 2 : (value == ' ') ? 3 : (value < ' ') ? SPACE : 5;
		}
		// Extended Latin; Greek to Thaana; Indic to Georgian; to Han; Hangul; others
		int[] starts = { 0x80, 0xC0, 0xCA, 0xE0, 0xE2, 0xEA, 0xEE };
		int kind = 6;
		while (kind - 5 < starts.length && value >= starts[kind - 5]) {
			kind++;
		}
		return kind;
	}

	private static int[] table() {
		int[] table = new int[PARTS.length << SHIFT];
		for (int row = 0; row < PARTS.length; row++) {
			System.arraycopy(PARTS[row], 0, table, row << SHIFT, PARTS[row].length);
		}
		return table;
	}

	/**
	 * Estimate the tokens of a text.
	 * @param text the text in UTF-8
	 * @return tokens in units of a hundredth
	 */
	static long of(byte[] text) {
		if (text.length <= SAMPLED_BYTES) {
			return of(text, 0, text.length, SPACE);
		}
		long sum = 0;
		long read = 0;
		for (int start = 0; start < text.length; start += STRIDE) {
			int end = Math.min(text.length, start + SAMPLE);
			sum += of(text, start, end, (start == 0) ? SPACE : KINDS[text[start - 1] & 0xFF]);
			read += end - start;
		}
		return sum * text.length / read;
	}

	private static long of(byte[] text, int start, int end, int before) {
		int kind = before;
		long sum = 0;
		for (int index = start; index < end; index++) {
			int next = KINDS[text[index] & 0xFF];
			sum += TABLE[(kind << SHIFT) | next];
			kind = next;
		}
		return sum;
	}

}
