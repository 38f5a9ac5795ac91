package io.tokensaving.simulator;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.simulator.PromptBlock.Layer;
import io.tokensaving.simulator.SimulatedError.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The Chat Completions API, which OpenAI and DeepSeek have in common but for caches. */
abstract class ChatCompletionsWire extends ProviderWire {

	private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");

	private static final Set<String> DECIMALS = Set.of("temperature", "top_p", "frequency_penalty", "presence_penalty");

	/** When every model is said to be made: the first second of 2026. */
	private static final long MODELS_SINCE = 1_767_225_600;

	private static final Set<String> MESSAGE_FIELDS = Set.of("role", "content", "name", "tool_calls", "tool_call_id",
			"refusal", "audio", "function_call");

	ChatCompletionsWire(Provider provider, Setup setup) {
		super(provider, setup);
	}

	/** Whether fields that are not known are an error. */
	abstract boolean isStrict();

	/** What is known at the top of a request, if that matters. */
	abstract Set<String> fields();

	/** Whether the model answers at this path. */
	void checkModel(String path, SimulatedModel model) throws Rejection {
	}

	/** Checks what only this provider checks. */
	abstract void check(JsonNode body, SimulatedModel model) throws Rejection;

	/** How the provider's cache is asked. */
	abstract ParsedRequest.CacheQuestion cache(JsonNode body, SimulatedModel model, Reading reading, String account);

	/** The usage of a response. */
	abstract ObjectNode usage(ParsedRequest request, Completion completion, CacheTokens input);

	@Override
	ParsedRequest parse(String path, Map<String, List<String>> headers, JsonNode body) throws Rejection {
		String account = authenticate(headers);
		if (isStrict()) {
			String unknown = unknownField(body, fields());
			require(unknown == null, "Unknown parameter: '" + unknown + "'.", unknown, "unknown_parameter");
		}
		require(body.path("model").isString(), "you must provide a model parameter", "model", null);
		require(body.path("messages").isArray(), "Missing required parameter: 'messages'.", "messages",
				"missing_required_parameter");
		require(!body.get("messages").isEmpty(),
				"Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
				"messages", "empty_array");
		SimulatedModel model = model(body.get("model"));
		checkModel(path, model);
		boolean stream = body.path("stream").asBoolean(false);
		require(stream || body.path("stream_options").isMissingNode() || body.path("stream_options").isNull(),
				"The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options", null);
		checkRanges(body);
		check(body, model);
		Reading reading = new Reading();
		readFormat(body.path("response_format"), reading);
		readTools(body.path("tools"), body.path("tool_choice"), reading);
		readMessages(body.get("messages"), model, reading);
		int inputTokens = reading.blocks.stream().mapToInt(PromptBlock::tokens).sum();
		int maxTokens = body.path("max_completion_tokens").asInt(body.path("max_tokens").asInt(-1));
		if (inputTokens + (long) Math.max(0, maxTokens) > model.context()) {
			throw new Rejection(Kind.CONTEXT_TOO_LONG,
					"This model's maximum context length is %d tokens. However, your messages resulted in %d tokens. Please reduce the length of the messages."
						.formatted(model.context(), inputTokens + Math.max(0, maxTokens)),
					"messages", "context_length_exceeded");
		}
		return new ParsedRequest(model, body.get("model").asString(), stream, inputTokens, maxTokens,
				Math.max(1, body.path("n").asInt(1)), body.path("service_tier").asString(null),
				body.path("stream_options").path("include_usage").asBoolean(false), path, body,
				cache(body, model, reading, account));
	}

	private static void checkRanges(JsonNode body) throws Rejection {
		for (String name : DECIMALS) {
			JsonNode value = body.path(name);
			require(value.isMissingNode() || value.isNull() || value.isNumber(),
					"Invalid type for '%s': expected a decimal.".formatted(name), name, "invalid_type");
		}
		require(body.path("n").asInt(1) >= 1,
				"Invalid 'n': integer below minimum value. Expected a value >= 1, but got %s instead."
					.formatted(body.path("n")),
				"n", "integer_below_min_value");
		require(body.path("n").asInt(1) <= 128,
				"Invalid 'n': integer above maximum value. Expected a value <= 128, but got %s instead."
					.formatted(body.path("n")),
				"n", "integer_above_max_value");
		int top = body.path("top_logprobs").asInt(0);
		require(top >= 0 && top <= 20,
				"Invalid value for 'top_logprobs': must be less than or equal to 20 and at least 0.", "top_logprobs",
				"invalid_value");
		require(top == 0 || body.path("logprobs").asBoolean(false),
				"Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is enabled.",
				"top_logprobs", "invalid_value");
	}

