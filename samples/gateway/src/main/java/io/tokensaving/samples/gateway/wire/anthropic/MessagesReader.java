package io.tokensaving.samples.gateway.wire.anthropic;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.samples.gateway.wire.GatewayFields;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Block;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Content;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Marks;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Part;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Tool;
import io.tokensaving.samples.gateway.wire.anthropic.MessagesDocument.Turn;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.ClientTool;
import io.tokensaving.samples.gateway.wire.message.MessagePlaces;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.tool.ToolCallback;

/**
 * Reads a request in one pass. For one request.
 */
final class MessagesReader {

	/**
	 * Tools that the provider runs, and whose results are others tomorrow or belong to a
	 * container that is gone then.
	 */
	private static final List<String> VARYING_TOOLS = List.of("web_search_", "web_fetch_", "code_execution_",
			"mcp_toolset", "advisor_");

	private static final Set<String> PLAIN_TOOL = Set.of("type", "name", "description", "input_schema",
			"cache_control");

	private static final String CACHE_CONTROL = "cache_control";

	private final byte[] body;

	private final JsonReader reader;

	private final GatewayFields ours = new GatewayFields();

	private final List<JsonMember> members = new ArrayList<>();

	private final Map<String, Object> fields = new LinkedHashMap<>();

	private final List<Part> parts = new ArrayList<>();

	private final List<Message> messages = new ArrayList<>();

	private final List<Message> system = new ArrayList<>();

	private final List<Turn> turns = new ArrayList<>();

	private final List<Tool> tools = new ArrayList<>();

	private final List<ToolCallback> callbacks = new ArrayList<>();

	private final Map<String, Object> toolRest = new TreeMap<>();

	private final Map<String, String> toolNames = new HashMap<>();

	private final WireOptions.Builder options = WireOptions.builder().format(AnthropicMessagesFormat.NAME);

	private Marks marks = Marks.NONE;

	private boolean images;

	private boolean varying;

	private boolean stream;

	private @Nullable Content systemContent;

	private @Nullable Span turnsSpan;

	private @Nullable Span toolsSpan;

	private @Nullable Span schema;

	private @Nullable String schemaText;

	private @Nullable String model;

	private @Nullable Integer maxTokens;

	private MessagesReader(byte[] body) {
		this.body = body;
		this.reader = new JsonReader(body);
	}

	static WireRequest read(byte[] body) {
		MessagesReader reader = new MessagesReader(body);
		try (reader.reader) {
			return reader.document();
		}
	}

	private WireRequest document() {
		if (this.reader.next() != JsonToken.START_OBJECT) {
			throw new WireException("The body must be a JSON object", null, "invalid_type");
		}
		while (this.reader.next() != JsonToken.END_OBJECT) {
			member();
		}
		int end = this.reader.start();
		this.reader.finish();
		if (this.model == null || this.model.isBlank()) {
			throw new WireException("'model' must be a string that is not blank", "model", "invalid_type");
		}
		if (this.turnsSpan == null) {
			throw new WireException("'messages' must be an array", "messages", "invalid_type");
		}
		if (!this.toolRest.isEmpty()) {
			this.fields.put("tools", this.toolRest);
		}
		Map<String, Object> fields = Collections.unmodifiableMap(this.fields);
		MessagesDocument document = new MessagesDocument(this.body, List.copyOf(this.members), end, this.systemContent,
				List.copyOf(this.turns), this.turnsSpan, List.copyOf(this.parts), List.copyOf(this.tools),
				this.toolsSpan, this.schema, this.schemaText, this.model, this.maxTokens, this.marks, fields,
				this.images);
		List<Message> all = new ArrayList<>(this.system);
		all.addAll(this.messages);
		WireOptions options = this.options.model(this.model)
			.fields(fields)
			.outputSchema(this.schemaText)
			.toolCallbacks(this.callbacks)
			.document(document)
			.build();
		return new WireRequest(all, options, this.stream, this.ours.parameters(),
				new WireRequest.Allowed(!this.varying, true));
	}

	private void member() {
		String name = this.reader.text();
		int keyStart = this.reader.start();
		JsonToken token = this.reader.next();
		int start = this.reader.start();
		if (GatewayFields.isOurs(name, token == JsonToken.START_OBJECT)) {
			this.ours.put(name, this.reader.value());
		}
		else {
			switch (name) {
				case "messages" -> turns(token, start);
				case "system" -> system(token, start);
				case "tools" -> tools(token, start);
				case "output_config" -> outputConfig(token);
				default -> option(name, token, this.reader.value());
			}
		}
		this.members.add(new JsonMember(name, keyStart, new Span(start, this.reader.end())));
	}

