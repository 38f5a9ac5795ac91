package io.tokensaving.route;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;

/**
 * Estimates the number of tokens of messages from the number of their characters, four of
 * which are about a token. Whether a request is large can be told from that, for a
 * thousandth of what counting takes.
 */
final class TokenEstimate {

	private static final int CHARS_PER_TOKEN = 4;

	private TokenEstimate() {
	}

	static long of(List<Message> messages) {
		long chars = 0;
		for (Message message : messages) {
			chars += length(message.getText());
			if (message instanceof AssistantMessage assistant) {
				for (AssistantMessage.ToolCall call : assistant.getToolCalls()) {
					chars += length(call.arguments());
				}
			}
			else if (message instanceof ToolResponseMessage results) {
				for (ToolResponseMessage.ToolResponse result : results.getResponses()) {
					chars += length(result.responseData());
				}
			}
		}
		return (chars + CHARS_PER_TOKEN - 1) / CHARS_PER_TOKEN;
	}

	private static int length(@Nullable String text) {
		return (text != null) ? text.length() : 0;
	}

}
