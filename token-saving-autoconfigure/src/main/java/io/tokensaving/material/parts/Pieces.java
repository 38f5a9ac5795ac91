package io.tokensaving.material.parts;

import io.tokensaving.material.parts.Part.Kind;

/**
 * How prose is marked where something is left out: an ellipsis stands in each gap, and
 * the last one tells how much is left out in all. Cuts a text that no divider can cope
 * with into pieces.
 */
final class Pieces {

	/**
	 * Marks what is left out of prose.
	 */
	static final Marker MARKER = new Marker() {

		@Override
		public String mark(Gap gap) {
			return "[" + ELLIPSIS + " " + gap.counted() + " left out]";
		}

		@Override
		public Style style() {
			return Style.LAST;
		}

	};

	// Pieces of a text that no divider could divide
	private static final int PIECE = 1000;

	private Pieces() {
	}

	/**
	 * Divide any text, looking at nothing but its white space.
	 * @param source the text
	 * @param outline takes the parts
	 */
	static void cut(Source source, Outline outline) {
		String text = source.text();
		int size = Math.max(PIECE, text.length() / (Outline.MAX_PARTS / 2));
		int group = outline.group(MARKER);
		int at = 0;
		while (at < text.length()) {
			int end = Math.min(text.length(), at + size);
			for (int i = end; i > at + size / 2 && end < text.length(); i--) {
				if (Character.isWhitespace(text.charAt(i - 1))) {
					end = i;
					break;
				}
			}
			end = Graphemes.ceiling(text, end);
			if (!text.substring(at, end).isBlank()) {
				outline.add(at, end, -1, group, Kind.BLOCK, "piece", "");
			}
			at = end;
		}
	}

}
