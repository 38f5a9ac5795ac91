package io.tokensaving.simulator;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The prefixes of a prompt by their digests: at the end of each block, and at each
 * multiple of a step in tokens.
 */
final class PrefixChain {

	private PrefixChain() {
	}

	/**
	 * Digests prefixes.
	 * @param salt what all prefixes depend on, such as the model
	 * @param blocks the prompt
	 * @param tokenizer says where tokens end inside of a block
	 * @param step tokens between two points inside of blocks
	 * @return points in the order of their tokens
	 */
	static List<Point> of(String salt, List<PromptBlock> blocks, Tokenizer tokenizer, int step) {
		List<Point> points = new ArrayList<>();
		MessageDigest sha = PromptBlock.sha256();
		update(sha, salt);
		int before = 0;
		for (int index = 0; index < blocks.size(); index++) {
			PromptBlock block = blocks.get(index);
			sha.update((byte) 1);
			update(sha, block.header());
			sha.update((byte) 0);
			String text = block.text();
			int done = 0;
			if (!block.isWhole() && before / step < (before + block.tokens()) / step) {
				int[] ends = tokenizer.ends(text);
				for (int token = step - before % step; token < ends.length; token += step) {
					int end = ends[token - 1];
					update(sha, text.substring(done, end));
					done = end;
					points.add(new Point(before + token, digest(sha), -1));
				}
			}
			update(sha, text.substring(done));
			before += block.tokens();
			points.add(new Point(before, digest(sha), index));
		}
		return points;
	}

	/**
	 * Digests characters as they are: a token may end between two that are one code
	 * point.
	 */
	static void update(MessageDigest sha, String text) {
		byte[] bytes = new byte[2 * text.length()];
		for (int index = 0; index < text.length(); index++) {
			bytes[2 * index] = (byte) (text.charAt(index) >> 8);
			bytes[2 * index + 1] = (byte) text.charAt(index);
		}
		sha.update(bytes);
	}

	static String digest(MessageDigest sha) {
		try {
			return HexFormat.of().formatHex(((MessageDigest) sha.clone()).digest(), 0, 16);
		}
		catch (CloneNotSupportedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The end of a prefix.
	 *
	 * @param tokens how long the prefix is
	 * @param hash its digest
	 * @param block the index of the block that ends here, or -1
	 */
	record Point(int tokens, String hash, int block) {

	}

}
