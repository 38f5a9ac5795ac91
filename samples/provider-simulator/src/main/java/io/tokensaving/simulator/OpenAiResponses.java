package io.tokensaving.simulator;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI's Responses API, whose requests are read as those of a chat. Nothing is stored.
 */
final class OpenAiResponses {

	private static final Set<String> FIELDS = Set.of("background", "context_management", "conversation", "include",
			"input", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model", "moderation",
			"parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_options",
			"prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "stream",
			"stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation",
			"user");

	private static final List<String> SAME = List.of("model", "stream", "temperature", "top_p", "service_tier",
			"prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "parallel_tool_calls", "user",
			"metadata", "safety_identifier");

	private OpenAiResponses() {
	}

	/** The request as one of a chat. */
	static ObjectNode chat(JsonNode body, boolean strict) throws Rejection {
		if (strict) {
			String unknown = ProviderWire.unknownField(body, FIELDS);
			require(unknown == null, "Unknown parameter: '" + unknown + "'.", unknown, "unknown_parameter");
		}
		JsonNode previous = body.path("previous_response_id");
		require(!previous.isString(), "Previous response with id '" + previous.asString("") + "' not found.",
				"previous_response_id", "previous_response_not_found");
		JsonNode input = body.path("input");
		require(input.isString() || input.isArray(), "Missing required parameter: 'input'.", "input",
				"missing_required_parameter");
		ObjectNode chat = ProviderWire.object();
		SAME.stream().filter(body::has).forEach((name) -> chat.set(name, body.get(name)));
		int maxTokens = body.path("max_output_tokens").asInt(-1);
		if (maxTokens != -1) {
			require(maxTokens >= 16,
					"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got %d instead."
						.formatted(maxTokens),
					"max_output_tokens", "integer_below_min_value");
			chat.put("max_completion_tokens", maxTokens);
		}
		if (body.path("reasoning").path("effort").isString()) {
			chat.set("reasoning_effort", body.get("reasoning").get("effort"));
		}
		JsonNode format = body.path("text").path("format");
		if (ProviderWire.isOneOf(format.path("type"), "json_schema")) {
			ObjectNode schema = (ObjectNode) format.deepCopy();
			schema.remove("type");
			chat.putObject("response_format").put("type", "json_schema").set("json_schema", schema);
		}
		else if (ProviderWire.isOneOf(format.path("type"), "json_object")) {
			chat.putObject("response_format").put("type", "json_object");
		}
		if (body.path("tools").isArray()) {
			ArrayNode tools = chat.putArray("tools");
			for (JsonNode tool : body.get("tools")) {
				tools.add(nested(tool, ProviderWire.isOneOf(tool.path("type"), "custom") ? "custom" : "function"));
			}
		}
		if (body.hasNonNull("tool_choice")) {
			chat.set("tool_choice", body.get("tool_choice").isObject() ? nested(body.get("tool_choice"), "function")
					: body.get("tool_choice"));
		}
		ArrayNode messages = chat.putArray("messages");
		if (body.path("instructions").isString()) {
			messages.addObject().put("role", "system").set("content", body.get("instructions"));
		}
		if (input.isString()) {
			messages.addObject().put("role", "user").set("content", input);
		}
		else {
			for (int index = 0; index < input.size(); index++) {
				item(input.get(index), "input[" + index + "]", messages);
				requireFollowing(input, index);
			}
		}
		return chat;
	}

	private static ObjectNode nested(JsonNode flat, String type) {
		ObjectNode tool = ProviderWire.object().put("type", type);
		ObjectNode inner = (ObjectNode) flat.deepCopy();
		inner.remove("type");
		tool.set(type, inner);
		return tool;
	}

	private static void item(JsonNode item, String where, ArrayNode messages) throws Rejection {
		switch (item.path("type").asString("message")) {
			case "message" -> {
				ObjectNode message = messages.addObject();
				message.set("role", item.path("role"));
				message.set("content", content(item.path("content"), where));
			}
			case "function_call" -> {
				JsonNode last = messages.isEmpty() ? ProviderWire.object() : messages.get(messages.size() - 1);
				if (!last.has("tool_calls")) {
					ObjectNode message = messages.addObject().put("role", "assistant").putNull("content");
					message.putArray("tool_calls");
					last = message;
				}
				ObjectNode call = ((ArrayNode) last.get("tool_calls")).addObject();
				call.set("id", item.path("call_id"));
				ObjectNode function = call.put("type", "function").putObject("function");
				function.set("name", item.path("name"));
				function.set("arguments", item.path("arguments"));
			}
			case "function_call_output" -> {
				ObjectNode message = messages.addObject().put("role", "tool");
				message.set("tool_call_id", item.path("call_id"));
				message.set("content", content(item.path("output"), where));
			}
			case "reasoning" -> {
				// Of an earlier turn; only the model's own thinking is billed
			}
			default -> throw new Rejection(SimulatedError.Kind.INVALID_REQUEST,
					"Invalid value: '%s'.".formatted(item.path("type").asString("")), where + ".type", "invalid_value");
		}
	}

