package io.tokensaving.material.parts;

import java.util.Random;

/**
 * Makes up JSON: nested, with escape sequences, odd white space and odd keys.
 */
final class GeneratedJson {

	private static final String[] TEXTS = { "", "name", "a b", "\\n", "\\\"", "\\\\", "\\u20ac", "\\ud83d\\ude00", "…",
			"😀", "👩‍👩‍👧", "Some words. And more of them! ", "https://example.org/a?b=c", "{", "]", ",", ": ", "\\/",
			"It was a long day.\\nThen came the night. ", "e\u0301" };

	private static final String[] NUMBERS = { "0", "-0", "1.0", "12345678901234567890", "1e5", "-2.50E-3", "true",
			"false", "null" };

	private static final String[] BLANKS = { "", "", "", " ", "\n  ", "\t", "\r\n" };

	private GeneratedJson() {
	}

	static String value(Random random, int size) {
		StringBuilder json = new StringBuilder();
		append(json, random, size);
		return json.toString();
	}

	private static void append(StringBuilder json, Random random, int size) {
		int type = (size < 8) ? random.nextInt(2) : random.nextInt(8);
		if (type == 0) {
			json.append(NUMBERS[random.nextInt(NUMBERS.length)]);
		}
		else if (type == 1 || (type == 2 && size < 2500)) {
			json.append('"');
			int length = json.length() + random.nextInt(1 + size);
			do {
				json.append(TEXTS[random.nextInt(TEXTS.length)]);
			}
			while (json.length() < length);
			json.append('"');
		}
		else {
			boolean object = type < 5;
			json.append(object ? '{' : '[').append(blank(random));
			int left = size;
			int each = 1 + random.nextInt(size);
			boolean alike = random.nextBoolean();
			for (int i = 0; left > 0; i++) {
				json.append((i > 0) ? "," : "").append(blank(random));
				if (object) {
					json.append('"')
						.append((random.nextInt(20) == 0) ? "…".repeat(i + 1)
								: TEXTS[random.nextInt(TEXTS.length)] + i);
					json.append("\"").append(blank(random)).append(":").append(blank(random));
				}
				int before = json.length();
				append(json, random, alike ? Math.min(each, left) : 1 + random.nextInt(left));
				json.append(blank(random));
				left -= 2 + json.length() - before;
			}
			json.append(object ? '}' : ']');
		}
	}

	private static String blank(Random random) {
		return BLANKS[random.nextInt(BLANKS.length)];
	}

}
