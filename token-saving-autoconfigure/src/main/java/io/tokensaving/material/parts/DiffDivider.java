package io.tokensaving.material.parts;

import io.tokensaving.material.parts.Part.Kind;

/**
 * Divides a unified diff into files and hunks. For one thread and one text.
 */
final class DiffDivider {

	private static final int LOOKED_AT = 400;

	// Lines above the first file, such as the message of a commit
	private static final int PREAMBLE = 100;

	private static final Marker MARKER = (gap) -> Marker.ELLIPSIS + " " + gap.counted() + " left out ("
			+ Gap.count(gap.lines(), "line") + ")" + gap.names();

	private DiffDivider() {
	}

	static boolean detect(Source source, int start, int end) {
		if (source.startsWith("@@ -", start, end)) {
			return isMostlyDiff(source, start, end);
		}
		int at = start;
		for (int i = 0; i < PREAMBLE && at < end; i++) {
			if (source.startsWith("```", at, end) || source.startsWith("~~~", at, end)) {
				return false;
			}
			if (isFile(source, at, end) && hasHunk(source, at, end)) {
				return isMostlyDiff(source, at, end);
			}
			at = source.lineEnd(at, end);
		}
		return false;
	}

	private static boolean isMostlyDiff(Source source, int start, int end) {
		int lines = 0;
		int others = 0;
		int at = start;
		while (at < end && lines < LOOKED_AT) {
			lines++;
			boolean header = isFile(source, at, end) || source.startsWith("index ", at, end)
					|| source.startsWith("new file", at, end) || source.startsWith("deleted ", at, end)
					|| source.startsWith("rename ", at, end) || source.startsWith("similarity ", at, end)
					|| source.startsWith("Binary ", at, end);
			others += (header || " +-@\\\n\r".indexOf(source.charAt(at)) >= 0) ? 0 : 1;
			at = source.lineEnd(at, end);
		}
		return others * 10 <= lines;
	}

	private static boolean hasHunk(Source source, int file, int end) {
		int at = file;
		for (int i = 0; i < 12 && at < end; i++) {
			if (source.startsWith("@@ -", at, end) || source.startsWith("Binary files ", at, end)
					|| source.startsWith("rename from ", at, end)) {
				return true;
			}
			at = source.lineEnd(at, end);
		}
		return false;
	}

	private static boolean isFile(Source source, int line, int end) {
		if (source.startsWith("diff --git ", line, end)) {
			return true;
		}
		return source.startsWith("--- ", line, end) && source.startsWith("+++ ", source.lineEnd(line, end), end);
	}

	static void divide(Source source, int start, int end, Outline outline, int parent) {
		int preamble = outline.group(MARKER);
		int files = outline.group(MARKER);
		int file = -1;
		int hunk = -1;
		int hunks = -1;
		boolean header = false;
		int lastEnd = start;
		int at = start;
		while (at < end) {
			int next = source.lineEnd(at, end);
			int to = next - ((source.charAt(next - 1) == '\n') ? 1 : 0);
			if (isFile(source, at, end) && !header) {
				file = outline.add(at, to, parent, files, Kind.FILE, "file", path(source, at, end));
				hunks = outline.group(MARKER);
				hunk = -1;
				header = source.startsWith("diff ", at, end);
			}
			else if (source.startsWith("@@ -", at, end)) {
				hunks = (hunks < 0) ? files : hunks;
				hunk = outline.add(at, to, (file >= 0) ? file : parent, hunks, Kind.HUNK, "hunk",
						section(source, at, to));
				header = false;
			}
			else if (file < 0 && hunk < 0 && source.skipBlank(at, to) < to) {
				// What stands above the first file
				outline.add(source.skipBlank(at, to), to, parent, preamble, Kind.BLOCK, "line", "");
			}
			lastEnd = (to > at) ? to : lastEnd;
			if (hunk >= 0) {
				outline.end(hunk, Math.max(lastEnd, outline.end(hunk)));
			}
			if (file >= 0) {
				outline.end(file, Math.max(lastEnd, outline.end(file)));
			}
			at = next;
		}
	}

	private static String path(Source source, int line, int end) {
		boolean git = source.startsWith("diff --git ", line, end);
		int from = git ? line + 11 : source.lineEnd(line, end) + 4;
		int to = Math.min(source.lineEnd(from, end), from + 400);
		String label = Outline.label(source.substring(from, to));
		int second = label.indexOf(" b/");
		String path = (git && second > 0) ? label.substring(second + 1) : label;
		return (path.startsWith("a/") || path.startsWith("b/")) ? path.substring(2) : path;
	}

	private static String section(Source source, int line, int to) {
		int marks = source.indexOf("@@", line + 2, to);
		return (marks < 0) ? "" : Outline.label(source.substring(marks + 2, Math.min(to, marks + 200)));
	}

}
