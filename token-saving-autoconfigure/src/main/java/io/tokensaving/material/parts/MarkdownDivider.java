package io.tokensaving.material.parts;

import io.tokensaving.material.parts.Part.Kind;

/**
 * Divides Markdown and prose: into sections below their headings, items of lists with
 * their sub-items, tables with their rows, fences with what their language consists of,
 * and the sentences of paragraphs. A fence is one in a quote and in an item, too. For one
 * thread and one text.
 */
final class MarkdownDivider {

	// Fences up to so many chars are not divided
	private static final int SMALL_FENCE = 200;

	// Lines of a quote are put together to parts of about so many chars
	private static final int QUOTE = 500;

	private static final int MAX_ITEMS = 8;

	private static final int TAB = 4;

	private final Source source;

	private final Outline outline;

	private final Sentences sentences;

	private final int prose;

	// The open sections, the outermost first: parts, levels, groups of subsections
	private final int[] sections = new int[8];

	private final int[] levels = new int[8];

	private final int[] sectionGroups = new int[8];

	private int openSections;

	// The open items of lists
	private final int[] items = new int[MAX_ITEMS];

	private final int[] itemIndents = new int[MAX_ITEMS];

	private int openItems;

	private int dividedItem = -1;

	private int end;

	private int paragraph = -1;

	private int lastEnd;

	private boolean blankBefore = true;

	// Whether something is there that only Markdown has
	private int marks;

	private MarkdownDivider(Source source, Outline outline) {
		this.source = source;
		this.outline = outline;
		this.sentences = new Sentences(source, outline);
		this.prose = outline.group(Pieces.MARKER);
	}

	/**
	 * Divide a text.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param outline takes the parts
	 * @param parent the part in which they are nested, or -1
	 * @return whether it is Markdown, and not just prose
	 */
	static boolean divide(Source source, int start, int end, Outline outline, int parent) {
		MarkdownDivider divider = new MarkdownDivider(source, outline);
		divider.run(start, end, parent);
		return divider.marks > 1;
	}

	private void run(int start, int limit, int parent) {
		this.end = limit;
		this.sections[0] = parent;
		this.sectionGroups[0] = this.outline.group(sectionMarker());
		this.openSections = 1;
		int at = start;
		while (at < limit) {
			int next = this.source.lineEnd(at, limit);
			int from = this.source.skipSpaces(at, next);
			int to = this.source.skipBlankBackwards(next, from);
			if (to == from) {
				closeParagraph();
				this.blankBefore = true;
				at = next;
				continue;
			}
			at = line(at, from, to, next);
			this.blankBefore = false;
		}
		closeParagraph();
		closeItems(0);
		closeSections(0);
	}

	private static Marker sectionMarker() {
		return (gap) -> "[" + Marker.ELLIPSIS + " " + gap.counted() + " left out (" + Gap.count(gap.lines(), "line")
				+ ")" + gap.names() + "]";
	}

	// Reads a line and what belongs to it; returns the start of the next one
	private int line(int start, int from, int to, int next) {
		char first = this.source.charAt(from);
		int fence = fenceMark(from, to);
		if (fence > 0) {
			return fence(start, from, to, next);
		}
		if (first == '>') {
			return quote(from, next);
		}
		int level = (first == '#') ? this.source.run('#', from, to) : 0;
		if (level >= 1 && level <= 6 && (from + level == to || Source.isSpace(this.source.charAt(from + level)))) {
			closeParagraph();
			heading(level, from, to, from + level);
			return next;
		}
		int underline = underlineLevel(next, to);
		if (underline > 0 && this.paragraph < 0 && from - start < TAB) {
			int after = this.source.lineEnd(next, this.end);
			heading(underline, from, this.source.skipBlankBackwards(after, next), from);
			return after;
		}
		if (isTable(from, to, next)) {
			closeParagraph();
			return table(start, from, next);
		}
		int text = itemText(from, to);
		if (text > from) {
			closeParagraph();
			item(indent(start, from), from, to);
			return next;
		}
		if (this.paragraph < 0 && isRule(from, to)) {
			this.lastEnd = to;
			return next;
		}
		text(indent(start, from), from, to);
		return next;
	}

	private int indent(int start, int from) {
		int indent = 0;
		for (int i = start; i < from; i++) {
			indent += (this.source.charAt(i) == '\t') ? TAB : 1;
		}
		return indent;
	}

