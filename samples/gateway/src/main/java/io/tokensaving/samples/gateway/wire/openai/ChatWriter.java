package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.cache.CacheFields;
import io.tokensaving.samples.gateway.wire.document.ArrayElement;
import io.tokensaving.samples.gateway.wire.document.MessageNode;
import io.tokensaving.samples.gateway.wire.document.PartEdits;
import io.tokensaving.samples.gateway.wire.document.PartNode;
import io.tokensaving.samples.gateway.wire.document.ToolEdits;
import io.tokensaving.samples.gateway.wire.document.ToolNode;
import io.tokensaving.samples.gateway.wire.json.JsonEdits;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.MessagePlaces;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.tool.ToolCallback;

/**
 * Writes a document as advisors have left its prompt: ranges of the bytes of the client,
 * and what was changed. Not thread-safe.
 */
final class ChatWriter {

	// Models that think reject the older name of the limit
	private static final Pattern THINKING = Pattern.compile("(.*/)?(o[134](-|$)|gpt-[5-9]).*");

	private final ChatDocument document;

	private final WireOptions options;

	private final byte[] body;

	private final JsonEdits edits;

	private final Set<String> removed = new HashSet<>();

	private final Map<String, String> added = new LinkedHashMap<>();

	ChatWriter(ChatDocument document, WireOptions options) {
		this.document = document;
		this.options = options;
		this.body = document.body();
		this.edits = new JsonEdits(this.body);
	}

	byte[] write(List<Message> messages, boolean stream) {
		for (JsonMember member : this.document.members()) {
			if (ChatReader.isOwn(member, this.body)) {
				this.removed.add(member.name());
			}
		}
		model();
		limit();
		options();
		stream(stream);
		CacheFields cache = CacheFields.of(this.options.getCacheInjection(), this.options.getModel());
		cache.fields().forEach((name, value) -> {
			if (this.document.member(name) == null) {
				this.added.put(name, JsonWriter.write(value));
			}
		});
		tools(cache);
		messages(messages, cache);
		return assemble();
	}

	private void set(String name, @Nullable Object value) {
		JsonMember member = this.document.member(name);
		if (member != null && value == null) {
			this.removed.add(name);
		}
		else if (member != null) {
			this.edits.replace(member.value(), JsonWriter.write(value));
		}
		else if (value != null) {
			this.added.put(name, JsonWriter.write(value));
		}
	}

	private void model() {
		if (!Objects.equals(this.options.getModel(), this.document.options().getModel())) {
			set("model", this.options.getModel());
		}
	}

	private void limit() {
		JsonMember completion = this.document.member(ChatReader.MAX_COMPLETION_TOKENS);
		JsonMember plain = this.document.member(ChatReader.MAX_TOKENS);
		boolean changed = !Objects.equals(this.options.getMaxTokens(), this.document.options().getMaxTokens());
		boolean thinks = limitName(this.options.getModel()).equals(ChatReader.MAX_COMPLETION_TOKENS);
		boolean moved = !Objects.equals(this.options.getModel(), this.document.options().getModel());
		if (moved && thinks && completion == null && plain != null) {
			this.removed.add(ChatReader.MAX_TOKENS);
			String value = changed ? JsonWriter.write(this.options.getMaxTokens()) : text(plain.value());
			this.added.put(ChatReader.MAX_COMPLETION_TOKENS, value);
		}
		else if (changed) {
			set((completion != null) ? completion.name()
					: (plain != null) ? plain.name() : limitName(this.options.getModel()), this.options.getMaxTokens());
		}
	}

	/**
	 * Return the name by which a model takes the largest number of output tokens.
	 * @param model the name of the model
	 * @return the name of the member
	 */
	static String limitName(@Nullable String model) {
		return (model != null && THINKING.matcher(model).matches()) ? ChatReader.MAX_COMPLETION_TOKENS
				: ChatReader.MAX_TOKENS;
	}

	private String text(Span span) {
		return new String(this.body, span.start(), span.end() - span.start(), StandardCharsets.UTF_8);
	}

