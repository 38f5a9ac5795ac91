package io.tokensaving.samples.gateway.wire.anthropic;

import java.util.Objects;

import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.util.StringUtils;

/**
 * Writes messages that are not of the document of a client.
 */
final class MessagesPrompt {

	private MessagesPrompt() {
	}

	static String message(Message message) {
		ObjectNode written = AnswerJson.object()
			.put("role", (message instanceof AssistantMessage) ? "assistant" : "user");
		String text = Objects.requireNonNullElse(message.getText(), "");
		if (message instanceof ToolResponseMessage results) {
			ArrayNode blocks = written.putArray("content");
			for (ToolResponse result : results.getResponses()) {
				blocks.addObject()
					.put("type", "tool_result")
					.put("tool_use_id", result.id())
					.put("content", result.responseData());
			}
		}
		else if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
			ArrayNode blocks = written.putArray("content");
			if (StringUtils.hasText(text)) {
				blocks.addObject().put("type", "text").put("text", text);
			}
			for (ToolCall call : assistant.getToolCalls()) {
				blocks.addObject()
					.put("type", "tool_use")
					.put("id", call.id())
					.put("name", call.name())
					.set("input", input(call.arguments()));
			}
		}
		else {
			written.put("content", text);
		}
		return written.toString();
	}

	private static JsonNode input(String arguments) {
		JsonNode value = AnswerJson.value(arguments);
		return (value instanceof ObjectNode) ? value : AnswerJson.object();
	}

}
