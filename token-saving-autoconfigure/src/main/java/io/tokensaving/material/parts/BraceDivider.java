package io.tokensaving.material.parts;

import java.util.Set;

import io.tokensaving.material.parts.Part.Kind;

/**
 * Divides source code whose blocks stand in braces. For one thread.
 */
final class BraceDivider {

	// After a closing brace these go on with the statement
	private static final Set<String> CONTINUING = Set.of("else", "catch", "finally", "while", "where", "as");

	private final Source source;

	private final CodeText code;

	private final Outline outline;

	private final Marker marker;

	BraceDivider(Source source, CodeText code, Outline outline) {
		this.source = source;
		this.code = code;
		this.outline = outline;
		this.marker = CodeDivider.marker(code.language());
	}

	void divide(int parent) {
		divideDeclarations(this.code.start(), this.code.end(), parent, 0, false);
	}

	private void divideDeclarations(int start, int end, int parent, int depth, boolean commas) {
		int group = this.outline.group(this.marker);
		int imports = -1;
		int small = -1;
		int smallStart = 0;
		int smallCount = 0;
		int at = blankEnd(start, end);
		while (at < end) {
			int to = chunkEnd(at, end, commas);
			int head = headStart(at, to);
			boolean isImport = head < to
					&& this.code.language().isImport(this.source.substring(head, Math.min(to, head + 40)));
			if (isImport && imports >= 0) {
				this.outline.end(imports, to);
				this.outline.count(imports, this.source.countLines(this.source.skipBlank(at, to), to) + 1);
			}
			else if (isImport) {
				imports = CodeDivider.addLines(this.source, this.outline, at, to, parent, group, Kind.IMPORTS);
			}
			else if (to - at < this.source.grain()) {
				if (small >= 0 && at - smallStart < this.source.grain()) {
					this.outline.end(small, to);
					this.outline.count(small, ++smallCount);
				}
				else {
					small = this.outline.add(at, to, parent, group, Kind.DECLARATION, "declaration", "");
					smallStart = at;
					smallCount = 1;
				}
			}
			else {
				small = -1;
				addDeclaration(at, to, head, parent, group, depth);
			}
			imports = isImport ? imports : -1;
			at = blankEnd(to, end);
		}
	}

	private void addDeclaration(int start, int end, int head, int parent, int group, int depth) {
		int open = largestBlock(head, end);
		boolean divisible = open >= 0 && end - start > CodeDivider.SMALL && depth < CodeDivider.MAX_DEPTH;
		int headEnd = (open >= 0) ? open : Math.min(end, head + Part.MAX_LABEL);
		int part = this.outline.add(start, end, parent, group, Kind.DECLARATION, "declaration",
				CodeDivider.signature(this.source, this.code, head, headEnd));
		if (!divisible) {
			return;
		}
		int from = open + 1;
		int to = this.code.close(open);
		String container = container(head, open);
		if (container.equals("enum")) {
			divideConstants(from, to, part, depth);
		}
		else if (!container.isEmpty()) {
			boolean commas = this.code.language() == CodeLanguage.RUST && container.equals("struct");
			divideDeclarations(from, to, part, depth + 1, commas);
		}
		else {
			divideBody(from, to, part);
		}
	}

	// The constants of an enum may be followed by a semicolon and members
	private void divideConstants(int start, int end, int part, int depth) {
		int at = start;
		while (at < end && this.code.at(at) != ';') {
			at = CodeText.isOpening(this.code.at(at)) ? this.code.close(at) + 1 : at + 1;
		}
		if (at - start > CodeDivider.SMALL) {
			divideDeclarations(start, at, part, depth + 1, true);
		}
		if (at < end) {
			divideDeclarations(at + 1, end, part, depth + 1, false);
		}
		else if (at - start <= CodeDivider.SMALL) {
			addBody(start, end, part);
		}
	}

	private void divideBody(int start, int end, int part) {
		if (end - start <= CodeDivider.BODY) {
			addBody(start, end, part);
			return;
		}
		int group = this.outline.group(this.marker);
		boolean values = isValue(start - 1);
		int first = -1;
		int last = -1;
		int at = blankEnd(start, end);
		while (at < end) {
			int to = chunkEnd(at, end, values);
			first = (first < 0) ? at : first;
			last = to;
			at = blankEnd(to, end);
			if (last - first >= CodeDivider.STATEMENTS || at >= end) {
				CodeDivider.addLines(this.source, this.outline, first, last, part, group, Kind.BODY);
				first = -1;
			}
		}
	}

	private void addBody(int start, int end, int part) {
		int from = this.source.skipBlank(start, end);
		int to = this.source.skipBlankBackwards(end, from);
		if (to > from) {
			CodeDivider.addLines(this.source, this.outline, from, to, part, this.outline.group(this.marker), Kind.BODY);
		}
	}

	// Whether a brace opens a literal, whose entries end with commas
	private boolean isValue(int open) {
		int at = open - 1;
		while (at >= this.code.start() && CodeText.isBlank(this.code.at(at))) {
			at--;
		}
		char c = this.code.at(at);
		return this.code.language() == CodeLanguage.JAVASCRIPT && (c == '=' || c == '(' || c == ':');
	}

