package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/**
 * Cuts an answer into the events of a stream: for each choice its role, what came before
 * the text, the text, the tool calls and the finish reason.
 */
final class ChatCutter {

	private static final Set<String> OF_CHOICES = Set.of(ChatAnswers.INDEX, "message", "delta",
			ChatAnswers.FINISH_REASON, "logprobs");

	private final Map<String, @Nullable Object> common = new LinkedHashMap<>();

	private final List<ServerSentEvent> events = new ArrayList<>();

	private final boolean usageAsked;

	private ChatCutter(Map<?, ?> answer, boolean usageAsked) {
		this.usageAsked = usageAsked;
		answer.forEach((key, value) -> {
			String name = (String) key;
			if (!name.equals(ChatAnswers.CHOICES) && !name.equals(ChatAnswers.USAGE)) {
				this.common.put(name, name.equals("object") ? "chat.completion.chunk" : value);
			}
		});
	}

	static List<ServerSentEvent> cut(String body, boolean usageAsked) {
		Map<?, ?> answer = ChatAnswers.object(body.getBytes(StandardCharsets.UTF_8));
		ChatCutter cutter = new ChatCutter(answer, usageAsked);
		if (answer.get(ChatAnswers.CHOICES) instanceof List<?> choices) {
			for (int i = 0; i < choices.size(); i++) {
				if (choices.get(i) instanceof Map<?, ?> choice) {
					cutter.choice(choice, i);
				}
			}
		}
		if (usageAsked && answer.get(ChatAnswers.USAGE) != null) {
			cutter.event(List.of(), answer.get(ChatAnswers.USAGE));
		}
		cutter.events.add(new ServerSentEvent(null, ChatStream.DONE));
		return List.copyOf(cutter.events);
	}

	private void choice(Map<?, ?> choice, int position) {
		Object index = (choice.get(ChatAnswers.INDEX) instanceof Long number) ? number : (Object) (long) position;
		Map<?, ?> message = (choice.get("message") instanceof Map<?, ?> found) ? found : Map.of();
		Object content = message.get("content");
		boolean text = content instanceof String said && !said.isEmpty();
		Map<String, @Nullable Object> first = new LinkedHashMap<>();
		first.put("role", message.get("role"));
		if (message.containsKey("content")) {
			first.put("content", text ? "" : content);
		}
		if (message.containsKey("refusal") && message.get("refusal") == null) {
			first.put("refusal", null);
		}
		event(index, first, null, null);
		Map<String, @Nullable Object> others = new LinkedHashMap<>();
		message.forEach((key, value) -> {
			String name = (String) key;
			if (!first.containsKey(name) && !name.equals("tool_calls")) {
				others.put(name, value);
			}
		});
		if (!others.isEmpty()) {
			event(index, others, null, null);
		}
		if (text || choice.get("logprobs") != null) {
			Map<String, @Nullable Object> delta = new LinkedHashMap<>();
			if (text) {
				delta.put("content", content);
			}
			event(index, delta, choice.get("logprobs"), null);
		}
		if (message.get("tool_calls") instanceof List<?> calls) {
			Map<String, @Nullable Object> delta = new LinkedHashMap<>();
			delta.put("tool_calls", indexed(calls));
			event(index, delta, null, null);
		}
		else if (message.containsKey("tool_calls")) {
			Map<String, @Nullable Object> delta = new LinkedHashMap<>();
			delta.put("tool_calls", message.get("tool_calls"));
			event(index, delta, null, null);
		}
		event(index, Map.of(), null, choice);
	}

	// Clients put the pieces of calls together by their index
	private static List<@Nullable Object> indexed(List<?> calls) {
		List<@Nullable Object> indexed = new ArrayList<>(calls.size());
		for (int i = 0; i < calls.size(); i++) {
			if (calls.get(i) instanceof Map<?, ?> call) {
				Map<String, @Nullable Object> copy = new LinkedHashMap<>();
				copy.put(ChatAnswers.INDEX, (long) i);
				call.forEach((key, value) -> copy.putIfAbsent((String) key, value));
				indexed.add(copy);
			}
			else {
				indexed.add(calls.get(i));
			}
		}
		return indexed;
	}

	private void event(Object index, Map<String, @Nullable Object> delta, @Nullable Object logprobs,
			@Nullable Map<?, ?> last) {
		Map<String, @Nullable Object> choice = new LinkedHashMap<>();
		choice.put(ChatAnswers.INDEX, index);
		choice.put("delta", delta);
		choice.put("logprobs", logprobs);
		Object reason = (last != null) ? last.get(ChatAnswers.FINISH_REASON) : null;
		choice.put(ChatAnswers.FINISH_REASON, reason);
		if (last != null) {
			last.forEach((key, value) -> {
				if (!OF_CHOICES.contains((String) key)) {
					choice.put((String) key, value);
				}
			});
		}
		event(List.of(choice), null);
	}

	private void event(List<?> choices, @Nullable Object usage) {
		Map<String, @Nullable Object> event = new LinkedHashMap<>(this.common);
		event.put(ChatAnswers.CHOICES, choices);
		if (this.usageAsked) {
			event.put(ChatAnswers.USAGE, usage);
		}
		this.events.add(new ServerSentEvent(null, JsonWriter.write(event)));
	}

}
