package io.tokensaving.structured;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Reads one object or array that is nearly JSON, and writes it as JSON. One pass over the
 * text, with a stack of limited depth in place of recursion. What it writes are the texts
 * and numbers that it reads, in their order; where it would have to guess one, or to
 * leave one out, it gives up. Not thread-safe; for one use.
 */
final class JsonRewriter {

	/**
	 * The depth above which nothing is read.
	 */
	static final int MAX_DEPTH = 200;

	private static final int MAX_KEY = 128;

	private static final int MAX_LOOK_BACK = 64;

	private static final String DOUBLE_QUOTES = "\u201C\u201D\u201E\u201F\uFF02";

	private static final String SINGLE_QUOTES = "\u2018\u2019\u201A\u201B";

	private static final char COMMA = '\uFF0C';

	private static final char COLON = '\uFF1A';

	private final String text;

	private final boolean mayClose;

	private final StringBuilder json;

	private final Set<RepairStep> steps = EnumSet.noneOf(RepairStep.class);

	// Whether the container at each depth is an object
	private boolean[] objects = new boolean[8];

	private int depth;

	private int position;

	private boolean cut;

	/**
	 * Create a rewriter.
	 * @param text the text
	 * @param start where the object or array begins
	 * @param mayClose whether what is missing at the end of the text may be added,
	 * because the answer is known to be complete
	 */
	JsonRewriter(String text, int start, boolean mayClose) {
		this.text = text;
		this.position = start;
		this.mayClose = mayClose;
		this.json = new StringBuilder(text.length() - start + 16);
	}

	/**
	 * Read the object or array.
	 * @return whether it could be read to its end
	 */
	boolean rewrite() {
		char first = this.text.charAt(this.position);
		if (first != '{' && first != '[') {
			return false;
		}
		return elements(open(first));
	}

	/**
	 * Read the members of an object whose braces are missing.
	 * @return whether they could be read
	 */
	boolean rewriteMembers() {
		this.position--;
		this.steps.add(RepairStep.BRACKET);
		return elements(open('{'));
	}

	/**
	 * Return where reading ended.
	 * @return the position behind the last character that was read
	 */
	int position() {
		return Math.min(this.position, this.text.length());
	}

	/**
	 * Whether the text ended before the object or array did, and must not be completed.
	 * @return whether it was so
	 */
	boolean isCut() {
		return this.cut;
	}

	String json() {
		return this.json.toString();
	}

	Set<RepairStep> steps() {
		return this.steps;
	}

	private State open(char bracket) {
		boolean object = bracket == '{';
		if (this.depth == this.objects.length) {
			this.objects = Arrays.copyOf(this.objects, 2 * this.objects.length);
		}
		this.objects[this.depth++] = object;
		this.json.append(bracket);
		this.position++;
		return object ? State.FIRST_KEY : State.FIRST_ITEM;
	}

	private boolean elements(State begin) {
		State state = begin;
		while (true) {
			skipBlank();
			if (this.position >= this.text.length()) {
				return close(state);
			}
			char c = this.text.charAt(this.position);
			State next = switch (state) {
				case FIRST_KEY, NEXT_KEY -> key(state, c);
				case VALUE, FIRST_ITEM, NEXT_ITEM -> value(state, c);
				case BEHIND -> behind(c);
				case END, FAILED -> state;
			};
			if (next == State.END) {
				return true;
			}
			if (next == State.FAILED) {
				return false;
			}
			state = next;
		}
	}

	private State key(State state, char c) {
		if (c == '}' || c == ']') {
			return bracket(state, c);
		}
		if (c == ',' || c == COMMA) {
			this.steps.add(RepairStep.EXTRA_COMMA);
			this.position++;
			return state;
		}
		if (state == State.NEXT_KEY) {
			this.json.append(',');
		}
		if (isQuote(c)) {
			if (!string(c, true)) {
				return State.FAILED;
			}
		}
		else if (!bareKey()) {
			return State.FAILED;
		}
		skipBlank();
		if (this.position >= this.text.length()) {
			return cut();
		}
		char separator = this.text.charAt(this.position);
		if (separator != ':') {
			this.steps.add(RepairStep.COLON);
		}
		if (separator == '=') {
			this.position += (charAt(this.position + 1) == '>') ? 2 : 1;
		}
		else if (separator == ':' || separator == COLON) {
			this.position++;
		}
		else {
			return State.FAILED;
		}
		this.json.append(':');
		return State.VALUE;
	}

