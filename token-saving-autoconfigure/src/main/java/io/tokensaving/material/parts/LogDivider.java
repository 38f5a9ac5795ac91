package io.tokensaving.material.parts;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.material.parts.Part.Kind;

/**
 * Divides lines that a program has logged. Lines that differ only in numbers, times and
 * the like have the same template; a marker says how many lines of which template are
 * left out. A line is a part of its own, because the question may be about one of many
 * that are alike; only exact repetitions are one. Errors and lines whose template is rare
 * weigh more. In a stack trace the message, each cause and the first frames weigh more
 * than other frames, and frames of libraries less. For one thread and one text.
 */
final class LogDivider {

	private static final int LOOKED_AT = 200;

	private static final int MIN_LINES = 4;

	// Longer lines are what somebody said at some time, and have sentences
	private static final int MAX_AVERAGE = 300;

	// The length of a line that its template is made of
	private static final int TEMPLATE = 160;

	private static final int SHOWN_TEMPLATE = 60;

	// Frames that follow each other are put together to so many
	private static final int FRAMES = 8;

	private static final int FIRST_FRAMES = 3;

	private static final String[] LEVELS = { "ERROR", "FATAL", "SEVERE", "WARN", "INFO", "DEBUG", "TRACE", "CRITICAL",
			"error", "warn", "info", "debug" };

	private static final String[] LIBRARIES = { "java.", "javax.", "jdk.", "sun.", "com.sun.", "jakarta.", "kotlin.",
			"kotlinx.", "scala.", "groovy.", "org.springframework.", "org.apache.", "org.hibernate.", "org.junit.",
			"org.eclipse.", "io.netty.", "io.micrometer.", "reactor.", "java.base/", "node:", "System.", "Microsoft." };

	private static final Set<String> OTHER_LIBRARIES = Set.of("node_modules", "site-packages", "dist-packages",
			"lib/python", "vendor", "/usr/local/go/", "internal/");

	private final Source source;

	private final Outline outline;

	private final int limit;

	private final boolean entries;

	private final Map<String, int[]> templates = new HashMap<>();

	private final Map<String, String> shown = new HashMap<>();

	private LogDivider(Source source, int start, int limit, Outline outline) {
		this.source = source;
		this.limit = limit;
		this.outline = outline;
		int lines = 0;
		int dated = 0;
		for (int at = start; at < limit && lines < LOOKED_AT; at = source.lineEnd(at, limit)) {
			lines++;
			dated += isEntry(source, at, limit) ? 1 : 0;
		}
		// If most lines start with a time or a level, the others go on with those
		this.entries = dated * 4 > lines;
	}

	/**
	 * Return whether a text was logged.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @return whether enough of its first lines look like it
	 */
	static boolean detect(Source source, int start, int end) {
		int lines = 0;
		int logged = 0;
		int frames = 0;
		int at = start;
		while (at < end && lines < LOOKED_AT) {
			int next = source.lineEnd(at, end);
			if (source.skipBlank(at, next) < next) {
				lines++;
				boolean frame = isFrame(source, at, next) || isCause(source, at, next);
				frames += frame ? 1 : 0;
				logged += (frame || isEntry(source, at, next)) ? 1 : 0;
			}
			at = next;
		}
		return lines >= MIN_LINES && (at - start) / lines <= MAX_AVERAGE
				&& (logged * 2 >= lines || frames * 3 >= lines);
	}

	static void divide(Source source, int start, int end, Outline outline, int parent) {
		new LogDivider(source, start, end, outline).run(start, parent);
	}

	// A time or a date within the first chars, or a level
	private static boolean isEntry(Source source, int line, int end) {
		int limit = Math.min(Math.min(end, line + 50), source.lineEnd(line, end));
		int digits = 0;
		for (int i = line; i < limit; i++) {
			char c = source.charAt(i);
			if (c >= '0' && c <= '9') {
				digits++;
				continue;
			}
			// 12:30 or 2024-01
			if (digits >= 2 && (c == ':' || (c == '-' && digits == 4) || (c == '/' && digits <= 4))
					&& Character.isDigit(source.peek(i + 1, limit)) && Character.isDigit(source.peek(i + 2, limit))) {
				return true;
			}
			digits = 0;
		}
		String head = source.substring(line, limit);
		for (String level : LEVELS) {
			int at = head.indexOf(level);
			boolean start = at == 0 || (at > 0 && !Character.isLetter(head.charAt(at - 1)));
			int after = at + level.length();
			boolean delimited = after < head.length() && "]:| )\t=".indexOf(head.charAt(after)) >= 0;
			if (start && delimited && (at < 3 || Character.isUpperCase(level.charAt(0)))) {
				return true;
			}
		}
		return false;
	}

	private static boolean isFrame(Source source, int line, int end) {
		int at = source.skipSpaces(line, end);
		if (at == line) {
			return false;
		}
		return source.startsWith("at ", at, end) || source.startsWith("File \"", at, end)
				|| (source.startsWith("... ", at, end) && Character.isDigit(source.peek(at + 4, end)))
				|| source.startsWith("\u2026 ", at, end);
	}