	static String authenticate(Map<String, List<String>> headers) throws Rejection {
		String account = account(headers, "authorization", "api-key");
		if (account.isEmpty()) {
			throw new Rejection(Kind.AUTHENTICATION, "You didn't provide an API key.", null, null);
		}
		return account;
	}

	/** Lists models, or tells of one. */
	@Override
	@Nullable Lookup lookUp(String method, String path, Map<String, List<String>> headers, String body) throws Rejection {
		String rest = path.replaceFirst("^/v1(?=/)", "");
		if (!method.equals("GET") || !(rest.equals("/models") || rest.startsWith("/models/"))) {
			return null;
		}
		authenticate(headers);
		if (rest.length() > "/models/".length()) {
			String name = rest.substring("/models/".length());
			if (setup().catalog().find(provider(), name) == null) {
				throw new Rejection(Kind.NOT_FOUND, "The model '" + name + "' does not exist", "model",
						"model_not_found");
			}
			return Lookup.free(modelObject(name));
		}
		ObjectNode list = object().put("object", "list");
		ArrayNode data = list.putArray("data");
		Set<String> listed = new LinkedHashSet<>();
		setup().catalog().models().forEach((model) -> {
			if (model.provider() == provider() && listed.add(model.id())) {
				data.add(modelObject(model.id()));
			}
		});
		return Lookup.free(list);
	}

	private ObjectNode modelObject(String name) {
		return object().put("id", name)
			.put("object", "model")
			.put("created", MODELS_SINCE)
			.put("owned_by", provider().path());
	}

	private void readFormat(JsonNode format, Reading reading) throws Rejection {
		if (isOneOf(format.path("type"), "json_schema")) {
			JsonNode schema = format.path("json_schema").path("schema");
			boolean strict = format.path("json_schema").path("strict").asBoolean(false);
			require(!strict || isOneOf(schema.path("type"), "object"),
					"Invalid schema for response_format '%s': schema must be a JSON Schema of 'type: \"object\"', got 'type: %s'."
						.formatted(format.path("json_schema").path("name").asString(""), schema.path("type")),
					"response_format", null);
			reading.add(PromptBlock.text(Layer.FORMAT, "format", format.toString(), tokenizer()));
		}
	}

	private void readTools(JsonNode tools, JsonNode choice, Reading reading) throws Rejection {
		for (int index = 0; index < tools.size(); index++) {
			JsonNode tool = tools.get(index);
			String where = "tools[" + index + "]";
			require(isOneOf(tool.path("type"), "function") || isOneOf(tool.path("type"), "custom"),
					"Missing required parameter: '" + where + ".type'.", where + ".type", "missing_required_parameter");
			String name = tool.path("function").path("name").asString(tool.path("custom").path("name").asString(""));
			require(name.matches("[a-zA-Z0-9_-]{1,64}"),
					"Invalid '%s.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
						.formatted(where),
					where + ".function.name", "invalid_value");
			reading.add(PromptBlock.text(Layer.TOOLS, "tool", tool.toString(), tokenizer()));
		}
		require(!tools.isEmpty() || choice.isMissingNode() || isOneOf(choice, "none"),
				"Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
				"tool_choice", null);
	}