	private int parent() {
		divideLongItem();
		return (this.openItems > 0) ? this.items[this.openItems - 1] : this.sections[this.openSections - 1];
	}

	private void text(int indent, int from, int to) {
		boolean inItem = this.openItems > 0 && (!this.blankBefore || indent > this.itemIndents[this.openItems - 1]);
		if (inItem) {
			extendItems(to);
		}
		else {
			closeItems(0);
			this.paragraph = (this.paragraph < 0) ? from : this.paragraph;
		}
		this.lastEnd = to;
	}

	private void closeParagraph() {
		if (this.paragraph >= 0) {
			int start = this.paragraph;
			this.paragraph = -1;
			if (!addStructured(start, this.lastEnd)) {
				this.sentences.add(start, this.lastEnd, parent(), this.prose);
			}
		}
	}

	// JSON, XML and the like stand between prose without a fence, too
	private boolean addStructured(int start, int end) {
		if (end - start <= SMALL_FENCE) {
			return false;
		}
		char first = this.source.charAt(start);
		if (first == '{' || first == '[' || first == '<') {
			return JsonDivider.divide(this.source, start, end, this.outline, parent())
					|| JsonDivider.divideLines(this.source, start, end, this.outline, parent())
					|| XmlDivider.divide(this.source, start, end, this.outline, parent()) != null;
		}
		if (LogDivider.detect(this.source, start, end)) {
			LogDivider.divide(this.source, start, end, this.outline, parent());
			return true;
		}
		return false;
	}

	// An item that nothing is nested in has sentences if it is long
	private void divideLongItem() {
		int item = (this.openItems > 0) ? this.items[this.openItems - 1] : -1;
		if (item < 0 || item != this.outline.size() - 1 || item == this.dividedItem) {
			return;
		}
		int start = this.outline.start(item);
		int text = itemText(start, this.outline.end(item));
		if (this.outline.end(item) - start > Sentences.MAX_SENTENCE && text > start) {
			this.dividedItem = item;
			this.sentences.add(text, this.outline.end(item), item, this.prose);
		}
	}

	private void extendItems(int to) {
		for (int i = 0; i < this.openItems; i++) {
			this.outline.end(this.items[i], to);
		}
	}

	private void closeItems(int left) {
		divideLongItem();
		this.openItems = Math.min(this.openItems, left);
	}

	private void item(int indent, int from, int to) {
		divideLongItem();
		while (this.openItems > 0 && (this.itemIndents[this.openItems - 1] >= indent || this.openItems == MAX_ITEMS)) {
			this.openItems--;
		}
		int item = this.outline.add(from, to, parent(), this.prose, Kind.ITEM, "item", "");
		this.items[this.openItems] = item;
		this.itemIndents[this.openItems++] = indent;
		extendItems(to);
		this.lastEnd = to;
		this.marks++;
	}

	private void closeSections(int level) {
		closeItems(0);
		while (this.openSections > 1 && this.levels[this.openSections - 1] >= level) {
			this.outline.end(this.sections[--this.openSections], this.lastEnd);
		}
	}

	private void heading(int level, int from, int to, int text) {
		closeItems(0);
		closeSections(level);
		String label = Outline.label(this.source.substring(text, Math.min(to, text + 2 * Part.MAX_LABEL)));
		int section = this.outline.add(from, to, this.sections[this.openSections - 1],
				this.sectionGroups[this.openSections - 1], Kind.SECTION, "section", trimmed(label));
		this.sections[this.openSections] = section;
		this.levels[this.openSections] = level;
		this.sectionGroups[this.openSections++] = this.outline.group(sectionMarker());
		this.lastEnd = to;
		this.marks += 2;
	}

	private static String trimmed(String label) {
		int end = label.length();
		while (end > 0 && "#=- ".indexOf(label.charAt(end - 1)) >= 0) {
			end--;
		}
		return label.substring(0, end).strip();
	}

	// Returns the level of the heading that a line of = or - makes of the line above
	private int underlineLevel(int start, int textEnd) {
		char mark = this.source.peek(start, this.end);
		if ((mark != '=' && mark != '-') || this.source.charAt(textEnd - 1) == '|') {
			return 0;
		}
		int length = this.source.run(mark, start, this.end);
		int after = this.source.lineEnd(start, this.end);
		boolean alone = this.source.skipBlank(start + length, after) == after;
		return (!alone || length < 3) ? 0 : (mark == '=') ? 1 : 2;
	}

