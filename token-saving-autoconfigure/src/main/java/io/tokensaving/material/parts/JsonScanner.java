package io.tokensaving.material.parts;

import java.util.Arrays;
import java.util.BitSet;

import org.jspecify.annotations.Nullable;

/**
 * Reads JSON (RFC 8259) without building it: checks that it is well-formed and remembers
 * where larger objects and arrays end. Not recursive, so that nesting does no harm, and
 * strict, because a parser that accepts more would not say what another one makes of it.
 * For one thread.
 */
final class JsonScanner {

	// The ends of smaller structures are found again by reading them
	private static final int REMEMBERED = 64;

	private final Source source;

	private final int limit;

	private int at;

	// Start, end and the index after the last nested one of each remembered structure
	private int size;

	private int[] starts = new int[16];

	private int[] ends = new int[16];

	private int[] after = new int[16];

	private JsonScanner(Source source, int start, int limit) {
		this.source = source;
		this.at = start;
		this.limit = limit;
	}

	/**
	 * Scan a text.
	 * @param source the text
	 * @param start the index of its first char
	 * @param limit the index after its last char
	 * @return what was found, or {@code null} if it is not JSON
	 */
	static @Nullable JsonScanner scan(Source source, int start, int limit) {
		JsonScanner scanner = new JsonScanner(source, start, limit);
		return scanner.run() ? scanner : null;
	}

	private boolean run() {
		BitSet objects = new BitSet();
		int[] open = new int[16];
		int depth = 0;
		boolean value = true;
		boolean first = false;
		while (true) {
			this.at = blank(this.at);
			char c = this.source.peek(this.at, this.limit);
			if (value) {
				boolean object = depth > 0 && objects.get(depth);
				boolean closes = first && c == (object ? '}' : ']');
				if (!closes) {
					if (object && !key()) {
						return false;
					}
					c = this.source.peek(this.at, this.limit);
					if (c == '{' || c == '[') {
						depth++;
						objects.set(depth, c == '{');
						if (depth == open.length) {
							open = Arrays.copyOf(open, 2 * depth);
						}
						open[depth] = remember(this.at++);
						first = true;
						continue;
					}
					if (!scalar(c)) {
						return false;
					}
				}
				value = false;
				first = false;
				continue;
			}
			if (depth == 0) {
				return this.at == this.limit;
			}
			if (c == ',') {
				this.at++;
				value = true;
			}
			else if (c == (objects.get(depth) ? '}' : ']')) {
				this.at++;
				close(open[depth--]);
			}
			else {
				return false;
			}
		}
	}

	private int blank(int start) {
		int index = start;
		while (index < this.limit && isBlank(this.source.charAt(index))) {
			index++;
		}
		return index;
	}

	private static boolean isBlank(char c) {
		return c == ' ' || c == '\n' || c == '\r' || c == '\t';
	}

	private int remember(int start) {
		if (this.size == this.starts.length) {
			this.starts = Arrays.copyOf(this.starts, 2 * this.size);
			this.ends = Arrays.copyOf(this.ends, 2 * this.size);
			this.after = Arrays.copyOf(this.after, 2 * this.size);
		}
		this.starts[this.size] = start;
		return this.size++;
	}

	private void close(int structure) {
		if (this.at - this.starts[structure] < REMEMBERED) {
			// Those in it are smaller still, so it is the last
			this.size = structure;
		}
		else {
			this.ends[structure] = this.at;
			this.after[structure] = this.size;
		}
	}

	// Reads a key with its colon and what is blank
	private boolean key() {
		if (this.source.peek(this.at, this.limit) != '"' || !string()) {
			return false;
		}
		this.at = blank(this.at);
		if (this.source.peek(this.at, this.limit) != ':') {
			return false;
		}
		this.at = blank(this.at + 1);
		return true;
	}

	private boolean scalar(char first) {
		return switch (first) {
			case '"' -> string();
			case 't' -> literal("true");
			case 'f' -> literal("false");
			case 'n' -> literal("null");
			default -> number();
		};
	}

	private boolean literal(String expected) {
		if (!this.source.startsWith(expected, this.at, this.limit)) {
			return false;
		}
		this.at += expected.length();
		return true;
	}

	private boolean string() {
		this.at++;
		while (this.at < this.limit) {
			char c = this.source.charAt(this.at++);
			if (c == '"') {
				return true;
			}
			if (c < ' ' || (c == '\\' && !escape())) {
				return false;
			}
		}
		return false;
	}

