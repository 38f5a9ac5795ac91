package io.tokensaving.material.parts;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.material.parts.Part.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Divides XML and HTML into elements, and long text in them into sentences. The root
 * element stays. A comment stands in place of elements, so what was well-formed is
 * well-formed. HTML need not be: what is not closed ends with what it is in. For one
 * thread and one text.
 */
final class XmlDivider {

	/**
	 * Elements up to so many chars are not divided.
	 */
	static final int ELEMENT = 800;

	/**
	 * Texts up to so many chars stay with their element.
	 */
	static final int TEXT = 300;

	// The ends of smaller elements are found again by reading them
	private static final int REMEMBERED = 64;

	private static final int MAX_DEPTH = 16;

	private static final Set<String> VOID = Set.of("area", "base", "br", "col", "embed", "hr", "img", "input", "link",
			"meta", "param", "source", "track", "wbr");

	private static final Set<String> RAW = Set.of("script", "style", "textarea", "title");

	// Closed by the next one of their name
	private static final Set<String> SIBLINGS = Set.of("p", "li", "td", "th", "tr", "dt", "dd", "option");

	// Where the first tag of HTML that is not well-formed is looked for
	private static final Set<String> HTML = Set.of("html", "head", "body", "div", "p", "table", "ul", "ol", "span",
			"h1", "h2", "h3", "section", "article", "main", "nav", "header", "form");

	private static final Marker ELEMENTS = (gap) -> "<!-- " + Marker.ELLIPSIS + " " + gap.counted() + " left out -->";

	// The root element stays as it is
	private static final Marker NOTHING = (gap) -> gap.source().substring(gap.start(), gap.end());

	private final Source source;

	private final Outline outline;

	private final Sentences sentences;

	private final boolean html;

	private final int start;

	private final int limit;

	// Larger elements, each before those that are nested in it
	private int size;

	private int[] starts = new int[16];

	private int[] contents = new int[16];

	private int[] closes = new int[16];

	private int[] ends = new int[16];

	private int[] after = new int[16];

	private int at;

	private int roots;

	private XmlDivider(Source source, int start, int limit, Outline outline, boolean html) {
		this.source = source;
		this.start = start;
		this.limit = limit;
		this.outline = outline;
		this.html = html;
		this.sentences = new Sentences(source, outline);
	}

	/**
	 * Divide XML or HTML.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param outline takes the parts
	 * @param parent the part in which they are nested, or -1
	 * @return what it is, or {@code null} if it is neither; then nothing was added
	 */
	static @Nullable ContentKind divide(Source source, int start, int end, Outline outline, int parent) {
		int from = source.skipBlank(start, end);
		from += (source.peek(from, end) == '\uFEFF') ? 1 : 0;
		char second = source.peek(from + 1, end);
		if (source.peek(from, end) != '<' || (second != '?' && second != '!' && !isNameStart(second))) {
			return null;
		}
		XmlDivider xml = new XmlDivider(source, from, end, outline, false);
		if (xml.read()) {
			xml.add(parent);
			return ContentKind.XML;
		}
		boolean closed = source.charAt(source.skipBlankBackwards(end, from) - 1) == '>';
		if (!closed || !looksLikeHtml(source, from, end)) {
			return null;
		}
		XmlDivider html = new XmlDivider(source, from, end, outline, true);
		if (html.read() && html.roots > 0) {
			html.add(parent);
			return ContentKind.HTML;
		}
		return null;
	}

	private static boolean looksLikeHtml(Source source, int start, int end) {
		int at = start;
		for (int i = 0; i < 20 && at >= 0; i++) {
			if (isNameStart(source.peek(at + 1, end))) {
				String name = name(source, at + 1, end);
				if (HTML.contains(name)) {
					return true;
				}
			}
			else if (source.peek(at + 1, end) == '!'
					&& source.substring(at, Math.min(end, at + 15)).equalsIgnoreCase("<!DOCTYPE html>")) {
				return true;
			}
			at = source.indexOf('<', at + 1, end);
		}
		return false;
	}

