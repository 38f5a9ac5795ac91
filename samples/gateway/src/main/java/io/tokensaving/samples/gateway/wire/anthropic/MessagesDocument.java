package io.tokensaving.samples.gateway.wire.anthropic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.cache.CacheableDocument;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.MessagePlaces;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.util.StringUtils;

/**
 * A request for a message as the client sent it, and where its parts stand.
 *
 * @param body the bytes, which must not change
 * @param members the members of the document
 * @param end the offset of the brace that ends it
 * @param system the system text, or {@code null} if there is none
 * @param turns its messages
 * @param turnsSpan where their array stands
 * @param parts what the messages of the advisors stand for
 * @param tools its tools
 * @param toolsSpan where their array stands, or {@code null} if there is none
 * @param schema where the schema of the answer stands, or {@code null} if there is none
 * @param schemaText that schema, or {@code null}
 * @param model the name of the model
 * @param maxTokens the most tokens of output, or {@code null}
 * @param marks what the client says itself about the prompt cache
 * @param fields what else can change the answer
 * @param images whether a message holds an image
 */
record MessagesDocument(byte[] body, List<JsonMember> members, int end, @Nullable Content system, List<Turn> turns,
		Span turnsSpan, List<Part> parts, List<Tool> tools, @Nullable Span toolsSpan, @Nullable Span schema,
		@Nullable String schemaText, String model, @Nullable Integer maxTokens, Marks marks, Map<String, Object> fields,
		boolean images) implements CacheableDocument {

	/**
	 * Members that change the prefix from its beginning.
	 */
	private static final List<String> FRONT = List.of("output_config", "output_format", "mcp_servers", "container",
			"speed", "tools");

	/**
	 * Members that change what is behind the system text.
	 */
	private static final List<String> BEHIND = List.of("tool_choice", "thinking");

	private static final Set<String> UNMARKABLE = Set.of("thinking", "redacted_thinking");

	@Override
	public boolean isCacheManaged() {
		return this.marks != Marks.NONE;
	}

	@Override
	public List<@Nullable Object> frontOptions() {
		return values(FRONT);
	}

	@Override
	public List<@Nullable Object> messageOptions() {
		List<@Nullable Object> values = values(BEHIND);
		values.add(this.images);
		return values;
	}

	private List<@Nullable Object> values(List<String> names) {
		List<@Nullable Object> values = new ArrayList<>();
		names.forEach((name) -> values.add(this.fields.get(name)));
		return values;
	}

	/**
	 * Return the index of what a message stands for.
	 * @param message the message
	 * @return the index of the part, negative if the message is not of this document
	 */
	int place(Message message) {
		List<Integer> places = MessagePlaces.of(message);
		return (!places.isEmpty() && places.get(0) < this.parts.size()) ? places.get(0) : -1;
	}

	/**
	 * What a client says about the prompt cache.
	 */
	enum Marks {

		/**
		 * Nothing.
		 */
		NONE,

		/**
		 * Something is to be kept for five minutes.
		 */
		FIVE_MINUTES,

		/**
		 * Something is to be kept for an hour.
		 */
		ONE_HOUR

	}

	/**
	 * The content of a message, or the system text. Immutable.
	 *
	 * @param span where it stands
	 * @param text its text, if it is one
	 * @param blocks its blocks, none if it is a text
	 */
	record Content(Span span, @Nullable String text, List<Block> blocks) {

	}

	/**
	 * A block of a content. Immutable.
	 *
	 * @param span where it stands
	 * @param object whether it is an object
	 * @param type its type
	 * @param id the id of the call that it is or answers, or an empty text
	 * @param text its text, or that of the result of a tool; {@code null} if it has none
	 * @param textSpans where that stands, one for each text that it is joined of
	 */
	record Block(Span span, boolean object, String type, String id, @Nullable String text, List<Span> textSpans) {

	}

	/**
	 * A message of the document. Immutable.
	 *
	 * @param span where it stands
	 * @param content its content, or {@code null} if it has none that is understood
	 */
	record Turn(Span span, @Nullable Content content) {

	}

	/**
	 * What a message of the advisors stands for: a text or some of the blocks of a
	 * content. Immutable.
	 *
	 * @param turn the index of the message, or {@link #SYSTEM}
	 * @param content the content
	 * @param from the first of the blocks
	 * @param to the one behind the last
	 * @param text the text that the advisors see, or {@code null}
	 */
	record Part(int turn, Content content, int from, int to, @Nullable String text) {

		/**
		 * The index of the system text.
		 */
		static final int SYSTEM = -1;

		boolean isSystem() {
			return this.turn == SYSTEM;
		}

		boolean isMarkable() {
			return StringUtils.hasText(this.content.text()) || markable() != null;
		}

		/**
		 * Return the last block that can be marked.
		 * @return the block, or {@code null} if there is none
		 */
		@Nullable Block markable() {
			for (int i = this.to - 1; i >= this.from; i--) {
				Block block = this.content.blocks().get(i);
				boolean empty = block.type().equals("text") && !StringUtils.hasText(block.text());
				if (!empty && !UNMARKABLE.contains(block.type()) && block.object()) {
					return block;
				}
			}
			return null;
		}

	}

	/**
	 * A tool of the document. Immutable.
	 *
	 * @param span where it stands
	 * @param name its name, or {@code null} if it has none
	 * @param markable whether it can be marked
	 * @param schema where the schema of its input stands, or {@code null}
	 * @param schemaText that schema, or {@code null}
	 */
	record Tool(Span span, @Nullable String name, boolean markable, @Nullable Span schema,
			@Nullable String schemaText) {

	}

}
