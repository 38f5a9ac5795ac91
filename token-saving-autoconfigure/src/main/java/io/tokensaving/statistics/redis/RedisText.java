package io.tokensaving.statistics.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Writes texts and numbers for Redis, and reads what it replies. What others may have
 * written there is cut off or left out.
 */
final class RedisText {

	// Longer than any name of a counter, a model or a plan, with labels before it
	private static final int MAX_NAME_LENGTH = 2000;

	private static final int MAX_DIGITS = 20;

	private RedisText() {
	}

	static byte[][] bytes(List<String> texts) {
		return texts.stream().map(RedisText::bytes).toArray(byte[][]::new);
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	static String string(@Nullable Object value) {
		return (value instanceof byte[] bytes)
				? new String(bytes, 0, Math.min(bytes.length, MAX_NAME_LENGTH), StandardCharsets.UTF_8)
				: String.valueOf(value);
	}

	/**
	 * Add a counter to others, unless its value is not a number.
	 * @param counters the counters
	 * @param name the name of the counter
	 * @param value its value
	 */
	static void putCounter(Map<String, Long> counters, String name, String value) {
		try {
			if (value.length() <= MAX_DIGITS) {
				counters.merge(name, Long.valueOf(value), Long::sum);
			}
		}
		catch (NumberFormatException ex) {
			// Another program has written it; the other counters are not affected
		}
	}

}