	private State value(State state, char c) {
		if (c == ']' || c == '}') {
			return (state == State.VALUE) ? State.FAILED : bracket(state, c);
		}
		if (state == State.NEXT_ITEM) {
			this.json.append(',');
		}
		if (c == '{' || c == '[') {
			return (this.depth < MAX_DEPTH) ? open(c) : State.FAILED;
		}
		boolean read;
		if (isQuote(c)) {
			read = string(c, false);
		}
		else if (isDigit(c) || c == '-' || c == '+') {
			read = number() || bareText();
		}
		else {
			read = Character.isLetter(c) && (literal() || bareText());
		}
		return read ? State.BEHIND : State.FAILED;
	}

	private State behind(char c) {
		if (c == '}' || c == ']') {
			return bracket(State.BEHIND, c);
		}
		boolean object = this.objects[this.depth - 1];
		if (c == ',' || c == COMMA || c == ';') {
			if (c != ',') {
				this.steps.add(RepairStep.MISSING_COMMA);
			}
			this.position++;
			return object ? State.NEXT_KEY : State.NEXT_ITEM;
		}
		boolean begins = isQuote(c) || Character.isLetter(c) || c == '_'
				|| (!object && (isDigit(c) || c == '-' || c == '{' || c == '['));
		if (!begins) {
			return State.FAILED;
		}
		this.steps.add(RepairStep.MISSING_COMMA);
		return object ? State.NEXT_KEY : State.NEXT_ITEM;
	}

	// A comma is written in front of what follows it, so that one too many is not there
	private State bracket(State state, char c) {
		if (state == State.NEXT_KEY || state == State.NEXT_ITEM) {
			this.steps.add(RepairStep.EXTRA_COMMA);
		}
		boolean object = c == '}';
		int opened = this.depth - 1;
		while (opened >= 0 && this.objects[opened] != object) {
			opened--;
		}
		if (opened < this.depth - 1) {
			this.steps.add(RepairStep.BRACKET);
		}
		// One of the wrong kind closes what is open, one of an outer kind all up to that
		int down = (opened < 0) ? this.depth - 1 : opened;
		closeTo(down);
		this.position++;
		return (this.depth == 0) ? State.END : State.BEHIND;
	}

	private void closeTo(int down) {
		while (this.depth > down) {
			this.depth--;
			boolean object = this.objects[this.depth];
			this.json.append(object ? '}' : ']');
		}
	}

	// What was begun and has no content was cut off, whatever the finish reason says
	private boolean close(State state) {
		boolean whole = state == State.BEHIND || state == State.NEXT_KEY || state == State.NEXT_ITEM;
		if (!whole || !this.mayClose) {
			this.cut = true;
			return false;
		}
		this.steps.add(RepairStep.TAIL);
		closeTo(0);
		return true;
	}

	private State cut() {
		this.cut = true;
		return State.FAILED;
	}

	private boolean bareKey() {
		int end = this.position;
		while (end < this.text.length() && isKeyPart(this.text.charAt(end))) {
			end++;
		}
		if (end == this.position) {
			return false;
		}
		this.steps.add(RepairStep.QUOTE);
		this.json.append('"').append(this.text, this.position, end).append('"');
		this.position = end;
		return true;
	}

	private static boolean isKeyPart(char c) {
		return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '-' || c == '.';
	}

