package io.tokensaving.material.parts;

import java.util.Locale;

import io.tokensaving.material.parts.Part.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Divides values with a separator (RFC 4180) into rows below their header. A row of as
 * many columns stands in place of those that are left out. For one thread and one text.
 */
final class TableDivider {

	private static final String SEPARATORS = "\t;,|";

	private static final int LOOKED_AT = 50;

	private static final int MIN_ROWS = 4;

	private final Source source;

	private final int limit;

	private final char separator;

	private int at;

	private int columns;

	// Whether no separator is followed by a space, as it would be in a sentence
	private boolean tight;

	private TableDivider(Source source, int start, int limit, char separator) {
		this.source = source;
		this.at = start;
		this.limit = limit;
		this.separator = separator;
	}

	/**
	 * Divide a table.
	 * @param source the text
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param hint {@code csv} or {@code tsv} if it is said to be a table
	 * @param outline takes the parts
	 * @param parent the part in which they are nested, or -1
	 * @return whether it is a table; if not, nothing was added
	 */
	static boolean divide(Source source, int start, int end, @Nullable String hint, Outline outline, int parent) {
		boolean said = hint != null && hint.toLowerCase(Locale.ROOT).matches(".{0,20}(csv|tsv|tab-separated-values)");
		int from = source.skipBlank(start, end);
		int to = source.skipBlankBackwards(end, from);
		for (int i = 0; i < SEPARATORS.length(); i++) {
			char separator = SEPARATORS.charAt(i);
			if (new TableDivider(source, from, to, separator).isTable(said)) {
				new TableDivider(source, from, to, separator).add(outline, parent);
				return true;
			}
		}
		return false;
	}

	private boolean isTable(boolean said) {
		int rows = 0;
		int expected = 0;
		boolean tight = true;
		while (this.at < this.limit && rows < LOOKED_AT) {
			if (!row()) {
				return false;
			}
			expected = (rows == 0) ? this.columns : expected;
			if (this.columns < 2 || this.columns != expected) {
				return false;
			}
			tight &= this.tight;
			rows++;
		}
		boolean sure = this.separator == '\t' || tight || expected > 4;
		return rows >= MIN_ROWS && (said || (sure && (expected > 2 || tight)));
	}

	// Reads a row with its line feed; returns whether its quotation marks are closed
	private boolean row() {
		this.columns = 1;
		this.tight = true;
		boolean fieldStart = true;
		while (this.at < this.limit) {
			char c = this.source.charAt(this.at++);
			if (c == '"' && fieldStart) {
				if (!quoted()) {
					return false;
				}
			}
			else if (c == '\n') {
				return true;
			}
			this.tight &= !fieldStart || c != ' ';
			fieldStart = c == this.separator;
			this.columns += fieldStart ? 1 : 0;
		}
		return true;
	}

	private boolean quoted() {
		while (this.at < this.limit) {
			if (this.source.charAt(this.at++) == '"') {
				if (this.source.peek(this.at, this.limit) != '"') {
					return true;
				}
				this.at++;
			}
		}
		return false;
	}

	private void add(Outline outline, int parent) {
		int start = this.at;
		row();
		Marker rows = marker(this.separator, Math.min(this.columns, 1000));
		int group = outline.group(rows);
		int header = this.source.skipBlankBackwards(this.at, start);
		String label = Outline
			.label(this.source.substring(start, Math.min(header, start + 400)).replace(this.separator, ' '));
		int table = outline.add(start, this.limit, parent, outline.group(header(start, header, rows)), Kind.TABLE,
				"table", label);
		int part = -1;
		int partStart = 0;
		int count = 0;
		while (this.at < this.limit) {
			int from = this.at;
			row();
			int to = lineFeed(from);
			if (this.source.skipBlank(from, to) == to) {
				continue;
			}
			if (part >= 0 && from - partStart < this.source.grain()) {
				outline.end(part, to);
				outline.count(part, ++count);
			}
			else {
				part = outline.add(from, to, table, group, Kind.ROW, "row", "");
				partStart = from;
				count = 1;
			}
		}
	}

	// Returns where the row that was read ends without its line feed
	private int lineFeed(int from) {
		int end = this.at;
		while (end > from && (this.source.charAt(end - 1) == '\n' || this.source.charAt(end - 1) == '\r')) {
			end--;
		}
		return end;
	}

	private static Marker marker(char separator, int columns) {
		return (gap) -> Marker.ELLIPSIS + " " + gap.counted() + " left out"
				+ String.valueOf(separator).repeat(columns - 1);
	}

	private static Marker header(int start, int end, Marker rows) {
		return (gap) -> gap.source().substring(start, end) + "\n" + rows.mark(gap.withCount(gap.lines() - 1, "row"));
	}

}
