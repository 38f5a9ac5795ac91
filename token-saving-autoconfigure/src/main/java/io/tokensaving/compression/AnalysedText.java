package io.tokensaving.compression;

import java.util.BitSet;
import java.util.List;

import io.tokensaving.compression.text.TextSpan;

/**
 * The text of a message with its sentences. Immutable.
 *
 * @param text the text, rewritten without loss if that was asked for
 * @param spans its sentences and other parts, in order and without gaps
 * @param terms the terms of each part
 * @param notable the parts that carry a number, an identifier or a quotation
 */
record AnalysedText(String text, List<TextSpan> spans, List<List<String>> terms, BitSet notable) {

	String part(int index) {
		TextSpan span = this.spans.get(index);
		return this.text.substring(span.start(), span.end());
	}

	/**
	 * Join the kept parts. What began a line begins one again.
	 * @param kept the parts
	 * @return the text without white space at its end
	 */
	String parts(BitSet kept) {
		StringBuilder result = new StringBuilder();
		for (int i = kept.nextSetBit(0); i >= 0; i = kept.nextSetBit(i + 1)) {
			TextSpan span = this.spans.get(i);
			boolean afterGap = i > 0 && !kept.get(i - 1) && !result.isEmpty();
			if (afterGap && this.text.charAt(span.start() - 1) == '\n' && result.charAt(result.length() - 1) != '\n') {
				result.append('\n');
			}
			result.append(this.text, span.start(), span.end());
		}
		return result.toString().stripTrailing();
	}

}