	private void options() {
		WireOptions read = this.document.options();
		change("temperature", read.getTemperature(), this.options.getTemperature());
		change("top_p", read.getTopP(), this.options.getTopP());
		change("frequency_penalty", read.getFrequencyPenalty(), this.options.getFrequencyPenalty());
		change("presence_penalty", read.getPresencePenalty(), this.options.getPresencePenalty());
		change("top_k", read.getTopK(), this.options.getTopK());
		change("stop", read.getStopSequences(), this.options.getStopSequences());
		Map<String, Object> before = read.getFields();
		Map<String, Object> now = this.options.getFields();
		if (!now.equals(before)) {
			Set<String> names = new HashSet<>(before.keySet());
			names.addAll(now.keySet());
			names.removeAll(Set.of(ChatReader.MESSAGES, ChatReader.TOOLS));
			names.forEach((name) -> change(name, before.get(name), now.get(name)));
		}
		String schema = this.options.getOutputSchema();
		if (!Objects.equals(schema, read.getOutputSchema())) {
			set("response_format", (schema != null) ? ChatBodies.schemaFormat(schema) : null);
		}
	}

	private void change(String name, @Nullable Object before, @Nullable Object now) {
		if (!Objects.equals(before, now)) {
			set(name, now);
		}
	}

	private void stream(boolean stream) {
		if (stream != this.document.stream()) {
			set("stream", stream ? Boolean.TRUE : null);
		}
		JsonMember member = this.document.member(ChatReader.STREAM_OPTIONS);
		if (!stream) {
			if (member != null && this.document.stream()) {
				this.removed.add(ChatReader.STREAM_OPTIONS);
			}
			return;
		}
		if (this.document.usageAsked()) {
			return;
		}
		List<JsonMember> given = this.document.streamOptions();
		if (given == null) {
			set(ChatReader.STREAM_OPTIONS, Map.of(ChatReader.INCLUDE_USAGE, true));
			return;
		}
		for (JsonMember option : given) {
			if (option.name().equals(ChatReader.INCLUDE_USAGE)) {
				this.edits.replace(option.value(), "true");
				return;
			}
		}
		int end = Objects.requireNonNull(member).value().end() - 1;
		this.edits.insert(end, (given.isEmpty() ? "" : ",") + "\"" + ChatReader.INCLUDE_USAGE + "\":true");
	}

	// Tools

	private void tools(CacheFields cache) {
		List<ToolCallback> now = (this.options.getToolCallbacks() != null) ? this.options.getToolCallbacks()
				: List.of();
		List<ToolNode> nodes = this.document.tools();
		if (!now.equals(this.document.options().getToolCallbacks())) {
			Span span = this.document.toolsSpan();
			if (span == null || nodes.isEmpty()) {
				set(ChatReader.TOOLS, now.isEmpty() ? null : now.stream().map(ChatBodies::tool).toList());
			}
			else if (ToolEdits.isNoneLeft(nodes, now)) {
				this.removed.add(ChatReader.TOOLS);
			}
			else {
				ToolEdits.rearrange(this.body, span, nodes, now, ChatBodies::tool,
						(cache.tools() != null) ? mark(cache.tools()) : null, this.edits);
			}
		}
		else if (cache.tools() != null && !nodes.isEmpty()) {
			mark(nodes.get(nodes.size() - 1).end(), cache.tools(), this.edits);
		}
	}

	// Messages

	private void messages(List<Message> messages, CacheFields cache) {
		JsonEdits inner = new JsonEdits(this.body);
		List<ArrayElement> elements = new ArrayList<>(messages.size());
		boolean[] used = new boolean[this.document.messages().size()];
		int lastSystem = lastSystem(messages, cache.split());
		for (int i = 0; i < messages.size(); i++) {
			Message message = messages.get(i);
			CacheTtl ttl = (i == lastSystem) ? cache.system() : cache.behindMessage(i, messages.size());
			element(message, ttl, used, inner, elements);
		}
		ArrayElement.write(this.body, this.document.messagesSpan(),
				this.document.messages().stream().map(MessageNode::span).toList(), elements, inner, this.edits);
	}

	private static int lastSystem(List<Message> messages, boolean split) {
		int last = -1;
		for (int i = 0; i < messages.size(); i++) {
			if (messages.get(i) instanceof SystemMessage) {
				if (split && last >= 0) {
					// Of a text in two parts the first one is marked
					return last;
				}
				last = i;
			}
		}
		return last;
	}