	private boolean isRule(int from, int to) {
		char mark = this.source.charAt(from);
		return (mark == '-' || mark == '*' || mark == '_' || mark == '=') && to - from >= 3
				&& this.source.run(mark, from, to) == to - from;
	}

	// Returns where the text of an item starts, or where the line starts if it is none
	private int itemText(int from, int to) {
		int at = from;
		char first = this.source.charAt(at);
		if (first == '-' || first == '*' || first == '+' || first == '\u2022') {
			at++;
		}
		else {
			while (at < to && at - from < 9 && Character.isDigit(this.source.charAt(at))) {
				at++;
			}
			char mark = this.source.peek(at, to);
			if (at == from || (mark != '.' && mark != ')')) {
				return from;
			}
			at++;
		}
		return (at < to && Source.isSpace(this.source.charAt(at))) ? at + 1 : from;
	}

	// Returns the number of marks of a fence that starts at an index, or 0
	private int fenceMark(int from, int to) {
		char mark = this.source.peek(from, to);
		if (mark != '`' && mark != '~') {
			return 0;
		}
		int length = this.source.run(mark, from, to);
		boolean inline = mark == '`' && this.source.indexOf('`', from + length, to) >= 0;
		return (length < 3 || inline) ? 0 : length;
	}

	private int fence(int start, int from, int to, int next) {
		closeParagraph();
		boolean nested = this.openItems > 0 && indent(start, from) > this.itemIndents[this.openItems - 1];
		if (!nested) {
			closeItems(0);
		}
		int body = next;
		int close = body;
		while (close < this.end && !closesFence(from, close, to)) {
			close = this.source.lineEnd(close, this.end);
		}
		int after = (close < this.end) ? this.source.lineEnd(close, this.end) : this.end;
		int fenceEnd = this.source.skipBlankBackwards(after, from);
		addFence(from, to, body, close, fenceEnd);
		extendItems(fenceEnd);
		this.lastEnd = fenceEnd;
		return after;
	}

	private boolean closesFence(int open, int line, int openEnd) {
		char mark = this.source.charAt(open);
		int length = this.source.run(mark, open, openEnd);
		int from = this.source.skipSpaces(line, this.end);
		int run = this.source.run(mark, from, this.end);
		if (run < length) {
			return false;
		}
		int after = this.source.skipSpaces(from + run, this.end);
		return after >= this.end || Source.isBlank(this.source.charAt(after));
	}

	private void addFence(int from, int to, int body, int close, int fenceEnd) {
		int part = this.outline.add(from, fenceEnd, parent(), this.prose, Kind.FENCE, "code block", "");
		this.marks += 2;
		int bodyStart = Math.min(this.source.skipBlank(body, close), close);
		int bodyEnd = this.source.skipBlankBackwards(close, bodyStart);
		if (bodyEnd - bodyStart <= SMALL_FENCE) {
			return;
		}
		int info = from + this.source.run(this.source.charAt(from), from, to);
		String language = CodeDivider.firstWord(this.source, this.source.skipSpaces(info, to), Math.min(to, info + 40));
		int before = this.outline.size();
		Dividers.divideStructured(this.source, this.source.skipBlankLines(body, bodyStart), bodyEnd, language,
				this.outline, part);
		if (this.outline.size() == before) {
			CodeDivider.addLines(this.source, this.outline, bodyStart, bodyEnd, part, this.outline.group(lines()),
					Kind.BODY);
		}
	}

	private static Marker lines() {
		return (gap) -> Marker.ELLIPSIS + " " + gap.counted() + " left out";
	}

	// Reads a quote; fences in it are parts of their own
	private int quote(int from, int next) {
		closeParagraph();
		closeItems(0);
		this.marks++;
		int at = from;
		int open = from;
		int lineEnd = next;
		while (true) {
			int text = this.source.skipSpaces(at + 1, lineEnd);
			int textEnd = this.source.skipBlankBackwards(lineEnd, text);
			if (fenceMark(text, textEnd) > 0) {
				addQuote(open, at);
				int after = quotedFence(at, text, textEnd, lineEnd);
				open = after;
				lineEnd = after;
			}
			else if (lineEnd - open > QUOTE) {
				addQuote(open, lineEnd);
				open = lineEnd;
			}
			at = this.source.skipSpaces(lineEnd, this.end);
			if (this.source.peek(at, this.end) != '>') {
				addQuote(open, lineEnd);
				return lineEnd;
			}
			lineEnd = this.source.lineEnd(at, this.end);
		}
	}

