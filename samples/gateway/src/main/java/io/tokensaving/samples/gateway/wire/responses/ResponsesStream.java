package io.tokensaving.samples.gateway.wire.responses;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Reads the events of a stream. The last one holds the whole response, which is what a
 * call would have returned. Not thread-safe.
 */
final class ResponsesStream implements WireStream {

	static final Set<String> LAST = Set.of("response.completed", "response.incomplete", "response.failed",
			"response.cancelled");

	/**
	 * Up to how many characters of a text are compared with the whole response.
	 */
	private static final int MAX_CHARS = 32 << 20;

	private static final String RESPONSE = "response";

	private final StringBuilder text = new StringBuilder();

	private int calls;

	private boolean tooLong;

	private String id = "";

	private String model = "";

	private @Nullable String body;

	private boolean complete;

	@Override
	public ChatResponse next(ServerSentEvent event) {
		if (event.data().strip().equals("[DONE]")) {
			return ResponsesAnswer.response("", List.of(), "", null, marked(metadata(), event));
		}
		ObjectNode data = AnswerJson.object(event.data());
		String type = type(event, data);
		if (type.equals("error") || (data.path("error").isObject() && !data.path(RESPONSE).isObject())) {
			throw ResponsesAnswer.error(data.path("error").isObject() ? data.path("error") : data);
		}
		String text = "";
		String refusal = "";
		List<ToolCall> called = List.of();
		String reason = null;
		JsonNode response = data.path(RESPONSE);
		switch (type) {
			case "response.output_text.delta" -> {
				text = data.path("delta").stringValue("");
				keep(text);
			}
			case "response.refusal.delta" -> {
				refusal = data.path("delta").stringValue("");
			}
			case "response.output_item.done" -> {
				ToolCall call = ResponsesAnswer.call(data.path("item"));
				if (call != null) {
					called = List.of(call);
					this.calls++;
				}
			}
			default -> {
				if (LAST.contains(type)) {
					this.complete = true;
					this.body = body(event.data(), response);
					reason = ResponsesAnswer.reason(response);
				}
			}
		}
		return ResponsesAnswer.response(text, called, refusal, reason, marked(metadata(response), event));
	}

	private static String type(ServerSentEvent event, ObjectNode data) {
		String type = ResponsesAnswer.type(data);
		return (type.isEmpty() && event.name() != null) ? event.name() : type;
	}

	private void keep(String text) {
		this.tooLong |= this.text.length() > MAX_CHARS - text.length();
		if (!this.tooLong) {
			this.text.append(text);
		}
	}

	private ChatResponseMetadata.Builder metadata(JsonNode response) {
		if (!response.isObject()) {
			return metadata();
		}
		this.id = response.path("id").stringValue(this.id);
		this.model = response.path("model").stringValue(this.model);
		return ResponsesAnswer.metadata(response);
	}

	private ChatResponseMetadata.Builder metadata() {
		return ChatResponseMetadata.builder().id(this.id).model(this.model);
	}

	private static ChatResponseMetadata.Builder marked(ChatResponseMetadata.Builder metadata, ServerSentEvent event) {
		metadata.keyValue(WireMetadata.EVENT, event.data());
		return (event.name() != null) ? metadata.keyValue(WireMetadata.EVENT_NAME, event.name()) : metadata;
	}

	// The bytes as the provider has written them
	private static @Nullable String body(String data, JsonNode response) {
		if (!response.isObject()) {
			return null;
		}
		byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
		try (JsonReader in = new JsonReader(bytes)) {
			in.next();
			while (in.next() != JsonToken.END_OBJECT) {
				boolean found = in.text().equals(RESPONSE);
				in.next();
				int start = in.start();
				in.value();
				if (found) {
					return new String(bytes, start, in.end() - start, StandardCharsets.UTF_8);
				}
			}
		}
		catch (WireException ex) {
			// Strange, but read by others
		}
		return response.toString();
	}

	@Override
	public boolean isComplete() {
		return this.complete;
	}

	@Override
	public @Nullable ChatResponse end() {
		String body = this.body;
		if (!this.complete || body == null || this.tooLong) {
			return null;
		}
		ChatResponse whole;
		try {
			whole = ResponsesAnswer.read(body.getBytes(StandardCharsets.UTF_8));
		}
		catch (WireException ex) {
			return null;
		}
		// Some servers leave the output out of their last event
		AssistantMessage said = whole.getResults().get(0).getOutput();
		boolean same = this.text.toString().equals(said.getText()) && this.calls == said.getToolCalls().size();
		return same ? ResponsesAnswer.response("", List.of(), "", null, metadata().keyValue(WireMetadata.BODY, body))
				: null;
	}

}
