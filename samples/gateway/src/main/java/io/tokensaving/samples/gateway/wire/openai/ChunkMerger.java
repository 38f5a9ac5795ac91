package io.tokensaving.samples.gateway.wire.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * Puts the events of a stream together into the answer that would have come in one piece.
 * In a delta, texts are joined; lists are joined by the {@code index} of their elements;
 * {@code null} replaces nothing. Not thread-safe.
 */
final class ChunkMerger {

	/**
	 * Texts of a delta that are said once, however often they are repeated.
	 */
	private static final Set<String> ONCE = Set.of("role", "id", "type", "name");

	private static final String DELTA = "delta";

	private static final String CONTENT = "content";

	private static final String REFUSAL = "refusal";

	private final Map<String, @Nullable Object> answer = new LinkedHashMap<>();

	private final Map<Integer, Map<String, @Nullable Object>> choices = new TreeMap<>();

	void add(Map<?, ?> chunk) {
		chunk.forEach((key, value) -> {
			String name = (String) key;
			switch (name) {
				case "choices" -> {
					this.answer.putIfAbsent(name, null);
					if (value instanceof List<?> list) {
						list.forEach(this::choice);
					}
				}
				case "object" -> this.answer.put(name, "chat.completion");
				// Padding that hides how long a piece is
				case "obfuscation" -> {
				}
				default -> {
					if (value != null || !this.answer.containsKey(name)) {
						this.answer.put(name, value);
					}
				}
			}
		});
	}

	private void choice(@Nullable Object element) {
		if (!(element instanceof Map<?, ?> chunk)) {
			return;
		}
		int index = (chunk.get(ChatAnswers.INDEX) instanceof Long number) ? number.intValue() : 0;
		Map<String, @Nullable Object> choice = this.choices.computeIfAbsent(index, (added) -> {
			Map<String, @Nullable Object> created = new LinkedHashMap<>();
			created.put(ChatAnswers.INDEX, (long) added);
			created.put("message", new LinkedHashMap<String, Object>());
			return created;
		});
		chunk.forEach((key, value) -> {
			String name = (String) key;
			if (name.equals(DELTA)) {
				if (value instanceof Map<?, ?> delta) {
					merge(message(choice), delta);
				}
			}
			else if (value instanceof Map<?, ?> part && choice.get(name) instanceof Map<?, ?>) {
				merge(map(choice.get(name)), part);
			}
			else if (value instanceof Map<?, ?> part) {
				Map<String, @Nullable Object> copy = new LinkedHashMap<>();
				merge(copy, part);
				choice.put(name, copy);
			}
			else if (value != null || !choice.containsKey(name)) {
				choice.put(name, value);
			}
		});
	}

	private static Map<String, @Nullable Object> message(Map<String, @Nullable Object> choice) {
		return map(choice.get("message"));
	}

	@SuppressWarnings("unchecked")
	private static Map<String, @Nullable Object> map(@Nullable Object value) {
		return (Map<String, @Nullable Object>) Objects.requireNonNull(value);
	}

	private static void merge(Map<String, @Nullable Object> target, Map<?, ?> delta) {
		delta.forEach((key, value) -> {
			String name = (String) key;
			Object earlier = target.get(name);
			if (value == null) {
				target.putIfAbsent(name, null);
			}
			else if (value instanceof String text) {
				if (earlier instanceof StringBuilder begun && !ONCE.contains(name)) {
					begun.append(text);
				}
				else if (!(earlier instanceof CharSequence said) || said.isEmpty()) {
					target.put(name, ONCE.contains(name) ? text : new StringBuilder(text));
				}
			}
			else if (value instanceof Map<?, ?> part) {
				if (!(earlier instanceof Map<?, ?>)) {
					target.put(name, new LinkedHashMap<String, Object>());
				}
				merge(map(target.get(name)), part);
			}
			else if (value instanceof List<?> list) {
				if (!(earlier instanceof List<?>)) {
					target.put(name, new ArrayList<>());
				}
				merge(list(target.get(name)), list);
			}
			else {
				target.put(name, value);
			}
		});
	}

	@SuppressWarnings("unchecked")
	private static List<@Nullable Object> list(@Nullable Object value) {
		return (List<@Nullable Object>) Objects.requireNonNull(value);
	}

	private static void merge(List<@Nullable Object> target, List<?> delta) {
		for (Object element : delta) {
			if (!(element instanceof Map<?, ?> part)) {
				target.add(element);
				continue;
			}
			Map<String, @Nullable Object> begun = null;
			if (part.get(ChatAnswers.INDEX) instanceof Long index) {
				for (Object each : target) {
					if (each instanceof Map<?, ?> found && index.equals(found.get(ChatAnswers.INDEX))) {
						begun = map(found);
					}
				}
			}
			if (begun == null) {
				begun = new LinkedHashMap<>();
				target.add(begun);
			}
			merge(begun, part);
		}
	}

	/**
	 * Whether all choices have ended.
	 * @return {@code false} if there is none, or one has no finish reason
	 */
	boolean isFinished() {
		return !this.choices.isEmpty()
				&& this.choices.values().stream().allMatch((choice) -> choice.get(ChatAnswers.FINISH_REASON) != null);
	}

	/**
	 * Return the answer, after which no more events are added.
	 * @return its members
	 */
	Map<String, @Nullable Object> answer() {
		List<Object> merged = new ArrayList<>(this.choices.size());
		this.choices.values().forEach((choice) -> {
			Map<String, @Nullable Object> message = message(choice);
			message.putIfAbsent("role", "assistant");
			message.putIfAbsent(CONTENT, null);
			message.putIfAbsent(REFUSAL, null);
			if (message.get("tool_calls") instanceof List<?> calls) {
				calls.forEach((call) -> {
					if (call instanceof Map<?, ?> members) {
						members.remove(ChatAnswers.INDEX);
					}
				});
			}
			choice.putIfAbsent("logprobs", null);
			merged.add(choice);
		});
		this.answer.put(ChatAnswers.CHOICES, merged);
		if (this.answer.get(ChatAnswers.USAGE) == null) {
			this.answer.remove(ChatAnswers.USAGE);
		}
		return this.answer;
	}

}
