package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.samples.gateway.wire.cache.CacheFields;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.StringUtils;

/**
 * Makes what no client sent: messages of advisors, and requests of the library itself.
 */
final class ChatBodies {

	private ChatBodies() {
	}

	/**
	 * Make a request of a prompt.
	 * @param prompt the prompt, whose options name a model
	 * @param stream whether a stream is asked for
	 * @return the body
	 */
	static byte[] request(Prompt prompt, boolean stream) {
		ChatOptions options = prompt.getOptions();
		if (options == null || !StringUtils.hasText(options.getModel())) {
			throw new IllegalArgumentException("The options of the prompt must have a model");
		}
		Map<String, @Nullable Object> body = new LinkedHashMap<>();
		body.put("model", options.getModel());
		List<Object> messages = new ArrayList<>();
		for (Message message : prompt.getInstructions()) {
			if (message instanceof ToolResponseMessage results) {
				results.getResponses().forEach((response) -> messages.add(result(response)));
			}
			else {
				messages.add(message(message));
			}
		}
		body.put("messages", messages);
		put(body, ChatWriter.limitName(options.getModel()), options.getMaxTokens());
		put(body, "temperature", options.getTemperature());
		put(body, "top_p", options.getTopP());
		put(body, "frequency_penalty", options.getFrequencyPenalty());
		put(body, "presence_penalty", options.getPresencePenalty());
		put(body, "stop", options.getStopSequences());
		if (options instanceof StructuredOutputChatOptions structured
				&& StringUtils.hasText(structured.getOutputSchema())) {
			body.put("response_format", schemaFormat(structured.getOutputSchema()));
		}
		if (options instanceof ToolCallingChatOptions calling && calling.getToolCallbacks() != null
				&& !calling.getToolCallbacks().isEmpty()) {
			body.put("tools", calling.getToolCallbacks().stream().map(ChatBodies::tool).toList());
		}
		if (stream) {
			body.put("stream", true);
			body.put("stream_options", Map.of("include_usage", true));
		}
		return JsonWriter.write(body).getBytes(StandardCharsets.UTF_8);
	}

	private static void put(Map<String, @Nullable Object> body, String name, @Nullable Object value) {
		if (value != null) {
			body.put(name, value);
		}
	}

	static Map<String, Object> message(Message message) {
		Map<String, Object> made = new LinkedHashMap<>();
		made.put("role", message.getMessageType().getValue());
		String text = (message.getText() != null) ? message.getText() : "";
		if (message instanceof UserMessage user && !user.getMedia().isEmpty()) {
			List<Object> parts = new ArrayList<>();
			if (!text.isEmpty()) {
				parts.add(Map.of("type", "text", "text", text));
			}
			user.getMedia().forEach((media) -> parts.add(image(media)));
			made.put("content", parts);
		}
		else {
			made.put("content", text);
		}
		if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
			made.put("tool_calls",
					assistant.getToolCalls()
						.stream()
						.map((call) -> Map.of("id", call.id(), "type", "function", "function",
								Map.of("name", call.name(), "arguments", call.arguments())))
						.toList());
		}
		return made;
	}

	private static Map<String, Object> image(Media media) {
		Object data = media.getData();
		String url = (data instanceof byte[] bytes)
				? "data:" + media.getMimeType() + ";base64," + Base64.getEncoder().encodeToString(bytes)
				: data.toString();
		return Map.of("type", "image_url", "image_url", Map.of("url", url));
	}

	static Map<String, Object> result(ToolResponse response) {
		Map<String, Object> made = new LinkedHashMap<>();
		made.put("role", "tool");
		made.put("tool_call_id", response.id());
		made.put("content", response.responseData());
		return made;
	}

	/**
	 * Mark a message.
	 * @param message the message
	 * @param ttl for how long what ends behind it is to be kept
	 * @return the message with the mark
	 */
	static Map<String, Object> marked(Map<String, Object> message, CacheTtl ttl) {
		if (message.get("content") instanceof String text && !text.isEmpty()) {
			message.put("content",
					List.of(Map.of("type", "text", "text", text, "cache_control", CacheFields.control(ttl))));
		}
		return message;
	}

	static Map<String, Object> tool(ToolCallback callback) {
		ToolDefinition definition = callback.getToolDefinition();
		Map<String, Object> function = new LinkedHashMap<>();
		function.put("name", definition.name());
		if (StringUtils.hasText(definition.description())) {
			function.put("description", definition.description());
		}
		function.put("parameters", JsonReader.read(definition.inputSchema().getBytes(StandardCharsets.UTF_8)));
		Map<String, Object> tool = new LinkedHashMap<>();
		tool.put("type", "function");
		tool.put("function", function);
		return tool;
	}

	static Map<String, Object> schemaFormat(String schema) {
		Map<String, Object> named = new LinkedHashMap<>();
		named.put("name", "answer");
		named.put("strict", true);
		named.put("schema", JsonReader.read(schema.getBytes(StandardCharsets.UTF_8)));
		Map<String, Object> format = new LinkedHashMap<>();
		format.put("type", "json_schema");
		format.put("json_schema", named);
		return format;
	}

}
