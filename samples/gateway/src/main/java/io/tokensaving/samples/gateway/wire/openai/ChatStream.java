package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Reads the events of a chat completion. Each element says what its event adds; the last
 * one has the body that a call would have had. Not thread-safe.
 */
final class ChatStream implements WireStream {

	static final String DONE = "[DONE]";

	/**
	 * How many characters of events are put together to a body.
	 */
	private static final long MAX_CHARS = 32L << 20;

	private final boolean usageAsked;

	private final ChunkMerger merger = new ChunkMerger();

	// Ids of tool calls by choice and index, as only the first piece of a call has one
	private final Map<String, String> callIds = new HashMap<>();

	private long chars;

	private boolean done;

	ChatStream(boolean usageAsked) {
		this.usageAsked = usageAsked;
	}

	@Override
	public ChatResponse next(ServerSentEvent event) {
		String data = event.data();
		if (data.stripLeading().startsWith(DONE)) {
			this.done = true;
			return new ChatResponse(List.of(), marked(ChatResponseMetadata.builder(), event, data).build());
		}
		byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
		Map<?, ?> chunk = ChatAnswers.object(bytes);
		if ("error".equals(event.name())) {
			throw ChatAnswers.error(chunk.get("message"));
		}
		this.chars += data.length();
		if (this.chars <= MAX_CHARS) {
			this.merger.add(chunk);
		}
		List<Generation> generations = new ArrayList<>();
		if (chunk.get(ChatAnswers.CHOICES) instanceof List<?> choices) {
			choices.forEach((element) -> {
				if (element instanceof Map<?, ?> choice) {
					generations.add(generation(choice));
				}
			});
		}
		ChatResponseMetadata.Builder metadata = ChatAnswers.metadata(chunk);
		boolean used = chunk.get(ChatAnswers.USAGE) != null;
		if (this.usageAsked || !chunk.containsKey(ChatAnswers.USAGE)) {
			marked(metadata, event, data);
		}
		else if (!used) {
			marked(metadata, event, withoutUsage(bytes));
		}
		else if (!generations.isEmpty()) {
			marked(metadata, event, data);
		}
		return new ChatResponse(generations, metadata.build());
	}

	private static ChatResponseMetadata.Builder marked(ChatResponseMetadata.Builder metadata, ServerSentEvent event,
			String data) {
		metadata.keyValue(WireMetadata.EVENT, data);
		return (event.name() != null) ? metadata.keyValue(WireMetadata.EVENT_NAME, event.name()) : metadata;
	}

	private Generation generation(Map<?, ?> choice) {
		int index = (choice.get(ChatAnswers.INDEX) instanceof Long number) ? number.intValue() : 0;
		Map<?, ?> delta = (choice.get("delta") instanceof Map<?, ?> found) ? found : Map.of();
		List<ToolCall> calls = new ArrayList<>();
		if (delta.get("tool_calls") instanceof List<?> list) {
			list.forEach((element) -> {
				if (element instanceof Map<?, ?> call) {
					calls.add(piece(call, index));
				}
			});
		}
		if (delta.get("function_call") instanceof Map<?, ?> call) {
			calls.add(new ToolCall("", "function", ChatAnswers.text(call.get("name")),
					ChatAnswers.text(call.get("arguments"))));
		}
		Object reason = choice.get(ChatAnswers.FINISH_REASON);
		return ChatAnswers.generation(ChatAnswers.text(delta.get("content")), calls, delta.get("refusal"), index,
				(reason instanceof String name && !name.isEmpty()) ? name : null);
	}

	private ToolCall piece(Map<?, ?> call, int choice) {
		String key = choice + "/" + call.get(ChatAnswers.INDEX);
		String id = ChatAnswers.text(call.get("id"));
		if (id.isEmpty()) {
			id = this.callIds.getOrDefault(key, "");
		}
		else {
			this.callIds.putIfAbsent(key, id);
		}
		boolean custom = call.get("custom") instanceof Map<?, ?>;
		Map<?, ?> function = (call.get(custom ? "custom" : "function") instanceof Map<?, ?> found) ? found : Map.of();
		return new ToolCall(id, custom ? "custom" : "function", ChatAnswers.text(function.get("name")),
				ChatAnswers.text(function.get(custom ? "input" : "arguments")));
	}

	// The event as it would be if the usage had not been asked for
	private static String withoutUsage(byte[] bytes) {
		int from = 0;
		int to = 0;
		try (JsonReader in = new JsonReader(bytes)) {
			in.next();
			int before = -1;
			boolean front = false;
			while (in.next() != JsonToken.END_OBJECT) {
				boolean usage = in.text().equals(ChatAnswers.USAGE);
				int key = in.start();
				in.next();
				in.value();
				if (front) {
					// With the comma behind it, as none is in front
					to = key;
					front = false;
				}
				if (usage) {
					from = (before >= 0) ? before : key;
					to = in.end();
					front = before < 0;
				}
				before = in.end();
			}
		}
		return new String(new JsonPieces().add(bytes, 0, from).add(bytes, to, bytes.length).toByteArray(),
				StandardCharsets.UTF_8);
	}

	@Override
	public boolean isComplete() {
		return this.done;
	}

	@Override
	public @Nullable ChatResponse end() {
		if (!this.done || !this.merger.isFinished() || this.chars > MAX_CHARS) {
			return null;
		}
		String body = JsonWriter.write(this.merger.answer());
		ChatResponse whole;
		try {
			whole = ChatAnswers.read(body.getBytes(StandardCharsets.UTF_8));
		}
		catch (WireException ex) {
			// Then the events are all that there is
			return null;
		}
		// The texts and calls have been said
		List<Generation> generations = new ArrayList<>();
		for (Generation generation : whole.getResults()) {
			int index = (generation.getMetadata().get(ChatAnswers.INDEX) instanceof Integer number) ? number : 0;
			generations
				.add(ChatAnswers.generation("", List.of(), null, index, generation.getMetadata().getFinishReason()));
		}
		return new ChatResponse(generations, whole.getMetadata());
	}

}