	/** Reasoning belongs to what the model has made after it. */
	private static void requireFollowing(JsonNode input, int index) throws Rejection {
		JsonNode item = input.get(index);
		if (!ProviderWire.isOneOf(item.path("type"), "reasoning")) {
			return;
		}
		JsonNode next = input.path(index + 1);
		require(ProviderWire.isOneOf(next.path("type"), "reasoning", "function_call")
				|| ProviderWire.isOneOf(next.path("role"), "assistant"),
				"Item '%s' of type 'reasoning' was provided without its required following item."
					.formatted(item.path("id").asString("")),
				"input", null);
	}

	private static JsonNode content(JsonNode content, String where) throws Rejection {
		if (!content.isArray()) {
			return content;
		}
		ArrayNode parts = ProviderWire.array();
		for (int index = 0; index < content.size(); index++) {
			JsonNode part = content.get(index);
			switch (part.path("type").asString("")) {
				case "input_text", "output_text" ->
					parts.addObject().put("type", "text").set("text", part.path("text"));
				case "refusal" -> parts.addObject().put("type", "refusal").set("refusal", part.path("refusal"));
				case "input_image" -> {
					ObjectNode image = parts.addObject().put("type", "image_url").putObject("image_url");
					image.set("url", part.path("image_url"));
					if (part.has("detail")) {
						image.set("detail", part.get("detail"));
					}
				}
				case "input_file" -> {
					ObjectNode file = (ObjectNode) part.deepCopy();
					file.remove("type");
					parts.addObject().put("type", "file").set("file", file);
				}
				default -> throw new Rejection(SimulatedError.Kind.INVALID_REQUEST,
						"Invalid value: '%s'. Supported values are: 'input_text', 'input_image', 'output_text', 'refusal' and 'input_file'."
							.formatted(part.path("type").asString("")),
						where + ".content[" + index + "].type", "invalid_value");
			}
		}
		return parts;
	}

	static ObjectNode body(ParsedRequest request, Completion completion, JsonNode usage, Instant now) {
		boolean cut = completion.finish() == Answer.Finish.LENGTH;
		ObjectNode response = begun(request, completion, cut ? "incomplete" : "completed", now);
		if (cut) {
			response.putObject("incomplete_details").put("reason", "max_output_tokens");
		}
		ArrayNode output = response.putArray("output");
		if (completion.thinkingTokens() > 0) {
			ObjectNode reasoning = reasoning(request, completion);
			if (isSummarized(request)) {
				((ArrayNode) reasoning.get("summary")).add(summary(completion.thinking()));
			}
			output.add(reasoning);
		}
		if (!completion.text().isEmpty()) {
			ObjectNode message = message(completion, cut ? "incomplete" : "completed");
			((ArrayNode) message.get("content")).add(part(completion, completion.text()));
			output.add(message);
		}
		for (Completion.Call call : completion.calls()) {
			output.add(call(call, call.arguments(), "completed"));
		}
		ObjectNode told = response.putObject("usage");
		told.set("input_tokens", usage.get("prompt_tokens"));
		ObjectNode details = told.putObject("input_tokens_details");
		for (String name : List.of("cached_tokens", "cache_write_tokens")) {
			if (usage.path("prompt_tokens_details").has(name)) {
				details.set(name, usage.path("prompt_tokens_details").get(name));
			}
		}
		told.set("output_tokens", usage.get("completion_tokens"));
		told.putObject("output_tokens_details")
			.set("reasoning_tokens", usage.path("completion_tokens_details").get("reasoning_tokens"));
		told.set("total_tokens", usage.get("total_tokens"));
		return response;
	}