	// Returns the keyword that says that a block contains declarations, or nothing
	private String container(int head, int open) {
		int at = head;
		while (at < open) {
			char c = this.code.at(at);
			if (c == '(' || c == '[') {
				at = this.code.close(at) + 1;
			}
			else if (Character.isJavaIdentifierStart(c) || c == '@') {
				int word = at++;
				while (at < open && Character.isJavaIdentifierPart(this.code.at(at))) {
					at++;
				}
				String found = this.source.substring(word, at);
				if (CodeLanguage.isContainer(found) && ".(=".indexOf(this.code.at(at)) < 0) {
					return found;
				}
			}
			else if (c == '=') {
				return "";
			}
			else {
				at++;
			}
		}
		return "";
	}

	// Returns where the largest block in braces opens, also in parentheses, or -1
	private int largestBlock(int start, int end) {
		int from = start;
		int to = end;
		while (true) {
			int largest = -1;
			int size = 0;
			int at = from;
			while (at < to) {
				if (CodeText.isOpening(this.code.at(at))) {
					int close = this.code.close(at);
					if (close - at > size) {
						largest = at;
						size = close - at;
					}
					at = close;
				}
				at++;
			}
			if (size <= CodeDivider.SMALL / 2) {
				return -1;
			}
			if (this.code.at(largest) == '{') {
				return largest;
			}
			from = largest + 1;
			to = this.code.close(largest);
		}
	}

	private int blankEnd(int start, int end) {
		int at = start;
		while (at < end && Source.isBlank(this.code.at(at))) {
			at++;
		}
		return at;
	}

	// Returns where the declaration starts to which the comments at an index belong
	private int headStart(int start, int end) {
		int at = start;
		while (at < end && CodeText.isBlank(this.code.at(at))) {
			at++;
		}
		return at;
	}

	private int chunkEnd(int start, int end, boolean commas) {
		CodeLanguage language = this.code.language();
		boolean onlyComments = true;
		char before = '\n';
		int at = start;
		if (language.hasPreprocessor() && this.code.at(start) == '#') {
			return directiveEnd(start, end);
		}
		while (at < end) {
			char c = this.code.at(at);
			if (c == '\n') {
				int next = blankEnd(at, end);
				boolean paragraph = next < end && this.source.countLines(at, next) > 2;
				if (onlyComments ? paragraph : (!language.hasSemicolons() && endsStatement(before, next, end))) {
					return at;
				}
				if (language.hasPreprocessor() && this.code.at(next) == '#') {
					return at;
				}
				at++;
				continue;
			}
			if (!CodeText.isBlank(c)) {
				onlyComments = false;
				before = c;
			}
			if (c == ';' || (commas && c == ',')) {
				return lineCommentEnd(at + 1, end);
			}
			if (CodeText.isOpening(c)) {
				at = this.code.close(at) + 1;
				before = this.code.at(at - 1);
				if (c == '{' && endsAfterBrace(at, end, commas)) {
					return lineCommentEnd(at, end);
				}
				continue;
			}
			at++;
		}
		return this.source.skipBlankBackwards(end, start);
	}

	private int directiveEnd(int start, int end) {
		int at = start;
		while (at < end) {
			int line = this.source.lineEnd(at, end);
			int last = this.source.skipBlankBackwards(line, at);
			if (last == at || this.source.charAt(last - 1) != '\\') {
				return Math.max(last, start + 1);
			}
			at = line;
		}
		return end;
	}

	private boolean endsStatement(char before, int next, int end) {
		if (next >= end) {
			return true;
		}
		char c = this.code.at(next);
		boolean goesOn = ",=+-*/%&|<?:.\\~^@".indexOf(before) >= 0 && before != '\n';
		boolean continued = ".,)]}+*/%&|?:=<>{".indexOf(c) >= 0;
		return !goesOn && !continued && !CONTINUING.contains(CodeDivider.firstWord(this.source, next, end));
	}

	private boolean endsAfterBrace(int after, int end, boolean commas) {
		int at = after;
		while (at < end && this.code.at(at) != '\n' && CodeText.isBlank(this.code.at(at))) {
			at++;
		}
		if (at >= end) {
			return true;
		}
		if (this.code.at(at) != '\n') {
			return false;
		}
		int next = headStart(at, end);
		char c = this.code.at(next);
		boolean goesOn = next < end && (".;,)]=?:&|+{".indexOf(c) >= 0
				|| CONTINUING.contains(CodeDivider.firstWord(this.source, next, end)));
		return !goesOn && !commas;
	}

	// A comment in the same line belongs to what stands before it
	private int lineCommentEnd(int start, int end) {
		int at = start;
		while (at < end && Source.isSpace(this.code.at(at))) {
			at++;
		}
		if (this.code.at(at) != CodeText.COMMENT) {
			return start;
		}
		int comment = at;
		while (at < end && this.code.at(at) == CodeText.COMMENT) {
			at++;
		}
		boolean sameLine = this.source.indexOf('\n', comment, at) < 0;
		return sameLine ? at : start;
	}

}