	private boolean number() {
		int at = this.position;
		boolean plus = charAt(at) == '+';
		at += (plus || charAt(at) == '-') ? 1 : 0;
		int digits = digits(at);
		if (digits == at || (charAt(at) == '0' && digits > at + 1)) {
			return false;
		}
		at = digits;
		if (charAt(at) == '.') {
			digits = digits(at + 1);
			if (digits == at + 1) {
				return false;
			}
			at = digits;
		}
		if (charAt(at) == 'e' || charAt(at) == 'E') {
			int exponent = at + ((charAt(at + 1) == '-' || charAt(at + 1) == '+') ? 2 : 1);
			digits = digits(exponent);
			if (digits == exponent) {
				return false;
			}
			at = digits;
		}
		if (!isDelimiter(at)) {
			return false;
		}
		if (plus) {
			this.steps.add(RepairStep.LITERAL);
		}
		this.json.append(this.text, plus ? this.position + 1 : this.position, at);
		this.position = at;
		return true;
	}

	private int digits(int from) {
		int at = from;
		while (isDigit(charAt(at))) {
			at++;
		}
		return at;
	}

	private boolean isDelimiter(int at) {
		if (at >= this.text.length()) {
			return true;
		}
		char c = this.text.charAt(at);
		return isBlank(c) || ",}];#".indexOf(c) >= 0 || c == COMMA || isComment(at);
	}

	private boolean literal() {
		int end = this.position;
		while (Character.isLetter(charAt(end))) {
			end++;
		}
		int length = end - this.position;
		if (length > 5 || !isDelimiter(end)) {
			return false;
		}
		String word = this.text.substring(this.position, end);
		String literal = switch (word) {
			case "true", "True", "TRUE" -> "true";
			case "false", "False", "FALSE" -> "false";
			case "null", "None", "Null", "NULL" -> "null";
			default -> "";
		};
		if (literal.isEmpty()) {
			return false;
		}
		if (!literal.equals(word)) {
			this.steps.add(RepairStep.LITERAL);
		}
		this.json.append(literal);
		this.position = end;
		return true;
	}

	// A text without quotes ends where it can be nothing else any more
	private boolean bareText() {
		int end = this.position;
		while (end < this.text.length()) {
			char c = this.text.charAt(end);
			if (c == ',' || c == '}' || c == ']' || c == '\n' || c == '\r' || isComment(end)) {
				break;
			}
			if (!Character.isLetterOrDigit(c) && " _-.%/@&()".indexOf(c) < 0) {
				return false;
			}
			end++;
		}
		String word = this.text.substring(this.position, end).strip();
		// These are values that JSON does not have, and dots stand for what is left out
		boolean none = switch (word) {
			case "NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "undefined", "nil", "-", "" -> true;
			default -> word.contains("..");
		};
		if (none || end >= this.text.length()) {
			this.cut = this.cut || end >= this.text.length();
			return false;
		}
		this.steps.add(RepairStep.QUOTE);
		this.json.append('"').append(word).append('"');
		this.position = end;
		return true;
	}

	private boolean string(char open, boolean key) {
		if (open != '"') {
			this.steps.add(RepairStep.QUOTE);
		}
		this.json.append('"');
		int inner = 0;
		int start = this.position + 1;
		int at = start;
		while (at < this.text.length()) {
			char c = this.text.charAt(at);
			if (c == '\\') {
				at = escape(at);
			}
			else if (closes(open, c)) {
				Quote kind = key ? ofKey(at) : ofValue(open, at, start);
				if (kind == Quote.BROKEN || (kind == Quote.LAST && inner % 2 != 0)) {
					return false;
				}
				if (kind == Quote.LAST) {
					this.json.append('"');
					this.position = at + 1;
					return true;
				}
				inner += (kind == Quote.INNER) ? 1 : 0;
				this.steps.add(RepairStep.QUOTE);
				append(c);
				at++;
			}
			else {
				append(c);
				at++;
			}
		}
		return unfinished(key, inner, start);
	}

