package io.tokensaving.samples.gateway.wire.anthropic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Reads the events of a stream and puts the message together that a call would have
 * returned. An event of a kind that is not known passes, but then there is no message.
 */
final class MessagesStream implements WireStream {

	private final boolean oneHour;

	private final List<Block> blocks = new ArrayList<>();

	private @Nullable ObjectNode message;

	private boolean whole = true;

	private boolean complete;

	MessagesStream(boolean oneHour) {
		this.oneHour = oneHour;
	}

	@Override
	public ChatResponse next(ServerSentEvent event) {
		ObjectNode data = AnswerJson.object(event.data());
		String text = "";
		List<ToolCall> calls = List.of();
		String reason = null;
		boolean usage = false;
		switch (type(event, data)) {
			case "message_start" -> {
				start(data.path("message"));
				usage = true;
			}
			case "content_block_start" -> {
				text = begin(data);
			}
			case "content_block_delta" -> {
				text = add(data.path("index"), data.path("delta"));
			}
			case "content_block_stop" -> {
				calls = stop(data.path("index"));
			}
			case "message_delta" -> {
				reason = MessagesAnswer.text(data.path("delta"), "stop_reason");
				usage = update(data);
			}
			case "message_stop" -> {
				this.complete = true;
			}
			case "ping" -> {
			}
			case "error" -> throw error(data.path("error"));
			default -> {
				this.whole = false;
			}
		}
		ChatResponseMetadata.Builder metadata = metadata(usage).keyValue(WireMetadata.EVENT, event.data());
		if (event.name() != null) {
			metadata.keyValue(WireMetadata.EVENT_NAME, event.name());
		}
		return MessagesAnswer.response(text, calls, reason, metadata);
	}

	@Override
	public boolean isComplete() {
		return this.complete;
	}

	@Override
	public @Nullable ChatResponse end() {
		ObjectNode answer = this.message;
		if (!this.complete || !this.whole || answer == null || !answer.path("stop_reason").isString()) {
			return null;
		}
		ArrayNode content = answer.putArray("content");
		for (Block block : this.blocks) {
			ObjectNode merged = block.merged();
			if (merged == null) {
				return null;
			}
			content.add(merged);
		}
		return MessagesAnswer.response("", List.of(), null,
				metadata(false).keyValue(WireMetadata.BODY, answer.toString()));
	}

	private ChatResponseMetadata.Builder metadata(boolean usage) {
		ObjectNode message = this.message;
		if (message == null) {
			return ChatResponseMetadata.builder();
		}
		return usage ? MessagesAnswer.metadata(message, this.oneHour)
				: ChatResponseMetadata.builder()
					.id(message.path("id").stringValue(""))
					.model(message.path("model").stringValue(""));
	}

	private static String type(ServerSentEvent event, ObjectNode data) {
		String type = MessagesAnswer.text(data, "type");
		return (type != null) ? type : (event.name() != null) ? event.name() : "";
	}

	private void start(JsonNode given) {
		if (!(given instanceof ObjectNode object) || this.message != null) {
			this.whole = false;
			return;
		}
		this.whole &= object.path("content").isArray() && object.path("content").isEmpty();
		this.message = object;
	}

	private String begin(ObjectNode data) {
		if (!(data.path("content_block") instanceof ObjectNode given) || !isNext(data.path("index"))) {
			this.whole = false;
			return "";
		}
		Block block = new Block(given);
		this.blocks.add(block);
		return block.isText() ? given.path("text").stringValue("") : "";
	}

	private boolean isNext(JsonNode index) {
		return this.message != null && index.isIntegralNumber() && index.asInt(-1) == this.blocks.size();
	}

	private @Nullable Block block(JsonNode index) {
		int number = index.isIntegralNumber() ? index.asInt(-1) : -1;
		if (number >= 0 && number < this.blocks.size() && !this.blocks.get(number).stopped) {
			return this.blocks.get(number);
		}
		this.whole = false;
		return null;
	}

	private String add(JsonNode index, JsonNode delta) {
		String text = delta.path("type").stringValue("").equals("text_delta") ? delta.path("text").stringValue("") : "";
		Block block = block(index);
		if (block != null && !block.add(delta)) {
			this.whole = false;
		}
		return text;
	}

