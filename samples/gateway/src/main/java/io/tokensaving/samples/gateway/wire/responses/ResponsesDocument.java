package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.cache.CacheableDocument;
import io.tokensaving.samples.gateway.wire.document.MessageNode;
import io.tokensaving.samples.gateway.wire.document.ToolNode;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.Span;
import org.jspecify.annotations.Nullable;

/**
 * A request for a response as the client sent it, and where its parts stand.
 *
 * @param body the bytes, which must not change
 * @param members the members of the document
 * @param end the offset of the brace that ends it
 * @param items the items of its input; one if that is a text
 * @param input where the input stands, or {@code null} if it is neither a text nor an
 * array
 * @param text whether the input is a text
 * @param instructions its instructions, or {@code null} if they are no text
 * @param tools its tools
 * @param toolsSpan where their array stands, or {@code null} if there is none
 * @param output where its format of the output stands
 * @param stream whether a stream is asked for
 * @param asItIs whether nothing of it may be changed
 * @param bound whether it refers to what only one upstream has
 * @param marked whether it says itself what the provider's prompt cache is to keep
 * @param options the options as they were read, without this document
 */
record ResponsesDocument(byte[] body, List<JsonMember> members, int end, List<MessageNode> items, @Nullable Span input,
		boolean text, @Nullable String instructions, List<ToolNode> tools, @Nullable Span toolsSpan, Output output,
		boolean stream, boolean asItIs, boolean bound, boolean marked,
		WireOptions options) implements CacheableDocument {

	/**
	 * The place of the instructions.
	 */
	static final int INSTRUCTIONS = -1;

	/**
	 * The place of all there is.
	 */
	static final int ALL = -2;

	// Options that stand in front of the messages of the model's own prompt
	private static final List<String> FRONT = List.of("text", "reasoning", "tools", "tool_choice");

	@Override
	public boolean isBound() {
		return this.bound;
	}

	@Override
	public boolean isCacheManaged() {
		return this.marked || this.asItIs;
	}

	@Override
	public List<@Nullable Object> frontOptions() {
		Map<String, Object> fields = this.options.getFields();
		List<@Nullable Object> values = new ArrayList<>(FRONT.size());
		FRONT.forEach((name) -> values.add(fields.get(name)));
		return values;
	}

	@Override
	public List<@Nullable Object> messageOptions() {
		return List.of();
	}

	/**
	 * Where a document says how the output is to look. Immutable.
	 *
	 * @param text the object with the format, or {@code null} if there is none
	 * @param empty whether that has no members
	 * @param format the format, or {@code null} if there is none
	 * @param schema its schema, or {@code null} if there is none
	 */
	record Output(@Nullable Span text, boolean empty, @Nullable Span format, @Nullable Span schema) {

		static final Output NONE = new Output(null, true, null, null);

	}

}
