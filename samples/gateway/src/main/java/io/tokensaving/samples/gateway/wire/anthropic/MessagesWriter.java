package io.tokensaving.samples.gateway.wire.anthropic;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.samples.gateway.wire.GatewayFields;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Block;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Content;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Part;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Tool;
import io.tokensaving.samples.gateway.wire.json.JsonEdits;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.JsonMembers;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import io.tokensaving.samples.gateway.wire.json.Span;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.StringUtils;

/**
 * Writes what is left of a request into its document. For one request.
 */
final class MessagesWriter {

	/**
	 * The most marks of the prompt cache that the provider accepts.
	 */
	private static final int MAX_MARKS = 4;

	private static final String LEFT_OUT = "[...]";

	private final MessagesDocument document;

	private final WireOptions options;

	private final List<Message> messages;

	private final JsonEdits edits;

	// Messages by the index of the part that they stand for
	private final Map<Integer, List<Message>> byPart = new HashMap<>();

	// Messages that stand for nothing, by the index of the message of the document behind
	// which they come
	private final Map<Integer, List<Message>> added = new TreeMap<>();

	private final List<Message> addedSystem = new ArrayList<>();

	private final List<String> newMembers = new ArrayList<>();

	private final Marks marks;

	private MessagesWriter(MessagesDocument document, WireOptions options, List<Message> messages) {
		this.document = document;
		this.options = options;
		this.messages = messages;
		this.edits = new JsonEdits(document.body());
		this.marks = Marks.of(document, options.getCacheInjection());
	}

	static byte[] write(MessagesDocument document, WireOptions options, Prompt prompt, boolean stream) {
		return new MessagesWriter(document, options, prompt.getInstructions()).write(stream);
	}

	private byte[] write(boolean stream) {
		sort();
		if (!Objects.equals(this.options.getModel(), this.document.model()) && this.options.getModel() != null) {
			set("model", JsonWriter.quote(this.options.getModel()));
		}
		if (!Objects.equals(this.options.getMaxTokens(), this.document.maxTokens())
				&& this.options.getMaxTokens() != null) {
			set("max_tokens", this.options.getMaxTokens().toString());
		}
		Span schema = this.document.schema();
		String wanted = this.options.getOutputSchema();
		if (schema != null && wanted != null && !wanted.equals(this.document.schemaText())) {
			this.edits.replace(schema, wanted);
		}
		stream(stream);
		tools();
		system();
		turns();
		JsonMembers.change(this.document.members(), this::isOurs, this.newMembers, this.document.end(), this.edits);
		JsonPieces pieces = new JsonPieces();
		this.edits.copy(0, this.document.body().length, pieces);
		return pieces.toByteArray();
	}

	private boolean isOurs(JsonMember member) {
		return GatewayFields.isOurs(member.name(), this.document.body()[member.value().start()] == '{');
	}

	private void sort() {
		int turn = -1;
		for (Message message : this.messages) {
			int place = this.document.place(message);
			if (place >= 0) {
				this.byPart.computeIfAbsent(place, (index) -> new ArrayList<>()).add(message);
				turn = Math.max(turn, this.document.parts().get(place).turn());
			}
			else if (message instanceof SystemMessage) {
				this.addedSystem.add(message);
			}
			else {
				this.added.computeIfAbsent(turn, (index) -> new ArrayList<>()).add(message);
			}
		}
	}

	private void set(String name, String value) {
		JsonMember member = JsonMembers.find(this.document.members(), name);
		if (member != null) {
			this.edits.replace(member.value(), value);
		}
		else {
			this.newMembers.add(JsonWriter.quote(name) + ":" + value);
		}
	}

	private void stream(boolean stream) {
		JsonMember member = JsonMembers.find(this.document.members(), "stream");
		boolean present = member != null && this.document.body()[member.value().start()] == 't';
		if (present != stream) {
			set("stream", String.valueOf(stream));
		}
	}

	// The order of the options, with unnamed tools at their end
	private void tools() {
		Span span = this.document.toolsSpan();
		if (span == null) {
			return;
		}
		JsonEdits inner = new JsonEdits(this.document.body());
		List<Object> wanted = wantedTools(inner);
		Tool marked = null;
		for (Object tool : wanted) {
			marked = (tool instanceof Tool given && given.markable()) ? given : marked;
		}
		String mark = this.marks.tools();
		if (marked != null && mark != null) {
			inner.insert(marked.span().end() - 1, "," + mark);
		}
		if (wanted.equals(this.document.tools())) {
			this.edits.addAll(inner);
			return;
		}
		List<JsonPieces> elements = new ArrayList<>();
		for (Object tool : wanted) {
			elements
				.add((tool instanceof Tool given) ? copy(inner, given.span()) : new JsonPieces().add((String) tool));
		}
		replace(this.edits, span, elements);
	}