	// Text behind the last quote would become a part of the text
	private boolean unfinished(boolean key, int inner, int start) {
		this.cut = true;
		if (key || inner > 0 || !this.mayClose || start >= this.text.length()) {
			return false;
		}
		for (int i = start; i < this.text.length(); i++) {
			if ("{}[]\n\r\\`".indexOf(this.text.charAt(i)) >= 0) {
				return false;
			}
		}
		this.cut = false;
		this.steps.add(RepairStep.TAIL);
		this.json.append('"');
		this.position = this.text.length();
		return true;
	}

	private int escape(int at) {
		char next = charAt(at + 1);
		if (next != 0 && "\"\\/bfnrt".indexOf(next) >= 0) {
			this.json.append('\\').append(next);
			return at + 2;
		}
		if (next == 'u' && isHex(at + 2, at + 6)) {
			this.json.append(this.text, at, at + 6);
			return at + 6;
		}
		this.steps.add(RepairStep.ESCAPE);
		if (next == '\'') {
			this.json.append(next);
			return at + 2;
		}
		// Not an escape: what follows stands as it is
		this.json.append("\\\\");
		return at + 1;
	}

	private boolean isHex(int from, int to) {
		for (int i = from; i < to; i++) {
			char c = charAt(i);
			if (!isDigit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) {
				return false;
			}
		}
		return true;
	}

	private void append(char c) {
		if (c == '"') {
			this.json.append("\\\"");
		}
		else if (c >= ' ') {
			this.json.append(c);
		}
		else {
			this.steps.add(RepairStep.ESCAPE);
			switch (c) {
				case '\n' -> this.json.append("\\n");
				case '\r' -> this.json.append("\\r");
				case '\t' -> this.json.append("\\t");
				default -> this.json.append("\\u00").append((c < 0x10) ? '0' : '1').append(hex(c & 0xF));
			}
		}
	}

	private static char hex(int digit) {
		return Character.forDigit(digit, 16);
	}

	private Quote ofKey(int at) {
		char next = charAt(skipSpace(at + 1));
		return (next == ':' || next == COLON || next == '=') ? Quote.LAST : Quote.BROKEN;
	}

	// In JSON, a quote that ends a value stands in front of a comma or a bracket. One
	// that
	// does not is either a part of the text, or something is missing
	private Quote ofValue(char open, int at, int start) {
		int behind = skipSpace(at + 1);
		if (behind >= this.text.length()) {
			return Quote.LAST;
		}
		char next = this.text.charAt(behind);
		boolean object = this.objects[this.depth - 1];
		if (next == '}' || next == ']' || next == ';' || next == '#' || isComment(behind)) {
			return Quote.LAST;
		}
		if (next == ',' || next == COMMA) {
			return beginsElement(skipSpace(behind + 1), object) ? Quote.LAST : inner(open, at, start);
		}
		if (next == ':' || next == COLON) {
			return Quote.BROKEN;
		}
		if (next == '+' && isQuote(charAt(skipSpace(behind + 1)))) {
			return Quote.BROKEN;
		}
		if (isQuote(next) && behind > at + 1 && (!object || isKeyAt(behind))) {
			return Quote.LAST;
		}
		if (object && isKeyAt(behind)) {
			return Quote.LAST;
		}
		if (this.text.substring(at + 1, behind).indexOf('\n') >= 0) {
			// Likelier that a comma is missing, which is certain only in an array
			return object ? Quote.BROKEN : Quote.LAST;
		}
		if (!object && behind > at + 1 && beginsElement(behind, false)) {
			return Quote.BROKEN;
		}
		return inner(open, at, start);
	}

	private Quote inner(char open, int at, int start) {
		boolean between = at > start && Character.isLetter(this.text.charAt(at - 1))
				&& Character.isLetter(charAt(at + 1));
		if (between && open != '"') {
			return Quote.APOSTROPHE;
		}
		// Behind these it is likelier that the quote of another text is missing
		int before = at - 1;
		int first = Math.max(start, at - MAX_LOOK_BACK);
		while (before >= first && isBlank(this.text.charAt(before))) {
			before--;
		}
		boolean structure = before >= first && ",:[{".indexOf(this.text.charAt(before)) >= 0;
		return structure ? Quote.BROKEN : Quote.INNER;
	}

