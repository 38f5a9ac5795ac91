package io.tokensaving.material.parts;

/**
 * The text that is being divided. It counts how much of it is read, because dividing has
 * to be linear whatever the text is: a divider that reads much more than that is stopped
 * by {@link WorkExceededException}. For one thread.
 */
final class Source {

	/**
	 * How often each char may be read.
	 */
	static final int MAX_READS = 100;

	// Parts of a text are at most about so many: they are coarser in a long text
	private static final int MANY_PARTS = 20_000;

	private static final long FREE_READS = 10_000;

	private final String text;

	private final long maxWork;

	private long work;

	Source(String text) {
		this.text = text;
		this.maxWork = FREE_READS + (long) MAX_READS * text.length();
	}

	String text() {
		return this.text;
	}

	int length() {
		return this.text.length();
	}

	/**
	 * Return how many chars were read.
	 * @return the number, with repetitions
	 */
	long work() {
		return this.work;
	}

	/**
	 * Return the length in chars below which parts should be put together.
	 * @return the length, at least 1
	 */
	int grain() {
		return 1 + this.text.length() / MANY_PARTS;
	}

	void spend(long chars) {
		this.work += chars;
		if (this.work > this.maxWork) {
			throw new WorkExceededException();
		}
	}

	char charAt(int index) {
		spend(1);
		return this.text.charAt(index);
	}

	/**
	 * Return the char at an index.
	 * @param index the index
	 * @param limit the index from which on there are no chars
	 * @return the char, or NUL if there is none
	 */
	char peek(int index, int limit) {
		return (index >= 0 && index < limit) ? charAt(index) : '\0';
	}

	int indexOf(char wanted, int start, int limit) {
		int at = start;
		while (at < limit && this.text.charAt(at) != wanted) {
			at++;
		}
		spend(at - start + 1L);
		return (at < limit) ? at : -1;
	}

	int indexOf(String wanted, int start, int limit) {
		int at = start;
		while (at <= limit - wanted.length()) {
			at = indexOf(wanted.charAt(0), at, limit);
			if (at < 0 || startsWith(wanted, at, limit)) {
				return at;
			}
			at++;
		}
		return -1;
	}

	boolean startsWith(String wanted, int start, int limit) {
		spend(1);
		return start >= 0 && start + wanted.length() <= limit && this.text.startsWith(wanted, start);
	}

	/**
	 * Return the end of a line.
	 * @param start an index in the line
	 * @param limit the end of the text
	 * @return the index after its line feed, or the limit
	 */
	int lineEnd(int start, int limit) {
		int newline = indexOf('\n', start, limit);
		return (newline < 0) ? limit : newline + 1;
	}

	int skipBlank(int start, int limit) {
		int at = start;
		while (at < limit && isBlank(charAt(at))) {
			at++;
		}
		return at;
	}

	int skipBlankBackwards(int end, int start) {
		int at = end;
		while (at > start && isBlank(charAt(at - 1))) {
			at--;
		}
		return at;
	}

	int skipSpaces(int start, int limit) {
		int at = start;
		while (at < limit && isSpace(charAt(at))) {
			at++;
		}
		return at;
	}

	/**
	 * Return the start of the line in which a text starts after blank lines.
	 * @param start the index of the first char of a line
	 * @param text the index of the first char that is not blank
	 * @return the index after the last line feed between them
	 */
	int skipBlankLines(int start, int text) {
		int at = text;
		while (at > start && charAt(at - 1) != '\n') {
			at--;
		}
		return at;
	}

	int run(char mark, int start, int limit) {
		int at = start;
		while (at < limit && charAt(at) == mark) {
			at++;
		}
		return at - start;
	}

	int countLines(int start, int end) {
		int lines = 0;
		for (int at = start; at < end; at = lineEnd(at, end)) {
			lines++;
		}
		return lines;
	}

	String substring(int start, int end) {
		spend(end - start);
		return this.text.substring(start, end);
	}

	static boolean isSpace(char c) {
		return c == ' ' || c == '\t';
	}

	static boolean isBlank(char c) {
		return c == ' ' || c == '\n' || c == '\r' || c == '\t' || (c >= 0x80 && Character.isWhitespace(c));
	}

	/**
	 * Thrown when a text would take more than linear time.
	 */
	static final class WorkExceededException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		WorkExceededException() {
			super("the text is not divided in linear time", null, false, false);
		}

	}

}