	static List<Frame> frames(ParsedRequest request, Completion completion, JsonNode usage, Tokenizer tokenizer,
			Instant now) {
		Events events = new Events(completion.thinkingTokens());
		ObjectNode begun = begun(request, completion, "in_progress", now);
		begun.putArray("output");
		begun.putNull("usage");
		events.add("response.created", 0).set("response", begun);
		events.add("response.in_progress", 0).set("response", begun);
		Progress sent = new Progress(tokenizer, completion.outputTokens());
		ObjectNode whole = body(request, completion, usage, now);
		int place = 0;
		if (completion.thinkingTokens() > 0) {
			thoughts(request, completion, whole.get("output").get(place), events);
			place++;
		}
		if (!completion.text().isEmpty()) {
			text(completion, whole.get("output").get(place), place, events, sent);
			place++;
		}
		for (Completion.Call call : completion.calls()) {
			String id = "fc_" + call.id();
			events.add("response.output_item.added", sent.sent())
				.put("output_index", place)
				.set("item", call(call, "", "in_progress"));
			sent.begin(call.arguments());
			for (String piece : completion.pieces(call.arguments())) {
				events.add("response.function_call_arguments.delta", sent.add(piece))
					.put("item_id", id)
					.put("output_index", place)
					.put("delta", piece);
			}
			events.add("response.function_call_arguments.done", sent.sent())
				.put("item_id", id)
				.put("output_index", place)
				.put("name", call.name())
				.put("arguments", call.arguments());
			events.add("response.output_item.done", sent.sent())
				.put("output_index", place)
				.set("item", whole.get("output").get(place));
			place++;
		}
		events.add("response." + whole.get("status").asString(), completion.outputTokens()).set("response", whole);
		return events.frames();
	}

	private static void thoughts(ParsedRequest request, Completion completion, JsonNode item, Events events) {
		String id = "rs_" + completion.number();
		events.add("response.output_item.added", 0).put("output_index", 0).set("item", reasoning(request, completion));
		if (isSummarized(request)) {
			events.add("response.reasoning_summary_part.added", 0)
				.put("item_id", id)
				.put("output_index", 0)
				.put("summary_index", 0)
				.set("part", summary(""));
			for (String piece : completion.pieces(completion.thinking())) {
				events.add("response.reasoning_summary_text.delta", 0)
					.put("item_id", id)
					.put("output_index", 0)
					.put("summary_index", 0)
					.put("delta", piece);
			}
			events.add("response.reasoning_summary_text.done", 0)
				.put("item_id", id)
				.put("output_index", 0)
				.put("summary_index", 0)
				.put("text", completion.thinking());
			events.add("response.reasoning_summary_part.done", 0)
				.put("item_id", id)
				.put("output_index", 0)
				.put("summary_index", 0)
				.set("part", summary(completion.thinking()));
		}
		events.add("response.output_item.done", 0).put("output_index", 0).set("item", item);
	}

	private static boolean isSummarized(ParsedRequest request) {
		return request.json().path("reasoning").hasNonNull("summary");
	}

	private static ObjectNode summary(String text) {
		return ProviderWire.object().put("type", "summary_text").put("text", text);
	}

	/** What the model has thought, which only the provider can read. */
	private static ObjectNode reasoning(ParsedRequest request, Completion completion) {
		ObjectNode reasoning = ProviderWire.object().put("id", "rs_" + completion.number()).put("type", "reasoning");
		reasoning.putArray("summary");
		for (JsonNode asked : request.json().path("include")) {
			if (ProviderWire.isOneOf(asked, "reasoning.encrypted_content")) {
				reasoning.put("encrypted_content",
						Base64.getEncoder().encodeToString(completion.thinking().getBytes(StandardCharsets.UTF_8)));
			}
		}
		return reasoning;
	}

	private static void text(Completion completion, JsonNode message, int place, Events events, Progress sent) {
		String id = "msg_" + completion.number();
		events.add("response.output_item.added", 0)
			.put("output_index", place)
			.set("item", message(completion, "in_progress"));
		ObjectNode empty = events.add("response.content_part.added", 0)
			.put("item_id", id)
			.put("output_index", place)
			.put("content_index", 0);
		empty.set("part", part(completion, ""));
		boolean refused = completion.finish() == Answer.Finish.REFUSAL;
		String kind = refused ? "response.refusal." : "response.output_text.";
		sent.begin(completion.text());
		for (String piece : completion.pieces(completion.text())) {
			ObjectNode event = events.add(kind + "delta", sent.add(piece))
				.put("item_id", id)
				.put("output_index", place)
				.put("content_index", 0)
				.put("delta", piece);
			if (!refused) {
				event.putArray("logprobs");
			}
		}
		ObjectNode done = events.add(kind + "done", sent.sent())
			.put("item_id", id)
			.put("output_index", place)
			.put("content_index", 0)
			.put(refused ? "refusal" : "text", completion.text());
		if (!refused) {
			done.putArray("logprobs");
		}
		ObjectNode full = events.add("response.content_part.done", sent.sent())
			.put("item_id", id)
			.put("output_index", place)
			.put("content_index", 0);
		full.set("part", part(completion, completion.text()));
		events.add("response.output_item.done", sent.sent()).put("output_index", place).set("item", message);
	}

