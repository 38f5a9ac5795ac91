package io.tokensaving.material.parts;

import java.util.Arrays;

/**
 * Source code with its strings and comments blanked, so that what is left is only what
 * has a meaning: words, brackets and separators. Needs no grammar: the few forms of
 * comments and strings that languages have are known. For one thread.
 */
final class CodeText {

	/**
	 * Stands in place of each char of a string but its first.
	 */
	static final char STRING = '\u0001';

	/**
	 * Stands in place of each char of a comment.
	 */
	static final char COMMENT = '\u0002';

	private static final int MAX_DEPTH = 100_000;

	private final Source source;

	private final CodeLanguage language;

	private final int start;

	private final int end;

	private final char[] code;

	// For each opening bracket the index of its closing one
	private final int[] match;

	private boolean balanced;

	// Whether a string was not closed: looking for the end of others could go on and on
	private boolean unclosed;

	CodeText(Source source, int start, int end, CodeLanguage language) {
		this.source = source;
		this.language = language;
		this.start = start;
		this.end = end;
		this.code = source.substring(start, end).toCharArray();
		this.match = new int[this.code.length];
		blank();
		matchBrackets();
	}

	CodeLanguage language() {
		return this.language;
	}

	int start() {
		return this.start;
	}

	int end() {
		return this.end;
	}

	/**
	 * Return whether all brackets match.
	 * @return whether {@link #close(int)} can be used
	 */
	boolean isBalanced() {
		return this.balanced;
	}

	char at(int index) {
		this.source.spend(1);
		return (index >= this.start && index < this.end) ? this.code[index - this.start] : '\0';
	}

	/**
	 * Return where the bracket is closed that is opened somewhere.
	 * @param index the index of the opening bracket
	 * @return the index of the closing bracket
	 */
	int close(int index) {
		return this.match[index - this.start];
	}

	static boolean isOpening(char c) {
		return c == '{' || c == '(' || c == '[';
	}

	static boolean isClosing(char c) {
		return c == '}' || c == ')' || c == ']';
	}

	static boolean isBlank(char c) {
		return c == COMMENT || Source.isBlank(c);
	}

	private void blank() {
		int at = 0;
		char before = '\n';
		while (at < this.code.length) {
			this.source.spend(1);
			char c = this.code[at];
			int to = at;
			if (c == '/' && this.language.hasBlockComments() && peek(at + 1) == '*') {
				to = blockComment(at);
				Arrays.fill(this.code, at, to, COMMENT);
			}
			else if (isLineComment(at)) {
				to = lineEnd(at);
				Arrays.fill(this.code, at, to, COMMENT);
			}
			else if (c == '"' || c == '\'' || c == '`') {
				to = stringEnd(at, c, before);
				fillString(at, to);
			}
			else if (c == '/' && this.language == CodeLanguage.JAVASCRIPT && startsRegex(before)) {
				to = regexEnd(at);
				fillString(at, to);
			}
			if (to > at) {
				before = (this.code[to - 1] == COMMENT) ? before : '"';
				at = to;
			}
			else {
				before = (Source.isBlank(c) && c != '\n') ? before : c;
				at++;
			}
		}
	}

	private boolean isLineComment(int at) {
		char c = this.code[at];
		return (c == '/' || c == '#' || c == '-') && this.language.startsLineComment(this.code, at);
	}

	// The first quotation mark stays, so that one can see that there is something
	private void fillString(int from, int to) {
		if (to > from) {
			Arrays.fill(this.code, from + 1, to, STRING);
		}
	}

	private char peek(int at) {
		return (at >= 0 && at < this.code.length) ? this.code[at] : '\0';
	}

	private int lineEnd(int at) {
		int end = at;
		while (end < this.code.length && this.code[end] != '\n') {
			end++;
		}
		this.source.spend(end - at);
		return end;
	}

	private int blockComment(int start) {
		int depth = 1;
		int at = start + 2;
		while (at < this.code.length) {
			this.source.spend(1);
			if (this.code[at] == '*' && peek(at + 1) == '/') {
				at += 2;
				if (--depth == 0) {
					return at;
				}
			}
			else if (this.language.nestsComments() && this.code[at] == '/' && peek(at + 1) == '*') {
				depth++;
				at += 2;
			}
			else {
				at++;
			}
		}
		return this.code.length;
	}

	private int stringEnd(int start, char quote, char before) {
		if (this.unclosed) {
			return quotedEnd(start, quote, false, true);
		}
		if (quote != '`' && peek(start + 1) == quote && peek(start + 2) == quote && hasTripleQuotes(quote)) {
			return tripleEnd(start, quote);
		}
		if (quote == '"' && this.language == CodeLanguage.RUST && (before == '#' || before == 'r')) {
			return rawEnd(start, before == '#');
		}
		if (quote == '"' && this.language == CodeLanguage.CSHARP && before == '@') {
			return verbatimEnd(start);
		}
		if (quote == '`') {
			boolean multiline = this.language == CodeLanguage.JAVASCRIPT || this.language == CodeLanguage.GO;
			return multiline ? quotedEnd(start, quote, true, this.language != CodeLanguage.GO) : start + 1;
		}
		if (quote == '\'' && isApostrophe(start)) {
			return start + 1;
		}
		boolean multiline = this.language == CodeLanguage.PHP || this.language == CodeLanguage.SQL
				|| this.language == CodeLanguage.SHELL || this.language == CodeLanguage.RUBY
				|| this.language == CodeLanguage.RUST;
		return quotedEnd(start, quote, multiline, this.language != CodeLanguage.SQL);
	}

