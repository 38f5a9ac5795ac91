package io.tokensaving.simulator;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

import org.jspecify.annotations.Nullable;

/**
 * One piece of a prompt as a cache sees it: what it says, where it stands and how many
 * tokens it has. Marks are not part of it, because they do not change a prefix.
 */
public final class PromptBlock {

	private final Layer layer;

	private final String header;

	private final String text;

	private final int tokens;

	private final boolean whole;

	private final boolean tool;

	private volatile byte @Nullable [] digest;

	private PromptBlock(Layer layer, String header, String text, int tokens, boolean whole, boolean tool) {
		this.layer = layer;
		this.header = header;
		this.text = text;
		this.tokens = tokens;
		this.whole = whole;
		this.tool = tool;
	}

	/**
	 * A block of text.
	 * @param layer where it stands
	 * @param header what tells it from other blocks with the same text, such as its role;
	 * costs no tokens
	 * @param text the text
	 * @param tokenizer counts its tokens
	 * @return the block
	 */
	public static PromptBlock text(Layer layer, String header, String text, Tokenizer tokenizer) {
		return new PromptBlock(layer, header, text, tokenizer.count(text), false, false);
	}

	/**
	 * A call of a tool or the result of one.
	 * @param header what tells it from other blocks with the same text
	 * @param text the call or the result
	 * @param tokenizer counts its tokens
	 * @return the block
	 */
	public static PromptBlock tool(String header, String text, Tokenizer tokenizer) {
		return new PromptBlock(Layer.MESSAGES, header, text, tokenizer.count(text), false, true);
	}

	/**
	 * A block that has a number of tokens of its own and no prefixes, such as an image.
	 * @param layer where it stands
	 * @param header what tells it from other blocks with the same content
	 * @param content its content
	 * @param tokens its tokens
	 * @return the block
	 */
	public static PromptBlock whole(Layer layer, String header, String content, int tokens) {
		return new PromptBlock(layer, header, content, tokens, true, false);
	}

	/**
	 * A call of a tool or the result of one that has a number of tokens of its own.
	 * @param header what tells it from other blocks with the same content
	 * @param content its content
	 * @param tokens its tokens
	 * @return the block
	 */
	public static PromptBlock wholeTool(String header, String content, int tokens) {
		return new PromptBlock(Layer.MESSAGES, header, content, tokens, true, true);
	}

	public Layer layer() {
		return this.layer;
	}

	/**
	 * The header that the block was made with.
	 * @return a text
	 */
	public String header() {
		return this.header;
	}

	public String text() {
		return this.text;
	}

	public int tokens() {
		return this.tokens;
	}

	/**
	 * Whether the block is a call of a tool or the result of one.
	 * @return whether it is
	 */
	public boolean isTool() {
		return this.tool;
	}

	boolean isWhole() {
		return this.whole;
	}

	byte[] digest() {
		byte[] known = this.digest;
		if (known == null) {
			MessageDigest sha = sha256();
			PrefixChain.update(sha, this.header);
			sha.update((byte) 0);
			PrefixChain.update(sha, this.text);
			known = sha.digest();
			this.digest = known;
		}
		return known;
	}

	static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** The order in which providers read a prompt. */
	public enum Layer {

		/** The schema of structured output, where a provider counts it in. */
		FORMAT,

		/** Definitions of tools. */
		TOOLS,

		/** System texts. */
		SYSTEM,

		/** Messages. */
		MESSAGES

	}

}
