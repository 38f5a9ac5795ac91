package io.tokensaving.samples.gateway.wire.responses;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.GatewayFields;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.cache.CacheFields;
import io.tokensaving.samples.gateway.wire.document.ArrayElement;
import io.tokensaving.samples.gateway.wire.document.MessageNode;
import io.tokensaving.samples.gateway.wire.document.PartEdits;
import io.tokensaving.samples.gateway.wire.document.ToolEdits;
import io.tokensaving.samples.gateway.wire.document.ToolNode;
import io.tokensaving.samples.gateway.wire.json.JsonEdits;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.JsonMembers;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.MessagePlaces;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.StringUtils;

/**
 * Writes a document as advisors have left its prompt: ranges of the bytes of the client,
 * and what was changed. For one request.
 */
final class ResponsesWriter {

	private final ResponsesDocument document;

	private final WireOptions options;

	private final byte[] body;

	private final JsonEdits edits;

	private final Set<String> removed = new HashSet<>();

	private final Map<String, String> added = new LinkedHashMap<>();

	ResponsesWriter(ResponsesDocument document, WireOptions options) {
		this.document = document;
		this.options = options;
		this.body = document.body();
		this.edits = new JsonEdits(this.body);
	}

	byte[] write(List<Message> messages, boolean stream) {
		WireOptions read = this.document.options();
		if (!Objects.equals(this.options.getModel(), read.getModel())) {
			set(ResponsesReader.MODEL, this.options.getModel());
		}
		stream(stream);
		change(ResponsesReader.MAX_OUTPUT_TOKENS, read.getMaxTokens(), this.options.getMaxTokens());
		change("temperature", read.getTemperature(), this.options.getTemperature());
		change("top_p", read.getTopP(), this.options.getTopP());
		fields(read.getFields(), this.options.getFields());
		schema(read.getOutputSchema(), this.options.getOutputSchema());
		CacheFields.of(this.options.getCacheInjection(), this.options.getModel()).fields().forEach((name, value) -> {
			if (JsonMembers.find(this.document.members(), name) == null) {
				this.added.put(name, JsonWriter.write(value));
			}
		});
		tools();
		input(messages);
		List<String> members = new ArrayList<>(this.added.size());
		this.added.forEach((name, value) -> members.add(JsonWriter.quote(name) + ":" + value));
		JsonMembers.change(this.document.members(),
				(member) -> this.removed.contains(member.name())
						|| GatewayFields.isOurs(member.name(), this.body[member.value().start()] == '{'),
				members, this.document.end(), this.edits);
		JsonPieces pieces = new JsonPieces();
		this.edits.copy(0, this.body.length, pieces);
		return pieces.toByteArray();
	}

