package io.tokensaving.samples.gateway.wire.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.samples.gateway.wire.GatewayFields;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.document.ToolNode;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.JsonNumber;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.ClientTool;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

import org.springframework.ai.tool.ToolCallback;

/**
 * Reads a request for a chat completion in one pass. Not thread-safe.
 */
final class ChatReader {

	static final String TOOLS = "tools";

	static final String MESSAGES = "messages";

	static final String STREAM_OPTIONS = "stream_options";

	static final String INCLUDE_USAGE = "include_usage";

	static final String CACHE_KEY = "prompt_cache_key";

	static final String CACHE_RETENTION = "prompt_cache_retention";

	static final String CACHE_OPTIONS = "prompt_cache_options";

	static final String CACHE_CONTROL = "cache_control";

	static final String MAX_TOKENS = "max_tokens";

	static final String MAX_COMPLETION_TOKENS = "max_completion_tokens";

	/**
	 * The members that cannot change an answer.
	 */
	private static final Set<String> IRRELEVANT = Set.of("user", "metadata", "store", "safety_identifier", CACHE_KEY,
			CACHE_RETENTION, CACHE_OPTIONS);

	private final byte[] body;

	private final JsonReader in;

	private final List<JsonMember> members = new ArrayList<>();

	private final MessageReader messages;

	private final List<ToolNode> tools = new ArrayList<>();

	private final List<@Nullable Object> otherTools = new ArrayList<>();

	private final Map<String, Object> fields = new LinkedHashMap<>();

	private final WireOptions.Builder options = WireOptions.builder();

	private @Nullable Span messagesSpan;

	private @Nullable Span toolsSpan;

	private @Nullable List<JsonMember> streamOptions;

	private @Nullable String model;

	private boolean stream;

	private boolean usageAsked;

	private boolean marked;

	private @Nullable Number maxTokens;

	private @Nullable Number maxCompletionTokens;

	private final GatewayFields ours = new GatewayFields();

	private ChatReader(byte[] body, JsonReader in) {
		this.body = body;
		this.in = in;
		this.messages = new MessageReader(in);
	}

	/**
	 * Read a request.
	 * @param body the body
	 * @param format the name of the format
	 * @return the request
	 * @throws WireException if the body is no such request
	 */
	static WireRequest read(byte[] body, String format) {
		try (JsonReader in = new JsonReader(body)) {
			return new ChatReader(body, in).read(format);
		}
	}

	private WireRequest read(String format) {
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
		this.in.finish();
		if (this.model == null) {
			throw new WireException("'model' must be a text but is missing", "model", "missing_required_parameter");
		}
		if (this.messagesSpan == null) {
			throw new WireException("'messages' must be an array but is missing", "messages",
					"missing_required_parameter");
		}
		return request(format, this.messagesSpan);
	}

	private WireRequest request(String format, Span messagesSpan) {
		limits();
		List<ToolCallback> callbacks = new ArrayList<>(this.tools.size());
		for (ToolNode node : this.tools) {
			if (node.tool() != null) {
				callbacks.add(node.tool());
			}
		}
		if (!this.otherTools.isEmpty() || (this.toolsSpan != null && this.tools.isEmpty())) {
			this.fields.put(TOOLS, this.otherTools);
		}
		if (!this.messages.resultRests().isEmpty()) {
			this.fields.put(MESSAGES, this.messages.resultRests());
		}
		WireOptions read = this.options.format(format)
			.model(this.model)
			.toolCallbacks(callbacks)
			.fields(this.fields)
			.build();
		ChatDocument document = new ChatDocument(this.body, List.copyOf(this.members), this.messages.nodes(),
				messagesSpan, List.copyOf(this.tools), this.toolsSpan, this.streamOptions, this.stream, this.usageAsked,
				this.marked || this.messages.isMarked(), read);
		return new WireRequest(this.messages.project(), read.mutate().document(document).build(), this.stream,
				this.ours.parameters());
	}

