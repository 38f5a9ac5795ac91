package io.tokensaving.samples.gateway.wire.json;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Changes of a document: ranges that are replaced, each by other pieces. Ranges must not
 * overlap. Not thread-safe.
 */
public final class JsonEdits {

	private final byte[] body;

	private final List<Edit> edits = new ArrayList<>();

	private boolean sorted = true;

	/**
	 * Create changes.
	 * @param body the document
	 */
	public JsonEdits(byte[] body) {
		this.body = body;
	}

	/**
	 * Whether nothing is changed.
	 * @return whether there is no change
	 */
	public boolean isEmpty() {
		return this.edits.isEmpty();
	}

	/**
	 * Replace a range.
	 * @param start the offset of the first byte
	 * @param end the offset behind the last byte; the same to insert in front of
	 * {@code start}, behind what was inserted there before
	 * @param content what takes its place
	 */
	public void replace(int start, int end, JsonPieces content) {
		this.edits.add(new Edit(start, end, content));
		this.sorted = false;
	}

	/**
	 * Replace a range.
	 * @param span the range
	 * @param text what takes its place
	 */
	public void replace(Span span, String text) {
		replace(span.start(), span.end(), new JsonPieces().add(text));
	}

	/**
	 * Insert a text.
	 * @param offset the offset of the byte in front of which it is inserted
	 * @param text the text
	 */
	public void insert(int offset, String text) {
		replace(offset, offset, new JsonPieces().add(text));
	}

	/**
	 * Add the changes of others of the same document.
	 * @param others the others
	 */
	public void addAll(JsonEdits others) {
		this.edits.addAll(others.edits);
		this.sorted = false;
	}

	/**
	 * Copy a range with its changes.
	 * @param start the offset of the first byte
	 * @param end the offset behind the last byte
	 * @param out receives the pieces
	 */
	public void copy(int start, int end, JsonPieces out) {
		if (!this.sorted) {
			this.edits.sort(Comparator.comparingInt(Edit::start));
			this.sorted = true;
		}
		int position = start;
		for (int i = first(start); i < this.edits.size() && this.edits.get(i).start() < end; i++) {
			Edit edit = this.edits.get(i);
			out.add(this.body, position, edit.start());
			out.add(edit.content());
			position = Math.max(position, edit.end());
		}
		out.add(this.body, position, end);
	}

	private int first(int start) {
		int low = 0;
		int high = this.edits.size();
		while (low < high) {
			int middle = (low + high) >>> 1;
			if (this.edits.get(middle).start() < start) {
				low = middle + 1;
			}
			else {
				high = middle;
			}
		}
		return low;
	}

	private record Edit(int start, int end, JsonPieces content) {

	}

}
