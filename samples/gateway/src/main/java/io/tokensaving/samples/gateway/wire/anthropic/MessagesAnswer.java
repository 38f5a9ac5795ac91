package io.tokensaving.samples.gateway.wire.anthropic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Reads what the library has to know of an answer: text, tool calls, stop reason, usage.
 * All else stays in the body.
 */
final class MessagesAnswer {

	private MessagesAnswer() {
	}

	static ChatResponse read(byte[] body, boolean oneHour) {
		ObjectNode answer = AnswerJson.object(body);
		if (!answer.path("type").stringValue("").equals("message")) {
			throw new WireException("'type' must be 'message'", "type", null);
		}
		if (!answer.path("content").isArray()) {
			throw new WireException("'content' must be an array", "content", null);
		}
		StringBuilder text = new StringBuilder();
		List<ToolCall> calls = new ArrayList<>();
		for (JsonNode block : answer.path("content")) {
			switch (block.path("type").stringValue("")) {
				case "text" -> text.append(block.path("text").stringValue(""));
				case "tool_use" -> calls.add(call(block, block.path("input").toString()));
				default -> {
				}
			}
		}
		return response(text.toString(), calls, text(answer, "stop_reason"),
				metadata(answer, oneHour).keyValue(WireMetadata.BODY, AnswerJson.textOrBytes(body)));
	}

	static ToolCall call(JsonNode block, String input) {
		return new ToolCall(block.path("id").stringValue(""), "function", block.path("name").stringValue(""), input);
	}

	static ChatResponse response(String text, List<ToolCall> calls, @Nullable String reason,
			ChatResponseMetadata.Builder metadata) {
		AssistantMessage message = AssistantMessage.builder()
			.content(text)
			.properties(Map.of())
			.toolCalls(calls)
			.build();
		Generation generation = (reason != null)
				? new Generation(message, ChatGenerationMetadata.builder().finishReason(reason).build())
				: new Generation(message);
		return new ChatResponse(List.of(generation), metadata.build());
	}

	static ChatResponseMetadata.Builder metadata(ObjectNode message, boolean oneHour) {
		ChatResponseMetadata.Builder metadata = ChatResponseMetadata.builder()
			.id(message.path("id").stringValue(""))
			.model(message.path("model").stringValue(""));
		if (message.path("usage") instanceof ObjectNode usage) {
			metadata.usage(usage(usage, oneHour));
		}
		return metadata;
	}

	/**
	 * Read the usage, whose input tokens exclude those of the prompt cache.
	 * @param usage the usage
	 * @param oneHour whether the request asks for something to be kept for an hour, which
	 * counts if the usage does not say how much
	 * @return the usage, whose native form is a map
	 */
	private static Usage usage(ObjectNode usage, boolean oneHour) {
		long input = AnswerJson.tokens(usage.path("input_tokens"));
		long output = AnswerJson.tokens(usage.path("output_tokens"));
		long read = AnswerJson.tokens(usage.path("cache_read_input_tokens"));
		long write = AnswerJson.tokens(usage.path("cache_creation_input_tokens"));
		Map<String, Object> reported = AnswerJson.plain(usage);
		if (oneHour && write > 0 && !reported.containsKey("cache_creation")) {
			reported.put("cache_creation", Map.of("ephemeral_1h_input_tokens", write));
		}
		return new DefaultUsage(AnswerJson.clamp(input), AnswerJson.clamp(output),
				AnswerJson.clamp(input + read + write + output), reported, read, write);
	}

	static @Nullable String text(JsonNode object, String name) {
		JsonNode value = object.path(name);
		return value.isString() ? value.stringValue() : null;
	}

}