	private void readMessages(JsonNode messages, SimulatedModel model, Reading reading) throws Rejection {
		Set<String> open = new LinkedHashSet<>();
		int openSince = -1;
		String lastRole = "";
		for (int index = 0; index < messages.size(); index++) {
			JsonNode message = messages.get(index);
			String where = "messages[" + index + "]";
			String role = message.path("role").asString("");
			require(ROLES.contains(role),
					"Invalid value: '%s'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
						.formatted(role),
					where + ".role", "invalid_value");
			if (isStrict()) {
				String unknown = unknownField(message, MESSAGE_FIELDS);
				require(unknown == null, "Unknown parameter: '" + where + "." + unknown + "'.", where + "." + unknown,
						"unknown_parameter");
			}
			if (role.equals("tool")) {
				require(open.remove(message.path("tool_call_id").asString("")),
						"Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
						"messages.[" + index + "].role", null);
			}
			else {
				checkAnswered(open, openSince);
			}
			if (model.strictTurns() && !role.equals("system")) {
				require(!role.equals(lastRole) || role.equals("tool"), model.id()
						+ " does not support successive user or assistant messages (messages[%d] and messages[%d] in your input). You should interleave the user/assistant messages in the message sequence."
							.formatted(index - 1, index),
						null, "invalid_request_error");
			}
			lastRole = role;
			JsonNode calls = message.path("tool_calls");
			JsonNode content = message.path("content");
			require(content.isString() || content.isArray() || (role.equals("assistant") && !calls.isEmpty()),
					"Invalid value for 'content': expected a string, got null.", where + ".content", null);
			readContent(role, message, content, where, reading);
			for (JsonNode call : calls) {
				require(call.path("id").isString() && call.path("function").path("arguments").isString(),
						"Missing required parameter: '" + where + ".tool_calls[0].id'.", where + ".tool_calls",
						"missing_required_parameter");
				open.add(call.get("id").asString());
				reading.add(callBlock(call.get("id").asString(), call.path("function").path("name").asString(""),
						call.path("function").path("arguments").asString("")));
			}
			openSince = calls.isEmpty() ? openSince : index;
			reading.endMessage(role);
		}
		checkAnswered(open, openSince);
	}

	private static void checkAnswered(Set<String> open, int since) throws Rejection {
		require(open.isEmpty(),
				"An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
						+ String.join(", ", open),
				"messages.[" + since + "].tool_calls", null);
	}

	private void readContent(String role, JsonNode message, JsonNode content, String where, Reading reading)
			throws Rejection {
		String header = role + ":" + message.path("name").asString("") + ":"
				+ message.path("tool_call_id").asString("");
		if (!content.isArray()) {
			reading.add(contentBlock(role, header, content.asString("")));
			return;
		}
		require(!content.isEmpty(), "Invalid '" + where + ".content': empty array.", where + ".content", "empty_array");
		for (int index = 0; index < content.size(); index++) {
			JsonNode part = content.get(index);
			String place = where + ".content[" + index + "]";
			if (isOneOf(part.path("type"), "text")) {
				if (isStrict()) {
					String unknown = unknownField(part, Set.of("type", "text", "prompt_cache_breakpoint"));
					require(unknown == null, "Unknown parameter: '" + place + "." + unknown + "'.",
							place + "." + unknown, "unknown_parameter");
				}
				reading.add(contentBlock(role, header, part.path("text").asString("")));
			}
			else {
				require(isOneOf(part.path("type"), "image_url", "input_audio", "file", "refusal"),
						"Invalid value: '%s'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', 'audio', and 'file'."
							.formatted(part.path("type").asString("")),
						place + ".type", "invalid_value");
				ObjectNode copy = (ObjectNode) part.deepCopy();
				copy.remove("prompt_cache_breakpoint");
				reading.add(PromptBlock.whole(Layer.MESSAGES, header, copy.toString(), setup().imageTokens()));
			}
			JsonNode breakpoint = part.path("prompt_cache_breakpoint");
			if (breakpoint.isObject()) {
				checkBreakpoint(breakpoint, place);
				if (!role.equals("assistant")) {
					reading.explicit.add(reading.blocks.size() - 1);
				}
			}
		}
	}

	private static void checkBreakpoint(JsonNode breakpoint, String place) throws Rejection {
		require(isOneOf(breakpoint.path("mode"), "explicit"),
				"Invalid value: '%s'. Supported values are: 'explicit'."
					.formatted(breakpoint.path("mode").asString("")),
				place + ".prompt_cache_breakpoint.mode", "invalid_value");
	}

	private PromptBlock contentBlock(String role, String header, String text) {
		if (role.equals("tool")) {
			return PromptBlock.tool(header, text, tokenizer());
		}
		Layer layer = (role.equals("system") || role.equals("developer")) ? Layer.SYSTEM : Layer.MESSAGES;
		return PromptBlock.text(layer, header, text, tokenizer());
	}

