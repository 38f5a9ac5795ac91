package io.tokensaving.samples.gateway.door;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * A format that knows just enough to be carried through the door.
 */
final class StubFormat implements WireFormat {

	private static final JsonMapper JSON = JsonMapper.shared();

	private final String name;

	private final String path;

	StubFormat(String name, String path) {
		this.name = name;
		this.path = path;
	}

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public String path() {
		return this.path;
	}

	@Override
	@SuppressWarnings("unchecked")
	public WireRequest read(byte[] body) {
		JsonNode json;
		try {
			json = JSON.readTree(body);
		}
		catch (JacksonException ex) {
			throw new WireException("The body is no JSON", null, "invalid_json");
		}
		if (!json.path("model").isString()) {
			throw new WireException("'model' must be a text", "model", "invalid_type");
		}
		List<Message> messages = new ArrayList<>();
		json.path("messages").forEach((message) -> messages.add(new UserMessage(message.path("content").asString())));
		WireOptions options = WireOptions.builder().format(this.name).model(json.path("model").asString()).build();
		return new WireRequest(messages, options, json.path("stream").asBoolean(false),
				new WireRequest.Parameters(text(json, "token_saving_plan_id"), text(json, "token_saving_feature"),
						text(json, "token_saving_tier"),
						json.path("cache").isObject() ? JSON.convertValue(json.get("cache"), Map.class) : Map.of()));
	}

	private static @Nullable String text(JsonNode json, String name) {
		return json.has(name) ? json.get(name).asString() : null;
	}

	@Override
	public byte[] write(Prompt prompt, boolean stream) {
		throw new UnsupportedOperationException();
	}

	/**
	 * Return the body of an answer.
	 * @param text its text
	 * @return the body
	 */
	static String body(String text) {
		return "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"" + text + "\"}}],  \"extra\":1.0e2}";
	}

	@Override
	public ChatResponse readAnswer(byte[] body, WireOptions options) {
		String json = new String(body, StandardCharsets.UTF_8);
		String text = JSON.readTree(json).at("/choices/0/message/content").asString();
		return new ChatResponse(List.of(generation(text, "stop")),
				metadata(Map.of(WireMetadata.BODY, json), new DefaultUsage(10, 5)));
	}

	/**
	 * Return the elements of a stream, one event a word, and the whole at its end.
	 * @param words the words
	 * @return the elements
	 */
	static List<ChatResponse> stream(String... words) {
		List<ChatResponse> elements = new ArrayList<>();
		for (String word : words) {
			elements.add(new ChatResponse(List.of(generation(word, null)),
					metadata(Map.of(WireMetadata.EVENT, delta(word)), null)));
		}
		elements.add(new ChatResponse(List.of(generation("", "stop")),
				metadata(Map.of(WireMetadata.EVENT, "[DONE]"), new DefaultUsage(10, 5))));
		elements.add(new ChatResponse(List.of(),
				metadata(Map.of(WireMetadata.BODY, body(String.join("", words))), new DefaultUsage(10, 5))));
		return elements;
	}

	static String delta(String word) {
		return "{\"choices\":[{\"delta\":{\"content\":\"" + word + "\"}}]}";
	}

	private static Generation generation(String text, @Nullable String finishReason) {
		ChatGenerationMetadata.Builder metadata = ChatGenerationMetadata.builder();
		if (finishReason != null) {
			metadata.finishReason(finishReason);
		}
		return new Generation(new AssistantMessage(text), metadata.build());
	}

	private static ChatResponseMetadata metadata(Map<String, String> values, @Nullable DefaultUsage usage) {
		ChatResponseMetadata.Builder metadata = ChatResponseMetadata.builder().model("gpt-5-mini").id("id");
		values.forEach(metadata::keyValue);
		if (usage != null) {
			metadata.usage(usage);
		}
		return metadata.build();
	}

	@Override
	public WireStream readStream(WireOptions options) {
		throw new UnsupportedOperationException();
	}

	@Override
	public List<ServerSentEvent> cut(String body, WireOptions options) {
		String text = JSON.readTree(body).at("/choices/0/message/content").asString();
		return List.of(new ServerSentEvent(null, delta(text)), new ServerSentEvent(null, "[DONE]"));
	}

	@Override
	public byte[] error(int status, String type, String message, @Nullable String param, @Nullable String code) {
		Map<String, @Nullable Object> error = new LinkedHashMap<>();
		error.put("message", message);
		error.put("type", type);
		error.put("param", param);
		error.put("code", code);
		return JSON.writeValueAsBytes(Map.of("error", error));
	}

}