	private static boolean isNameStart(char c) {
		return Character.isLetter(c) || c == '_' || c == ':';
	}

	private static boolean isNamePart(char c) {
		return Character.isLetterOrDigit(c) || c == '_' || c == ':' || c == '-' || c == '.';
	}

	private static String name(Source source, int start, int end) {
		int at = start;
		while (at < end && at - start < 200 && isNamePart(source.charAt(at))) {
			at++;
		}
		return source.substring(start, at).toLowerCase(Locale.ROOT);
	}

	// Finds the elements; returns whether they are well-formed, as far as it matters
	private boolean read() {
		List<String> names = new ArrayList<>();
		Map<String, Integer> open = new HashMap<>();
		int[] elements = new int[16];
		this.at = this.start;
		while (this.at < this.limit) {
			int tag = this.source.indexOf('<', this.at, this.limit);
			int textEnd = (tag < 0) ? this.limit : tag;
			if (names.isEmpty() && !this.html && this.source.skipBlank(this.at, textEnd) < textEnd) {
				return false;
			}
			if (tag < 0) {
				break;
			}
			char next = this.source.peek(tag + 1, this.limit);
			if (next == '!' || next == '?') {
				this.at = markupEnd(tag);
				if (this.at < 0) {
					return false;
				}
			}
			else if (next == '/') {
				int nameEnd = nameEnd(tag + 2);
				String name = elementName(tag + 2, nameEnd);
				int end = this.source.indexOf('>', nameEnd, this.limit);
				if (end < 0) {
					return false;
				}
				this.at = end + 1;
				if (this.html && open.getOrDefault(name, 0) == 0) {
					continue;
				}
				if (!this.html && (names.isEmpty() || !names.get(names.size() - 1).equals(name))) {
					return false;
				}
				while (true) {
					int last = names.size() - 1;
					String closed = names.remove(last);
					open.merge(closed, -1, Integer::sum);
					boolean own = closed.equals(name);
					close(elements[last], tag, own ? this.at : tag);
					if (own) {
						break;
					}
				}
			}
			else if (isNameStart(next)) {
				int nameEnd = nameEnd(tag + 1);
				String name = elementName(tag + 1, nameEnd);
				int end = tagEnd(nameEnd);
				if (end < 0) {
					return false;
				}
				if (this.html && SIBLINGS.contains(name) && !names.isEmpty()
						&& names.get(names.size() - 1).equals(name)) {
					int last = names.size() - 1;
					names.remove(last);
					open.merge(name, -1, Integer::sum);
					close(elements[last], tag, tag);
				}
				if (names.isEmpty() && ++this.roots > 1 && !this.html) {
					return false;
				}
				this.at = end;
				int element = remember(tag, end);
				boolean empty = this.source.charAt(end - 2) == '/' || (this.html && VOID.contains(name));
				if (!empty && this.html && RAW.contains(name)) {
					int close = rawEnd(end, name);
					this.at = this.source.indexOf('>', close, this.limit);
					this.at = (this.at < 0) ? this.limit : this.at + 1;
					close(element, close, this.at);
				}
				else if (empty) {
					close(element, end, end);
				}
				else {
					if (names.size() == elements.length) {
						elements = Arrays.copyOf(elements, 2 * elements.length);
					}
					elements[names.size()] = element;
					names.add(name);
					open.merge(name, 1, Integer::sum);
				}
			}
			else if (this.html) {
				this.at = tag + 1;
			}
			else {
				return false;
			}
		}
		if (!this.html) {
			return names.isEmpty() && this.roots == 1;
		}
		for (int i = names.size() - 1; i >= 0; i--) {
			close(elements[i], this.limit, this.limit);
		}
		return true;
	}

	private int nameEnd(int from) {
		int index = from;
		while (index < this.limit && isNamePart(this.source.charAt(index))) {
			index++;
		}
		return index;
	}

	private String elementName(int from, int to) {
		String name = this.source.substring(from, to);
		return this.html ? name.toLowerCase(Locale.ROOT) : name;
	}