	private static boolean isCause(Source source, int line, int end) {
		int at = source.skipSpaces(line, end);
		return source.startsWith("Caused by: ", at, end) || source.startsWith("Suppressed: ", at, end)
				|| source.startsWith("Traceback (most recent", at, end);
	}

	private void run(int start, int parent) {
		List<int[]> lines = lines(start);
		for (int[] line : lines) {
			String template = template(line[0], line[1]);
			this.templates.computeIfAbsent(template, (key) -> new int[1])[0]++;
		}
		int group = this.outline.group(LogDivider::mark);
		int i = 0;
		while (i < lines.size()) {
			int trace = traceEnd(lines, i);
			if (trace > i) {
				addTrace(lines, i, trace, parent, group);
				i = trace;
			}
			else {
				i = addLines(lines, i, parent, group);
			}
		}
	}

	// Returns start, end and whether it is a frame (1), a cause (2) or neither (0) of
	// each entry
	private List<int[]> lines(int start) {
		List<int[]> lines = new ArrayList<>();
		int at = start;
		while (at < this.limit) {
			int next = this.source.lineEnd(at, this.limit);
			int to = this.source.skipBlankBackwards(next, at);
			if (to > at) {
				int type = isFrame(this.source, at, to) ? 1 : isCause(this.source, at, to) ? 2 : 0;
				int[] last = lines.isEmpty() ? null : lines.get(lines.size() - 1);
				boolean entryGoesOn = this.entries && last != null && last[2] == 0 && !isEntry(this.source, at, next);
				boolean frameGoesOn = last != null && last[2] == 1 && Source.isSpace(this.source.charAt(at));
				boolean tiny = last != null && to - last[0] < this.source.grain();
				boolean goesOn = type == 0 && (entryGoesOn || frameGoesOn || tiny);
				if (goesOn && last != null) {
					last[1] = to;
				}
				else {
					lines.add(new int[] { at, to, type });
				}
			}
			at = next;
		}
		return lines;
	}

	private int addLines(List<int[]> lines, int first, int parent, int group) {
		int[] line = lines.get(first);
		String template = template(line[0], line[1]);
		add(line, line[1], 1, template, parent, group);
		int after = first + 1;
		while (after < lines.size() && isRepeated(line, lines.get(after)) && traceEnd(lines, after) == after) {
			after++;
		}
		int rest = after - first - 1;
		if (rest > 0) {
			int part = add(lines.get(first + 1), lines.get(after - 1)[1], rest, template, parent, group);
			this.outline.weight(part, 0.1);
		}
		return after;
	}

	private boolean isRepeated(int[] line, int[] other) {
		int length = line[1] - line[0];
		this.source.spend(length);
		return other[1] - other[0] == length
				&& this.source.text().regionMatches(line[0], this.source.text(), other[0], length);
	}

	private int add(int[] line, int end, int count, String template, int parent, int group) {
		int part = this.outline.add(line[0], end, parent, group, Kind.LINE, shown(template), "");
		this.outline.count(part, count);
		int alike = this.templates.getOrDefault(template, new int[] { 1 })[0];
		double weight = (alike <= 2) ? 1.3 : (alike > 20) ? 0.7 : 1;
		this.outline.weight(part, weight * level(line[0], line[1]));
		return part;
	}

	private double level(int from, int to) {
		String head = this.source.substring(from, Math.min(to, from + 80));
		if (head.contains("ERROR") || head.contains("FATAL") || head.contains("SEVERE") || head.contains("CRITICAL")) {
			return 1.6;
		}
		return head.contains("WARN") ? 1.3 : 1;
	}

	// Returns the index after the trace that starts with a line, or its own if none does
	private int traceEnd(List<int[]> lines, int first) {
		boolean follows = first + 1 < lines.size() && lines.get(first + 1)[2] == 1;
		if (lines.get(first)[2] == 0 && !follows) {
			return first;
		}
		int end = first + 1;
		while (end < lines.size() && lines.get(end)[2] != 0) {
			end++;
		}
		return end;
	}

