package io.tokensaving.material.parts;

import java.util.Arrays;
import java.util.BitSet;

import io.tokensaving.material.parts.Part.Kind;

/**
 * Divides JSON: into the elements of arrays, the entries of objects that are used as maps
 * and the sentences of long strings. The keys of other objects and their small values
 * stay with the object. Elements that are not large are parts as a whole, because half a
 * record rarely answers a question. What is left of the text is JSON again: a marker is a
 * string in an array and an entry in an object, and an object that is left out stays an
 * object. Numbers and escape sequences are not changed.
 */
final class JsonDivider {

	/**
	 * Values up to so many chars are not divided.
	 */
	static final int SMALL = 300;

	/**
	 * Elements and entries up to so many chars are not divided.
	 */
	static final int RECORD = 2000;

	// Scalar values are put together to parts of about so many chars
	private static final int VALUES = 120;

	private static final int MAX_DEPTH = 16;

	// An object with more entries is a map, if they are large
	private static final int MANY_ENTRIES = 12;

	private static final Marker ELEMENTS = (gap) -> "\"" + Marker.ELLIPSIS + " " + gap.counted() + " left out\"";

	private static final Marker SENTENCES = new Marker() {

		@Override
		public String mark(Gap gap) {
			return "[" + ELLIPSIS + " " + gap.counted() + " left out]";
		}

		@Override
		public Style style() {
			return Style.LAST;
		}

	};

	private static final Marker OBJECT = (gap) -> "{\"" + Marker.ELLIPSIS + "\":\"" + Gap.count(gap.chars(), "char")
			+ " left out\"}";

	private static final Marker ARRAY = (gap) -> "[\"" + Marker.ELLIPSIS + " " + Gap.count(gap.chars(), "char")
			+ " left out\"]";

	private static final Marker OBJECT_LINES = (gap) -> "{\"" + Marker.ELLIPSIS + "\":\"" + gap.counted()
			+ " left out\"}";

	private static final Marker ARRAY_LINES = (gap) -> "[\"" + Marker.ELLIPSIS + " " + gap.counted() + " left out\"]";

	private static final Marker STRING = (gap) -> "\"" + Marker.ELLIPSIS + " " + Gap.count(gap.chars(), "char")
			+ " left out\"";

	private final Source source;

	private final Outline outline;

	private final JsonScanner scanner;

	private final Sentences sentences;

	// Where the part starts that takes more values
	private int startOfValues;

	private JsonDivider(Source source, Outline outline, JsonScanner scanner) {
		this.source = source;
		this.outline = outline;
		this.scanner = scanner;
		this.sentences = new Sentences(source, outline);
	}

	/**
	 * Divide a JSON value.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param outline takes the parts
	 * @param parent the part in which they are nested, or -1
	 * @return whether it is JSON and consists of more than a scalar; if not, nothing was
	 * added
	 */
	static boolean divide(Source source, int start, int end, Outline outline, int parent) {
		JsonScanner scanner = JsonScanner.scan(source, start, end);
		if (scanner == null) {
			return false;
		}
		int from = source.skipBlank(start, end);
		char first = source.charAt(from);
		if (first != '{' && first != '[') {
			return false;
		}
		int to = source.skipBlankBackwards(end, from);
		new JsonDivider(source, outline, scanner).addRoot(from, to, parent);
		return true;
	}