	private void option(String name, JsonToken token, @Nullable Object value) {
		switch (name) {
			case "model" -> {
				this.model = (value instanceof String text) ? text : null;
			}
			case "stream" -> {
				if (!(value instanceof Boolean) && value != null) {
					throw new WireException("'stream' must be a boolean", name, "invalid_type");
				}
				this.stream = Boolean.TRUE.equals(value);
			}
			case CACHE_CONTROL -> mark(value);
			case "metadata" -> metadata(value);
			default -> {
				this.fields.put(name, value);
				known(name, value);
				this.varying |= (name.equals("mcp_servers") || name.equals("container")) && value != null
						&& !(value instanceof List<?> list && list.isEmpty());
			}
		}
	}

	// Who the user is changes no answer
	private void metadata(@Nullable Object value) {
		if (!(value instanceof Map<?, ?> map)) {
			this.fields.put("metadata", value);
			return;
		}
		Map<Object, Object> rest = new LinkedHashMap<>(map);
		rest.remove("user_id");
		if (!rest.isEmpty()) {
			this.fields.put("metadata", rest);
		}
	}

	private void known(String name, @Nullable Object value) {
		Integer number = (value instanceof Long given && given >= 0 && given <= Integer.MAX_VALUE) ? given.intValue()
				: null;
		Double decimal = (value instanceof Number given) ? Double.valueOf(given.doubleValue()) : null;
		switch (name) {
			case "max_tokens" -> {
				this.maxTokens = number;
				this.options.maxTokens(number);
			}
			case "temperature" -> this.options.temperature(decimal);
			case "top_p" -> this.options.topP(decimal);
			case "top_k" -> this.options.topK(number);
			case "stop_sequences" -> {
				if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
					this.options.stopSequences(list.stream().map(String::valueOf).toList());
				}
			}
			default -> {
			}
		}
	}

	private void mark(@Nullable Object value) {
		boolean hour = value instanceof Map<?, ?> map && "1h".equals(map.get("ttl"));
		this.marks = (hour || this.marks == Marks.ONE_HOUR) ? Marks.ONE_HOUR : Marks.FIVE_MINUTES;
	}

	private void outputConfig(JsonToken token) {
		if (token != JsonToken.START_OBJECT) {
			this.fields.put("output_config", this.reader.value());
			return;
		}
		Map<String, @Nullable Object> config = new LinkedHashMap<>();
		while (this.reader.next() != JsonToken.END_OBJECT) {
			String name = this.reader.text();
			boolean format = this.reader.next() == JsonToken.START_OBJECT && name.equals("format");
			config.put(name, format ? format() : this.reader.value());
		}
		this.fields.put("output_config", config);
	}

	private Map<String, @Nullable Object> format() {
		Map<String, @Nullable Object> format = new LinkedHashMap<>();
		while (this.reader.next() != JsonToken.END_OBJECT) {
			String name = this.reader.text();
			boolean schema = this.reader.next() == JsonToken.START_OBJECT && name.equals("schema");
			int start = this.reader.start();
			format.put(name, this.reader.value());
			if (schema) {
				this.schema = new Span(start, this.reader.end());
				this.schemaText = text(this.schema);
			}
		}
		return format;
	}

	private String text(Span span) {
		return new String(this.body, span.start(), span.end() - span.start(), StandardCharsets.UTF_8);
	}

	private void tools(JsonToken token, int start) {
		if (token != JsonToken.START_ARRAY) {
			this.fields.put("tools", this.reader.value());
			return;
		}
		int index = 0;
		while (this.reader.next() != JsonToken.END_ARRAY) {
			tool(index++);
		}
		this.toolsSpan = new Span(start, this.reader.end());
	}

	private void tool(int index) {
		int start = this.reader.start();
		if (this.reader.token() != JsonToken.START_OBJECT) {
			this.toolRest.put("#" + index, Collections.singletonList(this.reader.value()));
			this.tools.add(new Tool(new Span(start, this.reader.end()), null, false, null, null));
			return;
		}
		Map<String, @Nullable Object> tool = new LinkedHashMap<>();
		Span schemaSpan = null;
		while (this.reader.next() != JsonToken.END_OBJECT) {
			String name = this.reader.text();
			this.reader.next();
			int from = this.reader.start();
			Object value = this.reader.value();
			if (name.equals(CACHE_CONTROL)) {
				mark(value);
			}
			else {
				tool.put(name, value);
			}
			if (name.equals("input_schema")) {
				schemaSpan = new Span(from, this.reader.end());
			}
		}
		Span span = new Span(start, this.reader.end());
		String name = (tool.get("name") instanceof String text && !text.isBlank()) ? text : null;
		String schema = (schemaSpan != null) ? text(schemaSpan) : null;
		this.tools.add(new Tool(span, name, !Boolean.TRUE.equals(tool.get("defer_loading")), schemaSpan, schema));
		this.varying |= tool.get("type") instanceof String type && VARYING_TOOLS.stream().anyMatch(type::startsWith);
		if (name == null) {
			this.toolRest.put("#" + index, tool);
			return;
		}
		String description = (tool.get("description") instanceof String text) ? text : "";
		this.callbacks.add(new ClientTool(name, description, (schema != null) ? schema : "{}"));
		boolean plain = schema != null && !description.isEmpty() && PLAIN_TOOL.containsAll(tool.keySet());
		tool.remove("name");
		if (!description.isEmpty()) {
			tool.remove("description");
		}
		if (schema != null) {
			tool.remove("input_schema");
		}
		if (!plain || tool.containsKey("type")) {
			// Of two tools with one name, which no provider accepts, the place tells them
			// apart
			this.toolRest.put(this.toolRest.containsKey(name) ? name + "#" + index : name, tool);
		}
	}

	private void system(JsonToken token, int start) {
		if (token == JsonToken.VALUE_STRING) {
			String text = this.reader.text();
			if (text.isEmpty()) {
				this.fields.put("system", text);
				return;
			}
			Content content = new Content(new Span(start, this.reader.end()), text, List.of());
			this.systemContent = content;
			add(this.system, new Part(Part.SYSTEM, content, 0, 0, text),
					(metadata) -> Projection.system(text, metadata));
			return;
		}
		if (token != JsonToken.START_ARRAY) {
			this.fields.put("system", this.reader.value());
			return;
		}
		List<ReadBlock> blocks = blocks();
		Content content = content(start, blocks);
		this.systemContent = content;
		if (blocks.isEmpty()) {
			this.fields.put("system", List.of());
		}
		for (int i = 0; i < blocks.size(); i++) {
			ReadBlock block = blocks.get(i);
			add(this.system, new Part(Part.SYSTEM, content, i, i + 1, block.block().text()),
					(metadata) -> Projection.system(block, metadata));
		}
	}

	private void add(List<Message> target, Part part, Projection.Source message) {
		List<Integer> place = List.of(this.parts.size());
		target.add(message.at(part.isMarkable() ? MessagePlaces.metadata(place) : MessagePlaces.unmarkable(place)));
		this.parts.add(part);
	}

	private static Content content(int start, int end, List<ReadBlock> blocks) {
		return new Content(new Span(start, end), null, blocks.stream().map(ReadBlock::block).toList());
	}

	private Content content(int start, List<ReadBlock> blocks) {
		return content(start, this.reader.end(), blocks);
	}

	private void turns(JsonToken token, int start) {
		if (token != JsonToken.START_ARRAY) {
			throw new WireException("'messages' must be an array", "messages", "invalid_type");
		}
		while (this.reader.next() != JsonToken.END_ARRAY) {
			turn();
		}
		this.turnsSpan = new Span(start, this.reader.end());
	}

	private void turn() {
		int index = this.turns.size();
		int start = this.reader.start();
		if (this.reader.token() != JsonToken.START_OBJECT) {
			throw new WireException("'messages.%d' must be an object".formatted(index), "messages." + index,
					"invalid_type");
		}
		Map<String, @Nullable Object> rest = new LinkedHashMap<>();
		Content content = null;
		List<ReadBlock> blocks = List.of();
		while (this.reader.next() != JsonToken.END_OBJECT) {
			String name = this.reader.text();
			JsonToken token = this.reader.next();
			int from = this.reader.start();
			if (name.equals("content") && token == JsonToken.START_ARRAY) {
				blocks = blocks();
				content = content(from, blocks);
			}
			else if (name.equals("content") && token == JsonToken.VALUE_STRING) {
				String text = this.reader.text();
				content = new Content(new Span(from, this.reader.end()), text, List.of());
			}
			else {
				rest.put(name, this.reader.value());
			}
		}
		this.turns.add(new Turn(new Span(start, this.reader.end()), content));
		project(index, content, blocks, rest);
	}

	private void project(int index, @Nullable Content given, List<ReadBlock> blocks,
			Map<String, @Nullable Object> rest) {
		String role = (rest.get("role") instanceof String text) ? text : "";
		if (role.equals("user") || role.equals("assistant")) {
			rest.remove("role");
		}
		else {
			rest.putIfAbsent("role", null);
		}
		Content content = (given != null) ? given : new Content(new Span(0, 0), null, List.of());
		if (content.text() != null) {
			String text = content.text();
			add(this.messages, new Part(index, content, 0, 0, text),
					(metadata) -> Projection.text(role, text, rest, metadata));
			return;
		}
		int results = 0;
		while (role.equals("user") && results < blocks.size() && blocks.get(results).isResult()) {
			results++;
		}
		if (results > 0 && blocks.subList(results, blocks.size()).stream().noneMatch(ReadBlock::isResult)) {
			List<ReadBlock> answers = blocks.subList(0, results);
			add(this.messages, new Part(index, content, 0, results, null),
					(metadata) -> Projection.results(answers, this.toolNames, rest, metadata));
			if (results == blocks.size()) {
				return;
			}
		}
		else {
			results = 0;
		}
		List<ReadBlock> others = blocks.subList(results, blocks.size());
		others.stream()
			.filter(ReadBlock::isCall)
			.forEach((block) -> this.toolNames.put(block.block().id(), block.text("name")));
		boolean whole = given != null;
		add(this.messages, new Part(index, content, results, blocks.size(), Projection.joined(others)),
				(metadata) -> Projection.blocks(role, others, whole, rest, metadata));
	}

	private List<ReadBlock> blocks() {
		List<ReadBlock> blocks = new ArrayList<>();
		while (this.reader.next() != JsonToken.END_ARRAY) {
			blocks.add(block());
		}
		return blocks;
	}

	private ReadBlock block() {
		int start = this.reader.start();
		if (this.reader.token() != JsonToken.START_OBJECT) {
			Map<String, @Nullable Object> value = new LinkedHashMap<>();
			value.put("", this.reader.value());
			return new ReadBlock(new Block(new Span(start, this.reader.end()), false, "", "", null, List.of()), value,
					null);
		}
		Map<String, @Nullable Object> value = new LinkedHashMap<>();
		List<ReadBlock> inner = null;
		String input = null;
		Span text = null;
		Span content = null;
		while (this.reader.next() != JsonToken.END_OBJECT) {
			String name = this.reader.text();
			JsonToken token = this.reader.next();
			int from = this.reader.start();
			if (name.equals(CACHE_CONTROL)) {
				mark(this.reader.value());
				continue;
			}
			if (name.equals("content") && token == JsonToken.START_ARRAY) {
				inner = blocks();
				value.put(name, inner.stream().map(ReadBlock::value).toList());
				continue;
			}
			value.put(name, this.reader.value());
			Span span = new Span(from, this.reader.end());
			if (name.equals("text") && token == JsonToken.VALUE_STRING) {
				text = span;
			}
			else if (name.equals("content") && token == JsonToken.VALUE_STRING) {
				content = span;
			}
			else if (name.equals("input") && token == JsonToken.START_OBJECT) {
				input = text(span);
			}
		}
		String type = (value.get("type") instanceof String given) ? given : "";
		this.images |= type.equals("image");
		return new ReadBlock(block(new Span(start, this.reader.end()), type, value, text, content, inner), value,
				input);
	}

	private static Block block(Span span, String type, Map<String, @Nullable Object> value, @Nullable Span text,
			@Nullable Span content, @Nullable List<ReadBlock> inner) {
		if (type.equals("text") && text != null) {
			return new Block(span, true, type, "", (String) value.get("text"), List.of(text));
		}
		if (type.equals("tool_use")) {
			return new Block(span, true, type, string(value, "id"), null, List.of());
		}
		if (!type.equals("tool_result")) {
			return new Block(span, true, type, "", null, List.of());
		}
		String id = string(value, "tool_use_id");
		if (content != null) {
			return new Block(span, true, type, id, (String) value.get("content"), List.of(content));
		}
		List<Span> spans = new ArrayList<>();
		StringBuilder joined = new StringBuilder();
		for (ReadBlock block : (inner != null) ? inner : List.<ReadBlock>of()) {
			if (block.block().type().equals("text") && block.block().text() != null) {
				joined.append(spans.isEmpty() ? "" : Projection.BETWEEN).append(block.block().text());
				spans.addAll(block.block().textSpans());
			}
		}
		return new Block(span, true, type, id, joined.toString(), spans);
	}

	private static String string(Map<String, @Nullable Object> value, String name) {
		return (value.get(name) instanceof String text) ? text : "";
	}

	/**
	 * A block with what it says.
	 *
	 * @param block where it stands
	 * @param value what it says, without marks of the prompt cache
	 * @param input the input of a call as it is written, or {@code null}
	 */
	record ReadBlock(Block block, Map<String, @Nullable Object> value, @Nullable String input) {

		boolean isResult() {
			return this.block.type().equals("tool_result");
		}

		boolean isCall() {
			return this.block.type().equals("tool_use");
		}

		boolean isText() {
			return this.block.type().equals("text") && this.block.text() != null;
		}

		String text(String name) {
			return string(this.value, name);
		}

	}

}