	private void element(Message message, @Nullable CacheTtl ttl, boolean[] used, JsonEdits inner,
			List<ArrayElement> elements) {
		List<Integer> places = MessagePlaces.of(message);
		if (message instanceof ToolResponseMessage results) {
			results(results.getResponses(), places, ttl, used, inner, elements);
			return;
		}
		int place = (places.size() == 1) ? places.get(0) : -1;
		if (place < 0 || place >= used.length || used[place]) {
			// One that an advisor has made, or divided
			Map<String, Object> made = ChatBodies.message(message);
			elements.add(ArrayElement.of(JsonWriter.write((ttl != null) ? ChatBodies.marked(made, ttl) : made)));
			return;
		}
		used[place] = true;
		elements.add(ArrayElement.of(place));
		edit(this.document.messages().get(place), message.getText(), ttl, inner);
	}

	private void results(List<ToolResponse> responses, List<Integer> places, @Nullable CacheTtl ttl, boolean[] used,
			JsonEdits inner, List<ArrayElement> elements) {
		for (int i = 0; i < responses.size(); i++) {
			ToolResponse response = responses.get(i);
			CacheTtl mark = (i == responses.size() - 1) ? ttl : null;
			int place = (responses.size() == places.size()) ? places.get(i) : -1;
			if (place < 0 || place >= used.length || used[place]) {
				Map<String, Object> made = ChatBodies.result(response);
				elements.add(ArrayElement.of(JsonWriter.write((mark != null) ? ChatBodies.marked(made, mark) : made)));
			}
			else {
				used[place] = true;
				elements.add(ArrayElement.of(place));
				edit(this.document.messages().get(place), response.responseData(), mark, inner);
			}
		}
	}

	private void edit(MessageNode node, @Nullable String text, @Nullable CacheTtl ttl, JsonEdits inner) {
		String before = (node.text() != null) ? node.text() : "";
		String now = (text != null) ? text : "";
		boolean changed = !before.equals(now);
		List<PartNode> parts = node.parts();
		if (parts != null) {
			if (changed) {
				PartEdits.change(node, now, "text", inner);
			}
			if (ttl != null && !parts.isEmpty() && parts.get(parts.size() - 1).object()) {
				mark(parts.get(parts.size() - 1).end(), ttl, inner);
			}
		}
		else if (node.content() != null && (changed || (ttl != null && !now.isEmpty()))) {
			Span content = node.content();
			if (ttl == null || now.isEmpty()) {
				inner.replace(content, JsonWriter.quote(now));
				return;
			}
			JsonPieces marked = new JsonPieces().add("[{\"type\":\"text\",\"text\":");
			if (changed) {
				marked.add(JsonWriter.quote(now));
			}
			else {
				marked.add(this.body, content.start(), content.end());
			}
			inner.replace(content.start(), content.end(),
					marked.add(",\"cache_control\":" + JsonWriter.write(CacheFields.control(ttl)) + "}]"));
		}
		else if (changed) {
			inner.insert(node.end() - 1, ",\"content\":" + JsonWriter.quote(now));
		}
	}

	private static void mark(int end, CacheTtl ttl, JsonEdits edits) {
		edits.insert(end - 1, "," + mark(ttl));
	}

	private static String mark(CacheTtl ttl) {
		return "\"cache_control\":" + JsonWriter.write(CacheFields.control(ttl));
	}

	private byte[] assemble() {
		JsonPieces out = new JsonPieces();
		List<JsonMember> members = this.document.members();
		int position = 0;
		boolean first = true;
		for (int i = 0; i < members.size(); i++) {
			JsonMember member = members.get(i);
			if (this.removed.contains(member.name())) {
				if (i == 0) {
					out.add(this.body, 0, member.keyStart());
				}
			}
			else {
				// What stands in front of a name is the end of the member before, or the
				// brace
				int start = (first && i > 0) ? member.keyStart() : position;
				this.edits.copy(start, member.value().end(), out);
				first = false;
			}
			position = member.value().end();
		}
		int end = this.body.length;
		int brace = end - 1;
		while (this.body[brace] != '}') {
			brace--;
		}
		out.add(this.body, position, brace);
		for (Map.Entry<String, String> entry : this.added.entrySet()) {
			out.add((first ? "" : ",") + JsonWriter.quote(entry.getKey()) + ":" + entry.getValue());
			first = false;
		}
		return out.add(this.body, brace, end).toByteArray();
	}

}
