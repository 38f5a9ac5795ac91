package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.json.JsonBytes;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Makes responses of answers: what advisors look at, and the body itself.
 */
final class ChatAnswers {

	static final String INDEX = "index";

	static final String CHOICES = "choices";

	static final String USAGE = "usage";

	static final String FINISH_REASON = "finish_reason";

	private static final String REFUSAL = "refusal";

	private static final String FUNCTION = "function";

	private static final String SERVICE_TIER = "service_tier";

	private ChatAnswers() {
	}

	static ChatResponse read(byte[] body) {
		Object raw = JsonBytes.isUtf8(body) ? new String(body, StandardCharsets.UTF_8) : body;
		byte[] readable = (raw instanceof String) ? body
				: new String(body, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
		return response(object(readable), raw);
	}

	/**
	 * Read an object.
	 * @param body the bytes
	 * @return its members
	 * @throws WireException if it is none, or reports an error
	 */
	static Map<?, ?> object(byte[] body) {
		if (!(JsonReader.read(body) instanceof Map<?, ?> object)) {
			throw new WireException("The answer must be a JSON object", null, "invalid_answer");
		}
		if (object.get("error") != null) {
			throw error(object.get("error"));
		}
		return object;
	}

	static WireException error(@Nullable Object error) {
		if (!(error instanceof Map<?, ?> members)) {
			return new WireException((error instanceof String text) ? text : "The upstream reports an error", null,
					null);
		}
		String message = (members.get("message") instanceof String text) ? text : "The upstream reports an error";
		Object code = members.get("code");
		return new WireException(message, (members.get("param") instanceof String text) ? text : null,
				(code != null) ? code.toString() : null);
	}

	static ChatResponse response(Map<?, ?> answer, Object raw) {
		if (!(answer.get(CHOICES) instanceof List<?> choices)) {
			throw new WireException("The answer must have an array of choices", CHOICES, "invalid_answer");
		}
		List<Generation> generations = new ArrayList<>(choices.size());
		for (Object element : choices) {
			if (!(element instanceof Map<?, ?> choice)) {
				throw new WireException("A choice must be an object", CHOICES, "invalid_answer");
			}
			generations.add(generation(choice, generations.size()));
		}
		return new ChatResponse(generations, metadata(answer).keyValue(WireMetadata.BODY, raw).build());
	}

	private static Generation generation(Map<?, ?> choice, int position) {
		Map<?, ?> message = (choice.get("message") instanceof Map<?, ?> found) ? found : Map.of();
		int index = (choice.get(INDEX) instanceof Long number) ? number.intValue() : position;
		List<ToolCall> calls = new ArrayList<>();
		if (message.get("tool_calls") instanceof List<?> list) {
			list.forEach((element) -> {
				if (element instanceof Map<?, ?> call) {
					calls.add(toolCall(call));
				}
			});
		}
		if (message.get("function_call") instanceof Map<?, ?> call) {
			// It has no id, by which its result would be sent back
			calls.add(new ToolCall("", FUNCTION, text(call.get("name")), text(call.get("arguments"))));
		}
		Object reason = choice.get(FINISH_REASON);
		return generation(text(message.get("content")), calls, message.get(REFUSAL), index,
				(reason instanceof String name) ? name : null);
	}

	private static ToolCall toolCall(Map<?, ?> call) {
		if (call.get("custom") instanceof Map<?, ?> custom) {
			return new ToolCall(text(call.get("id")), "custom", text(custom.get("name")), text(custom.get("input")));
		}
		Map<?, ?> function = (call.get(FUNCTION) instanceof Map<?, ?> found) ? found : Map.of();
		return new ToolCall(text(call.get("id")), FUNCTION, text(function.get("name")),
				text(function.get("arguments")));
	}

	static Generation generation(String text, List<ToolCall> calls, @Nullable Object refusal, int index,
			@Nullable String reason) {
		AssistantMessage.Builder<?> message = AssistantMessage.builder().content(text).toolCalls(calls);
		if (refusal instanceof String said && !said.isEmpty()) {
			message.properties(Map.of(REFUSAL, said));
		}
		return new Generation(message.build(),
				ChatGenerationMetadata.builder().finishReason(reason).metadata(INDEX, index).build());
	}

	static ChatResponseMetadata.Builder metadata(Map<?, ?> answer) {
		ChatResponseMetadata.Builder metadata = ChatResponseMetadata.builder()
			.id(text(answer.get("id")))
			.model(text(answer.get("model")));
		Usage usage = usage(answer);
		return (usage != null) ? metadata.usage(usage) : metadata;
	}

	/**
	 * Read what was used.
	 * @param answer the members of an answer or of an event
	 * @return the usage, whose native form is a map with the members of the answer and
	 * its tier, or {@code null} if there is none
	 */
	static @Nullable Usage usage(Map<?, ?> answer) {
		if (!(answer.get(USAGE) instanceof Map<?, ?> usage)) {
			return null;
		}
		Map<String, Object> members = new LinkedHashMap<>();
		usage.forEach((name, value) -> {
			if (value != null) {
				members.put((String) name, plain(value));
			}
		});
		if (answer.get(SERVICE_TIER) instanceof String tier) {
			members.putIfAbsent(SERVICE_TIER, tier);
		}
		Map<?, ?> details = (usage.get("prompt_tokens_details") instanceof Map<?, ?> found) ? found : Map.of();
		Long read = tokens(details.get("cached_tokens"));
		// DeepSeek's
		read = (read != null) ? read : tokens(usage.get("prompt_cache_hit_tokens"));
		return new DefaultUsage(count(usage.get("prompt_tokens")), count(usage.get("completion_tokens")),
				count(usage.get("total_tokens")), members, read, tokens(details.get("cache_write_tokens")));
	}

	private static Object plain(Object value) {
		if (value instanceof Map<?, ?> map) {
			Map<String, Object> plain = new LinkedHashMap<>();
			map.forEach((name, member) -> {
				if (member != null) {
					plain.put((String) name, plain(member));
				}
			});
			return plain;
		}
		if (value instanceof List<?> list) {
			return list.stream().filter((element) -> element != null).map(ChatAnswers::plain).toList();
		}
		return (value instanceof Number number && !(value instanceof Long)) ? (Object) number.doubleValue() : value;
	}

	private static @Nullable Integer count(@Nullable Object value) {
		return (value instanceof Number number) ? (int) Math.min(Integer.MAX_VALUE, Math.max(0, number.doubleValue()))
				: null;
	}

	private static @Nullable Long tokens(@Nullable Object value) {
		return (value instanceof Number number) ? Math.max(0, number.longValue()) : null;
	}

	static String text(@Nullable Object value) {
		return (value instanceof CharSequence text) ? text.toString() : "";
	}

}
