package io.tokensaving.promptcache;

import java.util.List;
import java.util.Set;

/**
 * A system text whose lines with times and identifiers are taken out. The lines are kept
 * as they are.
 *
 * @param stable the text without them
 * @param moved the lines, each with its line break; empty if there are none
 */
record VolatileLines(String stable, String moved) {

	/**
	 * Take lines out of a text.
	 * @param text the text
	 * @param skeletons what the lines are without their values, from
	 * {@link VolatileTexts.Finding#lines()}
	 * @return both parts
	 */
	static VolatileLines of(String text, Set<String> skeletons) {
		StringBuilder stable = new StringBuilder(text.length());
		StringBuilder moved = new StringBuilder();
		int start = 0;
		while (start < text.length()) {
			int end = text.indexOf('\n', start);
			end = (end < 0) ? text.length() : end + 1;
			(isVolatile(text.substring(start, end), skeletons) ? moved : stable).append(text, start, end);
			start = end;
		}
		return new VolatileLines(stable.toString(), moved.toString());
	}

	private static boolean isVolatile(String line, Set<String> skeletons) {
		if (line.length() > TextChange.MAX_LINE) {
			return false;
		}
		String content = line.stripTrailing();
		List<VolatileValue> values = VolatileValue.in(content);
		return !values.isEmpty() && skeletons.contains(VolatileValue.skeleton(content, values));
	}

}