	// Returns the index after a comment, an instruction, a declaration or character data
	private int markupEnd(int tag) {
		if (this.source.startsWith("<!--", tag, this.limit)) {
			return after("-->", tag + 4);
		}
		if (this.source.startsWith("<![CDATA[", tag, this.limit)) {
			return after("]]>", tag + 9);
		}
		if (this.source.startsWith("<?", tag, this.limit)) {
			return after("?>", tag + 2);
		}
		int depth = 0;
		char quote = 0;
		for (int i = tag; i < this.limit; i++) {
			char c = this.source.charAt(i);
			if (quote != 0) {
				quote = (c == quote) ? 0 : quote;
			}
			else if (c == '"' || c == '\'') {
				quote = c;
			}
			else if (c == '[') {
				depth++;
			}
			else if (c == ']') {
				depth--;
			}
			else if (c == '>' && depth <= 0) {
				return i + 1;
			}
		}
		return this.html ? this.limit : -1;
	}

	private int after(String end, int from) {
		int found = this.source.indexOf(end, from, this.limit);
		return (found >= 0) ? found + end.length() : this.html ? this.limit : -1;
	}

	// Returns the index after the > of a tag, which may stand in a value before
	private int tagEnd(int from) {
		char quote = 0;
		char before = 0;
		for (int i = from; i < this.limit; i++) {
			char c = this.source.charAt(i);
			if (c == '<' && !this.html) {
				return -1;
			}
			if (quote != 0) {
				quote = (c == quote) ? 0 : quote;
			}
			else if ((c == '"' || c == '\'') && (before == '=' || !this.html)) {
				quote = c;
			}
			else if (c == '>') {
				return i + 1;
			}
			before = Source.isBlank(c) ? before : c;
		}
		return -1;
	}

	private int rawEnd(int from, String name) {
		int index = this.source.indexOf("</", from, this.limit);
		while (index >= 0) {
			if (name(this.source, index + 2, this.limit).equals(name)) {
				return index;
			}
			index = this.source.indexOf("</", index + 2, this.limit);
		}
		return this.limit;
	}

	private int remember(int tag, int content) {
		if (this.size == this.starts.length) {
			int capacity = 2 * this.size;
			this.starts = Arrays.copyOf(this.starts, capacity);
			this.contents = Arrays.copyOf(this.contents, capacity);
			this.closes = Arrays.copyOf(this.closes, capacity);
			this.ends = Arrays.copyOf(this.ends, capacity);
			this.after = Arrays.copyOf(this.after, capacity);
		}
		this.starts[this.size] = tag;
		this.contents[this.size] = content;
		return this.size++;
	}

	private void close(int element, int close, int end) {
		if (end - this.starts[element] < REMEMBERED && element > 0) {
			// Those in it are smaller still, so it is the last
			this.size = element;
			return;
		}
		this.closes[element] = close;
		this.ends[element] = end;
		this.after[element] = this.size;
	}

	private void add(int parent) {
		boolean single = !this.html && this.size > 0;
		int before = this.outline.size();
		if (single) {
			divideContent(1, this.contents[0], this.closes[0], parent, 0);
			if (this.outline.size() == before) {
				this.outline.add(this.starts[0], this.ends[0], parent, this.outline.group(NOTHING), Kind.ELEMENT,
						"element", "");
			}
		}
		else {
			divideContent(0, this.start, this.limit, parent, 0);
			if (this.outline.size() == before) {
				this.outline.add(this.start, this.limit, parent, this.outline.group(NOTHING), Kind.ELEMENT, "element",
						"");
			}
		}
	}

