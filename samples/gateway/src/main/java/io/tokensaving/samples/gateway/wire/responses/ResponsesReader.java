package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.GatewayFields;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.document.ToolNode;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.ClientTool;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

import org.springframework.ai.tool.ToolCallback;

/**
 * Reads a request for a response in one pass. What is not known here is no error: the
 * provider decides. For one request.
 */
final class ResponsesReader {

	static final String INPUT = "input";

	static final String INSTRUCTIONS = "instructions";

	static final String MODEL = "model";

	static final String TOOLS = "tools";

	static final String TEXT = "text";

	static final String STREAM = "stream";

	static final String STREAM_OPTIONS = "stream_options";

	static final String MAX_OUTPUT_TOKENS = "max_output_tokens";

	private static final String CACHE_OPTIONS = "prompt_cache_options";

	/**
	 * Members that name something that the provider keeps, and that may be another
	 * tomorrow.
	 */
	private static final Set<String> KEPT_BY_PROVIDER = Set.of("previous_response_id", "conversation", "prompt");

	/**
	 * Tools that only the client runs. All others are the provider's: their results are
	 * others tomorrow, or they change something.
	 */
	private static final Set<String> CLIENT_TOOLS = Set.of("function", "custom");

	/**
	 * What decides what a request costs.
	 */
	private static final Set<String> SEEN_AS_IT_IS = Set.of("service_tier", MAX_OUTPUT_TOKENS);

	private static final String REASONING = "reasoning.encrypted_content";

	private final byte[] body;

	private final JsonReader in;

	private final ItemReader items;

	private final List<JsonMember> members = new ArrayList<>();

	private final List<ToolNode> tools = new ArrayList<>();

	private final List<@Nullable Object> otherTools = new ArrayList<>();

	private final Map<String, Object> fields = new LinkedHashMap<>();

	private final WireOptions.Builder options = WireOptions.builder().format(ResponsesFormat.NAME);

	private final GatewayFields ours = new GatewayFields();

	private ResponsesDocument.Output output = ResponsesDocument.Output.NONE;

	private @Nullable Span toolsSpan;

	private @Nullable String model;

	private @Nullable String instructions;

	private boolean stream;

	private boolean marked;

	// Unless the request says otherwise, the provider keeps it and its answer, whose id
	// later requests may name
	private boolean stored = true;

	private boolean asItIs;

	private boolean bound;

	private boolean reasoning;

	private ResponsesReader(byte[] body, JsonReader in) {
		this.body = body;
		this.in = in;
		this.items = new ItemReader(in);
	}

	/**
	 * Read a request.
	 * @param body the body
	 * @return the request
	 * @throws WireException if the body is no JSON object, or names no model
	 */
	static WireRequest read(byte[] body) {
		try (JsonReader in = new JsonReader(body)) {
			return new ResponsesReader(body, in).read();
		}
	}