	private void member(String name, int start) {
		if (GatewayFields.isOurs(name, this.in.token() == JsonToken.START_OBJECT)) {
			this.ours.put(name, this.in.value());
			return;
		}
		switch (name) {
			case "model" -> {
				this.model = string(name);
				if (this.model == null || this.model.isBlank()) {
					throw new WireException("'model' must be a text that is not blank", name, "invalid_type");
				}
			}
			case MESSAGES -> {
				this.messages.read();
				this.messagesSpan = new Span(start, this.in.end());
			}
			case "stream" -> {
				this.stream = Boolean.TRUE.equals(flag(name));
			}
			case STREAM_OPTIONS -> streamOptions();
			case TOOLS -> tools(start);
			case "temperature" -> decimal(name, this.options::temperature);
			case "top_p" -> decimal(name, this.options::topP);
			case "frequency_penalty" -> decimal(name, this.options::frequencyPenalty);
			case "presence_penalty" -> decimal(name, this.options::presencePenalty);
			case MAX_TOKENS -> {
				this.maxTokens = integer(name);
			}
			case MAX_COMPLETION_TOKENS -> {
				this.maxCompletionTokens = integer(name);
			}
			case "stop" -> stop();
			case "response_format" -> responseFormat();
			case "n" -> {
				Number count = integer(name);
				this.fields.put(name, count);
			}
			default -> {
				Object value = this.in.value();
				this.marked |= name.equals(CACHE_OPTIONS) || name.equals(CACHE_CONTROL);
				if (!IRRELEVANT.contains(name)) {
					this.fields.put(name, value);
				}
			}
		}
	}

	/**
	 * Whether a member is for this gateway.
	 * @param member the member
	 * @param body the document
	 * @return whether it is cut out
	 */
	static boolean isOwn(JsonMember member, byte[] body) {
		return GatewayFields.isOurs(member.name(), body[member.value().start()] == '{');
	}

	private @Nullable String string(String name) {
		return switch (this.in.token()) {
			case VALUE_STRING -> this.in.text();
			case VALUE_NULL -> null;
			default -> throw wrong(name, "a text");
		};
	}

	private @Nullable Boolean flag(String name) {
		return switch (this.in.token()) {
			case VALUE_TRUE -> true;
			case VALUE_FALSE -> false;
			case VALUE_NULL -> null;
			default -> throw wrong(name, "true or false");
		};
	}