	private List<ToolCall> stop(JsonNode index) {
		Block block = block(index);
		if (block == null) {
			return List.of();
		}
		block.stopped = true;
		return block.start.path("type").stringValue("").equals("tool_use")
				? List.of(MessagesAnswer.call(block.start, block.input())) : List.of();
	}

	// What a delta says is cumulative, and what it leaves out stays
	private boolean update(ObjectNode data) {
		ObjectNode message = this.message;
		if (message == null) {
			this.whole = false;
			return false;
		}
		put(message, data.path("delta"));
		boolean usage = data.path("usage") instanceof ObjectNode;
		if (usage) {
			put((message.path("usage") instanceof ObjectNode given) ? given : message.putObject("usage"),
					data.path("usage"));
		}
		for (Map.Entry<String, JsonNode> field : data.properties()) {
			if (!field.getKey().equals("type") && !field.getKey().equals("delta") && !field.getKey().equals("usage")) {
				put(message, field.getKey(), field.getValue());
			}
		}
		return usage;
	}

	private static void put(ObjectNode target, JsonNode fields) {
		fields.properties().forEach((field) -> put(target, field.getKey(), field.getValue()));
	}

	private static void put(ObjectNode target, String name, JsonNode value) {
		if (!value.isNull() || !target.has(name)) {
			target.set(name, value);
		}
	}

	private static WireException error(JsonNode error) {
		return new WireException(error.path("message").stringValue("The upstream reported an error in its stream"),
				null, MessagesAnswer.text(error, "type"));
	}

	/**
	 * A block of the content.
	 */
	private static final class Block {

		private final ObjectNode start;

		private final StringBuilder text = new StringBuilder();

		private final StringBuilder thinking = new StringBuilder();

		private final StringBuilder signature = new StringBuilder();

		private final StringBuilder input = new StringBuilder();

		private boolean stopped;

		Block(ObjectNode start) {
			this.start = start;
			this.text.append(start.path("text").stringValue(""));
			this.thinking.append(start.path("thinking").stringValue(""));
			this.signature.append(start.path("signature").stringValue(""));
		}

		boolean isText() {
			return this.start.path("type").stringValue("").equals("text");
		}

		boolean add(JsonNode delta) {
			return switch (delta.path("type").stringValue("")) {
				case "text_delta" -> isText() && append(this.text, delta, "text");
				case "thinking_delta" -> append(this.thinking, delta, "thinking");
				case "signature_delta" -> sign(delta);
				case "input_json_delta" -> append(this.input, delta, "partial_json");
				case "citations_delta" -> cite(delta.path("citation"));
				default -> false;
			};
		}

		// A delta with a field more than is known says something that would be lost; what
		// is estimated on the way is in no message
		private static boolean append(StringBuilder target, JsonNode delta, String name) {
			String piece = MessagesAnswer.text(delta, name);
			if (piece == null || delta.size() != (delta.has("estimated_tokens") ? 3 : 2)) {
				return false;
			}
			target.append(piece);
			return true;
		}

		// Comes whole, and the last one counts
		private boolean sign(JsonNode delta) {
			this.signature.setLength(0);
			return append(this.signature, delta, "signature");
		}

		private boolean cite(JsonNode citation) {
			if (!citation.isObject()) {
				return false;
			}
			ArrayNode citations = (this.start.path("citations") instanceof ArrayNode given) ? given
					: this.start.putArray("citations");
			citations.add(citation);
			return true;
		}

		String input() {
			return !this.input.toString().isBlank() ? this.input.toString() : this.start.path("input").toString();
		}

		@Nullable ObjectNode merged() {
			if (!this.stopped) {
				return null;
			}
			put("text", this.text);
			put("thinking", this.thinking);
			put("signature", this.signature);
			if (!this.input.toString().isBlank()) {
				JsonNode value = AnswerJson.value(this.input.toString());
				if (value == null) {
					return null;
				}
				this.start.set("input", value);
			}
			return this.start;
		}

		private void put(String name, StringBuilder value) {
			if (!value.isEmpty()) {
				this.start.put(name, value.toString());
			}
		}

	}

}
