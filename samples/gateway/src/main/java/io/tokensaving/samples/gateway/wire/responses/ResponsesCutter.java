package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Cuts a response into the events of a stream. The last one holds the response as it is.
 */
final class ResponsesCutter {

	/**
	 * What is not known when a response begins.
	 */
	private static final Set<String> AT_END = Set.of("usage", "completed_at", "error", "incomplete_details");

	private static final String ITEM_ID = "item_id";

	private static final String OUTPUT_INDEX = "output_index";

	private static final String CONTENT_INDEX = "content_index";

	private static final String SUMMARY_INDEX = "summary_index";

	private static final String CONTENT = "content";

	private static final String SUMMARY = "summary";

	private static final String LOGPROBS = "logprobs";

	private final List<ServerSentEvent> events = new ArrayList<>();

	private int index;

	private String itemId = "";

	static List<ServerSentEvent> cut(String body) {
		ResponsesCutter cutter = new ResponsesCutter();
		cutter.response(AnswerJson.object(body), body);
		return List.copyOf(cutter.events);
	}

	private void response(ObjectNode response, String body) {
		ObjectNode begun = AnswerJson.object();
		for (Map.Entry<String, JsonNode> field : response.properties()) {
			if (field.getKey().equals("output")) {
				begun.putArray("output");
			}
			else if (AT_END.contains(field.getKey())) {
				begun.putNull(field.getKey());
			}
			else {
				begun.set(field.getKey(), field.getValue());
			}
		}
		begun.put("status", "in_progress");
		for (String type : List.of("response.created", "response.in_progress")) {
			ObjectNode event = event(type);
			event.set("response", begun);
			emit(event);
		}
		for (JsonNode item : response.path("output")) {
			item(item);
			this.index++;
		}
		String last = "response." + response.path("status").stringValue(ResponsesAnswer.COMPLETED);
		// Line ends are white space here, as those in texts are escaped
		String whole = body.strip().replace('\n', ' ').replace('\r', ' ');
		this.events.add(new ServerSentEvent(last, "{\"type\":" + JsonWriter.quote(last) + ",\"sequence_number\":"
				+ this.events.size() + ",\"response\":" + whole + "}"));
	}

	private void item(JsonNode item) {
		this.itemId = item.path("id").stringValue("");
		String type = ResponsesAnswer.type(item);
		ObjectNode begun = (item instanceof ObjectNode object) ? object.deepCopy() : AnswerJson.object();
		if (begun.has("status")) {
			begun.put("status", "in_progress");
		}
		List<String> pieces = switch (type) {
			case "message" -> List.of(CONTENT);
			case "reasoning" -> List.of(SUMMARY, CONTENT);
			case "function_call" -> List.of("arguments");
			case "custom_tool_call" -> List.of("input");
			default -> List.of();
		};
		for (String piece : pieces) {
			if (begun.path(piece).isArray()) {
				begun.putArray(piece);
			}
			else if (begun.path(piece).isString()) {
				begun.put(piece, "");
			}
		}
		ObjectNode added = event("response.output_item.added").put(OUTPUT_INDEX, this.index);
		added.set("item", begun);
		emit(added);
		switch (type) {
			case "message" -> contents(item.path(CONTENT));
			case "reasoning" -> {
				summaries(item.path(SUMMARY));
				contents(item.path(CONTENT));
			}
			case "function_call" -> call(item, "response.function_call_arguments", "arguments");
			case "custom_tool_call" -> call(item, "response.custom_tool_call_input", "input");
			default -> {
				// Comes whole
			}
		}
		ObjectNode done = event("response.output_item.done").put(OUTPUT_INDEX, this.index);
		done.set("item", item);
		emit(done);
	}

	private void call(JsonNode item, String type, String name) {
		String text = item.path(name).stringValue("");
		if (!text.isEmpty()) {
			emit(ofItem(type + ".delta").put("delta", text));
		}
		ObjectNode done = ofItem(type + ".done");
		if (name.equals("arguments")) {
			done.put("name", item.path("name").stringValue(""));
		}
		emit(done.put(name, text));
	}

	private void contents(JsonNode contents) {
		int place = 0;
		for (JsonNode part : contents) {
			part(part, place++, CONTENT_INDEX, "response.content_part", kind(part));
		}
	}

	private void summaries(JsonNode summaries) {
		int place = 0;
		for (JsonNode part : summaries) {
			part(part, place++, SUMMARY_INDEX, "response.reasoning_summary_part",
					new Kind("response.reasoning_summary_text", "text"));
		}
	}

	private static @Nullable Kind kind(JsonNode part) {
		return switch (ResponsesAnswer.type(part)) {
			case "output_text" -> new Kind("response.output_text", "text");
			case "reasoning_text" -> new Kind("response.reasoning_text", "text");
			case "refusal" -> new Kind("response.refusal", "refusal");
			default -> null;
		};
	}

	private void part(JsonNode part, int place, String placeName, String type, @Nullable Kind kind) {
		ObjectNode begun = (part instanceof ObjectNode object) ? object.deepCopy() : AnswerJson.object();
		if (kind != null) {
			begun.put(kind.member(), "");
			for (String name : List.of("annotations", LOGPROBS)) {
				if (begun.path(name).isArray()) {
					begun.putArray(name);
				}
			}
		}
		ObjectNode added = ofItem(type + ".added").put(placeName, place);
		added.set("part", begun);
		emit(added);
		if (kind != null) {
			text(part, place, placeName, kind);
		}
		ObjectNode done = ofItem(type + ".done").put(placeName, place);
		done.set("part", part);
		emit(done);
	}

	private void text(JsonNode part, int place, String placeName, Kind kind) {
		String text = part.path(kind.member()).stringValue("");
		boolean output = ResponsesAnswer.type(part).equals("output_text");
		ArrayNode logprobs = (part.path(LOGPROBS) instanceof ArrayNode given) ? given
				: AnswerJson.object().putArray(LOGPROBS);
		if (!text.isEmpty()) {
			ObjectNode delta = ofItem(kind.type() + ".delta").put(placeName, place).put("delta", text);
			if (output) {
				delta.set(LOGPROBS, logprobs);
			}
			emit(delta);
		}
		int number = 0;
		for (JsonNode annotation : part.path("annotations")) {
			ObjectNode event = ofItem("response.output_text.annotation.added").put(placeName, place)
				.put("annotation_index", number++);
			event.set("annotation", annotation);
			emit(event);
		}
		ObjectNode done = ofItem(kind.type() + ".done").put(placeName, place).put(kind.member(), text);
		if (output) {
			done.set(LOGPROBS, logprobs);
		}
		emit(done);
	}

	private ObjectNode ofItem(String type) {
		return event(type).put(ITEM_ID, this.itemId).put(OUTPUT_INDEX, this.index);
	}

	private ObjectNode event(String type) {
		return AnswerJson.object().put("type", type).put("sequence_number", this.events.size());
	}

	private void emit(ObjectNode event) {
		this.events.add(new ServerSentEvent(ResponsesAnswer.type(event), event.toString()));
	}

	/**
	 * A kind of text.
	 *
	 * @param type how the types of its events begin
	 * @param member the member of the part that holds it
	 */
	private record Kind(String type, String member) {

	}

}
