package io.tokensaving.simulator;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

import io.tokensaving.simulator.PromptBlock.Layer;
import io.tokensaving.simulator.SimulatedError.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Anthropic's Messages API. */
final class AnthropicWire extends ProviderWire {

	private static final int MARKS = 4;

	private static final Set<String> FIELDS = Set.of("model", "messages", "max_tokens", "system", "tools",
			"tool_choice", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "thinking",
			"service_tier", "container", "context_management", "mcp_servers", "cache_control", "output_format",
			"output_config", "inference_geo", "speed", "diagnostics");

	private static final Map<String, Set<String>> BLOCK_FIELDS = Map.of("text",
			Set.of("type", "text", "cache_control", "citations"), "image", Set.of("type", "source", "cache_control"),
			"document", Set.of("type", "source", "title", "context", "citations", "cache_control"), "tool_use",
			Set.of("type", "id", "name", "input", "cache_control", "caller"), "tool_result",
			Set.of("type", "tool_use_id", "content", "is_error", "cache_control"), "thinking",
			Set.of("type", "thinking", "signature"), "redacted_thinking", Set.of("type", "data"));

	private static final Set<String> TOOL_FIELDS = Set.of("name", "description", "input_schema", "cache_control",
			"type", "strict", "defer_loading", "allowed_callers", "input_examples", "eager_input_streaming");

	private final AnthropicCache cache;

	AnthropicWire(Setup setup) {
		super(Provider.ANTHROPIC, setup);
		this.cache = new AnthropicCache(setup.rules(), setup.seed());
	}

	@Override
	ParsedRequest parse(String path, Map<String, List<String>> headers, JsonNode body) throws Rejection {
		String account = account(headers, "x-api-key", "authorization");
		if (account.isEmpty()) {
			throw new Rejection(Kind.AUTHENTICATION, "x-api-key header is required");
		}
		if (account(headers, "anthropic-version").isEmpty()) {
			throw Rejection.invalid("anthropic-version: header is required");
		}
		checkFields(body, FIELDS, "");
		require(body.path("model").isString(), "model: Field required");
		require(body.path("messages").isArray(), "messages: Field required");
		boolean counting = path.endsWith("/count_tokens");
		require(counting || body.path("max_tokens").canConvertToInt(), "max_tokens: Field required");
		SimulatedModel model = model(body.get("model"));
		int maxTokens = body.path("max_tokens").asInt(0);
		require(maxTokens >= 0, "max_tokens: Input should be greater than or equal to 0");
		require(maxTokens <= model.maxOutput(),
				"max_tokens: %d > %d, which is the maximum allowed number of output tokens for %s".formatted(maxTokens,
						model.maxOutput(), body.get("model").asString()));
		checkThinking(body, maxTokens);

		Reading reading = new Reading();
		readTools(body.path("tools"), body.path("tool_choice"), reading);
		readSystem(body.path("system"), reading);
		readMessages(body.get("messages"), model, reading);
		readAutomaticMark(body.path("cache_control"), reading);
		checkMarks(reading);

		int inputTokens = reading.blocks.stream().mapToInt(PromptBlock::tokens).sum();
		if (inputTokens + (long) maxTokens > model.context()) {
			throw (inputTokens > model.context())
					? new Rejection(Kind.CONTEXT_TOO_LONG,
							"prompt is too long: %d tokens > %d maximum".formatted(inputTokens, model.context()))
					: new Rejection(Kind.CONTEXT_TOO_LONG,
							"input length and `max_tokens` exceed context limit: %d + %d > %d, decrease input length or `max_tokens` and try again"
								.formatted(inputTokens, maxTokens, model.context()));
		}
		String scope = body.get("model").asString() + "/" + account;
		String messageScope = scopeOfMessages(body, reading);
		return new ParsedRequest(model, body.get("model").asString(), body.path("stream").asBoolean(false), inputTokens,
				maxTokens, 1, body.path("service_tier").asString(null), true, path, body,
				(completion, now) -> this.cache.decide(reading.blocks, reading.marks, scope, messageScope,
						model.cacheMinimum(), now));
	}

