package io.tokensaving.promptcache;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How a text differs from an earlier one: the lines from the first to the last that
 * differ.
 *
 * @param start where the first line that differs starts, in characters; the same in both
 * texts
 * @param end where the last line that differs ends in the later text, exclusive, with its
 * line break
 * @param same how many characters before and after are the same
 * @param kinds what differs; never empty
 * @param lines the skeletons of the lines that differ only in values
 */
record TextChange(int start, int end, int same, Set<VolatileKind> kinds, Set<String> lines) {

	/**
	 * Longer lines are not looked into.
	 */
	static final int MAX_LINE = 2048;

	private static final int MAX_LINES = 64;

	/**
	 * Compare two texts that differ.
	 * @param earlier the earlier text
	 * @param later the later text
	 * @return the change
	 */
	static TextChange between(String earlier, String later) {
		int shorter = Math.min(earlier.length(), later.length());
		int prefix = 0;
		while (prefix < shorter && earlier.charAt(prefix) == later.charAt(prefix)) {
			prefix++;
		}
		int start = (prefix > 0) ? later.lastIndexOf('\n', prefix - 1) + 1 : 0;
		int suffix = 0;
		while (suffix < shorter - prefix
				&& earlier.charAt(earlier.length() - 1 - suffix) == later.charAt(later.length() - 1 - suffix)) {
			suffix++;
		}
		int same = prefix + suffix;
		int end = lineEnd(later, later.length() - suffix);
		int earlierEnd = earlier.length() - (later.length() - end);
		Set<VolatileKind> kinds = EnumSet.noneOf(VolatileKind.class);
		Set<String> lines = new HashSet<>();
		List<String> before = earlier.substring(start, Math.max(start, earlierEnd)).lines().toList();
		List<String> after = later.substring(start, Math.max(start, end)).lines().toList();
		if (before.size() != after.size() || before.size() > MAX_LINES) {
			kinds.add(VolatileKind.OTHER);
		}
		else {
			for (int i = 0; i < before.size(); i++) {
				if (!before.get(i).equals(after.get(i))) {
					compare(before.get(i), after.get(i), kinds, lines);
				}
			}
			if (kinds.isEmpty()) {
				// Only line breaks differ
				kinds.add(VolatileKind.OTHER);
			}
		}
		return new TextChange(start, Math.max(start, end), same, kinds, lines);
	}

	private static int lineEnd(String text, int from) {
		if (from > 0 && text.charAt(from - 1) == '\n') {
			return from;
		}
		int end = text.indexOf('\n', from);
		return (end < 0) ? text.length() : end + 1;
	}

	private static void compare(String before, String after, Set<VolatileKind> kinds, Set<String> lines) {
		if (before.length() > MAX_LINE || after.length() > MAX_LINE) {
			kinds.add(VolatileKind.OTHER);
			return;
		}
		List<VolatileValue> earlier = VolatileValue.in(before);
		List<VolatileValue> later = VolatileValue.in(after);
		String skeleton = VolatileValue.skeleton(after, later);
		if (!skeleton.equals(VolatileValue.skeleton(before, earlier))) {
			kinds.add(VolatileKind.OTHER);
			return;
		}
		boolean movable = true;
		for (int i = 0; i < later.size(); i++) {
			String old = before.substring(earlier.get(i).start(), earlier.get(i).end());
			String value = after.substring(later.get(i).start(), later.get(i).end());
			if (!old.equals(value)) {
				VolatileKind kind = later.get(i).kind();
				if (kind == VolatileKind.COUNTER && !rises(old, value)) {
					kind = VolatileKind.OTHER;
				}
				kinds.add(kind);
				movable &= kind.isMovable();
			}
		}
		if (movable) {
			lines.add(skeleton.stripTrailing());
		}
	}

	private static boolean rises(String old, String value) {
		return old.length() < value.length() || (old.length() == value.length() && old.compareTo(value) < 0);
	}

}
