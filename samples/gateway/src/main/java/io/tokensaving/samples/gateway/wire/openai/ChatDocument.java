package io.tokensaving.samples.gateway.wire.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.cache.CacheableDocument;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.ClientTool;
import org.jspecify.annotations.Nullable;

/**
 * A request for a chat completion as the client sent it, and where its parts stand.
 *
 * @param body the bytes, which must not change
 * @param members the members of the document
 * @param messages its messages
 * @param messagesSpan where their array stands
 * @param tools its tools
 * @param toolsSpan where their array stands, or {@code null} if there is none
 * @param streamOptions the members of its stream options, or {@code null} if it has none
 * @param stream whether a stream is asked for
 * @param usageAsked whether the stream is to say what was used
 * @param marked whether it says itself what the provider's prompt cache is to keep
 * @param options the options as they were read, without this document
 */
record ChatDocument(byte[] body, List<JsonMember> members, List<MessageNode> messages, Span messagesSpan,
		List<ToolNode> tools, @Nullable Span toolsSpan, @Nullable List<JsonMember> streamOptions, boolean stream,
		boolean usageAsked, boolean marked, WireOptions options) implements CacheableDocument {

	// Options that stand in front of the messages of the model's own prompt
	private static final List<String> FRONT = List.of("response_format", "reasoning_effort", "verbosity", "tools",
			"tool_choice", "functions");

	@Nullable JsonMember member(String name) {
		for (JsonMember member : this.members) {
			if (member.name().equals(name)) {
				return member;
			}
		}
		return null;
	}

	@Override
	public boolean isCacheManaged() {
		return this.marked;
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
	 * A message of the document. Immutable.
	 *
	 * @param start the offset of its first byte
	 * @param end the offset behind its last byte
	 * @param text its text for the advisors, or {@code null} if it has none
	 * @param content where its content stands, or {@code null} if it has none
	 * @param parts the parts of its content, or {@code null} if that is no array
	 */
	record MessageNode(int start, int end, @Nullable String text, @Nullable Span content,
			@Nullable List<PartNode> parts) {

	}

	/**
	 * A part of a message. Immutable.
	 *
	 * @param start the offset of its first byte
	 * @param end the offset behind its last byte
	 * @param object whether it is an object
	 * @param text its text, or {@code null} if it is no part with a text
	 * @param textSpan where that stands, or {@code null}
	 */
	record PartNode(int start, int end, boolean object, @Nullable String text, @Nullable Span textSpan) {

	}

	/**
	 * A tool of the document. Immutable.
	 *
	 * @param start the offset of its first byte
	 * @param end the offset behind its last byte
	 * @param tool what the advisors see of it, or {@code null} if nothing
	 * @param parameters where its parameters stand, or {@code null} if it has none
	 */
	record ToolNode(int start, int end, @Nullable ClientTool tool, @Nullable Span parameters) {

	}

}