	private void addQuote(int start, int limit) {
		int from = this.source.skipBlank(start, limit);
		int to = this.source.skipBlankBackwards(limit, from);
		if (to > from) {
			this.outline.add(from, to, parent(), this.prose, Kind.BLOCK, "quote", "");
			this.lastEnd = to;
		}
	}

	private int quotedFence(int start, int from, int to, int next) {
		int bodyStart = -1;
		int bodyEnd = next;
		int at = next;
		int after = next;
		int fenceEnd = to;
		while (at < this.end) {
			int mark = this.source.skipSpaces(at, this.end);
			if (this.source.peek(mark, this.end) != '>') {
				break;
			}
			int line = Math.min(mark + 1, this.end);
			after = this.source.lineEnd(at, this.end);
			fenceEnd = this.source.skipBlankBackwards(after, from);
			if (closesFence(from, line, to)) {
				break;
			}
			bodyStart = (bodyStart < 0) ? this.source.skipSpaces(line, after) : bodyStart;
			bodyEnd = fenceEnd;
			at = after;
		}
		int part = this.outline.add(start, fenceEnd, parent(), this.prose, Kind.FENCE, "code block", "");
		if (bodyStart >= 0 && bodyEnd - bodyStart > SMALL_FENCE) {
			CodeDivider.addLines(this.source, this.outline, bodyStart, bodyEnd, part, this.outline.group(lines()),
					Kind.BODY);
		}
		this.lastEnd = fenceEnd;
		this.marks += 2;
		return after;
	}

	private boolean isTable(int from, int to, int next) {
		if (next >= this.end || this.source.indexOf('|', from, to) < 0) {
			return false;
		}
		boolean dash = false;
		boolean bar = false;
		int lineEnd = this.source.lineEnd(next, this.end);
		for (int i = next; i < lineEnd; i++) {
			char c = this.source.charAt(i);
			dash |= c == '-';
			bar |= c == '|';
			if (c != '-' && c != '|' && c != ':' && !Source.isBlank(c)) {
				return false;
			}
		}
		return dash && bar;
	}

	private int table(int start, int from, int next) {
		if (this.openItems > 0 && indent(start, from) <= this.itemIndents[this.openItems - 1]) {
			closeItems(0);
		}
		this.marks += 2;
		int columns = 0;
		int header = this.source.skipBlankBackwards(next, from);
		for (int i = from; i < header; i++) {
			columns += (this.source.charAt(i) == '|') ? 1 : 0;
		}
		columns = Math.max(1, columns - ((this.source.charAt(from) == '|') ? 1 : 0));
		int at = this.source.lineEnd(next, this.end);
		int tableEnd = this.source.skipBlankBackwards(at, from);
		int part = this.outline.add(from, tableEnd, parent(), this.prose, Kind.TABLE, "table",
				Outline.label(this.source.substring(from, Math.min(header, from + 400)).replace('|', ' ')));
		int group = this.outline.group(rows(Math.min(columns, 50)));
		int row = -1;
		int rowStart = 0;
		int count = 0;
		while (at < this.end) {
			int rowEnd = this.source.lineEnd(at, this.end);
			int first = this.source.skipSpaces(at, rowEnd);
			int last = this.source.skipBlankBackwards(rowEnd, first);
			if (last == first || this.source.indexOf('|', first, last) < 0) {
				break;
			}
			if (row >= 0 && last - rowStart < this.source.grain()) {
				this.outline.count(row, ++count);
				this.outline.end(row, last);
			}
			else {
				row = this.outline.add(first, last, part, group, Kind.ROW, "row", "");
				rowStart = first;
				count = 1;
			}
			tableEnd = last;
			at = rowEnd;
		}
		this.outline.end(part, tableEnd);
		extendItems(tableEnd);
		this.lastEnd = tableEnd;
		return at;
	}

	private static Marker rows(int columns) {
		return (gap) -> "| " + Marker.ELLIPSIS + " " + gap.counted() + " left out |" + " |".repeat(columns - 1);
	}

}
