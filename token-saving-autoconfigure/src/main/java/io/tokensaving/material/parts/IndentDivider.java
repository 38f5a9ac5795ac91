package io.tokensaving.material.parts;

import java.util.Arrays;

import io.tokensaving.material.parts.Part.Kind;

/**
 * Divides source code whose blocks stand under an indentation, and other code of which
 * only the indentation can be trusted. For one thread.
 */
final class IndentDivider {

	private static final int TAB = 8;

	private final Source source;

	private final CodeText code;

	private final Outline outline;

	private final Marker marker;

	// The lines that start a statement: others belong to the line before
	private int lines;

	private int[] starts = new int[64];

	private int[] ends = new int[64];

	private int[] indents = new int[64];

	// For each line the first one from it on that is no comment
	private int[] nextCode = new int[0];

	IndentDivider(Source source, CodeText code, Outline outline) {
		this.source = source;
		this.code = code;
		this.outline = outline;
		this.marker = CodeDivider.marker(code.language());
	}

	void divide(int parent) {
		readLines();
		divideLines(0, this.lines, parent, 0);
	}

	// Reads logical lines: a bracket or a string that is open goes on in the next line
	private void readLines() {
		int depth = 0;
		int at = this.code.start();
		while (at < this.code.end()) {
			int start = at;
			char last = '\n';
			while (at < this.code.end()) {
				char c = this.code.at(at);
				if (c == '\n' && depth == 0 && last != '\\') {
					break;
				}
				if (CodeText.isOpening(c) && this.code.isBalanced()) {
					depth++;
				}
				else if (CodeText.isClosing(c) && this.code.isBalanced()) {
					depth--;
				}
				last = (c == '\r') ? last : c;
				at++;
			}
			addLine(start, at);
			at++;
		}
		attachComments();
	}

	// A comment that stands elsewhere than the lines around it belongs to the line before
	private void attachComments() {
		this.nextCode = new int[this.lines + 1];
		this.nextCode[this.lines] = this.lines;
		for (int i = this.lines - 1; i >= 0; i--) {
			this.nextCode[i] = isComment(i) ? this.nextCode[i + 1] : i;
		}
		int kept = 0;
		int code = 0;
		for (int i = 0; i < this.lines; i++) {
			int next = this.nextCode[i];
			boolean alone = isComment(i) && kept > 0 && this.indents[i] != code
					&& (next == this.lines || this.indents[i] != this.indents[next]);
			if (alone) {
				this.ends[kept - 1] = this.ends[i];
				continue;
			}
			code = isComment(i) ? code : this.indents[i];
			this.starts[kept] = this.starts[i];
			this.ends[kept] = this.ends[i];
			this.indents[kept++] = this.indents[i];
		}
		this.lines = kept;
		this.nextCode[kept] = kept;
		for (int i = kept - 1; i >= 0; i--) {
			this.nextCode[i] = isComment(i) ? this.nextCode[i + 1] : i;
		}
	}

	private void addLine(int start, int end) {
		int from = start;
		int indent = 0;
		while (from < end && Source.isSpace(this.source.charAt(from))) {
			indent += (this.source.charAt(from) == '\t') ? TAB : 1;
			from++;
		}
		int to = this.source.skipBlankBackwards(end, from);
		if (to == from) {
			return;
		}
		if (this.lines == this.starts.length) {
			this.starts = Arrays.copyOf(this.starts, 2 * this.lines);
			this.ends = Arrays.copyOf(this.ends, 2 * this.lines);
			this.indents = Arrays.copyOf(this.indents, 2 * this.lines);
		}
		this.starts[this.lines] = from;
		this.ends[this.lines] = to;
		this.indents[this.lines++] = indent;
	}

	private void divideLines(int first, int last, int parent, int depth) {
		int group = this.outline.group(this.marker);
		int line = first;
		while (line < last) {
			int after = itemEnd(line, last);
			int head = headLine(line, after);
			boolean block = after > head + 1;
			if (block && this.ends[after - 1] - this.starts[line] > CodeDivider.SMALL) {
				addBlock(line, head, after, parent, group, depth);
			}
			else {
				after = addPlain(line, after, last, parent, group);
			}
			line = after;
		}
	}

