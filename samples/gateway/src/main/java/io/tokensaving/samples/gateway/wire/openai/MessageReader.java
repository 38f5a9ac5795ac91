package io.tokensaving.samples.gateway.wire.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.document.MessageNode;
import io.tokensaving.samples.gateway.wire.document.PartNode;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.MessagePlaces;
import io.tokensaving.samples.gateway.wire.message.WireAssistantMessage;
import io.tokensaving.samples.gateway.wire.message.WireMessage.Said;
import io.tokensaving.samples.gateway.wire.message.WireSystemMessage;
import io.tokensaving.samples.gateway.wire.message.WireUserMessage;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/**
 * Reads the messages of a request and makes those of Spring AI of them: plain ones of
 * what is only a role and a text, others of what holds more. Not thread-safe.
 */
final class MessageReader {

	private static final String CONTENT = "content";

	private static final String ROLE = "role";

	private static final String TEXT = "text";

	private static final String TYPE = "type";

	private static final String FUNCTION = "function";

	private static final String TOOL_CALLS = "tool_calls";

	private static final String TOOL_CALL_ID = "tool_call_id";

	private static final String FUNCTION_CALL = "function_call";

	/**
	 * Members that say nothing if they are {@code null}, as clients that send back an
	 * answer write them.
	 */
	private static final Set<String> OPTIONAL = Set.of("name", "refusal", "audio", TOOL_CALLS, FUNCTION_CALL);

	private static final Set<String> MARKS = Set.of("cache_control", "prompt_cache_breakpoint");

	private final JsonReader in;

	private final List<MessageNode> nodes = new ArrayList<>();

	private final List<Message> messages = new ArrayList<>();

	private final Map<String, String> toolNames = new LinkedHashMap<>();

	// Results that follow each other are one message
	private final List<ToolResponse> results = new ArrayList<>();

	private final List<Integer> resultPlaces = new ArrayList<>();

	// Advisors make plain messages of those with results, so that this is kept apart
	private final Map<String, Object> resultRests = new LinkedHashMap<>();

	// Whether the last result can be marked
	private boolean resultMarkable;

	private boolean marked;

	MessageReader(JsonReader in) {
		this.in = in;
	}

	List<MessageNode> nodes() {
		return List.copyOf(this.nodes);
	}

	/**
	 * Whether a part says that it is to be kept.
	 * @return whether the client marks prefixes itself
	 */
	boolean isMarked() {
		return this.marked;
	}

	/**
	 * Return what messages with the results of tools hold beside the results.
	 * @return the values by the index of the message
	 */
	Map<String, Object> resultRests() {
		return this.resultRests;
	}

	List<Message> project() {
		return this.messages;
	}

	void read() {
		if (this.in.token() != JsonToken.START_ARRAY) {
			throw ChatReader.wrong("messages", "an array");
		}
		while (this.in.next() != JsonToken.END_ARRAY) {
			message();
		}
		if (this.nodes.isEmpty()) {
			throw new WireException("'messages' must have at least one message", "messages", "empty_array");
		}
		endResults();
	}

	private String param(String name) {
		return "messages[" + this.nodes.size() + "]" + name;
	}