	private List<Object> wantedTools(JsonEdits edits) {
		List<Object> wanted = new ArrayList<>();
		List<Tool> left = new ArrayList<>(this.document.tools());
		for (ToolCallback callback : this.options.getToolCallbacks()) {
			ToolDefinition definition = callback.getToolDefinition();
			Tool found = null;
			for (Tool tool : left) {
				if (found == null && definition.name().equals(tool.name())) {
					found = tool;
				}
			}
			if (found != null) {
				left.remove(found);
				wanted.add(found);
				if (found.schema() != null && !definition.inputSchema().equals(found.schemaText())) {
					edits.replace(found.schema(), definition.inputSchema());
				}
			}
			else {
				wanted.add("{\"name\":" + JsonWriter.quote(definition.name()) + ",\"description\":"
						+ JsonWriter.quote(definition.description()) + ",\"input_schema\":" + definition.inputSchema()
						+ "}");
			}
		}
		// Those without a name stay where they are as long as nothing moves
		if (wanted.equals(this.document.tools().stream().filter((tool) -> tool.name() != null).toList())) {
			return new ArrayList<>(this.document.tools());
		}
		left.stream().filter((tool) -> tool.name() == null).forEach(wanted::add);
		return wanted;
	}

	private static JsonPieces copy(JsonEdits edits, Span span) {
		JsonPieces pieces = new JsonPieces();
		edits.copy(span.start(), span.end(), pieces);
		return pieces;
	}

	private static void replace(JsonEdits edits, Span span, List<JsonPieces> elements) {
		JsonPieces array = new JsonPieces().add("[");
		String separator = "";
		for (JsonPieces element : elements) {
			array.add(separator).add(element);
			separator = ",";
		}
		edits.replace(span.start(), span.end(), array.add("]"));
	}

	private void system() {
		List<SystemText> texts = systemTexts();
		String mark = this.marks.system();
		int marked = this.marks.splitSystem() ? 0 : lastWithText(texts);
		marked = (mark != null) ? marked : -1;
		int parts = (int) this.document.parts().stream().filter(Part::isSystem).count();
		boolean same = texts.size() == parts && marked < 0 && texts.stream().allMatch(SystemText::isSame);
		if (same) {
			return;
		}
		Content content = this.document.system();
		boolean single = texts.size() == 1 && marked < 0 && (content == null || content.text() != null);
		if (single) {
			set("system", JsonWriter.quote(texts.get(0).text()));
			return;
		}
		List<JsonPieces> blocks = new ArrayList<>();
		for (int i = 0; i < texts.size(); i++) {
			blocks.add(systemBlock(texts.get(i), (i == marked) ? mark : null));
		}
		if (content != null) {
			replace(this.edits, content.span(), blocks);
		}
		else {
			set("system", texts.stream().map((text) -> textBlock(text.text(), null)).toList().toString());
		}
	}

	private List<SystemText> systemTexts() {
		List<SystemText> texts = new ArrayList<>();
		for (int place = 0; place < this.document.parts().size(); place++) {
			Part part = this.document.parts().get(place);
			if (part.isSystem()) {
				Part first = part;
				for (Message message : this.byPart.getOrDefault(place, List.of())) {
					texts.add(new SystemText(Objects.requireNonNullElse(message.getText(), ""), first));
					// A second one of the same place is what was behind the first
					first = null;
				}
			}
		}
		this.addedSystem
			.forEach((message) -> texts.add(new SystemText(Objects.requireNonNullElse(message.getText(), ""), null)));
		return texts;
	}

	private static int lastWithText(List<SystemText> texts) {
		int last = texts.size() - 1;
		while (last >= 0 && !StringUtils.hasText(texts.get(last).text())) {
			last--;
		}
		return last;
	}