	private boolean beginsElement(int at, boolean object) {
		if (at >= this.text.length()) {
			return true;
		}
		char c = this.text.charAt(at);
		if (c == '}' || c == ']' || c == ',' || c == '#' || isComment(at)) {
			return true;
		}
		if (object) {
			return isKeyAt(at);
		}
		if (isQuote(c) || isDigit(c) || c == '-' || c == '{' || c == '[') {
			return true;
		}
		int end = at;
		while (end < at + 6 && Character.isLetter(charAt(end))) {
			end++;
		}
		return switch (this.text.substring(at, end)) {
			case "true", "false", "null", "True", "False", "None" -> isDelimiter(end);
			default -> false;
		};
	}

	// Whether a key of limited length and a colon stand here
	private boolean isKeyAt(int at) {
		char open = charAt(at);
		int limit = Math.min(this.text.length(), at + MAX_KEY);
		int end = at;
		if (isQuote(open)) {
			end++;
			while (end < limit && !closes(open, this.text.charAt(end)) && this.text.charAt(end) != '\n') {
				end++;
			}
			if (end >= limit || this.text.charAt(end) == '\n') {
				return false;
			}
			end++;
		}
		else {
			while (end < limit && isKeyPart(this.text.charAt(end))) {
				end++;
			}
			if (end == at) {
				return false;
			}
		}
		int space = Math.min(this.text.length(), end + MAX_LOOK_BACK);
		while (end < space && isBlank(this.text.charAt(end))) {
			end++;
		}
		char next = charAt(end);
		return next == ':' || next == COLON || (next == '=' && charAt(end + 1) == '>');
	}

	private static boolean isQuote(char c) {
		return c == '"' || c == '\'' || c == '`' || DOUBLE_QUOTES.indexOf(c) >= 0 || SINGLE_QUOTES.indexOf(c) >= 0;
	}

	private static boolean closes(char open, char c) {
		if (open < 0x80) {
			return c == open;
		}
		return (DOUBLE_QUOTES.indexOf(open) >= 0) ? DOUBLE_QUOTES.indexOf(c) >= 0 || c == '"'
				: SINGLE_QUOTES.indexOf(c) >= 0 || c == '\'';
	}

	private void skipBlank() {
		while (true) {
			this.position = skipSpace(this.position);
			if (this.position >= this.text.length()) {
				return;
			}
			char c = this.text.charAt(this.position);
			if (c == '#' || (c == '/' && charAt(this.position + 1) == '/')) {
				this.position = behindLine(this.position);
			}
			else if (c == '/' && charAt(this.position + 1) == '*') {
				int end = this.text.indexOf("*/", this.position + 2);
				this.position = (end >= 0) ? end + 2 : this.text.length();
			}
			else {
				return;
			}
			this.steps.add(RepairStep.COMMENT);
		}
	}

	private int behindLine(int at) {
		int end = this.text.indexOf('\n', at);
		return (end >= 0) ? end + 1 : this.text.length();
	}

	private boolean isComment(int at) {
		return charAt(at) == '/' && (charAt(at + 1) == '/' || charAt(at + 1) == '*');
	}

	private int skipSpace(int from) {
		int at = from;
		while (at < this.text.length() && isBlank(this.text.charAt(at))) {
			at++;
		}
		return at;
	}

	static boolean isBlank(char c) {
		return c <= ' ' || (c >= 0x7F && (Character.isWhitespace(c) || c == '\u00A0' || c == '\u202F' || c == '\uFEFF'
				|| c == '\u200B' || c == '\u0085'));
	}

	private static boolean isDigit(char c) {
		return c >= '0' && c <= '9';
	}

	private char charAt(int at) {
		return (at < this.text.length()) ? this.text.charAt(at) : 0;
	}

	private enum State {

		FIRST_KEY, NEXT_KEY, VALUE, FIRST_ITEM, NEXT_ITEM, BEHIND, END, FAILED

	}

	private enum Quote {

		LAST, INNER, APOSTROPHE, BROKEN

	}

}