	private void set(String name, @Nullable Object value) {
		JsonMember member = JsonMembers.find(this.document.members(), name);
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

	private void change(String name, @Nullable Object before, @Nullable Object now) {
		if (!Objects.equals(before, now)) {
			set(name, now);
		}
	}

	private void stream(boolean stream) {
		if (stream == this.document.stream()) {
			return;
		}
		set(ResponsesReader.STREAM, stream ? Boolean.TRUE : null);
		if (!stream) {
			// The provider takes them for streams only
			set(ResponsesReader.STREAM_OPTIONS, null);
		}
	}

	private void fields(Map<String, Object> before, Map<String, Object> now) {
		if (now.equals(before)) {
			return;
		}
		Set<String> names = new HashSet<>(before.keySet());
		names.addAll(now.keySet());
		names.removeAll(Set.of(ResponsesReader.INPUT, ResponsesReader.TOOLS));
		names.forEach((name) -> change(name, before.get(name), now.get(name)));
	}

	private void schema(@Nullable String before, @Nullable String now) {
		if (Objects.equals(before, now)) {
			return;
		}
		ResponsesDocument.Output output = this.document.output();
		if (now != null && output.schema() != null) {
			this.edits.replace(output.schema(), now);
			return;
		}
		String format = (now != null)
				? "{\"type\":\"json_schema\",\"name\":\"answer\",\"strict\":true,\"schema\":" + now + "}"
				: "{\"type\":\"text\"}";
		if (output.format() != null) {
			this.edits.replace(output.format(), format);
		}
		else if (output.text() != null) {
			this.edits.insert(output.text().end() - 1, (output.empty() ? "" : ",") + "\"format\":" + format);
		}
		else if (now != null) {
			this.removed.add(ResponsesReader.TEXT);
			this.added.put(ResponsesReader.TEXT, "{\"format\":" + format + "}");
		}
	}

	private void tools() {
		List<ToolCallback> now = (this.options.getToolCallbacks() != null) ? this.options.getToolCallbacks()
				: List.of();
		if (now.equals(this.document.options().getToolCallbacks())) {
			return;
		}
		List<ToolNode> nodes = this.document.tools();
		Span span = this.document.toolsSpan();
		if (span == null || nodes.isEmpty()) {
			set(ResponsesReader.TOOLS, now.isEmpty() ? null : now.stream().map(ResponsesWriter::tool).toList());
		}
		else if (ToolEdits.isNoneLeft(nodes, now)) {
			this.removed.add(ResponsesReader.TOOLS);
		}
		else {
			ToolEdits.rearrange(this.body, span, nodes, now, ResponsesWriter::tool, null, this.edits);
		}
	}

	private static Object tool(ToolCallback callback) {
		ToolDefinition definition = callback.getToolDefinition();
		Map<String, @Nullable Object> tool = new LinkedHashMap<>();
		tool.put("type", "function");
		tool.put("name", definition.name());
		if (StringUtils.hasText(definition.description())) {
			tool.put("description", definition.description());
		}
		tool.put("parameters", JsonReader.read(definition.inputSchema().getBytes(StandardCharsets.UTF_8)));
		return tool;
	}

	private void input(List<Message> messages) {
		JsonEdits inner = new JsonEdits(this.body);
		List<ArrayElement> elements = new ArrayList<>();
		boolean[] used = new boolean[this.document.items().size()];
		StringBuilder instructions = new StringBuilder();
		boolean instructed = false;
		for (Message message : messages) {
			List<Integer> places = MessagePlaces.of(message);
			if (places.contains(ResponsesDocument.ALL)) {
				for (int place = 0; place < used.length; place++) {
					elements.add(ArrayElement.of(place));
				}
			}
			else if (places.contains(ResponsesDocument.INSTRUCTIONS)) {
				// A second one is what was behind the first
				instructions.append((message.getText() != null) ? message.getText() : "");
				instructed = true;
			}
			else if (message instanceof ToolResponseMessage results) {
				results(results.getResponses(), places, used, inner, elements);
			}
			else if (isFree(places, used)) {
				places.forEach((place) -> {
					used[place] = true;
					elements.add(ArrayElement.of(place));
				});
				edit(places, message, inner);
			}
			else {
				made(message, elements);
			}
		}
		if (instructed && !instructions.toString().equals(this.document.instructions())) {
			set(ResponsesReader.INSTRUCTIONS, instructions.toString());
		}
		write(elements, inner);
	}

	private void write(List<ArrayElement> elements, JsonEdits inner) {
		List<MessageNode> nodes = this.document.items();
		Span span = this.document.input();
		if (span == null) {
			boolean given = JsonMembers.find(this.document.members(), ResponsesReader.INPUT) != null;
			if (!elements.isEmpty() && !given) {
				this.added.put(ResponsesReader.INPUT,
						"[" + String.join(",", elements.stream().map(ArrayElement::json).toList()) + "]");
			}
			return;
		}
		if (!this.document.text() || (elements.size() == 1 && elements.get(0).place() == 0)) {
			ArrayElement.write(this.body, span, nodes.stream().map(MessageNode::span).toList(), elements, inner,
					this.edits);
			return;
		}
		// A text is the same as one message of the user
		JsonPieces content = new JsonPieces().add("[");
		for (int i = 0; i < elements.size(); i++) {
			content.add((i > 0) ? "," : "");
			if (elements.get(i).place() < 0) {
				content.add(elements.get(i).json());
			}
			else {
				content.add("{\"role\":\"user\",\"content\":");
				inner.copy(span.start(), span.end(), content);
				content.add("}");
			}
		}
		this.edits.replace(span.start(), span.end(), content.add("]"));
	}

	private static boolean isFree(List<Integer> places, boolean[] used) {
		return !places.isEmpty()
				&& places.stream().allMatch((place) -> place >= 0 && place < used.length && !used[place]);
	}

	private void results(List<ToolResponse> responses, List<Integer> places, boolean[] used, JsonEdits inner,
			List<ArrayElement> elements) {
		for (int i = 0; i < responses.size(); i++) {
			ToolResponse response = responses.get(i);
			List<Integer> place = (responses.size() == places.size()) ? places.subList(i, i + 1) : List.of();
			if (isFree(place, used)) {
				used[place.get(0)] = true;
				elements.add(ArrayElement.of(place.get(0)));
				edit(this.document.items().get(place.get(0)), response.responseData(), "input_text", inner);
			}
			else {
				Map<String, Object> item = new LinkedHashMap<>();
				item.put("type", "function_call_output");
				item.put("call_id", response.id());
				item.put("output", response.responseData());
				elements.add(ArrayElement.of(JsonWriter.write(item)));
			}
		}
	}

	// Of several items, nobody changes the text
	private void edit(List<Integer> places, Message message, JsonEdits inner) {
		if (places.size() == 1) {
			edit(this.document.items().get(places.get(0)), (message.getText() != null) ? message.getText() : "",
					(message instanceof AssistantMessage) ? "output_text" : "input_text", inner);
		}
	}

	private static void edit(MessageNode node, String now, String type, JsonEdits inner) {
		if (node.content() == null || now.equals((node.text() != null) ? node.text() : "")) {
			return;
		}
		if (node.parts() != null) {
			PartEdits.change(node, now, type, inner);
		}
		else {
			inner.replace(node.content(), JsonWriter.quote(now));
		}
	}

	// Messages of advisors
	private static void made(Message message, List<ArrayElement> elements) {
		boolean calls = message instanceof AssistantMessage assistant && assistant.hasToolCalls();
		if (!calls || StringUtils.hasText(message.getText())) {
			Map<String, Object> item = new LinkedHashMap<>();
			item.put("role", message.getMessageType().getValue());
			item.put("content", (message.getText() != null) ? message.getText() : "");
			elements.add(ArrayElement.of(JsonWriter.write(item)));
		}
		if (message instanceof AssistantMessage assistant) {
			for (ToolCall call : assistant.getToolCalls()) {
				Map<String, Object> item = new LinkedHashMap<>();
				item.put("type", "function_call");
				item.put("call_id", call.id());
				item.put("name", call.name());
				item.put("arguments", call.arguments());
				elements.add(ArrayElement.of(JsonWriter.write(item)));
			}
		}
	}

}