	private boolean escape() {
		char c = this.source.peek(this.at++, this.limit);
		if (c != 'u') {
			return c != '\0' && "\"\\/bfnrt".indexOf(c) >= 0;
		}
		for (int i = 0; i < 4; i++) {
			if (Character.digit(this.source.peek(this.at, this.limit), 16) < 0
					|| this.source.peek(this.at++, this.limit) >= 0x80) {
				return false;
			}
		}
		return true;
	}

	private boolean number() {
		if (this.source.peek(this.at, this.limit) == '-') {
			this.at++;
		}
		if (this.source.peek(this.at, this.limit) == '0') {
			this.at++;
		}
		else if (digits() == 0) {
			return false;
		}
		if (this.source.peek(this.at, this.limit) == '.') {
			this.at++;
			if (digits() == 0) {
				return false;
			}
		}
		char c = this.source.peek(this.at, this.limit);
		if (c == 'e' || c == 'E') {
			this.at++;
			char sign = this.source.peek(this.at, this.limit);
			this.at += (sign == '+' || sign == '-') ? 1 : 0;
			return digits() > 0;
		}
		return true;
	}

	private int digits() {
		int count = 0;
		while (this.at < this.limit && this.source.charAt(this.at) >= '0' && this.source.charAt(this.at) <= '9') {
			this.at++;
			count++;
		}
		return count;
	}

	/**
	 * Return what is in an object or array.
	 * @param structure its index; 0 is that of the whole value
	 * @param start where it starts in the text
	 * @return its elements or entries
	 */
	Children children(int structure, int start) {
		return new Children(structure, start);
	}

	/**
	 * Goes through the elements of an array or the entries of an object. The text is
	 * known to be JSON.
	 */
	final class Children {

		private final boolean object;

		private int next;

		private int position;

		private int keyStart;

		private int keyEnd;

		private int valueStart;

		private int end;

		private int structure = -1;

		Children(int structure, int start) {
			this.object = JsonScanner.this.source.charAt(start) == '{';
			boolean remembered = structure < JsonScanner.this.size && JsonScanner.this.starts[structure] == start;
			this.next = remembered ? structure + 1 : JsonScanner.this.size;
			this.position = start + 1;
		}

		boolean next() {
			Source text = JsonScanner.this.source;
			this.position = blank(this.position);
			if (text.charAt(this.position) == ',') {
				this.position = blank(this.position + 1);
			}
			char first = text.charAt(this.position);
			if (first == '}' || first == ']') {
				return false;
			}
			this.keyStart = this.position;
			if (this.object) {
				this.keyEnd = stringEnd(this.position);
				this.position = blank(this.keyEnd);
				this.position = blank(this.position + 1);
			}
			this.valueStart = this.position;
			this.structure = -1;
			this.end = valueEnd(text.charAt(this.position));
			this.position = this.end;
			return true;
		}

		/**
		 * Return where the key starts, or the value if there is no key.
		 * @return the index of the quotation mark
		 */
		int keyStart() {
			return this.keyStart;
		}

		int keyEnd() {
			return this.keyEnd;
		}

		int valueStart() {
			return this.valueStart;
		}

		int end() {
			return this.end;
		}

		/**
		 * Return the index of the value, if it is a larger object or array.
		 * @return the index, or -1
		 */
		int structure() {
			return this.structure;
		}

		private int valueEnd(char first) {
			JsonScanner scanner = JsonScanner.this;
			if (first == '"') {
				return stringEnd(this.position);
			}
			if (first == '{' || first == '[') {
				if (this.next < scanner.size && scanner.starts[this.next] == this.position) {
					this.structure = this.next;
					this.next = scanner.after[this.structure];
					return scanner.ends[this.structure];
				}
				return smallEnd(this.position);
			}
			int at = this.position;
			while (at < scanner.limit && !isDelimiter(scanner.source.charAt(at))) {
				at++;
			}
			return at;
		}

		private int smallEnd(int start) {
			int depth = 0;
			int at = start;
			while (true) {
				char c = JsonScanner.this.source.charAt(at);
				if (c == '"') {
					at = stringEnd(at);
					continue;
				}
				at++;
				if (c == '{' || c == '[') {
					depth++;
				}
				else if ((c == '}' || c == ']') && --depth == 0) {
					return at;
				}
			}
		}

		private int stringEnd(int start) {
			int at = start + 1;
			while (true) {
				char c = JsonScanner.this.source.charAt(at++);
				if (c == '"') {
					return at;
				}
				if (c == '\\') {
					at++;
				}
			}
		}

		private boolean isDelimiter(char c) {
			return c == ',' || c == ']' || c == '}' || isBlank(c);
		}

	}

}