	private WireRequest read() {
		if (this.in.next() != JsonToken.START_OBJECT) {
			throw new WireException("The body must be a JSON object", null, "invalid_type");
		}
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			int key = this.in.start();
			this.in.next();
			int start = this.in.start();
			member(name, start);
			this.members.add(new JsonMember(name, key, new Span(start, this.in.end())));
		}
		int end = this.in.start();
		this.in.finish();
		if (this.model == null || this.model.isBlank()) {
			throw new WireException("'model' must be a text that is not blank", MODEL,
					(this.model != null) ? "invalid_type" : "missing_required_parameter");
		}
		return request(end);
	}

	private WireRequest request(int end) {
		this.items.end();
		boolean whole = this.stored || this.asItIs || this.items.isAsItIs();
		List<ToolCallback> callbacks = new ArrayList<>(this.tools.size());
		for (ToolNode node : this.tools) {
			if (node.tool() != null) {
				callbacks.add(node.tool());
			}
		}
		if (!this.otherTools.isEmpty() || (this.toolsSpan != null && this.tools.isEmpty())) {
			this.fields.put(TOOLS, this.otherTools);
		}
		if (!this.items.resultRests().isEmpty()) {
			this.fields.put(INPUT, this.items.resultRests());
		}
		if (whole) {
			// Nobody finds anything to change then, and no key equals that of another
			// request
			this.fields.keySet().retainAll(SEEN_AS_IT_IS);
			this.fields.put("", this.body);
			this.options.outputSchema(null);
			callbacks.clear();
		}
		WireOptions read = this.options.model(this.model).toolCallbacks(callbacks).fields(this.fields).build();
		ResponsesDocument document = new ResponsesDocument(this.body, List.copyOf(this.members), end,
				this.items.nodes(), this.items.span(), this.items.isText(), this.instructions, List.copyOf(this.tools),
				this.toolsSpan, this.output, this.stream, whole, this.bound || this.items.isBound(),
				this.marked || this.items.isMarked(), read);
		boolean routing = !whole && !this.reasoning && !this.items.hasReasoning();
		return new WireRequest(whole ? this.items.asItIs(this.instructions) : this.items.project(this.instructions),
				read.mutate().document(document).build(), this.stream, this.ours.parameters(),
				new WireRequest.Allowed(!whole, routing));
	}

	private void member(String name, int start) {
		if (GatewayFields.isOurs(name, this.in.token() == JsonToken.START_OBJECT)) {
			this.ours.put(name, this.in.value());
			return;
		}
		switch (name) {
			case INPUT -> {
				if (!this.items.read(start)) {
					this.fields.put(name, this.in.value());
				}
			}
			case TOOLS -> tools(start);
			case TEXT -> text(start);
			default -> option(name, this.in.value());
		}
	}

	private void option(String name, @Nullable Object value) {
		switch (name) {
			case MODEL -> {
				if (value != null && !(value instanceof String)) {
					throw new WireException("'model' must be a text", name, "invalid_type");
				}
				this.model = (String) value;
			}
			case STREAM -> {
				if (value != null && !(value instanceof Boolean)) {
					throw new WireException("'stream' must be true or false", name, "invalid_type");
				}
				this.stream = Boolean.TRUE.equals(value);
			}
			// Changes events, and no answer
			case STREAM_OPTIONS -> {
			}
			case "store" -> {
				this.stored = !Boolean.FALSE.equals(value);
			}
			case INSTRUCTIONS -> {
				boolean text = value instanceof String given && !given.isEmpty();
				this.instructions = text ? (String) value : null;
				// An answer repeats them, but not a message of the system
				this.fields.put(name, text ? Boolean.TRUE : value);
			}
			default -> {
				// An answer repeats what its request says, also of its user
				this.fields.put(name, value);
				known(name, value);
			}
		}
	}

	private void known(String name, @Nullable Object value) {
		Double decimal = (value instanceof Number given) ? Double.valueOf(given.doubleValue()) : null;
		switch (name) {
			case MAX_OUTPUT_TOKENS ->
				this.options.maxTokens((value instanceof Long tokens && tokens > 0 && tokens <= Integer.MAX_VALUE)
						? Integer.valueOf(tokens.intValue()) : null);
			case "temperature" -> this.options.temperature(decimal);
			case "top_p" -> this.options.topP(decimal);
			case "background", "context_management" -> {
				this.asItIs |= value != null && !Boolean.FALSE.equals(value);
			}
			case "include" -> {
				// Which only the model understands that has made it
				this.reasoning |= value instanceof List<?> list && list.contains(REASONING);
			}
			case CACHE_OPTIONS -> {
				this.marked = true;
			}
			default -> {
				if (KEPT_BY_PROVIDER.contains(name) && value != null) {
					this.asItIs = true;
					this.bound = true;
				}
			}
		}
	}

	private void text(int start) {
		if (this.in.token() != JsonToken.START_OBJECT) {
			this.fields.put(TEXT, this.in.value());
			return;
		}
		Map<String, @Nullable Object> text = new LinkedHashMap<>();
		Span format = null;
		Span schema = null;
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			this.in.next();
			int from = this.in.start();
			if (name.equals("format") && this.in.token() == JsonToken.START_OBJECT) {
				Map<String, @Nullable Object> members = new LinkedHashMap<>();
				schema = format(members);
				text.put(name, members);
			}
			else {
				text.put(name, this.in.value());
			}
			format = name.equals("format") ? new Span(from, this.in.end()) : format;
		}
		this.fields.put(TEXT, text);
		this.output = new ResponsesDocument.Output(new Span(start, this.in.end()), text.isEmpty(), format, schema);
	}

	private @Nullable Span format(Map<String, @Nullable Object> format) {
		Span schema = null;
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			this.in.next();
			int from = this.in.start();
			boolean object = this.in.token() == JsonToken.START_OBJECT;
			format.put(name, this.in.value());
			schema = (name.equals("schema") && object) ? new Span(from, this.in.end()) : schema;
		}
		if (!"json_schema".equals(format.get("type")) || schema == null) {
			return null;
		}
		// Its text keeps the order of its properties, in which models answer
		this.options.outputSchema(JsonWriter.write(format.get("schema")));
		return schema;
	}

	private void tools(int start) {
		if (this.in.token() != JsonToken.START_ARRAY) {
			Object value = this.in.value();
			this.asItIs |= value != null;
			this.fields.put(TOOLS, value);
			return;
		}
		while (this.in.next() != JsonToken.END_ARRAY) {
			tool();
		}
		this.toolsSpan = new Span(start, this.in.end());
	}

	private void tool() {
		int start = this.in.start();
		if (this.in.token() != JsonToken.START_OBJECT) {
			this.otherTools.add(this.in.value());
			this.asItIs = true;
			this.tools.add(new ToolNode(start, this.in.end(), null, null));
			return;
		}
		Map<String, @Nullable Object> tool = new LinkedHashMap<>();
		Span parameters = null;
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			this.in.next();
			int from = this.in.start();
			tool.put(name, this.in.value());
			parameters = name.equals("parameters") ? new Span(from, this.in.end()) : parameters;
		}
		this.asItIs |= !(tool.get("type") instanceof String type) || !CLIENT_TOOLS.contains(type);
		ClientTool defined = null;
		boolean plain = false;
		if ("function".equals(tool.get("type")) && tool.get("name") instanceof String name && !name.isBlank()) {
			Object description = tool.get("description");
			Object schema = tool.get("parameters");
			// The order of properties in a schema is that in which models fill them
			defined = new ClientTool(name, (description instanceof String text) ? text : "",
					(schema instanceof Map) ? JsonWriter.write(schema) : "{}");
			plain = tool.size() == 4 && description instanceof String text && !text.isEmpty() && schema instanceof Map;
		}
		if (!plain) {
			this.otherTools.add(tool);
		}
		this.tools.add(new ToolNode(start, this.in.end(), defined, parameters));
	}

}