	private PromptBlock callBlock(String id, String name, String arguments) {
		return PromptBlock.tool("assistant:call:" + id, name + arguments, tokenizer());
	}

	/** How an answer stands in the next prompt. */
	List<PromptBlock> asHistory(Completion completion) {
		List<PromptBlock> blocks = new ArrayList<>();
		blocks.add(contentBlock("assistant", "assistant::", completion.text()));
		for (Completion.Call call : completion.calls()) {
			blocks.add(callBlock("call_" + call.id(), call.name(), call.arguments()));
		}
		return blocks;
	}

	static void require(boolean condition, String message, @Nullable String param, @Nullable String code)
			throws Rejection {
		if (!condition) {
			throw new Rejection(Kind.INVALID_REQUEST, message, param, code);
		}
	}

	@Override
	Rejection unknownModel(String name) {
		return new Rejection(Kind.NOT_FOUND, "The model `" + name + "` does not exist or you do not have access to it.",
				null, "model_not_found");
	}

	@Override
	JsonNode body(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		ObjectNode response = envelope(request, completion, "chat.completion", now);
		ArrayNode choices = response.putArray("choices");
		for (int index = 0; index < request.choices(); index++) {
			ObjectNode choice = choices.addObject().put("index", index);
			ObjectNode message = choice.putObject("message").put("role", "assistant");
			if (completion.finish() == Answer.Finish.REFUSAL) {
				message.putNull("content").put("refusal", completion.text());
			}
			else if (completion.text().isEmpty() && !completion.calls().isEmpty()) {
				message.putNull("content").putNull("refusal");
			}
			else {
				message.put("content", completion.text()).putNull("refusal");
			}
			if (showsThinking() && !completion.thinking().isEmpty()) {
				message.put("reasoning_content", completion.thinking());
			}
			if (!completion.calls().isEmpty()) {
				ArrayNode calls = message.putArray("tool_calls");
				for (Completion.Call call : completion.calls()) {
					calls.addObject()
						.put("id", "call_" + call.id())
						.put("type", "function")
						.putObject("function")
						.put("name", call.name())
						.put("arguments", call.arguments());
				}
			}
			choice.set("logprobs", logprobs(request, completion, 0, completion.text().length()));
			choice.put("finish_reason", finishReason(completion));
		}
		response.set("usage", usage(request, completion, input));
		return response;
	}

	/**
	 * The logprobs of the tokens that end in a part of the text, null if nobody asked.
	 */
	private JsonNode logprobs(ParsedRequest request, Completion completion, int from, int to) {
		JsonNode json = request.json();
		if (!json.path("logprobs").asBoolean(false) || completion.text().isEmpty()
				|| completion.finish() == Answer.Finish.REFUSAL) {
			return JSON.getNodeFactory().nullNode();
		}
		ObjectNode node = object();
		node.set("content",
				new LogProbs(tokenizer(), completion.text()).tokens(from, to, json.path("top_logprobs").asInt(0)));
		return node.putNull("refusal");
	}

	/** Whether the thinking is shown to the client. */
	abstract boolean showsThinking();

	private ObjectNode envelope(ParsedRequest request, Completion completion, String object, Instant now) {
		ObjectNode envelope = object().put("id", "chatcmpl-" + completion.number())
			.put("object", object)
			.put("created", now.getEpochSecond())
			.put("model", request.name());
		if (request.serviceTier() != null) {
			String tier = request.serviceTier();
			envelope.put("service_tier", request.model().serviceTiers().containsKey(tier) ? tier : "default");
		}
		return envelope.put("system_fingerprint", "fp_simulator");
	}

	@Override
	List<Frame> frames(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		List<Frame> choice = new ArrayList<>();
		List<Frame> frames = new ArrayList<>();
		for (int index = 0; index < request.choices(); index++) {
			choice.clear();
			choice(request, completion, index, now, choice);
			frames.addAll(choice);
		}
		int output = request.choices() * completion.outputTokens();
		int thinking = request.choices() * completion.thinkingTokens();
		frames = inTurn(frames, request.choices());
		if (request.includeUsage()) {
			ObjectNode last = envelope(request, completion, "chat.completion.chunk", now);
			last.putArray("choices");
			last.set("usage", usage(request, completion, input));
			frames.add(new Frame("data: " + last + "\n\n", output, thinking));
		}
		frames.add(new Frame("data: [DONE]\n\n", output, thinking));
		return frames;
	}

