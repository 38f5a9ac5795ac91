package io.tokensaving.samples.gateway.upstream;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.util.StringUtils;

/**
 * Writes prompts that no client sent, such as those of judges and summaries, in the
 * format of OpenAI's chat completions.
 */
final class PlainRequest {

	/**
	 * The name of the format.
	 */
	static final String FORMAT = "chat-completions";

	private static final JsonMapper MAPPER = JsonMapper.shared();

	private PlainRequest() {
	}

	/**
	 * Write a prompt.
	 * @param prompt the prompt
	 * @param model the model
	 * @param stream whether a stream is asked for
	 * @return the body
	 */
	static byte[] write(Prompt prompt, String model, boolean stream) {
		Map<String, Object> body = new LinkedHashMap<>();
		body.put("model", model);
		List<Object> messages = new ArrayList<>();
		prompt.getInstructions().forEach((message) -> add(messages, message));
		body.put("messages", messages);
		ChatOptions options = prompt.getOptions();
		if (options != null) {
			addOptions(body, options);
		}
		if (stream) {
			body.put("stream", true);
			body.put("stream_options", Map.of("include_usage", true));
		}
		return MAPPER.writeValueAsBytes(body);
	}

	private static void add(List<Object> messages, Message message) {
		if (message instanceof ToolResponseMessage tool) {
			for (ToolResponseMessage.ToolResponse response : tool.getResponses()) {
				messages.add(Map.of("role", "tool", "tool_call_id", response.id(), "content", response.responseData()));
			}
			return;
		}
		Map<String, Object> written = new LinkedHashMap<>();
		written.put("role", message.getMessageType().getValue());
		written.put("content", content(message));
		if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
			List<Object> calls = new ArrayList<>();
			for (AssistantMessage.ToolCall call : assistant.getToolCalls()) {
				calls.add(Map.of("id", call.id(), "type", "function", "function",
						Map.of("name", call.name(), "arguments", call.arguments())));
			}
			written.put("tool_calls", calls);
		}
		messages.add(written);
	}

	private static Object content(Message message) {
		String text = (message.getText() != null) ? message.getText() : "";
		if (!(message instanceof UserMessage user) || user.getMedia().isEmpty()) {
			return text;
		}
		List<Object> parts = new ArrayList<>();
		parts.add(Map.of("type", "text", "text", text));
		for (Media media : user.getMedia()) {
			String url = (media.getData() instanceof byte[] bytes)
					? "data:" + media.getMimeType() + ";base64," + Base64.getEncoder().encodeToString(bytes)
					: String.valueOf(media.getData());
			parts.add(Map.of("type", "image_url", "image_url", Map.of("url", url)));
		}
		return parts;
	}

	private static void addOptions(Map<String, Object> body, ChatOptions options) {
		put(body, "temperature", options.getTemperature());
		put(body, "top_p", options.getTopP());
		put(body, "max_tokens", options.getMaxTokens());
		put(body, "frequency_penalty", options.getFrequencyPenalty());
		put(body, "presence_penalty", options.getPresencePenalty());
		List<String> stop = options.getStopSequences();
		put(body, "stop", (stop == null || stop.isEmpty()) ? null : stop);
		if (options instanceof StructuredOutputChatOptions structured
				&& StringUtils.hasText(structured.getOutputSchema())) {
			put(body, "response_format", schema(structured.getOutputSchema()));
		}
		if (options instanceof ToolCallingChatOptions tools && tools.getToolCallbacks() != null
				&& !tools.getToolCallbacks().isEmpty()) {
			body.put("tools", tools.getToolCallbacks().stream().map(PlainRequest::tool).toList());
		}
	}

	private static @Nullable Object schema(String schema) {
		try {
			return Map.of("type", "json_schema", "json_schema",
					Map.of("name", "answer", "strict", true, "schema", MAPPER.readTree(schema)));
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	private static Object tool(ToolCallback tool) {
		Map<String, Object> function = new LinkedHashMap<>();
		function.put("name", tool.getToolDefinition().name());
		function.put("description", tool.getToolDefinition().description());
		function.put("parameters", MAPPER.readTree(tool.getToolDefinition().inputSchema()));
		return Map.of("type", "function", "function", function);
	}

	private static void put(Map<String, Object> body, String name, @Nullable Object value) {
		if (value != null) {
			body.put(name, value);
		}
	}

}