	private JsonPieces systemBlock(SystemText text, @Nullable String mark) {
		Part part = text.part();
		if (part == null || part.content().text() != null) {
			return new JsonPieces().add(textBlock(text.text(), mark));
		}
		Block block = part.content().blocks().get(part.from());
		JsonEdits inner = new JsonEdits(this.document.body());
		if (!text.isSame() && !block.textSpans().isEmpty()) {
			inner.replace(block.textSpans().get(0), JsonWriter.quote(text.text()));
		}
		if (mark != null && block.object()) {
			inner.insert(block.span().end() - 1, "," + mark);
		}
		return copy(inner, block.span());
	}

	private static String textBlock(String text, @Nullable String mark) {
		return "{\"type\":\"text\",\"text\":" + JsonWriter.quote(text) + ((mark != null) ? "," + mark : "") + "}";
	}

	private void turns() {
		Map<Integer, List<Integer>> places = new HashMap<>();
		for (int i = 0; i < this.document.parts().size(); i++) {
			places.computeIfAbsent(this.document.parts().get(i).turn(), (turn) -> new ArrayList<>(2)).add(i);
		}
		JsonEdits inner = new JsonEdits(this.document.body());
		List<JsonPieces> elements = new ArrayList<>();
		boolean whole = this.added.isEmpty();
		add(Part.SYSTEM, elements);
		BitSet kept = new BitSet();
		for (int turn = 0; turn < this.document.turns().size(); turn++) {
			List<Integer> parts = places.getOrDefault(turn, List.of());
			if (parts.stream().anyMatch(this.byPart::containsKey)) {
				kept.set(turn);
				turn(parts, inner);
			}
		}
		if (this.added.isEmpty() && kept.cardinality() == this.document.turns().size()) {
			this.edits.addAll(inner);
			return;
		}
		for (int turn = 0; turn < this.document.turns().size(); turn++) {
			if (kept.get(turn)) {
				elements.add(copy(inner, this.document.turns().get(turn).span()));
			}
			add(turn, elements);
		}
		replace(this.edits, this.document.turnsSpan(), elements);
	}

	private void add(int behind, List<JsonPieces> elements) {
		for (Message message : this.added.getOrDefault(behind, List.of())) {
			elements.add(new JsonPieces().add(MessagesPrompt.message(message)));
		}
	}

	private void turn(List<Integer> places, JsonEdits edits) {
		Set<Block> dropped = Collections.newSetFromMap(new IdentityHashMap<>());
		JsonEdits inner = new JsonEdits(this.document.body());
		for (int place : places) {
			Part part = this.document.parts().get(place);
			List<Message> messages = this.byPart.getOrDefault(place, List.of());
			if (!messages.isEmpty()) {
				part(messages.get(0), part, this.marks.behind(place), dropped, inner);
			}
			else {
				dropped.addAll(part.content().blocks().subList(part.from(), part.to()));
			}
		}
		if (dropped.isEmpty()) {
			edits.addAll(inner);
			return;
		}
		Content content = this.document.parts().get(places.get(0)).content();
		List<JsonPieces> elements = new ArrayList<>();
		for (Block block : content.blocks()) {
			if (!dropped.contains(block)) {
				elements.add(copy(inner, block.span()));
			}
		}
		replace(edits, content.span(), elements);
	}

	private void part(Message message, Part part, @Nullable String mark, Set<Block> dropped, JsonEdits edits) {
		String text = Objects.requireNonNullElse(message.getText(), "");
		boolean same = text.equals(Objects.requireNonNullElse(part.text(), ""));
		if (part.content().text() != null) {
			text(part.content().span(), same ? null : JsonWriter.quote(text), StringUtils.hasText(text) ? mark : null,
					edits);
			return;
		}
		if (message instanceof ToolResponseMessage results) {
			results(part, results.getResponses(), edits);
		}
		else if (!same) {
			changeText(part, text, dropped, edits);
		}
		Block marked = (mark != null) ? part.markable() : null;
		if (marked != null && !dropped.contains(marked)) {
			edits.insert(marked.span().end() - 1, "," + mark);
		}
	}

	// Only a block can be marked, which says the same as the text alone
	private void text(Span span, @Nullable String quoted, @Nullable String mark, JsonEdits edits) {
		if (mark == null) {
			if (quoted != null) {
				edits.replace(span, quoted);
			}
			return;
		}
		JsonPieces pieces = new JsonPieces().add("[{\"type\":\"text\",\"text\":");
		if (quoted != null) {
			pieces.add(quoted);
		}
		else {
			pieces.add(this.document.body(), span.start(), span.end());
		}
		edits.replace(span.start(), span.end(), pieces.add("," + mark + "}]"));
	}

