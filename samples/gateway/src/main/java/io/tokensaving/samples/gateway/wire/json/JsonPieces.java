package io.tokensaving.samples.gateway.wire.json;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A document put together of ranges of others, each of whose bytes is copied once. Not
 * thread-safe.
 */
public final class JsonPieces {

	private final List<Piece> pieces = new ArrayList<>();

	private int size;

	/**
	 * Add a range.
	 * @param source the bytes, which must not change
	 * @param start the offset of the first byte
	 * @param end the offset behind the last byte
	 * @return these pieces
	 */
	public JsonPieces add(byte[] source, int start, int end) {
		if (end > start) {
			this.pieces.add(new Piece(source, start, end));
			this.size += end - start;
		}
		return this;
	}

	/**
	 * Add a text.
	 * @param text the text
	 * @return these pieces
	 */
	public JsonPieces add(String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		return add(bytes, 0, bytes.length);
	}

	/**
	 * Add all pieces of others.
	 * @param others the others
	 * @return these pieces
	 */
	public JsonPieces add(JsonPieces others) {
		this.pieces.addAll(others.pieces);
		this.size += others.size;
		return this;
	}

	/**
	 * Return the document.
	 * @return the bytes
	 */
	public byte[] toByteArray() {
		byte[] bytes = new byte[this.size];
		int position = 0;
		for (Piece piece : this.pieces) {
			int length = piece.end - piece.start;
			System.arraycopy(piece.source, piece.start, bytes, position, length);
			position += length;
		}
		return bytes;
	}

	private record Piece(byte[] source, int start, int end) {

	}

}