	// Adds what is in an element; first is the index of the first remembered one in it
	private void divideContent(int first, int contentStart, int contentEnd, int parent, int depth) {
		int group = this.outline.group(ELEMENTS);
		int next = first;
		int index = contentStart;
		int small = -1;
		int smallFrom = 0;
		int count = 0;
		while (index < contentEnd) {
			int tag = this.source.indexOf('<', index, contentEnd);
			int textEnd = (tag < 0) ? contentEnd : tag;
			if (textEnd - index > TEXT) {
				addText(index, textEnd, parent);
			}
			if (tag < 0) {
				return;
			}
			char c = this.source.peek(tag + 1, this.limit);
			boolean remembered = next < this.size && this.starts[next] == tag;
			if (remembered) {
				int element = next;
				next = this.after[element];
				index = this.ends[element];
				addElement(element, parent, group, depth);
				small = -1;
			}
			else if (isNameStart(c)) {
				index = Math.min(contentEnd, smallEnd(tag));
				if (small >= 0 && tag - smallFrom < this.source.grain()) {
					this.outline.end(small, index);
					this.outline.count(small, ++count);
				}
				else if (index > tag) {
					small = this.outline.add(tag, index, parent, group, Kind.ELEMENT, unit(tag), "");
					smallFrom = tag;
					count = 1;
				}
			}
			else if (c == '!' || c == '?') {
				index = Math.min(contentEnd, Math.max(tag + 2, markupEnd(tag)));
				addMarkup(tag, index, parent, group);
				small = -1;
			}
			else {
				index = tag + 1;
			}
		}
	}

	private String unit(int tag) {
		return Outline.label(this.source.substring(tag + 1, Math.min(nameEnd(tag + 1), tag + 60))) + " element";
	}

	private void addElement(int element, int parent, int group, int depth) {
		int from = this.starts[element];
		int to = this.ends[element];
		String unit = unit(from);
		String label = Outline.label(this.source.substring(from + 1, Math.min(this.contents[element] - 1, from + 80)));
		int part = this.outline.add(from, to, parent, group, Kind.ELEMENT, unit, label);
		boolean raw = this.html && RAW.contains(name(this.source, from + 1, to));
		if (to - from > ELEMENT && depth < MAX_DEPTH && !raw) {
			divideContent(element + 1, this.contents[element], this.closes[element], part, depth + 1);
		}
	}

	private void addMarkup(int from, int to, int parent, int group) {
		if (this.source.startsWith("<![CDATA[", from, to)) {
			if (to - from > TEXT) {
				this.sentences.add(from + 9, to - 3, parent, this.outline.group(Pieces.MARKER));
			}
		}
		else if (to - from > TEXT / 3 && this.source.startsWith("<!--", from, to)) {
			this.outline.add(from, to, parent, group, Kind.ELEMENT, "comment", "");
		}
	}

	// Returns the index after an element that is not remembered
	private int smallEnd(int tag) {
		int index = tag;
		int depth = 0;
		while (index >= 0 && index < this.limit) {
			char next = this.source.peek(index + 1, this.limit);
			if (next == '!' || next == '?') {
				index = markupEnd(index);
			}
			else if (next == '/') {
				index = this.source.indexOf('>', index, this.limit) + 1;
				depth--;
			}
			else if (isNameStart(next)) {
				int end = tagEnd(nameEnd(index + 1));
				boolean empty = end > 1 && (this.source.charAt(end - 2) == '/'
						|| (this.html && VOID.contains(name(this.source, index + 1, this.limit))));
				index = end;
				depth += empty ? 0 : 1;
			}
			else {
				index++;
			}
			if (depth <= 0 || index <= 0) {
				return (index <= 0) ? this.limit : index;
			}
			if (this.html && index - tag > REMEMBERED) {
				// Not closed: it ends where its tag does
				return tagEnd(nameEnd(tag + 1));
			}
			index = this.source.indexOf('<', index, this.limit);
		}
		return this.html ? tagEnd(nameEnd(tag + 1)) : this.limit;
	}

	private void addText(int from, int to, int parent) {
		char[] readable = this.source.substring(from, to).toCharArray();
		for (int i = 0; i < readable.length; i++) {
			if (readable[i] == '&') {
				int end = i + 1;
				while (end < readable.length && end - i < 12 && readable[end] != ';' && readable[end] != ' ') {
					end++;
				}
				if (end < readable.length && readable[end] == ';') {
					Arrays.fill(readable, i + 1, end + 1, Sentences.JOINER);
					i = end;
				}
			}
		}
		this.sentences.add(from, new String(readable), parent, this.outline.group(Pieces.MARKER));
	}

}
