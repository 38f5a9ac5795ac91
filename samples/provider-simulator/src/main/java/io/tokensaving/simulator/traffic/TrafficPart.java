package io.tokensaving.simulator.traffic;

import java.util.List;
import java.util.stream.Collectors;

import io.tokensaving.simulator.PromptBlock;
import io.tokensaving.simulator.PromptBlock.Layer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a made-up prompt: a tool, a system text or a block of a message. Parts of
 * equal kind and text are equal for every provider's cache. Immutable but for what it
 * remembers; safe for use by several threads.
 */
public final class TrafficPart {

	/** Characters of a token, as the simulator counts by default. */
	public static final int CHARS = 4;

	private final Kind kind;

	private final String name;

	private final List<Piece> pieces;

	private final int tokens;

	private volatile @Nullable PromptBlock block;

	private TrafficPart(Kind kind, String name, List<Piece> pieces) {
		this.kind = kind;
		this.name = name;
		this.pieces = List.copyOf(pieces);
		this.tokens = pieces.stream().mapToInt(Piece::tokens).sum();
	}

	/**
	 * A part of one made-up text.
	 * @param kind what it is
	 * @param name tells its text from others
	 * @param tokens how many it has
	 * @return the part
	 */
	public static TrafficPart of(Kind kind, String name, int tokens) {
		return new TrafficPart(kind, name, List.of(new Piece(name, tokens, "")));
	}

	/**
	 * A part whose text is put together.
	 * @param kind what it is
	 * @param name the name of the part
	 * @param pieces its text, in that order
	 * @return the part
	 */
	public static TrafficPart of(Kind kind, String name, Piece... pieces) {
		return new TrafficPart(kind, name, List.of(pieces));
	}

	public Kind kind() {
		return this.kind;
	}

	/**
	 * The name of a tool, and the id that a call and its result have in common.
	 * @return letters, digits, hyphens and underscores
	 */
	public String name() {
		return this.name;
	}

	public int tokens() {
		return this.tokens;
	}

	/**
	 * The text, of four characters a token.
	 * @return the text of all pieces
	 */
	public String text() {
		return this.pieces.stream().map(Piece::text).collect(Collectors.joining());
	}

	/**
	 * The part as a cache sees it; its content is by name, so that long texts cost
	 * nothing.
	 * @return the block, the same each time
	 */
	public PromptBlock block() {
		PromptBlock known = this.block;
		if (known == null) {
			String content = this.pieces.stream()
				.map((piece) -> piece.name() + "#" + piece.tokens() + "#" + piece.literal())
				.collect(Collectors.joining("|"));
			known = switch (this.kind) {
				case TOOL -> PromptBlock.whole(Layer.TOOLS, "tool", content, this.tokens);
				case SYSTEM -> PromptBlock.whole(Layer.SYSTEM, "text", content, this.tokens);
				case USER, ASSISTANT, IMAGE ->
					PromptBlock.whole(Layer.MESSAGES, this.kind.name(), content, this.tokens);
				case TOOL_CALL, TOOL_RESULT -> PromptBlock.wholeTool(this.kind.name(), content, this.tokens);
			};
			this.block = known;
		}
		return known;
	}

	@Override
	public String toString() {
		return this.kind + " " + this.name + " (" + this.tokens + ")";
	}

	/** What a part is. */
	public enum Kind {

		/** The definition of a tool. */
		TOOL,

		/** A system text. */
		SYSTEM,

		/** A text of the user. */
		USER,

		/** A text of the model. */
		ASSISTANT,

		/** A call of a tool. */
		TOOL_CALL,

		/** The result of the call of the same name. */
		TOOL_RESULT,

		/** An image in the message of the user that stands before it. */
		IMAGE

	}

	/**
	 * A piece of a text.
	 *
	 * @param name tells its text from others
	 * @param tokens how many it has
	 * @param literal what the text begins with, such as a time; cut if it is longer
	 */
	public record Piece(String name, int tokens, String literal) {

		String text() {
			StringBuilder text = new StringBuilder(this.literal);
			int length = CHARS * this.tokens;
			for (int word = 0; text.length() < length; word++) {
				text.append(this.name).append(' ').append(word).append(' ');
			}
			text.setLength(length);
			if (length > 0) {
				text.setCharAt(length - 1, '\n');
			}
			return text.toString();
		}

	}

}