	private void decimal(String name, Consumer<Double> setter) {
		switch (this.in.token()) {
			case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
				String text = this.in.text();
				double value = Double.parseDouble(text);
				if (!Double.isInfinite(value)) {
					setter.accept(value);
				}
				// What is not written the same may be read as another number
				if (!Double.toString(value).equals(text) && !(value == Math.rint(value) && value != 0
						&& Math.abs(value) < 1e9 && Long.toString((long) value).equals(text)) && !text.equals("0")) {
					this.fields.put(name, new JsonNumber(text));
				}
			}
			case VALUE_NULL -> this.fields.put(name, null);
			default -> throw wrong(name, "a number");
		}
	}

	private @Nullable Number integer(String name) {
		return switch (this.in.token()) {
			case VALUE_NUMBER_INT -> (Number) this.in.value();
			case VALUE_NULL -> null;
			default -> throw wrong(name, "a whole number");
		};
	}

	// The name by which the limit is given matters to some models
	private void limits() {
		Number limit = this.maxTokens;
		if (this.maxCompletionTokens != null) {
			limit = this.maxCompletionTokens;
			this.fields.put(MAX_COMPLETION_TOKENS, this.maxCompletionTokens);
			if (this.maxTokens != null) {
				this.fields.put(MAX_TOKENS, this.maxTokens);
			}
		}
		if (limit instanceof Long tokens && tokens > 0 && tokens <= Integer.MAX_VALUE) {
			this.options.maxTokens(tokens.intValue());
		}
		else if (limit != null) {
			this.fields.put((this.maxCompletionTokens != null) ? MAX_COMPLETION_TOKENS : MAX_TOKENS, limit);
		}
	}

	private void stop() {
		Object value = this.in.value();
		if (value instanceof String text) {
			this.options.stopSequences(List.of(text));
		}
		else if (value instanceof List<?> list) {
			List<String> texts = new ArrayList<>(list.size());
			for (Object element : list) {
				if (!(element instanceof String text)) {
					throw wrong("stop", "a text or an array of texts");
				}
				texts.add(text);
			}
			this.options.stopSequences(texts);
			if (texts.isEmpty()) {
				this.fields.put("stop", value);
			}
		}
		else if (value == null) {
			this.fields.put("stop", null);
		}
		else {
			throw wrong("stop", "a text or an array of texts");
		}
	}

	private void responseFormat() {
		Object value = this.in.value();
		if (value != null && !(value instanceof Map)) {
			throw wrong("response_format", "an object");
		}
		this.fields.put("response_format", value);
		if (value instanceof Map<?, ?> format && "json_schema".equals(format.get("type"))
				&& format.get("json_schema") instanceof Map<?, ?> named
				&& named.get("schema") instanceof Map<?, ?> schema) {
			// Its text keeps the order of its properties, in which models answer
			this.options.outputSchema(JsonWriter.write(schema));
		}
	}

	private void streamOptions() {
		if (this.in.token() == JsonToken.VALUE_NULL) {
			return;
		}
		if (this.in.token() != JsonToken.START_OBJECT) {
			throw wrong(STREAM_OPTIONS, "an object");
		}
		List<JsonMember> found = new ArrayList<>();
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			int key = this.in.start();
			this.in.next();
			int start = this.in.start();
			if (name.equals(INCLUDE_USAGE)) {
				this.usageAsked = Boolean.TRUE.equals(flag(STREAM_OPTIONS + "." + INCLUDE_USAGE));
			}
			else {
				this.in.value();
			}
			found.add(new JsonMember(name, key, new Span(start, this.in.end())));
		}
		this.streamOptions = List.copyOf(found);
	}

	private void tools(int start) {
		if (this.in.token() == JsonToken.VALUE_NULL) {
			this.fields.put(TOOLS, null);
			return;
		}
		if (this.in.token() != JsonToken.START_ARRAY) {
			throw wrong(TOOLS, "an array");
		}
		while (this.in.next() != JsonToken.END_ARRAY) {
			tool();
		}
		this.toolsSpan = new Span(start, this.in.end());
	}

	private void tool() {
		int start = this.in.start();
		if (this.in.token() != JsonToken.START_OBJECT) {
			throw wrong(TOOLS + "[" + this.tools.size() + "]", "an object");
		}
		Map<String, @Nullable Object> tool = new LinkedHashMap<>();
		Span parameters = null;
		while (this.in.next() != JsonToken.END_OBJECT) {
			String name = this.in.text();
			if (this.in.next() == JsonToken.START_OBJECT && name.equals("function")) {
				Map<String, @Nullable Object> function = new LinkedHashMap<>();
				while (this.in.next() != JsonToken.END_OBJECT) {
					String member = this.in.text();
					this.in.next();
					int value = this.in.start();
					function.put(member, this.in.value());
					if (member.equals("parameters")) {
						parameters = new Span(value, this.in.end());
					}
				}
				tool.put(name, function);
			}
			else {
				tool.put(name, this.in.value());
			}
		}
		this.marked |= tool.containsKey(CACHE_CONTROL);
		ClientTool defined = null;
		boolean plain = false;
		if (tool.get("function") instanceof Map<?, ?> function && function.get("name") instanceof String name
				&& !name.isBlank()) {
			Object description = function.get("description");
			Object schema = function.get("parameters");
			// The order of properties in a schema is that in which models fill them
			defined = new ClientTool(name, (description instanceof String text) ? text : "",
					(schema instanceof Map) ? JsonWriter.write(schema) : "{}");
			plain = tool.size() == 2 && "function".equals(tool.get("type")) && function.size() == 3
					&& description instanceof String text && !text.isEmpty() && schema instanceof Map;
		}
		if (!plain) {
			this.otherTools.add(tool);
		}
		this.tools.add(new ToolNode(start, this.in.end(), defined, parameters));
	}

	static WireException wrong(String param, String accepted) {
		return new WireException("'" + param + "' must be " + accepted, param, "invalid_type");
	}

}
