package io.tokensaving.samples.gateway.upstream;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireDocument;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * A format of a few fields: {@code text}, {@code model}, {@code in}, {@code out}.
 */
final class StubFormat implements WireFormat {

	@Override
	public String name() {
		return "chat-completions";
	}

	@Override
	public String path() {
		return "/chat/completions";
	}

	@Override
	public WireRequest read(byte[] body) {
		throw new UnsupportedOperationException();
	}

	@Override
	public byte[] write(Prompt prompt, boolean stream) {
		WireOptions options = (WireOptions) prompt.getOptions();
		return JsonMapper.shared()
			.writeValueAsBytes(Map.of("model", options.getModel(), "stream", stream, "text",
					((Document) options.getDocument()).text()));
	}

	@Override
	public ChatResponse readAnswer(byte[] body, WireOptions options) {
		String text = new String(body, StandardCharsets.UTF_8);
		return response(parse(text), WireMetadata.BODY, text);
	}

	private static JsonNode parse(String text) {
		try {
			JsonNode node = JsonMapper.shared().readTree(text);
			if (!node.isObject()) {
				throw new WireException("no object", null, null);
			}
			return node;
		}
		catch (JacksonException ex) {
			throw new WireException("no JSON", null, null);
		}
	}

	private static ChatResponse response(JsonNode node, String key, String value) {
		if (node.has("error")) {
			throw new WireException("an error", null, null);
		}
		ChatResponseMetadata.Builder metadata = ChatResponseMetadata.builder().keyValue(key, value);
		if (node.has("model")) {
			metadata.model(node.get("model").stringValue());
		}
		if (node.has("out")) {
			metadata.usage(new DefaultUsage(node.get("in").intValue(), node.get("out").intValue()));
		}
		return new ChatResponse(List.of(new Generation(new AssistantMessage(node.path("text").asString("")))),
				metadata.build());
	}

	@Override
	public WireStream readStream(WireOptions options) {
		return new WireStream() {

			private final StringBuilder text = new StringBuilder();

			private boolean complete;

			private String usage = "";

			@Override
			public ChatResponse next(ServerSentEvent event) {
				if (event.data().equals("[DONE]")) {
					this.complete = true;
					return new ChatResponse(List.of(),
							ChatResponseMetadata.builder().keyValue(WireMetadata.EVENT, event.data()).build());
				}
				JsonNode node = parse(event.data());
				this.text.append(node.path("text").asString(""));
				if (node.has("out")) {
					this.usage = ",\"in\":" + node.get("in") + ",\"out\":" + node.get("out");
				}
				return response(node, WireMetadata.EVENT, event.data());
			}

			@Override
			public boolean isComplete() {
				return this.complete;
			}

			@Override
			public ChatResponse end() {
				String body = "{\"whole\":\"" + this.text + "\"" + this.usage + "}";
				return response(parse(body), WireMetadata.BODY, body);
			}

		};
	}

	@Override
	public List<ServerSentEvent> cut(String body, WireOptions options) {
		parse(body);
		return List.of(new ServerSentEvent(null, body), new ServerSentEvent(null, "[DONE]"));
	}

	@Override
	public byte[] error(int status, String type, String message, String param, String code) {
		return message.getBytes(StandardCharsets.UTF_8);
	}

	record Document(String text) implements WireDocument {

	}

}