	private boolean hasTripleQuotes(char quote) {
		return switch (this.language) {
			case PYTHON -> true;
			case JAVA, KOTLIN, CSHARP, SWIFT -> quote == '"';
			default -> false;
		};
	}

	// A lifetime in Rust, a digit separator in C++, an unclosed quote: no string
	private boolean isApostrophe(int start) {
		if (this.language == CodeLanguage.RUST) {
			return peek(start + 1) != '\\' && peek(start + 2) != '\'' && peek(start + 3) != '\'';
		}
		if (this.language == CodeLanguage.C) {
			return start > 0 && Character.isDigit(this.code[start - 1]);
		}
		return this.language == CodeLanguage.YAML && start > 0 && Character.isLetterOrDigit(this.code[start - 1]);
	}

	private int tripleEnd(int start, char quote) {
		int at = start + 3;
		while (at < this.code.length) {
			this.source.spend(1);
			char c = this.code[at];
			if (c == '\\' && this.language != CodeLanguage.KOTLIN && this.language != CodeLanguage.CSHARP) {
				at += 2;
			}
			else if (c == quote && peek(at + 1) == quote && peek(at + 2) == quote) {
				at += 3;
				while (peek(at) == quote) {
					at++;
				}
				return at;
			}
			else {
				at++;
			}
		}
		return unclosed(start + 3);
	}

	// Ends with the quotation mark and as many # as it starts with
	private int rawEnd(int start, boolean hashes) {
		int count = 0;
		while (hashes && start - 1 - count >= 0 && this.code[start - 1 - count] == '#') {
			count++;
		}
		if (hashes && peek(start - 1 - count) != 'r') {
			return quotedEnd(start, '"', true, true);
		}
		int at = start + 1;
		while (at < this.code.length) {
			this.source.spend(1);
			if (this.code[at++] == '"') {
				int found = 0;
				while (found < count && peek(at + found) == '#') {
					found++;
				}
				if (found == count) {
					return at + found;
				}
			}
		}
		return unclosed(start + 1);
	}

	private int verbatimEnd(int start) {
		int at = start + 1;
		while (at < this.code.length) {
			this.source.spend(1);
			if (this.code[at++] == '"') {
				if (peek(at) != '"') {
					return at;
				}
				at++;
			}
		}
		return unclosed(start + 1);
	}

	// A string that is not closed is none; where it may not go on in the next line it is
	// as if it were closed at the end of its line
	private int quotedEnd(int start, char quote, boolean multiline, boolean escapes) {
		int at = start + 1;
		while (at < this.code.length) {
			this.source.spend(1);
			char c = this.code[at];
			if (c == '\\' && escapes) {
				at += 2;
			}
			else if (c == quote) {
				return at + 1;
			}
			else if (c == '\n' && !multiline) {
				return at;
			}
			else {
				at++;
			}
		}
		return multiline ? unclosed(start + 1) : this.code.length;
	}

	private int unclosed(int after) {
		this.unclosed = true;
		return after;
	}

	private static boolean startsRegex(char before) {
		return "(,=:[!&|?{};\n+".indexOf(before) >= 0;
	}

	private int regexEnd(int start) {
		boolean inClass = false;
		int at = start + 1;
		while (at < this.code.length && this.code[at] != '\n') {
			this.source.spend(1);
			char c = this.code[at];
			if (c == '\\') {
				at++;
			}
			else if (c == '[' || c == ']') {
				inClass = c == '[';
			}
			else if (c == '/' && !inClass) {
				return at + 1;
			}
			at++;
		}
		return start;
	}

	private void matchBrackets() {
		int[] open = new int[64];
		int depth = 0;
		this.source.spend(this.code.length);
		for (int i = 0; i < this.code.length; i++) {
			char c = this.code[i];
			if (isOpening(c)) {
				if (depth == MAX_DEPTH) {
					return;
				}
				if (depth == open.length) {
					open = Arrays.copyOf(open, 2 * depth);
				}
				open[depth++] = i;
			}
			else if (isClosing(c)) {
				if (depth == 0 || !matches(this.code[open[depth - 1]], c)) {
					return;
				}
				this.match[open[--depth]] = this.start + i;
			}
		}
		this.balanced = depth == 0;
	}

	private static boolean matches(char opening, char closing) {
		return (opening == '{') ? closing == '}' : (opening == '(') ? closing == ')' : closing == ']';
	}

}