	private static ObjectNode message(Completion completion, String status) {
		ObjectNode message = ProviderWire.object()
			.put("id", "msg_" + completion.number())
			.put("type", "message")
			.put("status", status)
			.put("role", "assistant");
		message.putArray("content");
		return message;
	}

	private static ObjectNode part(Completion completion, String text) {
		if (completion.finish() == Answer.Finish.REFUSAL) {
			return ProviderWire.object().put("type", "refusal").put("refusal", text);
		}
		ObjectNode part = ProviderWire.object().put("type", "output_text").put("text", text);
		part.putArray("annotations");
		part.putArray("logprobs");
		return part;
	}

	private static ObjectNode call(Completion.Call call, String arguments, String status) {
		return ProviderWire.object()
			.put("id", "fc_" + call.id())
			.put("type", "function_call")
			.put("status", status)
			.put("call_id", "call_" + call.id())
			.put("name", call.name())
			.put("arguments", arguments);
	}

	/** What a response says of its request, before its output. */
	private static ObjectNode begun(ParsedRequest request, Completion completion, String status, Instant now) {
		JsonNode json = request.json();
		ObjectNode response = ProviderWire.object()
			.put("id", "resp_" + completion.number())
			.put("object", "response")
			.put("created_at", now.getEpochSecond())
			.put("status", status)
			.put("background", false)
			.putNull("error")
			.putNull("incomplete_details");
		copy(json, "instructions", response, ProviderWire.JSON.getNodeFactory().nullNode());
		copy(json, "max_output_tokens", response, ProviderWire.JSON.getNodeFactory().nullNode());
		response.put("model", request.name());
		copy(json, "parallel_tool_calls", response, ProviderWire.JSON.getNodeFactory().booleanNode(true));
		response.putNull("previous_response_id");
		copy(json, "reasoning", response, ProviderWire.object().putNull("effort").putNull("summary"));
		String tier = request.serviceTier();
		response.put("service_tier",
				(tier != null && request.model().serviceTiers().containsKey(tier)) ? tier : "default");
		copy(json, "store", response, ProviderWire.JSON.getNodeFactory().booleanNode(true));
		copy(json, "temperature", response, ProviderWire.JSON.getNodeFactory().numberNode(1.0));
		ObjectNode plain = ProviderWire.object();
		plain.putObject("format").put("type", "text");
		copy(json, "text", response, plain);
		copy(json, "tool_choice", response, ProviderWire.JSON.getNodeFactory().stringNode("auto"));
		copy(json, "tools", response, ProviderWire.array());
		copy(json, "top_p", response, ProviderWire.JSON.getNodeFactory().numberNode(1.0));
		copy(json, "truncation", response, ProviderWire.JSON.getNodeFactory().stringNode("disabled"));
		copy(json, "metadata", response, ProviderWire.object());
		return response;
	}

	private static void copy(JsonNode request, String name, ObjectNode response, JsonNode usual) {
		response.set(name, request.hasNonNull(name) ? request.get(name) : usual);
	}

	private static void require(boolean condition, String message, @Nullable String param, @Nullable String code)
			throws Rejection {
		ChatCompletionsWire.require(condition, message, param, code);
	}

	/** Numbers events as they come. */
	private static final class Events {

		private final List<ObjectNode> data = new ArrayList<>();

		private final List<Integer> output = new ArrayList<>();

		private final int thinking;

		Events(int thinking) {
			this.thinking = thinking;
		}

		ObjectNode add(String type, int outputTokens) {
			ObjectNode event = ProviderWire.object().put("type", type).put("sequence_number", this.data.size());
			this.data.add(event);
			this.output.add(outputTokens);
			return event;
		}

		List<Frame> frames() {
			List<Frame> frames = new ArrayList<>();
			for (int index = 0; index < this.data.size(); index++) {
				ObjectNode event = this.data.get(index);
				frames.add(new Frame("event: " + event.get("type").asString() + "\ndata: " + event + "\n\n",
						this.output.get(index), (index > 1) ? this.thinking : 0));
			}
			return frames;
		}

	}

}