	/** The choices of a stream take turns; all have as many frames. */
	static List<Frame> inTurn(List<Frame> frames, int choices) {
		int length = frames.size() / choices;
		List<Frame> mixed = new ArrayList<>();
		Frame before = new Frame("", 0, 0);
		for (int place = 0; place < length; place++) {
			Frame own = frames.get(place);
			for (int index = 0; index < choices; index++) {
				// Those that have had their turn are a frame ahead
				mixed.add(new Frame(frames.get(index * length + place).text(),
						(index + 1) * own.output() + (choices - index - 1) * before.output(),
						(index + 1) * own.thinking() + (choices - index - 1) * before.thinking()));
			}
			before = own;
		}
		return mixed;
	}

	/** What one choice sends, and what the client has of this one then. */
	private void choice(ParsedRequest request, Completion completion, int index, Instant now, List<Frame> frames) {
		JsonNode none = JSON.getNodeFactory().nullNode();
		int thinking = 0;
		ObjectNode first = object().put("role", "assistant").put("content", "").putNull("refusal");
		frames.add(chunk(request, completion, index, first, none, null, 0, thinking, now));
		if (showsThinking()) {
			for (String piece : completion.pieces(completion.thinking())) {
				thinking = Math.min(thinking + tokenizer().count(piece), completion.thinkingTokens());
				frames.add(chunk(request, completion, index, object().put("reasoning_content", piece), none, null, 0,
						thinking, now));
			}
		}
		thinking = completion.thinkingTokens();
		Progress sent = new Progress(tokenizer(), completion.outputTokens());
		sent.begin(completion.text());
		String field = (completion.finish() == Answer.Finish.REFUSAL) ? "refusal" : "content";
		int chars = 0;
		for (String piece : completion.pieces(completion.text())) {
			JsonNode logprobs = logprobs(request, completion, chars, chars + piece.length());
			chars += piece.length();
			frames.add(chunk(request, completion, index, object().put(field, piece), logprobs, null, sent.add(piece),
					thinking, now));
		}
		for (int call = 0; call < completion.calls().size(); call++) {
			Completion.Call made = completion.calls().get(call);
			ObjectNode begun = callDelta(call);
			begun.put("id", "call_" + made.id())
				.put("type", "function")
				.putObject("function")
				.put("name", made.name())
				.put("arguments", "");
			frames.add(chunk(request, completion, index, calls(begun), none, null, sent.sent(), thinking, now));
			sent.begin(made.arguments());
			for (String piece : completion.pieces(made.arguments())) {
				ObjectNode more = callDelta(call);
				more.putObject("function").put("arguments", piece);
				frames.add(chunk(request, completion, index, calls(more), none, null, sent.add(piece), thinking, now));
			}
		}
		frames.add(chunk(request, completion, index, object(), none, finishReason(completion),
				completion.outputTokens(), thinking, now));
	}

	private static ObjectNode callDelta(int index) {
		return object().put("index", index);
	}

	private static ObjectNode calls(ObjectNode call) {
		ObjectNode delta = object();
		delta.putArray("tool_calls").add(call);
		return delta;
	}

	private Frame chunk(ParsedRequest request, Completion completion, int index, ObjectNode delta, JsonNode logprobs,
			@Nullable String finish, int output, int thinking, Instant now) {
		ObjectNode chunk = envelope(request, completion, "chat.completion.chunk", now);
		ObjectNode choice = chunk.putArray("choices").addObject().put("index", index);
		choice.set("delta", delta);
		choice.set("logprobs", logprobs);
		choice.put("finish_reason", finish);
		if (request.includeUsage()) {
			chunk.putNull("usage");
		}
		return new Frame("data: " + chunk + "\n\n", output, thinking);
	}

	static String finishReason(Completion completion) {
		return switch (completion.finish()) {
			case STOP, REFUSAL -> "stop";
			case LENGTH -> "length";
			case TOOL_CALLS -> "tool_calls";
			case CONTENT_FILTER -> "content_filter";
		};
	}