	/**
	 * Divide JSON Lines.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param outline takes the parts
	 * @param parent the part in which they are nested, or -1
	 * @return whether each of at least two lines is JSON; if not, nothing was added
	 */
	static boolean divideLines(Source source, int start, int end, Outline outline, int parent) {
		int from = source.skipBlank(start, end);
		char first = source.peek(from, end);
		if ((first != '{' && first != '[') || source.lineEnd(from, end) == end) {
			return false;
		}
		int before = outline.size();
		int group = outline.group((first == '{') ? OBJECT_LINES : ARRAY_LINES);
		int lines = 0;
		int at = from;
		while (at < end) {
			int next = source.lineEnd(at, end);
			int lineStart = source.skipBlank(at, next);
			int lineEnd = source.skipBlankBackwards(next, lineStart);
			at = next;
			if (lineEnd == lineStart) {
				continue;
			}
			JsonScanner scanner = JsonScanner.scan(source, lineStart, lineEnd);
			if (scanner == null) {
				outline.truncate(before);
				return false;
			}
			lines++;
			boolean structure = source.charAt(lineStart) == '{' || source.charAt(lineStart) == '[';
			int part = outline.add(lineStart, lineEnd, parent, group, Kind.RECORD, "record", "");
			if (structure && lineEnd - lineStart > RECORD) {
				new JsonDivider(source, outline, scanner).divideStructure(0, lineStart, part, "", 0);
			}
		}
		if (lines < 2) {
			outline.truncate(before);
		}
		return lines > 1;
	}

	private void addRoot(int start, int end, int parent) {
		boolean object = this.source.charAt(start) == '{';
		int part = this.outline.add(start, end, parent, this.outline.group(object ? OBJECT : ARRAY), Kind.STRUCTURE,
				object ? "object" : "array", "");
		if (end - start > SMALL) {
			divideStructure(0, start, part, "", 0);
		}
	}

	private void divideStructure(int structure, int start, int part, String label, int depth) {
		if (this.source.charAt(start) == '[') {
			divideArray(structure, start, part, label, depth);
		}
		else {
			divideObject(structure, start, part, depth);
		}
	}

	private void divideArray(int structure, int start, int part, String label, int depth) {
		int group = this.outline.group(ELEMENTS);
		JsonScanner.Children elements = this.scanner.children(structure, start);
		int values = -1;
		int count = 0;
		while (elements.next()) {
			int from = elements.valueStart();
			int to = elements.end();
			char first = this.source.charAt(from);
			boolean record = first == '{';
			int together = record ? this.source.grain() : Math.max(VALUES, this.source.grain());
			if (to - from < together) {
				if (values >= 0 && this.outline.end(values) - this.startOfValues < together) {
					this.outline.end(values, to);
					this.outline.count(values, ++count);
				}
				else {
					values = this.outline.add(from, to, part, group, record ? Kind.RECORD : Kind.VALUES,
							record ? "record" : "value", label);
					this.startOfValues = from;
					count = 1;
				}
				continue;
			}
			values = -1;
			addRecord(elements, from, part, group, record ? "record" : "value", label, depth);
		}
	}

	private void addRecord(JsonScanner.Children children, int start, int parent, int group, String unit, String label,
			int depth) {
		int end = children.end();
		int record = this.outline.add(start, end, parent, group, Kind.RECORD, unit, label);
		if (end - children.valueStart() > RECORD && depth < MAX_DEPTH) {
			divideValue(children, record, label, depth + 1);
		}
	}

	private void divideValue(JsonScanner.Children children, int part, String label, int depth) {
		char first = this.source.charAt(children.valueStart());
		if (first == '"') {
			addSentences(children.valueStart() + 1, children.end() - 1, part);
		}
		else if (children.structure() >= 0) {
			divideStructure(children.structure(), children.valueStart(), part, label, depth);
		}
	}

	private void divideObject(int structure, int start, int part, int depth) {
		boolean map = isMap(structure, start);
		int group = map ? this.outline.group(entries(structure, start)) : -1;
		JsonScanner.Children entries = this.scanner.children(structure, start);
		int values = -1;
		int count = 0;
		while (entries.next()) {
			int from = entries.keyStart();
			int to = entries.end();
			int size = to - entries.valueStart();
			String label = Outline.label(this.source.substring(from + 1, Math.min(entries.keyEnd() - 1, from + 200)));
			if (map && to - from < Math.max(VALUES / 3, this.source.grain())) {
				if (values >= 0 && this.outline.end(values) - this.startOfValues < this.source.grain()) {
					this.outline.end(values, to);
					this.outline.count(values, ++count);
				}
				else {
					values = this.outline.add(from, to, part, group, Kind.VALUES, "entry", label);
					this.startOfValues = from;
					count = 1;
				}
				continue;
			}
			values = -1;
			if (map) {
				addRecord(entries, from, part, group, "entry", label, depth);
			}
			else if (size > SMALL) {
				addLargeValue(entries, part, label, depth);
			}
		}
	}

