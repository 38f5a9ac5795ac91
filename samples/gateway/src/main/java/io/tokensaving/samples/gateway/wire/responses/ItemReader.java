package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
import org.springframework.util.MimeTypeUtils;

/**
 * Reads the input of a request and makes messages of it. What a model has made in one
 * turn, with its reasoning and its calls, is one message, so that nobody takes it apart.
 * Not thread-safe.
 */
final class ItemReader {

	private static final String TYPE = "type";

	private static final String ROLE = "role";

	private static final String TEXT = "text";

	private static final String CONTENT = "content";

	private static final String OUTPUT = "output";

	private static final String MESSAGE = "message";

	private static final String CALL_ID = "call_id";

	private static final String NAME = "name";

	private static final String REASONING = "reasoning";

	private static final String FUNCTION_CALL = "function_call";

	private static final String CUSTOM_CALL = "custom_tool_call";

	private static final String FUNCTION_OUTPUT = "function_call_output";

	private static final String CUSTOM_OUTPUT = "custom_tool_call_output";

	private static final Set<String> TEXT_PARTS = Set.of("input_text", "output_text");

	private static final String MARK = "prompt_cache_breakpoint";

	private final JsonReader in;

	private final List<MessageNode> nodes = new ArrayList<>();

	private final List<Message> messages = new ArrayList<>();

	private final Map<String, Object> resultRests = new LinkedHashMap<>();

	// What a model has made in one turn
	private final List<Item> turn = new ArrayList<>();

	private final List<ToolResponse> results = new ArrayList<>();

	private final List<Integer> resultPlaces = new ArrayList<>();

	// The calls that have no result yet
	private final Map<String, String> open = new LinkedHashMap<>();

	private @Nullable Span span;

	private boolean text;

	private boolean asItIs;

	private boolean bound;

	private boolean marked;

	private boolean reasoning;

	ItemReader(JsonReader in) {
		this.in = in;
	}

	List<MessageNode> nodes() {
		return List.copyOf(this.nodes);
	}

	@Nullable Span span() {
		return this.span;
	}

	boolean isText() {
		return this.text;
	}

	/**
	 * Whether something was read that is not understood, so that nothing may be changed.
	 * @return whether there was, or nothing at all was read
	 */
	boolean isAsItIs() {
		return this.asItIs || this.messages.isEmpty();
	}

	boolean isBound() {
		return this.bound;
	}

	boolean isMarked() {
		return this.marked;
	}

	boolean hasReasoning() {
		return this.reasoning;
	}

	/**
	 * Return what results of tools hold beside their texts.
	 * @return the values by the index of the item
	 */
	Map<String, Object> resultRests() {
		return this.resultRests;
	}

	/**
	 * Return the messages.
	 * @param instructions the instructions, or {@code null} if there are none
	 * @return the messages, with the instructions as the first one
	 */
	List<Message> project(@Nullable String instructions) {
		List<Message> all = new ArrayList<>(this.messages.size() + 1);
		if (instructions != null) {
			all.add(SystemMessage.builder()
				.text(instructions)
				.metadata(MessagePlaces.metadata(List.of(ResponsesDocument.INSTRUCTIONS)))
				.build());
		}
		all.addAll(this.messages);
		return all;
	}

	/**
	 * Return one message that stands for all, of which nobody can leave out anything.
	 * @param instructions the instructions, or {@code null} if there are none
	 * @return the message
	 */
	List<Message> asItIs(@Nullable String instructions) {
		StringBuilder text = new StringBuilder((instructions != null) ? instructions : "");
		for (MessageNode node : this.nodes) {
			if (node.text() != null) {
				text.append(text.isEmpty() ? "" : "\n").append(node.text());
			}
		}
		return List.of(new WireUserMessage(text.toString(), List.of(), Map.of(CONTENT, true),
				MessagePlaces.unmarkable(List.of(ResponsesDocument.ALL))));
	}