	@Override
	ErrorResponse error(SimulatedError error, @Nullable String param, @Nullable String code, long number) {
		if (isHtml(error)) {
			return badGateway();
		}
		Map<String, String> headers = retryAfter(error.retryAfter());
		headers.put("content-type", "application/json");
		headers.put("x-request-id", "req_" + number);
		if (error.kind() == Kind.QUOTA) {
			headers.put("x-should-retry", "false");
		}
		return new ErrorResponse(status(error.kind()), headers, errorBody(error, param, code).toString());
	}

	@Override
	String errorEvent(SimulatedError error, long number) {
		return "data: " + errorBody(error, null, null) + "\n\n";
	}

	private ObjectNode errorBody(SimulatedError error, @Nullable String param, @Nullable String code) {
		String usual = switch (error.kind()) {
			case RATE_LIMITED -> "Rate limit reached for requests";
			case UNAVAILABLE -> "There is no capacity for this service tier at present. Please try again later.";
			case REQUEST_TIMEOUT -> "The request timed out.";
			case QUOTA -> "You exceeded your current quota, please check your plan and billing details.";
			case CONTENT_FILTER -> "The response was filtered due to the prompt triggering content management policy.";
			case CONTEXT_TOO_LONG -> "This model's maximum context length is exceeded.";
			case AUTHENTICATION -> "Incorrect API key provided";
			case OVERLOADED -> "The server is currently overloaded. Please try again later.";
			default -> "The server had an error while processing your request. Sorry about that!";
		};
		ObjectNode body = object();
		body.putObject("error")
			.put("message", (error.message() != null) ? error.message() : usual)
			.put("type", type(error.kind()))
			.put("param", param)
			.put("code", (code != null) ? code : code(error.kind()));
		return body;
	}

	int status(Kind kind) {
		return switch (kind) {
			case INVALID_REQUEST, CONTEXT_TOO_LONG, CONTENT_FILTER -> 400;
			case AUTHENTICATION -> 401;
			case PERMISSION -> 403;
			case NOT_FOUND -> 404;
			case METHOD_NOT_ALLOWED -> 405;
			case TOO_LARGE -> 413;
			case REQUEST_TIMEOUT -> 408;
			case RATE_LIMITED, UNAVAILABLE, QUOTA -> 429;
			case SERVER_ERROR -> 500;
			case BAD_GATEWAY -> 502;
			case OVERLOADED -> 503;
			case TIMEOUT -> 504;
		};
	}

	private static String type(Kind kind) {
		return switch (kind) {
			case INVALID_REQUEST, CONTEXT_TOO_LONG, CONTENT_FILTER, AUTHENTICATION, NOT_FOUND, METHOD_NOT_ALLOWED,
					TOO_LARGE, PERMISSION ->
				"invalid_request_error";
			case RATE_LIMITED, UNAVAILABLE -> "requests";
			case QUOTA -> "insufficient_quota";
			case SERVER_ERROR, BAD_GATEWAY, OVERLOADED, TIMEOUT, REQUEST_TIMEOUT -> "server_error";
		};
	}

	private static @Nullable String code(Kind kind) {
		return switch (kind) {
			case CONTEXT_TOO_LONG -> "context_length_exceeded";
			case CONTENT_FILTER -> "content_filter";
			case AUTHENTICATION -> "invalid_api_key";
			case NOT_FOUND -> "model_not_found";
			case RATE_LIMITED -> "rate_limit_exceeded";
			case UNAVAILABLE -> "resource_unavailable";
			case REQUEST_TIMEOUT -> "request_timeout";
			case QUOTA -> "insufficient_quota";
			default -> null;
		};
	}

	/** What has been read of a request so far. */
	static final class Reading {

		final List<PromptBlock> blocks = new ArrayList<>();

		final List<Integer> explicit = new ArrayList<>();

		final List<Integer> messageEnds = new ArrayList<>();

		int systemEnd = -1;

		int lastMessageEnd = -1;

		private void add(PromptBlock block) {
			this.blocks.add(block);
		}

		private void endMessage(String role) {
			int end = this.blocks.size() - 1;
			if (role.equals("assistant")) {
				return;
			}
			this.messageEnds.add(end);
			if (role.equals("system") || role.equals("developer")) {
				this.systemEnd = (this.systemEnd >= 0) ? this.systemEnd : end;
			}
			else {
				this.lastMessageEnd = end;
			}
		}

	}

}