	// The key stays with the object, its value can be left out
	private void addLargeValue(JsonScanner.Children entry, int part, String label, int depth) {
		int from = entry.valueStart();
		int to = entry.end();
		char first = this.source.charAt(from);
		int before = this.outline.size();
		if (depth < MAX_DEPTH && first == '[') {
			divideValue(entry, part, label, depth + 1);
		}
		else if (first == '"') {
			addSentences(from + 1, to - 1, part);
		}
		if (this.outline.size() - before > 1) {
			return;
		}
		this.outline.truncate(before);
		Marker marker = (first == '{') ? OBJECT : (first == '[') ? ARRAY : STRING;
		int value = this.outline.add(from, to, part, this.outline.group(marker), Kind.RECORD, "value", label);
		if (first == '{' && to - from > RECORD && depth < MAX_DEPTH) {
			divideValue(entry, value, label, depth + 1);
		}
	}

	private boolean isMap(int structure, int start) {
		JsonScanner.Children entries = this.scanner.children(structure, start);
		int count = 0;
		long small = 0;
		int large = 0;
		while (entries.next()) {
			count++;
			int size = entries.end() - entries.keyStart();
			if (size > SMALL) {
				large++;
			}
			else {
				small += size;
			}
		}
		return count > MANY_ENTRIES && (small > 2L * SMALL || large > MANY_ENTRIES / 2);
	}

	// The key of the marker is the shortest that no entry of the object has
	private Marker entries(int structure, int start) {
		BitSet taken = new BitSet();
		JsonScanner.Children entries = this.scanner.children(structure, start);
		while (entries.next()) {
			int length = entries.keyEnd() - entries.keyStart() - 2;
			if (this.source.run(Marker.ELLIPSIS.charAt(0), entries.keyStart() + 1, entries.keyEnd() - 1) == length) {
				taken.set(length);
			}
		}
		return new Entries(Marker.ELLIPSIS.repeat(taken.nextClearBit(1)));
	}

	private void addSentences(int start, int end, int part) {
		this.sentences.add(start, readable(start, end), part, this.outline.group(SENTENCES));
	}

	// Returns the string with each escape sequence replaced by as many chars, so that
	// sentences never end within one
	private String readable(int start, int end) {
		char[] chars = this.source.substring(start, end).toCharArray();
		int i = 0;
		while (i < chars.length) {
			if (chars[i] != '\\') {
				i++;
				continue;
			}
			char escaped = chars[i + 1];
			int length = (escaped == 'u') ? 6 : 2;
			if (escaped == 'n' || escaped == 'r' || escaped == 't') {
				chars[i] = '\r';
				chars[i + 1] = '\n';
			}
			else {
				char c = (escaped == 'u') ? (char) Integer.parseInt(new String(chars, i + 2, 4), 16) : escaped;
				Arrays.fill(chars, i, i + length, Sentences.JOINER);
				// Half of a pair belongs to what is before it
				chars[i] = Character.isSurrogate(c) ? Sentences.JOINER : (c < ' ') ? 'x' : c;
			}
			i += length;
		}
		return new String(chars);
	}

	/**
	 * Marks entries that are left out of a map.
	 *
	 * @param key the key of the marker
	 */
	private record Entries(String key) implements Marker {

		@Override
		public String mark(Gap gap) {
			return "\"" + this.key + "\":\"" + gap.counted() + " left out" + gap.names() + "\"";
		}

		@Override
		public Style style() {
			return Style.FIRST;
		}

	}

}