	/** Lists models, or tells of one. */
	@Override
	@Nullable Lookup lookUp(String method, String path, Map<String, List<String>> headers, String body) throws Rejection {
		if (!method.equals("GET") || !(path.equals("/v1/models") || path.startsWith("/v1/models/"))) {
			return null;
		}
		if (account(headers, "x-api-key", "authorization").isEmpty()) {
			throw new Rejection(Kind.AUTHENTICATION, "x-api-key header is required");
		}
		if (path.length() > "/v1/models/".length()) {
			return Lookup.free(modelObject(path.substring("/v1/models/".length())));
		}
		Set<String> ids = new LinkedHashSet<>();
		for (SimulatedModel model : setup().catalog().models()) {
			if (model.provider() == Provider.ANTHROPIC) {
				ids.add(model.id());
			}
		}
		ObjectNode list = object();
		ArrayNode data = list.putArray("data");
		for (String id : ids) {
			data.add(modelObject(id));
		}
		list.put("has_more", false);
		list.put("first_id", data.isEmpty() ? null : data.get(0).get("id").asString());
		list.put("last_id", data.isEmpty() ? null : data.get(data.size() - 1).get("id").asString());
		return Lookup.free(list);
	}

	private ObjectNode modelObject(String name) throws Rejection {
		SimulatedModel model = setup().catalog().find(Provider.ANTHROPIC, name);
		if (model == null) {
			throw unknownModel(name);
		}
		return object().put("type", "model")
			.put("id", name)
			.put("display_name", name)
			.put("created_at", "2026-01-01T00:00:00Z")
			.put("max_input_tokens", model.context())
			.put("max_tokens", model.maxOutput());
	}

	private static String scopeOfMessages(JsonNode body, Reading reading) {
		JsonNode choice = body.path("tool_choice");
		boolean auto = choice.isMissingNode() || (choice.size() == 1 && isOneOf(choice.path("type"), "auto"));
		JsonNode thinking = body.path("thinking");
		boolean off = thinking.isMissingNode() || isOneOf(thinking.path("type"), "disabled");
		return (auto ? "" : choice.toString()) + "/" + (off ? "" : thinking.toString()) + "/" + reading.images;
	}

