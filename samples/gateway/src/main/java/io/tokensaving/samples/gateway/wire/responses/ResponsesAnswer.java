package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
 * Reads what the library has to know of a response: text, calls, status, usage. All else
 * stays in the body.
 */
final class ResponsesAnswer {

	static final String COMPLETED = "completed";

	/**
	 * What an answer is that the provider goes on with.
	 */
	private static final Set<String> GOING_ON = Set.of("queued", "in_progress");

	private static final String SERVICE_TIER = "service_tier";

	private static final String ERROR = "error";

	private ResponsesAnswer() {
	}

	static ChatResponse read(byte[] body) {
		ObjectNode answer = AnswerJson.object(body);
		check(answer);
		StringBuilder text = new StringBuilder();
		StringBuilder refusal = new StringBuilder();
		List<ToolCall> calls = new ArrayList<>();
		for (JsonNode item : answer.path("output")) {
			ToolCall call = call(item);
			if (call != null) {
				calls.add(call);
			}
			else if (type(item).equals("message")) {
				for (JsonNode part : item.path("content")) {
					text.append(type(part).equals("output_text") ? part.path("text").stringValue("") : "");
					refusal.append(type(part).equals("refusal") ? part.path("refusal").stringValue("") : "");
				}
			}
		}
		return response(text.toString(), calls, refusal.toString(), reason(answer),
				metadata(answer).keyValue(WireMetadata.BODY, AnswerJson.textOrBytes(body)));
	}

	private static void check(ObjectNode answer) {
		if (answer.path("object").stringValue("").equals("response") || answer.path("output").isArray()) {
			return;
		}
		if (answer.path(ERROR).isObject()) {
			throw error(answer.path(ERROR));
		}
		throw new WireException("'object' must be 'response'", "object", "invalid_answer");
	}

	static WireException error(JsonNode error) {
		return new WireException(error.path("message").stringValue("The upstream reports an error"),
				error.path("param").stringValue(null), error.path("code").stringValue(null));
	}

	static String type(JsonNode node) {
		return node.path("type").stringValue("");
	}

	/**
	 * Read a call.
	 * @param item an item of the output
	 * @return the call, or {@code null} if the item is none that a client answers
	 */
	static @Nullable ToolCall call(JsonNode item) {
		boolean custom = type(item).equals("custom_tool_call");
		if (!custom && !type(item).equals("function_call")) {
			return null;
		}
		return new ToolCall(item.path("call_id").stringValue(""), custom ? "custom" : "function",
				item.path("name").stringValue(""), item.path(custom ? "input" : "arguments").stringValue(""));
	}

	/**
	 * Say how an answer has ended.
	 * @param answer the answer
	 * @return the reason, which is complete for {@value #COMPLETED} only
	 */
	static String reason(JsonNode answer) {
		String status = answer.path("status").stringValue(COMPLETED);
		return status.equals("incomplete")
				? answer.path("incomplete_details").path("reason").stringValue("max_output_tokens") : status;
	}

	static ChatResponse response(String text, List<ToolCall> calls, String refusal, @Nullable String reason,
			ChatResponseMetadata.Builder metadata) {
		AssistantMessage message = AssistantMessage.builder()
			.content(text)
			.properties(refusal.isEmpty() ? Map.of() : Map.of("refusal", refusal))
			.toolCalls(calls)
			.build();
		Generation generation = (reason != null)
				? new Generation(message, ChatGenerationMetadata.builder().finishReason(reason).build())
				: new Generation(message);
		return new ChatResponse(List.of(generation), metadata.build());
	}

	static ChatResponseMetadata.Builder metadata(JsonNode answer) {
		ChatResponseMetadata.Builder metadata = ChatResponseMetadata.builder()
			.id(answer.path("id").stringValue(""))
			.model(answer.path("model").stringValue(""));
		if (answer.path("usage") instanceof ObjectNode usage) {
			metadata.usage(usage(usage, answer.path(SERVICE_TIER)));
		}
		// Only what runs in the background goes on without its client
		if (answer.path("background").booleanValue(false)) {
			metadata.keyValue(WireMetadata.GOES_ON, GOING_ON.contains(answer.path("status").stringValue("")));
		}
		return metadata;
	}

	private static Usage usage(ObjectNode usage, JsonNode tier) {
		long input = AnswerJson.tokens(usage.path("input_tokens"));
		long output = AnswerJson.tokens(usage.path("output_tokens"));
		Map<String, Object> reported = AnswerJson.plain(usage);
		if (tier.isString()) {
			reported.putIfAbsent(SERVICE_TIER, tier.stringValue());
		}
		JsonNode details = usage.path("input_tokens_details");
		return new DefaultUsage(AnswerJson.clamp(input), AnswerJson.clamp(output), AnswerJson.clamp(input + output),
				reported, AnswerJson.tokens(details.path("cached_tokens")),
				AnswerJson.tokens(details.path("cache_write_tokens")));
	}

}