	// Of several blocks, what was put in front belongs to the first one, and what was put
	// behind to the last
	private static void changeText(Part part, String text, Set<Block> dropped, JsonEdits edits) {
		String before = Objects.requireNonNullElse(part.text(), "");
		List<Block> blocks = part.content().blocks().subList(part.from(), part.to());
		List<Block> texts = blocks.stream()
			.filter((block) -> block.type().equals("text") && block.text() != null)
			.toList();
		if (texts.isEmpty()) {
			if (!blocks.isEmpty()) {
				edits.insert(blocks.get(0).span().start(), textBlock(text, null) + ",");
			}
			return;
		}
		Block first = texts.get(0);
		Block last = texts.get(texts.size() - 1);
		if (text.endsWith(before)) {
			String added = text.substring(0, text.length() - before.length());
			edits.replace(first.textSpans().get(0), JsonWriter.quote(added + first.text()));
		}
		else if (text.startsWith(before)) {
			edits.replace(last.textSpans().get(0), JsonWriter.quote(last.text() + text.substring(before.length())));
		}
		else {
			edits.replace(first.textSpans().get(0), JsonWriter.quote(text));
			dropped.addAll(texts.subList(1, texts.size()));
		}
	}

	private static void results(Part part, List<ToolResponse> responses, JsonEdits edits) {
		Map<String, String> texts = new HashMap<>();
		responses.forEach((response) -> texts.put(response.id(), response.responseData()));
		for (Block block : part.content().blocks().subList(part.from(), part.to())) {
			String text = texts.get(block.id());
			if (text == null || text.equals(Objects.requireNonNullElse(block.text(), ""))) {
				continue;
			}
			// The first of several texts becomes the new one, the others say that they
			// are left out
			for (int i = 0; i < block.textSpans().size(); i++) {
				edits.replace(block.textSpans().get(i), JsonWriter.quote((i == 0) ? text : LEFT_OUT));
			}
		}
	}

	/**
	 * A text of the system.
	 *
	 * @param text the text
	 * @param part what it stands for, or {@code null} if it is new
	 */
	private record SystemText(String text, @Nullable Part part) {

		boolean isSame() {
			return this.part != null && this.text.equals(Objects.requireNonNullElse(this.part.text(), ""));
		}

	}

	/**
	 * Marks of the prompt cache, in the order of the prompt, as many and for as long as
	 * the provider accepts.
	 */
	private static final class Marks {

		private @Nullable String tools;

		private @Nullable String system;

		private boolean split;

		private final Map<Integer, String> behind = new HashMap<>();

		static Marks of(MessagesDocument document, @Nullable CacheInjection injection) {
			Marks marks = new Marks();
			if (injection == null || document.isCacheManaged()) {
				return marks;
			}
			boolean hour = true;
			int left = MAX_MARKS;
			if (injection.tools() != null) {
				hour = AnthropicMessagesFormat.isHour(injection.tools());
				marks.tools = mark(hour);
				left--;
			}
			if (injection.system() != null) {
				hour = hour && AnthropicMessagesFormat.isHour(injection.system());
				marks.system = mark(hour);
				marks.split = injection.split();
				left--;
			}
			TreeMap<Integer, CacheTtl> behind = new TreeMap<>();
			injection.behindMessages().forEach((index, ttl) -> {
				int place = (index < injection.messages().size()) ? document.place(injection.messages().get(index))
						: -1;
				if (place >= 0 && !document.parts().get(place).isSystem()) {
					behind.put(place, ttl);
				}
			});
			while (behind.size() > left) {
				// The longest prefixes are those that the next request repeats
				behind.pollFirstEntry();
			}
			for (Map.Entry<Integer, CacheTtl> mark : behind.entrySet()) {
				hour = hour && AnthropicMessagesFormat.isHour(mark.getValue());
				marks.behind.put(mark.getKey(), mark(hour));
			}
			return marks;
		}

		private static String mark(boolean hour) {
			return hour ? "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"
					: "\"cache_control\":{\"type\":\"ephemeral\"}";
		}

		@Nullable String tools() {
			return this.tools;
		}

		@Nullable String system() {
			return this.system;
		}

		boolean splitSystem() {
			return this.split;
		}

		@Nullable String behind(int place) {
			return this.behind.get(place);
		}

	}

}
