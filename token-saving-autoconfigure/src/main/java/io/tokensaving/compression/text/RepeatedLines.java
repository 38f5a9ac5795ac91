package io.tokensaving.compression.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Replaces lines and blocks of lines that are repeated one after the other by a count.
 * Only exact repetitions count, and the text can be restored from the result: a count
 * refers to the lines before it, which are those of the text. A text that already has
 * such a count is left alone, and so are rows of tables. Thread-safe.
 */
final class RepeatedLines {

	private static final int MAX_PERIOD = 20;

	// Matched against the beginning of a line only
	private static final Pattern COUNT = Pattern.compile("\\[previous (?:line|\\d{1,9} lines) repeated ");

	private RepeatedLines() {
	}

	/**
	 * Count repetitions.
	 * @param text the text
	 * @return the text with counts, or the same instance
	 */
	static String count(String text) {
		String[] lines = text.split("\n", -1);
		if (lines.length < 3) {
			return text;
		}
		Map<String, Integer> numbers = new HashMap<>();
		int[] ids = new int[lines.length];
		for (int i = 0; i < lines.length; i++) {
			ids[i] = numbers.computeIfAbsent(lines[i], (line) -> numbers.size());
		}
		if (numbers.size() == lines.length || numbers.keySet().stream().anyMatch(RepeatedLines::isCount)) {
			return text;
		}
		List<String> result = new ArrayList<>();
		boolean changed = false;
		int at = 0;
		while (at < lines.length) {
			int period = 0;
			int repetitions = 0;
			for (int p = 1; p <= MAX_PERIOD && period == 0; p++) {
				repetitions = repetitions(ids, at, p);
				period = (repetitions > 0 && isWorthwhile(lines, at, p, repetitions)) ? p : 0;
			}
			int copied = Math.max(1, period);
			for (int i = 0; i < copied; i++) {
				result.add(lines[at + i]);
			}
			if (period > 0) {
				String count = marker(period, repetitions);
				result.add(lines[at + period - 1].endsWith("\r") ? count + "\r" : count);
				changed = true;
			}
			at += copied + period * repetitions;
		}
		return changed ? String.join("\n", result) : text;
	}

	private static boolean isCount(String line) {
		return COUNT.matcher(line).lookingAt();
	}

	private static String marker(int period, int repetitions) {
		return "[previous %s repeated %d more time%s]".formatted((period == 1) ? "line" : period + " lines",
				repetitions, (repetitions > 1) ? "s" : "");
	}

	private static int repetitions(int[] ids, int start, int period) {
		int end = start + period;
		while (end < ids.length && ids[end] == ids[end - period]) {
			end++;
		}
		return (end - start) / period - 1;
	}

	// Neither blank lines nor a table that a count would end, and longer than the count
	private static boolean isWorthwhile(String[] lines, int start, int period, int repetitions) {
		boolean blank = true;
		long chars = 0;
		for (int i = start; i < start + period; i++) {
			String line = lines[i].strip();
			if (line.startsWith("|")) {
				return false;
			}
			blank &= line.isEmpty();
			chars += lines[i].length() + 1;
		}
		return !blank && chars * repetitions > marker(period, repetitions).length();
	}

}