	/**
	 * Read the input, whose first token is the current one.
	 * @param start where it begins
	 * @return whether it is a text or an array; otherwise it is still to be read
	 */
	boolean read(int start) {
		if (this.in.token() == JsonToken.VALUE_STRING) {
			String given = this.in.text();
			this.text = true;
			this.span = new Span(start, this.in.end());
			this.nodes.add(new MessageNode(start, this.in.end(), given, this.span, null));
			this.messages.add(UserMessage.builder().text(given).metadata(metadata(given, List.of(0))).build());
			return true;
		}
		if (this.in.token() != JsonToken.START_ARRAY) {
			return false;
		}
		while (this.in.next() != JsonToken.END_ARRAY) {
			item();
		}
		this.span = new Span(start, this.in.end());
		return true;
	}

	/**
	 * Say that all was read.
	 */
	void end() {
		endTurn();
		endResults();
		this.asItIs |= !this.open.isEmpty();
	}

	private void item() {
		int start = this.in.start();
		if (this.in.token() != JsonToken.START_OBJECT) {
			this.in.value();
			this.asItIs = true;
			this.nodes.add(new MessageNode(start, this.in.end(), null, null, null));
			return;
		}
		Map<String, @Nullable Object> members = new LinkedHashMap<>();
		Body content = null;
		Body output = null;
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			this.in.next();
			if (name.equals(CONTENT)) {
				content = body();
				members.put(name, content.value());
			}
			else if (name.equals(OUTPUT)) {
				output = body();
				members.put(name, output.value());
			}
			else {
				this.marked |= name.equals(MARK);
				members.put(name, this.in.value());
			}
		}
		String type = (members.get(TYPE) instanceof String given) ? given
				: (!members.containsKey(TYPE) && members.get(ROLE) instanceof String) ? MESSAGE : "";
		Body body = (type.equals(FUNCTION_OUTPUT) || type.equals(CUSTOM_OUTPUT)) ? output : content;
		project(new Item(this.nodes.size(), type, members, body));
		this.nodes.add(new MessageNode(start, this.in.end(), (body != null) ? body.text() : null,
				(body != null) ? body.span() : null, (body != null) ? body.parts() : null));
	}

	private Body body() {
		int start = this.in.start();
		if (this.in.token() != JsonToken.START_ARRAY) {
			Object value = this.in.value();
			return new Body(value, (value instanceof String given) ? given : null,
					(value instanceof String) ? new Span(start, this.in.end()) : null, null);
		}
		List<PartNode> parts = new ArrayList<>();
		List<@Nullable Object> values = new ArrayList<>();
		StringBuilder text = new StringBuilder();
		int texts = 0;
		while (this.in.next() != JsonToken.END_ARRAY) {
			PartNode part = part(values);
			parts.add(part);
			if (part.text() != null) {
				text.append((texts++ > 0) ? "\n" : "").append(part.text());
			}
		}
		return new Body(values, text.toString(), new Span(start, this.in.end()), List.copyOf(parts));
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
			int from = this.in.start();
			this.marked |= name.equals(MARK);
			part.put(name, this.in.value());
			textSpan = name.equals(TEXT) ? new Span(from, this.in.end()) : textSpan;
		}
		values.add(part);
		String text = isText(part) ? (String) part.get(TEXT) : null;
		return new PartNode(start, this.in.end(), true, text, (text != null) ? textSpan : null);
	}

	private static boolean isText(Map<?, ?> part) {
		return part.get(TYPE) instanceof String type && TEXT_PARTS.contains(type) && part.get(TEXT) instanceof String;
	}

	private void project(Item item) {
		switch (item.type()) {
			case MESSAGE -> {
				if ("assistant".equals(item.members().get(ROLE))) {
					made(item);
				}
				else {
					endTurn();
					endResults();
					message(item);
				}
			}
			case REASONING, FUNCTION_CALL, CUSTOM_CALL -> made(item);
			case FUNCTION_OUTPUT, CUSTOM_OUTPUT -> result(item);
			case "item_reference" -> {
				this.asItIs = true;
				this.bound = true;
			}
			default -> {
				this.asItIs = true;
			}
		}
	}

	// Of what the provider keeps by itself it is told only whether there is anything, so
	// that it does not matter how a message would be marked
	private static Map<String, Object> metadata(String text, List<Integer> places) {
		return text.isEmpty() ? MessagePlaces.unmarkable(places) : MessagePlaces.metadata(places);
	}

	private void message(Item item) {
		// Between a call and its result nothing else may stand
		this.asItIs |= !this.open.isEmpty();
		Map<String, @Nullable Object> rest = item.rest();
		rest.remove(ROLE);
		String role = (item.members().get(ROLE) instanceof String given) ? given : "";
		Map<String, Object> metadata = metadata(item.text(), List.of(item.place()));
		List<Media> media = new ArrayList<>();
		String text = item.text();
		boolean user = !role.equals("system") && !role.equals("developer");
		if (!item.isPlainText()) {
			rest.put(CONTENT, item.said(user ? media : null));
		}
		if (!role.equals("system") && !role.equals("user")) {
			rest.put(ROLE, item.members().get(ROLE));
		}
		if (rest.isEmpty()) {
			this.messages.add(user ? UserMessage.builder().text(text).metadata(metadata).build()
					: SystemMessage.builder().text(text).metadata(metadata).build());
		}
		else {
			this.messages.add(user ? new WireUserMessage(text, media, rest, metadata)
					: new WireSystemMessage(text, rest, metadata));
		}
	}

	private void made(Item item) {
		endResults();
		if (this.turn.isEmpty()) {
			this.asItIs |= !this.open.isEmpty();
		}
		this.reasoning |= item.type().equals(REASONING);
		this.turn.add(item);
		if (item.isCall()) {
			String id = item.string(CALL_ID);
			this.asItIs |= id.isEmpty() || this.open.put(id, item.string(NAME)) != null;
		}
	}

	private void endTurn() {
		if (this.turn.isEmpty()) {
			return;
		}
		List<Integer> places = new ArrayList<>(this.turn.size());
		List<ToolCall> calls = new ArrayList<>();
		StringBuilder text = new StringBuilder();
		boolean plain = true;
		int texts = 0;
		for (Item item : this.turn) {
			places.add(item.place());
			if (item.type().equals(MESSAGE)) {
				text.append((texts++ > 0) ? "\n" : "").append(item.text());
				plain &= places.size() == 1 && item.isPlain(Set.of(ROLE, CONTENT)) && item.isPlainText()
						&& !item.text().isEmpty();
			}
			else if (item.isCall()) {
				boolean function = item.type().equals(FUNCTION_CALL);
				calls.add(new ToolCall(item.string(CALL_ID), function ? "function" : "custom", item.string(NAME),
						item.string(function ? "arguments" : "input")));
				plain &= function && item.isPlain(Set.of(CALL_ID, NAME, "arguments"))
						&& item.members().get("arguments") instanceof String
						&& item.members().get(NAME) instanceof String;
			}
			else {
				plain = false;
			}
		}
		Map<String, Object> metadata = MessagePlaces.unmarkable(places);
		if (plain) {
			this.messages.add(AssistantMessage.builder()
				.content((texts > 0) ? text.toString() : null)
				.properties(metadata)
				.toolCalls(calls)
				.build());
		}
		else {
			this.messages.add(new WireAssistantMessage(text.toString(), calls,
					Map.of("items", this.turn.stream().map(Item::members).toList()), metadata));
		}
		this.turn.clear();
	}

	private void result(Item item) {
		endTurn();
		String id = item.string(CALL_ID);
		String name = this.open.remove(id);
		this.asItIs |= name == null;
		if (!item.type().equals(FUNCTION_OUTPUT) || !item.isPlain(Set.of(CALL_ID, OUTPUT)) || !item.isPlainText()) {
			Map<String, @Nullable Object> rest = new LinkedHashMap<>(item.members());
			rest.put(OUTPUT, item.isPlainText() ? Said.TEXT : item.said(null));
			this.resultRests.put(Integer.toString(item.place()), rest);
		}
		this.results.add(new ToolResponse(id, (name != null) ? name : "", item.text()));
		this.resultPlaces.add(item.place());
	}

	private void endResults() {
		if (!this.results.isEmpty()) {
			this.messages.add(ToolResponseMessage.builder()
				.responses(List.copyOf(this.results))
				.metadata(metadata(this.results.get(this.results.size() - 1).responseData(), this.resultPlaces))
				.build());
			this.results.clear();
			this.resultPlaces.clear();
		}
	}

	/**
	 * What an item says.
	 *
	 * @param value its value
	 * @param text its text, or {@code null} if it is neither a text nor an array
	 * @param span where it stands, or {@code null} if it is neither
	 * @param parts its parts, or {@code null} if it is no array
	 */
	private record Body(@Nullable Object value, @Nullable String text, @Nullable Span span,
			@Nullable List<PartNode> parts) {

	}

	/**
	 * An item.
	 *
	 * @param place its index
	 * @param type its type
	 * @param members its members
	 * @param body what it says, or {@code null} if it says nothing
	 */
	private record Item(int place, String type, Map<String, @Nullable Object> members, @Nullable Body body) {

		String string(String name) {
			return (this.members.get(name) instanceof String given) ? given : "";
		}

		String text() {
			return (this.body != null && this.body.text() != null) ? this.body.text() : "";
		}

		boolean isCall() {
			return this.type.equals(FUNCTION_CALL) || this.type.equals(CUSTOM_CALL);
		}

		// Everything but the content, and a type that says nothing
		Map<String, @Nullable Object> rest() {
			Map<String, @Nullable Object> rest = new LinkedHashMap<>(this.members);
			rest.remove(CONTENT);
			rest.remove(TYPE, MESSAGE);
			return rest;
		}

		boolean isPlain(Set<String> names) {
			Set<String> others = new LinkedHashSet<>(this.members.keySet());
			others.remove(TYPE);
			return others.equals(names);
		}

		// Whether the text says all that its content does
		boolean isPlainText() {
			if (this.body == null || this.body.text() == null) {
				return false;
			}
			List<PartNode> parts = this.body.parts();
			return parts == null
					|| (parts.size() == 1 && parts.get(0).text() != null && this.body.value() instanceof List<?> list
							&& list.get(0) instanceof Map<?, ?> part && part.size() == 2);
		}

		// Of several texts the message does not say where one ends
		@Nullable Object said(@Nullable List<Media> media) {
			if (this.body == null || !(this.body.value() instanceof List<?> values)) {
				return (this.body != null) ? this.body.value() : null;
			}
			boolean one = values.stream()
				.filter((value) -> value instanceof Map<?, ?> part && isText(part))
				.count() == 1;
			List<@Nullable Object> said = new ArrayList<>(values.size());
			for (Object value : values) {
				said.add((value instanceof Map<?, ?> part) ? said(part, one, media) : value);
			}
			return said;
		}

		private static Map<String, @Nullable Object> said(Map<?, ?> part, boolean one, @Nullable List<Media> media) {
			Map<String, @Nullable Object> said = new LinkedHashMap<>();
			part.forEach((name, value) -> said.put((String) name, value));
			if (one && isText(part)) {
				said.put(TEXT, Said.TEXT);
			}
			if (media != null && "input_image".equals(part.get(TYPE)) && part.get("image_url") instanceof String url
					&& !url.isEmpty()) {
				media.add(Media.builder().mimeType(MimeTypeUtils.IMAGE_PNG).data((Object) url).build());
				said.put("image_url", Said.MEDIA);
			}
			return said;
		}

	}

}