	private static void checkThinking(JsonNode body, int maxTokens) throws Rejection {
		JsonNode thinking = body.path("thinking");
		if (!isOneOf(thinking.path("type"), "enabled")) {
			return;
		}
		int budget = thinking.path("budget_tokens").asInt(0);
		require(budget >= 1024, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
		require(maxTokens > budget, "`max_tokens` must be greater than `thinking.budget_tokens`");
		JsonNode temperature = body.path("temperature");
		require(temperature.isMissingNode() || temperature.asDouble() == 1,
				"`temperature` may only be set to 1 when thinking is enabled");
		require(!isOneOf(body.path("tool_choice").path("type"), "any", "tool"),
				"Thinking may not be enabled when tool_choice forces tool use.");
	}

	private void readTools(JsonNode tools, JsonNode choice, Reading reading) throws Rejection {
		Set<String> names = new HashSet<>();
		for (int index = 0; index < tools.size(); index++) {
			JsonNode tool = tools.get(index);
			String where = "tools." + index;
			String type = tool.path("type").asString("custom");
			if (type.equals("custom")) {
				checkFields(tool, TOOL_FIELDS, where + ".custom.");
				require(tool.path("name").isString(), where + ".custom.name: Field required");
				require(tool.path("name").asString().matches("[a-zA-Z0-9_-]{1,128}"),
						where + ".custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
				require(tool.path("input_schema").isObject(), where + ".custom.input_schema: Field required");
				require(isOneOf(tool.path("input_schema").path("type"), "object"),
						where + ".custom.input_schema.type: Input should be 'object'");
			}
			require(names.add(tool.path("name").asString()), "tools: Tool names must be unique.");
			add(reading, where, tool, PromptBlock.text(Layer.TOOLS, "tool", canonical(tool), tokenizer()));
		}
		if (isOneOf(choice.path("type"), "any", "tool")) {
			require(!names.isEmpty(), "tool_choice: Tools must be provided when tool_choice is set");
		}
		if (isOneOf(choice.path("type"), "tool")) {
			require(names.contains(choice.path("name").asString()),
					"Tool '" + choice.path("name").asString() + "' not found in provided tools");
		}
	}

	private void readSystem(JsonNode system, Reading reading) throws Rejection {
		if (system.isString()) {
			if (!system.asString().isEmpty()) {
				reading.add(PromptBlock.text(Layer.SYSTEM, "text", system.asString(), tokenizer()));
			}
			return;
		}
		require(system.isMissingNode() || system.isArray(), "system: Input should be a valid list");
		for (int index = 0; index < system.size(); index++) {
			JsonNode block = system.get(index);
			String where = "system." + index;
			require(isOneOf(block.path("type"), "text"), where + ".type: Input should be 'text'");
			checkFields(block, BLOCK_FIELDS.getOrDefault("text", Set.of()), where + ".");
			checkText(block, where, "system");
			add(reading, where, block, textBlock(Layer.SYSTEM, "text", block));
		}
	}

	private void readMessages(JsonNode messages, SimulatedModel model, Reading reading) throws Rejection {
		require(!messages.isEmpty(), "messages: at least one message is required");
		require(isOneOf(messages.get(0).path("role"), "user"), "messages: first message must use the \"user\" role");
		for (int index = 0; index < messages.size(); index++) {
			JsonNode message = messages.get(index);
			String where = "messages." + index;
			require(!isOneOf(message.path("role"), "system"),
					"messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.");
			require(isOneOf(message.path("role"), "user", "assistant"),
					where + ".role: Input should be 'user' or 'assistant'");
			checkFields(message, Set.of("role", "content"), where + ".");
			String role = message.get("role").asString();
			JsonNode content = message.path("content");
			boolean lastOfAssistant = index == messages.size() - 1 && role.equals("assistant");
			require(!lastOfAssistant || model.prefill(),
					"This model does not support assistant message prefill. The conversation must end with a user message.");
			require(content.isString() || content.isArray(), where + ".content: Field required");
			boolean empty = content.isString() ? content.asString().isEmpty() : content.isEmpty();
			require(!empty || lastOfAssistant, where
					+ ": all messages must have non-empty content except for the optional final assistant message");
			if (content.isString()) {
				require(empty || !content.asString().isBlank(),
						"messages: text content blocks must contain non-whitespace text");
				reading.turn(role).text();
				reading.add(PromptBlock.text(Layer.MESSAGES, role + ":text", content.asString(), tokenizer()));
			}
			else {
				for (int block = 0; block < content.size(); block++) {
					readBlock(role, content.get(block), where + ".content." + block, index, reading);
				}
			}
			if (lastOfAssistant && content.isString()) {
				require(content.asString().equals(content.asString().stripTrailing()),
						"messages: final assistant content cannot end with trailing whitespace");
			}
		}
		checkToolPairs(reading);
	}

	private void readBlock(String role, JsonNode block, String where, int message, Reading reading) throws Rejection {
		String type = block.path("type").asString("");
		Set<String> fields = BLOCK_FIELDS.get(type);
		require(fields != null, where + ": Input tag '" + type
				+ "' found using 'type' does not match any of the expected tags: 'text', 'image', 'document', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking'");
		checkFields(block, (fields != null) ? fields : Set.of(), where + "." + type + ".");
		Turn turn = reading.turn(role);
		switch (type) {
			case "text" -> {
				checkText(block, where, "messages");
				turn.text();
				add(reading, where, block, textBlock(Layer.MESSAGES, role + ":text", block));
			}
			case "image", "document" -> {
				reading.images |= type.equals("image");
				turn.text();
				add(reading, where, block,
						PromptBlock.whole(Layer.MESSAGES, role + ":" + type, canonical(block), setup().imageTokens()));
			}
			case "tool_use" -> {
				require(role.equals("assistant"), where + ": `tool_use` blocks can only be in `assistant` messages");
				require(block.path("input").isObject(), where + ".tool_use.input: Input should be a valid dictionary");
				require(turn.calls.add(block.path("id").asString("")), "messages: `tool_use` ids must be unique");
				turn.message = message;
				add(reading, where, block, PromptBlock.tool(role + ":tool_use", canonical(block), tokenizer()));
			}
			case "tool_result" -> {
				require(role.equals("user"), where + ": `tool_result` blocks can only be in `user` messages");
				turn.result(block.path("tool_use_id").asString(""), where);
				add(reading, where, block, PromptBlock.tool(role + ":tool_result", canonical(block), tokenizer()));
			}
			default -> {
				require(role.equals("assistant"), where + ": thinking blocks can only be in `assistant` messages");
				reading.add(PromptBlock.text(Layer.MESSAGES, role + ":" + type, canonical(block), tokenizer()));
			}
		}
	}

	/** Consecutive messages of one role are one turn. */
	private static void checkToolPairs(Reading reading) throws Rejection {
		Turn before = null;
		for (Turn turn : reading.turns) {
			Set<String> open = (before != null) ? before.calls : Set.of();
			for (Map.Entry<String, String> result : turn.results.entrySet()) {
				require(open.contains(result.getKey()), result.getValue()
						+ ": unexpected `tool_use_id` found in `tool_result` blocks: " + result.getKey()
						+ ". Each `tool_result` block must have a corresponding `tool_use` block in the previous message.");
			}
			if (before != null) {
				checkAnswered(before, turn.results.keySet());
			}
			before = turn;
		}
		if (before != null) {
			checkAnswered(before, Set.of());
		}
	}

	private static void checkAnswered(Turn turn, Set<String> results) throws Rejection {
		Set<String> missing = new LinkedHashSet<>(turn.calls);
		missing.removeAll(results);
		require(missing.isEmpty(),
				"messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
					.formatted(turn.message, String.join(", ", missing)));
	}

	private static void checkText(JsonNode block, String where, String area) throws Rejection {
		String text = block.path("text").asString("");
		require(!text.isEmpty() || block.path("cache_control").isMissingNode(),
				where + ".text: cache_control cannot be set for empty text blocks");
		require(!text.isEmpty(), area + ": text content blocks must be non-empty");
		require(!text.isBlank(), area + ": text content blocks must contain non-whitespace text");
	}

	private PromptBlock textBlock(Layer layer, String header, JsonNode block) {
		JsonNode citations = block.path("citations");
		String tagged = (citations.isMissingNode() || citations.isNull()) ? header : header + citations;
		return PromptBlock.text(layer, tagged, block.get("text").asString(), tokenizer());
	}

	private static void add(Reading reading, String where, JsonNode json, PromptBlock block) throws Rejection {
		reading.add(block);
		CacheLifetime lifetime = lifetime(json.path("cache_control"), where);
		if (lifetime != null) {
			reading.marks.put(reading.blocks.size() - 1, lifetime);
			reading.places.put(reading.blocks.size() - 1, where);
		}
	}

	private static @Nullable CacheLifetime lifetime(JsonNode mark, String where) throws Rejection {
		if (mark.isMissingNode() || mark.isNull()) {
			return null;
		}
		require(isOneOf(mark.path("type"), "ephemeral"), where + ".cache_control.type: Input should be 'ephemeral'");
		checkKnown(mark, Set.of("type", "ttl"), where + ".cache_control.");
		String ttl = mark.path("ttl").asString("5m");
		require(ttl.equals("5m") || ttl.equals("1h"), where + ".cache_control.ttl: Input should be '5m' or '1h'");
		return ttl.equals("1h") ? CacheLifetime.ONE_HOUR : CacheLifetime.FIVE_MINUTES;
	}

	/** A mark of the whole request stands at the last block that can have one. */
	private static void readAutomaticMark(JsonNode mark, Reading reading) throws Rejection {
		CacheLifetime lifetime = lifetime(mark, "");
		if (lifetime == null) {
			return;
		}
		for (int index = reading.blocks.size() - 1; index >= 0; index--) {
			if (!reading.blocks.get(index).header().contains("thinking")) {
				reading.marks.putIfAbsent(index, lifetime);
				reading.places.putIfAbsent(index, "cache_control");
				return;
			}
		}
	}

	private static void checkMarks(Reading reading) throws Rejection {
		require(reading.marks.size() <= MARKS, "A maximum of %d blocks with cache_control may be provided. Found %d."
			.formatted(MARKS, reading.marks.size()));
		boolean short5m = false;
		for (Map.Entry<Integer, CacheLifetime> mark : reading.marks.entrySet()) {
			boolean hour = mark.getValue() == CacheLifetime.ONE_HOUR;
			require(!hour || !short5m, reading.places.get(mark.getKey())
					+ ".cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.");
			short5m |= !hour;
		}
	}

	/** The bytes as they were sent, but for marks. */
	private static String canonical(JsonNode node) {
		return withoutMarks(node).toString();
	}

	private static JsonNode withoutMarks(JsonNode node) {
		if (node.isObject()) {
			ObjectNode copy = object();
			for (Map.Entry<String, JsonNode> field : node.properties()) {
				if (!field.getKey().equals("cache_control")) {
					boolean nested = field.getKey().equals("content") && field.getValue().isArray();
					copy.set(field.getKey(), nested ? withoutMarks(field.getValue()) : field.getValue());
				}
			}
			return copy;
		}
		if (node.isArray()) {
			ArrayNode copy = array();
			node.forEach((element) -> copy.add(withoutMarks(element)));
			return copy;
		}
		return node;
	}

	private void checkFields(JsonNode node, Set<String> known, String where) throws Rejection {
		if (!setup().has(WireOption.LENIENT)) {
			checkKnown(node, known, where);
		}
	}

	private static void checkKnown(JsonNode node, Set<String> known, String where) throws Rejection {
		String unknown = unknownField(node, known);
		require(unknown == null, where + unknown + ": Extra inputs are not permitted");
	}

	private static void require(boolean condition, String message) throws Rejection {
		if (!condition) {
			throw Rejection.invalid(message);
		}
	}

	@Override
	Rejection unknownModel(String name) {
		return new Rejection(Kind.NOT_FOUND, "model: " + name);
	}

	@Override
	JsonNode body(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		ObjectNode message = message(request, completion);
		ArrayNode content = message.putArray("content");
		if (!completion.thinking().isEmpty()) {
			content.addObject()
				.put("type", "thinking")
				.put("thinking", completion.thinking())
				.put("signature", "sig_" + completion.number());
		}
		if (!completion.text().isEmpty()) {
			content.addObject().put("type", "text").put("text", completion.text());
		}
		for (Completion.Call call : completion.calls()) {
			ObjectNode block = content.addObject();
			block.put("type", "tool_use").put("id", "toolu_" + call.id()).put("name", call.name());
			block.set("input", JSON.readTree(call.arguments()));
		}
		message.put("stop_reason", stopReason(completion)).putNull("stop_sequence");
		message.set("usage", usage(input, completion.outputTokens() + completion.thinkingTokens()));
		return message;
	}

	private static ObjectNode message(ParsedRequest request, Completion completion) {
		return object().put("id", "msg_" + completion.number())
			.put("type", "message")
			.put("role", "assistant")
			.put("model", request.name());
	}

	@Override
	JsonNode batchBody(JsonNode body) {
		((ObjectNode) body.path("usage")).put("service_tier", "batch");
		return body;
	}

	private static ObjectNode usage(CacheTokens input, int outputTokens) {
		ObjectNode usage = object().put("input_tokens", input.uncached())
			.put("cache_creation_input_tokens", input.written())
			.put("cache_read_input_tokens", input.read());
		usage.putObject("cache_creation")
			.put("ephemeral_5m_input_tokens", input.written5m())
			.put("ephemeral_1h_input_tokens", input.written1h());
		return usage.put("output_tokens", outputTokens).put("service_tier", "standard");
	}

	@Override
	List<Frame> frames(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		List<Frame> frames = new ArrayList<>();
		ObjectNode start = message(request, completion);
		start.putArray("content");
		start.putNull("stop_reason").putNull("stop_sequence");
		start.set("usage", usage(input, 1));
		ObjectNode started = object().put("type", "message_start");
		started.set("message", start);
		frames.add(event(started, 0, 0));
		int thinking = 0;
		int block = 0;
		if (!completion.thinking().isEmpty()) {
			frames
				.add(event(blockStart(block, object().put("type", "thinking").put("thinking", "").put("signature", "")),
						0, 0));
			Progress thought = new Progress(tokenizer(), completion.thinkingTokens());
			thought.begin(completion.thinking());
			for (String piece : completion.pieces(completion.thinking())) {
				thinking = thought.add(piece);
				frames.add(event(delta(block, object().put("type", "thinking_delta").put("thinking", piece)), 0,
						thinking));
			}
			thinking = completion.thinkingTokens();
			frames.add(event(
					delta(block,
							object().put("type", "signature_delta").put("signature", "sig_" + completion.number())),
					0, thinking));
			frames.add(event(blockStop(block++), 0, thinking));
		}
		thinking = completion.thinkingTokens();
		Progress sent = new Progress(tokenizer(), completion.outputTokens());
		if (!completion.text().isEmpty()) {
			frames.add(event(blockStart(block, object().put("type", "text").put("text", "")), 0, thinking));
			frames.add(event(object().put("type", "ping"), 0, thinking));
			sent.begin(completion.text());
			for (String piece : completion.pieces(completion.text())) {
				frames.add(event(delta(block, object().put("type", "text_delta").put("text", piece)), sent.add(piece),
						thinking));
			}
			frames.add(event(blockStop(block++), sent.sent(), thinking));
		}
		for (Completion.Call call : completion.calls()) {
			int output = sent.sent();
			ObjectNode started2 = object().put("type", "tool_use")
				.put("id", "toolu_" + call.id())
				.put("name", call.name());
			started2.putObject("input");
			frames.add(event(blockStart(block, started2), output, thinking));
			sent.begin(call.arguments());
			for (String piece : completion.pieces(call.arguments())) {
				frames.add(event(delta(block, object().put("type", "input_json_delta").put("partial_json", piece)),
						sent.add(piece), thinking));
			}
			frames.add(event(blockStop(block++), sent.sent(), thinking));
		}
		ObjectNode ended = object().put("type", "message_delta");
		ended.putObject("delta").put("stop_reason", stopReason(completion)).putNull("stop_sequence");
		int outputTokens = completion.outputTokens() + completion.thinkingTokens();
		ObjectNode usage = ended.putObject("usage");
		if (!setup().has(WireOption.ANTHROPIC_DELTA_OUTPUT_ONLY)) {
			usage.put("input_tokens", input.uncached())
				.put("cache_creation_input_tokens", input.written())
				.put("cache_read_input_tokens", input.read());
		}
		usage.put("output_tokens", outputTokens);
		frames.add(event(ended, completion.outputTokens(), thinking));
		frames.add(event(object().put("type", "message_stop"), completion.outputTokens(), thinking));
		return frames;
	}

	private static ObjectNode blockStart(int index, ObjectNode block) {
		ObjectNode event = object().put("type", "content_block_start").put("index", index);
		event.set("content_block", block);
		return event;
	}

	private static ObjectNode delta(int index, ObjectNode delta) {
		ObjectNode event = object().put("type", "content_block_delta").put("index", index);
		event.set("delta", delta);
		return event;
	}

	private static ObjectNode blockStop(int index) {
		return object().put("type", "content_block_stop").put("index", index);
	}

	private static Frame event(ObjectNode data, int output, int thinking) {
		return new Frame("event: " + data.get("type").asString() + "\ndata: " + data + "\n\n", output, thinking);
	}

	private static String stopReason(Completion completion) {
		return switch (completion.finish()) {
			case STOP -> "end_turn";
			case LENGTH -> "max_tokens";
			case TOOL_CALLS -> "tool_use";
			case CONTENT_FILTER, REFUSAL -> "refusal";
		};
	}

	@Override
	ErrorResponse error(SimulatedError error, @Nullable String param, @Nullable String code, long number) {
		if (isHtml(error)) {
			return badGateway();
		}
		Map<String, String> headers = retryAfter(error.retryAfter());
		headers.put("content-type", "application/json");
		headers.put("request-id", "req_" + number);
		return new ErrorResponse(status(error.kind()), headers, errorBody(error, number).toString());
	}

	@Override
	String errorEvent(SimulatedError error, long number) {
		return "event: error\ndata: " + errorBody(error, number) + "\n\n";
	}

	private static ObjectNode errorBody(SimulatedError error, long number) {
		String usual = switch (error.kind()) {
			case OVERLOADED -> "Overloaded";
			case RATE_LIMITED -> "This request would exceed your organization's rate limit";
			case CONTEXT_TOO_LONG -> "prompt is too long";
			case CONTENT_FILTER -> "Output blocked by content filtering policy";
			case AUTHENTICATION -> "invalid x-api-key";
			case QUOTA ->
				"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.";
			case TIMEOUT -> "Request timed out";
			default -> "Internal server error";
		};
		ObjectNode body = object().put("type", "error");
		body.putObject("error")
			.put("type", type(error.kind()))
			.put("message", (error.message() != null) ? error.message() : usual);
		return body.put("request_id", "req_" + number);
	}

	private static int status(Kind kind) {
		return switch (kind) {
			case INVALID_REQUEST, CONTEXT_TOO_LONG, CONTENT_FILTER, QUOTA -> 400;
			case AUTHENTICATION -> 401;
			case PERMISSION -> 403;
			case NOT_FOUND -> 404;
			case METHOD_NOT_ALLOWED -> 405;
			case TOO_LARGE -> 413;
			case REQUEST_TIMEOUT -> 408;
			case RATE_LIMITED, UNAVAILABLE -> 429;
			case SERVER_ERROR -> 500;
			case BAD_GATEWAY -> 502;
			case TIMEOUT -> 504;
			case OVERLOADED -> 529;
		};
	}

	private static String type(Kind kind) {
		return switch (kind) {
			case INVALID_REQUEST, CONTEXT_TOO_LONG, CONTENT_FILTER, QUOTA, METHOD_NOT_ALLOWED ->
				"invalid_request_error";
			case AUTHENTICATION -> "authentication_error";
			case PERMISSION -> "permission_error";
			case NOT_FOUND -> "not_found_error";
			case TOO_LARGE -> "request_too_large";
			case RATE_LIMITED, UNAVAILABLE -> "rate_limit_error";
			case TIMEOUT, REQUEST_TIMEOUT -> "timeout_error";
			case OVERLOADED -> "overloaded_error";
			case SERVER_ERROR, BAD_GATEWAY -> "api_error";
		};
	}

	/** What has been read of a request so far. */
	private static final class Reading {

		private final List<PromptBlock> blocks = new ArrayList<>();

		private final SortedMap<Integer, CacheLifetime> marks = new TreeMap<>();

		private final Map<Integer, String> places = new TreeMap<>();

		private final List<Turn> turns = new ArrayList<>();

		private boolean images;

		void add(PromptBlock block) {
			this.blocks.add(block);
		}

		Turn turn(String role) {
			if (this.turns.isEmpty() || !this.turns.get(this.turns.size() - 1).role.equals(role)) {
				this.turns.add(new Turn(role));
			}
			return this.turns.get(this.turns.size() - 1);
		}

	}

	/** Messages of one role that follow one another. */
	private static final class Turn {

		private final String role;

		private final Set<String> calls = new LinkedHashSet<>();

		private final Map<String, String> results = new TreeMap<>();

		private boolean other;

		private int message;

		Turn(String role) {
			this.role = role;
		}

		void text() {
			this.other = true;
		}

		void result(String id, String where) throws Rejection {
			require(!this.other, where
					+ ": `tool_result` blocks must come first in the content of the message that answers `tool_use` blocks");
			require(this.results.put(id, where) == null, where
					+ ": each tool_use must have a single result. Found multiple `tool_result` blocks with id: " + id);
		}

	}

}