	private void message() {
		if (this.in.token() != JsonToken.START_OBJECT) {
			throw ChatReader.wrong(param(""), "an object");
		}
		int start = this.in.start();
		Draft draft = new Draft();
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			this.in.next();
			switch (name) {
				case ROLE -> {
					if (this.in.token() != JsonToken.VALUE_STRING) {
						throw ChatReader.wrong(param(".role"), "a text");
					}
					draft.role = this.in.text();
				}
				case CONTENT -> content(draft);
				default -> {
					this.marked |= MARKS.contains(name);
					Object value = this.in.value();
					if (value != null || !OPTIONAL.contains(name)) {
						draft.rest.put(name, value);
					}
				}
			}
		}
		if (draft.role == null) {
			throw new WireException("'" + param(".role") + "' must be a text but is missing", param(".role"),
					"missing_required_parameter");
		}
		project(draft, draft.role);
		this.nodes.add(new MessageNode(start, this.in.end(), draft.text, draft.content, draft.parts));
	}

	private void content(Draft draft) {
		int start = this.in.start();
		switch (this.in.token()) {
			case VALUE_STRING -> {
				draft.text = this.in.text();
			}
			case VALUE_NULL -> {
			}
			case START_ARRAY -> parts(draft);
			default -> throw ChatReader.wrong(param(".content"), "a text or an array");
		}
		draft.content = new Span(start, this.in.end());
	}

	private void parts(Draft draft) {
		List<PartNode> parts = new ArrayList<>();
		List<@Nullable Object> values = new ArrayList<>();
		StringBuilder text = new StringBuilder();
		int texts = 0;
		while (this.in.next() != JsonToken.END_ARRAY) {
			PartNode part = part(values);
			parts.add(part);
			if (part.text() != null) {
				text.append((texts > 0) ? "\n" : "").append(part.text());
				texts++;
			}
		}
		draft.parts = List.copyOf(parts);
		draft.text = text.toString();
		boolean plain = values.size() == 1 && texts == 1 && values.get(0) instanceof Map<?, ?> only && only.size() == 2;
		draft.several = plain ? null : values;
		draft.oneText = texts == 1;
	}

	// Of several texts the message does not say where one ends, and only one of the user
	// has attachments
	private static void rest(Draft draft, String role) {
		if (draft.several != null) {
			boolean attachments = !Set.of("system", "developer", "assistant", "tool", FUNCTION).contains(role);
			List<@Nullable Object> said = new ArrayList<>(draft.several.size());
			for (Object value : draft.several) {
				said.add((value instanceof Map<?, ?> part) ? said(part, draft.oneText, attachments ? draft.media : null)
						: value);
			}
			draft.rest.put(CONTENT, said);
		}
	}

	private PartNode part(List<@Nullable Object> values) {
		int start = this.in.start();
		if (this.in.token() != JsonToken.START_OBJECT) {
			values.add(this.in.value());
			return new PartNode(start, this.in.end(), false, null, null);
		}
		Map<String, @Nullable Object> part = new LinkedHashMap<>();
		Span textSpan = null;
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			this.in.next();
			int value = this.in.start();
			this.marked |= MARKS.contains(name);
			part.put(name, this.in.value());
			if (name.equals(TEXT)) {
				textSpan = new Span(value, this.in.end());
			}
		}
		values.add(part);
		String text = (TEXT.equals(part.get(TYPE)) && part.get(TEXT) instanceof String found) ? found : null;
		return new PartNode(start, this.in.end(), true, text, (text != null) ? textSpan : null);
	}

	private static Map<String, @Nullable Object> said(Map<?, ?> part, boolean text, @Nullable List<Media> media) {
		Map<String, @Nullable Object> said = new LinkedHashMap<>();
		part.forEach((name, value) -> said.put((String) name, value));
		if (text && TEXT.equals(part.get(TYPE)) && part.get(TEXT) instanceof String) {
			said.put(TEXT, Said.TEXT);
		}
		if (media != null && "image_url".equals(part.get(TYPE)) && part.get("image_url") instanceof Map<?, ?> image
				&& image.get("url") instanceof String url && !url.isEmpty()) {
			media.add(Media.builder().mimeType(mimeType(url)).data((Object) url).build());
			Map<String, @Nullable Object> rest = new LinkedHashMap<>();
			image.forEach((name, value) -> rest.put((String) name, value));
			rest.put("url", Said.MEDIA);
			said.put("image_url", rest);
		}
		return said;
	}

	private static MimeType mimeType(String url) {
		int end = url.startsWith("data:image/") ? url.indexOf(';') : -1;
		if (end > 0 && end < 40) {
			return switch (url.substring(11, end)) {
				case "jpeg", "jpg" -> MimeTypeUtils.IMAGE_JPEG;
				case "gif" -> MimeTypeUtils.IMAGE_GIF;
				case "webp" -> Media.Format.IMAGE_WEBP;
				default -> MimeTypeUtils.IMAGE_PNG;
			};
		}
		return MimeTypeUtils.IMAGE_PNG;
	}

	private void project(Draft draft, String role) {
		rest(draft, role);
		if (role.equals("tool") || role.equals(FUNCTION)) {
			result(draft, role);
			return;
		}
		endResults();
		int place = this.nodes.size();
		Map<String, Object> metadata = metadata(draft, role, List.of(place));
		String text = (draft.text != null) ? draft.text : "";
		if (draft.text == null && !role.equals("assistant")) {
			// A model may read nothing in another way than an empty text
			draft.rest.put(CONTENT, null);
		}
		boolean plain = draft.rest.isEmpty();
		switch (role) {
			case "system" -> this.messages.add(plain ? SystemMessage.builder().text(text).metadata(metadata).build()
					: new WireSystemMessage(text, draft.rest, metadata));
			case "developer" -> {
				draft.rest.put(ROLE, role);
				this.messages.add(new WireSystemMessage(text, draft.rest, metadata));
			}
			case "user" -> this.messages.add(plain ? UserMessage.builder().text(text).metadata(metadata).build()
					: new WireUserMessage(text, draft.media, draft.rest, metadata));
			case "assistant" -> assistant(draft, metadata);
			default -> {
				draft.rest.put(ROLE, role);
				this.messages.add(new WireUserMessage(text, draft.media, draft.rest, metadata));
			}
		}
	}

	private void assistant(Draft draft, Map<String, Object> metadata) {
		List<ToolCall> calls = new ArrayList<>();
		boolean plain = true;
		if (draft.rest.get(TOOL_CALLS) instanceof List<?> list) {
			plain = !list.isEmpty();
			for (Object element : list) {
				plain &= call(element, calls);
			}
			if (plain) {
				draft.rest.remove(TOOL_CALLS);
			}
		}
		if (draft.rest.get(FUNCTION_CALL) instanceof Map<?, ?> call && call.get("name") instanceof String name) {
			calls.add(new ToolCall(FUNCTION_CALL, FUNCTION, name, String.valueOf(call.get("arguments"))));
			this.toolNames.put(FUNCTION_CALL, name);
		}
		this.messages.add(draft.rest.isEmpty()
				? AssistantMessage.builder().content(draft.text).properties(metadata).toolCalls(calls).build()
				: new WireAssistantMessage(draft.text, calls, draft.rest, metadata));
	}

	// Whether the call has nothing but what Spring AI's class has
	private boolean call(@Nullable Object element, List<ToolCall> calls) {
		if (!(element instanceof Map<?, ?> call)) {
			return false;
		}
		String id = (call.get("id") instanceof String text) ? text : "";
		if (!(call.get(FUNCTION) instanceof Map<?, ?> function) || !(function.get("name") instanceof String name)) {
			// Its result belongs to it all the same
			calls.add(new ToolCall(id, String.valueOf(call.get(TYPE)), custom(call), "{}"));
			return false;
		}
		String arguments = (function.get("arguments") instanceof String text) ? text : "";
		this.toolNames.put(id, name);
		calls.add(new ToolCall(id, FUNCTION, name, arguments));
		return call.size() == 3 && FUNCTION.equals(call.get(TYPE)) && call.get("id") instanceof String
				&& function.size() == 2 && function.get("arguments") instanceof String;
	}

	private static String custom(Map<?, ?> call) {
		return (call.get("custom") instanceof Map<?, ?> custom && custom.get("name") instanceof String name) ? name
				: "";
	}

	private void result(Draft draft, String role) {
		int place = this.nodes.size();
		String id = (draft.rest.get(TOOL_CALL_ID) instanceof String text) ? text : "";
		boolean plain = !id.isEmpty() && role.equals("tool") && draft.text != null && draft.rest.size() == 1;
		if (!plain) {
			draft.rest.put(ROLE, role);
			if (draft.text == null) {
				draft.rest.put(CONTENT, null);
			}
			this.resultRests.put(Integer.toString(place), draft.rest);
		}
		String key = role.equals(FUNCTION) ? FUNCTION_CALL : id;
		this.results
			.add(new ToolResponse(key, this.toolNames.getOrDefault(key, ""), (draft.text != null) ? draft.text : ""));
		this.resultPlaces.add(place);
		this.resultMarkable = isMarkable(draft, role);
	}

	private static Map<String, Object> metadata(Draft draft, String role, List<Integer> places) {
		return isMarkable(draft, role) ? MessagePlaces.metadata(places) : MessagePlaces.unmarkable(places);
	}

	// Providers ignore marks on what the model has said
	private static boolean isMarkable(Draft draft, String role) {
		if (draft.parts != null) {
			return !role.equals("assistant") && !draft.parts.isEmpty()
					&& draft.parts.get(draft.parts.size() - 1).object();
		}
		return !role.equals("assistant") && draft.text != null && !draft.text.isEmpty();
	}

	private void endResults() {
		if (this.results.isEmpty()) {
			return;
		}
		this.messages.add(ToolResponseMessage.builder()
			.responses(List.copyOf(this.results))
			.metadata(this.resultMarkable ? MessagePlaces.metadata(this.resultPlaces)
					: MessagePlaces.unmarkable(this.resultPlaces))
			.build());
		this.results.clear();
		this.resultPlaces.clear();
	}

	/**
	 * A message that is being read.
	 */
	private static final class Draft {

		private final Map<String, @Nullable Object> rest = new LinkedHashMap<>();

		private final List<Media> media = new ArrayList<>();

		private @Nullable String role;

		private @Nullable String text;

		private @Nullable Span content;

		private @Nullable List<PartNode> parts;

		private @Nullable List<@Nullable Object> several;

		private boolean oneText;

	}

}
