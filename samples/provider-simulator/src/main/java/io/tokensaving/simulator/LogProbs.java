package io.tokensaving.simulator;

import java.nio.charset.StandardCharsets;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How sure the model claims to be of the tokens of a text. The numbers are made up, but
 * equal for equal texts.
 *
 * @param tokenizer cuts the text
 * @param text what the model says
 */
record LogProbs(Tokenizer tokenizer, String text) {

	/**
	 * Tokens that end in a part of the text.
	 * @param from where the part begins
	 * @param to where it ends
	 * @param top how many others are named for each token
	 */
	ArrayNode tokens(int from, int to, int top) {
		ArrayNode array = ProviderWire.array();
		int start = 0;
		for (int end : this.tokenizer.ends(this.text)) {
			if (end > from && end <= to) {
				String token = this.text.substring(start, end);
				ObjectNode node = array.addObject();
				put(node, token, logprob(start, 0));
				ArrayNode others = node.putArray("top_logprobs");
				for (int rank = 0; rank < top; rank++) {
					put(others.addObject(), (rank == 0) ? token : token + "~" + rank, logprob(start, rank));
				}
			}
			start = end;
		}
		return array;
	}

	/** Between -1 and 0 for what was said; each that was not is less sure by one. */
	double logprob(int start, int rank) {
		return -((this.text.hashCode() + 31L * start) & 0x3ff) / 1024.0 - rank;
	}

	private static void put(ObjectNode node, String token, double logprob) {
		node.put("token", token).put("logprob", logprob);
		ArrayNode bytes = node.putArray("bytes");
		for (byte value : token.getBytes(StandardCharsets.UTF_8)) {
			bytes.add(value & 0xff);
		}
	}

}