	private void addTrace(List<int[]> lines, int first, int end, int parent, int group) {
		int from = lines.get(first)[0];
		int messageEnd = Math.min(lines.get(first)[1], from + 2 * Part.MAX_LABEL);
		int trace = this.outline.add(from, lines.get(end - 1)[1], parent, group, Kind.TRACE, "stack trace",
				Outline.label(this.source.substring(from, messageEnd)));
		this.outline.weight(trace, 1.5);
		int causes = this.outline.group(LogDivider::mark);
		int frames = this.outline.group((gap) -> "\t" + Marker.ELLIPSIS + " " + gap.counted() + " left out");
		int i = (lines.get(first)[2] == 1) ? first : first + 1;
		int in = trace;
		int cause = -1;
		int seen = 0;
		while (i < end) {
			if (lines.get(i)[2] == 2) {
				int[] line = lines.get(i);
				cause = this.outline.add(line[0], line[1], trace, causes, Kind.TRACE, "cause",
						Outline.label(this.source.substring(line[0], Math.min(line[1], line[0] + 2 * Part.MAX_LABEL))));
				this.outline.weight(cause, 1.5);
				in = cause;
				frames = this.outline.group((gap) -> "\t" + Marker.ELLIPSIS + " " + gap.counted() + " left out");
				seen = 0;
				i++;
				continue;
			}
			int last = framesEnd(lines, i, end, seen);
			int part = this.outline.add(lines.get(i)[0], lines.get(last - 1)[1], in, frames, Kind.FRAMES, "frame", "");
			this.outline.count(part, last - i);
			this.outline.weight(part, (seen == 0) ? 1.2 : isLibrary(lines.get(i)) ? 0.3 : 0.9);
			seen += last - i;
			if (cause >= 0) {
				this.outline.end(cause, lines.get(last - 1)[1]);
			}
			i = last;
		}
	}

	// The first frames are a part of their own; then come own frames and those of
	// libraries by turns
	private int framesEnd(List<int[]> lines, int first, int end, int seen) {
		boolean library = isLibrary(lines.get(first));
		int most = (seen == 0) ? FIRST_FRAMES : library ? Integer.MAX_VALUE : FRAMES;
		int last = first + 1;
		while (last < end && lines.get(last)[2] == 1 && last - first < most
				&& (seen == 0 || isLibrary(lines.get(last)) == library)) {
			last++;
		}
		return last;
	}

	private boolean isLibrary(int[] line) {
		int at = this.source.skipSpaces(line[0], line[1]);
		String frame = this.source.substring(at, Math.min(line[1], at + 200));
		if (frame.startsWith("... ")) {
			return true;
		}
		String name = frame.startsWith("at ") ? frame.substring(3) : frame;
		for (String library : LIBRARIES) {
			if (name.startsWith(library)) {
				return true;
			}
		}
		return OTHER_LIBRARIES.stream().anyMatch(frame::contains);
	}

	// Returns the line with every word in which there is a digit replaced
	private String template(int from, int to) {
		String line = this.source.substring(from, Math.min(to, from + TEMPLATE));
		StringBuilder template = new StringBuilder();
		int at = 0;
		while (at < line.length()) {
			char c = line.charAt(at);
			if (!isWord(c)) {
				template.append((c == '\n' || c == '\t') ? ' ' : c);
				at++;
				continue;
			}
			int word = at;
			boolean digit = false;
			while (at < line.length() && isWord(line.charAt(at))) {
				digit |= Character.isDigit(line.charAt(at));
				at++;
			}
			if (!digit) {
				template.append(line, word, at);
			}
			else if (!endsWith(template, '#')) {
				template.append('#');
			}
		}
		return template.toString();
	}

	private static boolean endsWith(StringBuilder text, char c) {
		return !text.isEmpty() && text.charAt(text.length() - 1) == c;
	}

	private static boolean isWord(char c) {
		return Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == ':' || c == '.' || c == '+';
	}

	// Templates without their times, and not too long
	private String shown(String template) {
		return this.shown.computeIfAbsent(template, (key) -> {
			String label = Outline.label(key);
			int start = 0;
			while (start < label.length() && (label.charAt(start) == '#' || label.charAt(start) == ' ')) {
				start++;
			}
			String text = label.substring(start);
			int end = Graphemes.floor(text, SHOWN_TEMPLATE);
			return (end < text.length()) ? text.substring(0, end) + Marker.ELLIPSIS : text;
		});
	}

	private static String mark(Gap gap) {
		StringBuilder mark = new StringBuilder(Marker.ELLIPSIS).append(' ');
		int traces = gap.counts().getOrDefault("stack trace", 0) + gap.counts().getOrDefault("cause", 0);
		int lines = gap.count() - traces;
		if (lines > 0) {
			mark.append(Gap.count(lines, "line")).append((traces > 0) ? " and " : "");
		}
		if (traces > 0) {
			mark.append(Gap.count(traces, "stack trace"));
		}
		mark.append(" left out");
		String separator = ": ";
		int named = 0;
		for (Map.Entry<String, Integer> count : most(gap.counts())) {
			mark.append(separator).append(count.getValue()).append(" \u00D7 ").append(count.getKey());
			separator = ", ";
			named += count.getValue();
		}
		if (named > 0 && named < lines) {
			mark.append(", ").append(Gap.count(lines - named, "other"));
		}
		return mark.toString();
	}

	// The templates with the most lines, if there are some with several
	private static List<Map.Entry<String, Integer>> most(Map<String, Integer> counts) {
		List<Map.Entry<String, Integer>> most = new ArrayList<>();
		counts.entrySet()
			.stream()
			.filter((count) -> count.getValue() > 1 && !count.getKey().equals("stack trace")
					&& !count.getKey().equals("cause") && !count.getKey().isEmpty())
			.sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
			.limit(3)
			.forEach(most::add);
		return most;
	}

}
