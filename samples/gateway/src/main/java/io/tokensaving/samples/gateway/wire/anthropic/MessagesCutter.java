package io.tokensaving.samples.gateway.wire.anthropic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Cuts a message into the events of a stream.
 */
final class MessagesCutter {

	/**
	 * What a stream says of a message at its end only.
	 */
	private static final Set<String> IN_DELTA = Set.of("stop_reason", "stop_sequence", "stop_details", "container");

	/**
	 * What a stream says of the usage again at its end.
	 */
	private static final List<String> IN_LAST_USAGE = List.of("input_tokens", "cache_creation_input_tokens",
			"cache_read_input_tokens", "output_tokens", "output_tokens_details", "server_tool_use");

	/**
	 * Blocks whose input comes in pieces.
	 */
	private static final Set<String> WITH_INPUT = Set.of("tool_use", "server_tool_use", "mcp_tool_use");

	private final List<ServerSentEvent> events = new ArrayList<>();

	private ObjectNode current = AnswerJson.object();

	static List<ServerSentEvent> cut(String body) {
		MessagesCutter cutter = new MessagesCutter();
		cutter.message(AnswerJson.object(body));
		return cutter.events;
	}

	private void message(ObjectNode message) {
		ObjectNode started = AnswerJson.object();
		ObjectNode delta = AnswerJson.object();
		for (Map.Entry<String, JsonNode> field : message.properties()) {
			switch (field.getKey()) {
				case "content" -> started.putArray("content");
				case "usage" -> started.set("usage", firstUsage(field.getValue()));
				default -> {
					if (IN_DELTA.contains(field.getKey())) {
						delta.set(field.getKey(), field.getValue());
						started.putNull(field.getKey());
					}
					else {
						started.set(field.getKey(), field.getValue());
					}
				}
			}
		}
		event("message_start").set("message", started);
		emit();
		int index = 0;
		for (JsonNode block : message.path("content")) {
			block(index++, block);
		}
		ObjectNode end = event("message_delta");
		end.set("delta", delta);
		ObjectNode usage = end.putObject("usage");
		for (String name : IN_LAST_USAGE) {
			JsonNode value = message.path("usage").path(name);
			if (!value.isMissingNode()) {
				usage.set(name, value);
			}
		}
		emit();
		event("message_stop");
		emit();
	}

	// Nothing is written yet when a stream begins
	private static JsonNode firstUsage(JsonNode usage) {
		if (!(usage instanceof ObjectNode object)) {
			return usage;
		}
		ObjectNode first = object.deepCopy();
		if (first.path("output_tokens").isNumber()) {
			first.put("output_tokens", 1);
		}
		return first;
	}

	private void block(int index, JsonNode block) {
		String type = block.path("type").stringValue("");
		ObjectNode begun = (block instanceof ObjectNode object) ? object.deepCopy() : AnswerJson.object();
		List<ObjectNode> deltas = new ArrayList<>();
		if (type.equals("text")) {
			piece(begun, deltas, "text", "text_delta", "text");
			if (block.path("citations") instanceof ArrayNode citations) {
				begun.putArray("citations");
				citations.forEach((citation) -> deltas.add(citation(citation)));
			}
		}
		else if (type.equals("thinking")) {
			piece(begun, deltas, "thinking", "thinking_delta", "thinking");
			piece(begun, deltas, "signature", "signature_delta", "signature");
		}
		else if (WITH_INPUT.contains(type) && block.path("input").isObject()) {
			begun.putObject("input");
			ObjectNode delta = AnswerJson.object().put("type", "input_json_delta");
			deltas.add(delta.put("partial_json", block.path("input").toString()));
		}
		event("content_block_start").put("index", index).set("content_block", begun);
		emit();
		for (ObjectNode delta : deltas) {
			event("content_block_delta").put("index", index).set("delta", delta);
			emit();
		}
		event("content_block_stop").put("index", index);
		emit();
	}

	private static void piece(ObjectNode begun, List<ObjectNode> deltas, String name, String type, String in) {
		JsonNode value = begun.path(name);
		if (value.isString() && !value.stringValue().isEmpty()) {
			deltas.add(AnswerJson.object().put("type", type).put(in, value.stringValue()));
			begun.put(name, "");
		}
	}

	private static ObjectNode citation(JsonNode citation) {
		ObjectNode delta = AnswerJson.object().put("type", "citations_delta");
		delta.set("citation", citation);
		return delta;
	}

	private ObjectNode event(String type) {
		this.current = AnswerJson.object().put("type", type);
		return this.current;
	}

	private void emit() {
		this.events.add(new ServerSentEvent(this.current.path("type").stringValue(""), this.current.toString()));
	}

}
