package io.tokensaving.samples.gateway.wire.openai;

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

}