	// Puts small statements together; imports are a part of their own
	private int addPlain(int line, int itemEnd, int last, int parent, int group) {
		boolean imports = isImport(line);
		int end = itemEnd;
		while (end < last && isImport(end) == imports && (imports || this.ends[end - 1] - this.starts[line] < Math
			.max(CodeDivider.STATEMENTS / 2, this.source.grain()))) {
			int next = itemEnd(end, last);
			if (next > headLine(end, next) + 1 && !imports) {
				break;
			}
			end = next;
		}
		CodeDivider.addLines(this.source, this.outline, this.starts[line], this.ends[end - 1], parent, group,
				imports ? Kind.IMPORTS : Kind.BLOCK);
		return end;
	}

	private boolean isImport(int line) {
		return this.code.language()
			.isImport(this.source.substring(this.starts[line], Math.min(this.ends[line], this.starts[line] + 40)));
	}

	private boolean isComment(int line) {
		return this.code.at(this.starts[line]) == CodeText.COMMENT;
	}

	// Comments and decorators belong to what follows
	private int headLine(int line, int last) {
		int head = line;
		while (head + 1 < last && this.indents[head + 1] == this.indents[line]
				&& (isComment(head) || this.code.at(this.starts[head]) == '@')) {
			head++;
		}
		return head;
	}

	private int itemEnd(int line, int last) {
		int head = headLine(line, last);
		int indent = this.indents[line];
		int end = head + 1;
		while (end < last && (this.indents[end] > indent || continues(end, indent))) {
			this.source.spend(1);
			end++;
		}
		return end;
	}

	// A line that closes the block before it or goes on with it
	private boolean continues(int line, int indent) {
		int code = this.nextCode[line];
		if (code > line) {
			return this.indents[line] == indent && code < this.lines && this.indents[code] == indent
					&& continues(code, indent);
		}
		if (this.indents[line] < indent) {
			return false;
		}
		char c = this.code.at(this.starts[line]);
		if (CodeText.isClosing(c)) {
			return true;
		}
		String word = CodeDivider.firstWord(this.source, this.starts[line], this.ends[line]);
		return switch (word) {
			case "else", "elif", "elsif", "elseif", "except", "catch", "finally", "rescue", "ensure", "end", "then",
					"do", "done", "fi", "esac", "when" ->
				true;
			default -> false;
		};
	}

	private void addBlock(int line, int head, int after, int parent, int group, int depth) {
		int part = this.outline.add(this.starts[line], this.ends[after - 1], parent, group, Kind.DECLARATION,
				"declaration", CodeDivider.signature(this.source, this.code, this.starts[head], this.ends[head]));
		int indent = this.indents[line];
		int body = head + 1;
		int bodyEnd = after;
		while (bodyEnd > body && this.indents[bodyEnd - 1] <= indent) {
			bodyEnd--;
		}
		for (int i = body; i < bodyEnd; i++) {
			if (this.indents[i] <= indent || this.indents[i] < this.indents[body]) {
				// Several blocks, such as if and else, or an indentation of its own kind
				return;
			}
		}
		char first = (body < bodyEnd) ? this.source.charAt(this.starts[body]) : '\0';
		if (this.code.language() == CodeLanguage.PYTHON && (first == '"' || first == '\'' || isRawString(body))) {
			body++;
		}
		if (body >= bodyEnd) {
			return;
		}
		String word = CodeDivider.firstWord(this.source, this.starts[head], this.ends[head]);
		int size = this.ends[bodyEnd - 1] - this.starts[body];
		boolean container = CodeLanguage.isContainer(word) || this.code.language() == CodeLanguage.YAML;
		if (depth < CodeDivider.MAX_DEPTH && (container || size > CodeDivider.BODY)) {
			divideLines(body, bodyEnd, part, depth + 1);
		}
		else {
			CodeDivider.addLines(this.source, this.outline, this.starts[body], this.ends[bodyEnd - 1], part,
					this.outline.group(this.marker), Kind.BODY);
		}
	}

	private boolean isRawString(int line) {
		return this.source.startsWith("r\"\"\"", this.starts[line], this.ends[line]);
	}

}
