package io.tokensaving.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.simulator.PromptBlock.Layer;
import io.tokensaving.simulator.SimulatedError.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Gemini's {@code generateContent} and {@code streamGenerateContent}. */
final class GeminiWire extends ProviderWire {

	private static final Pattern PATH = Pattern.compile("/?(?:v1|v1beta|v1alpha)/models/([^/:]+):(\\w+)");

	private static final Set<String> FIELDS = Set.of("contents", "systemInstruction", "system_instruction", "tools",
			"toolConfig", "tool_config", "safetySettings", "safety_settings", "generationConfig", "generation_config",
			"cachedContent", "cached_content", "serviceTier", "service_tier", "store", "model");

	private static final Set<String> PART_FIELDS = Set.of("text", "inlineData", "inline_data", "fileData", "file_data",
			"functionCall", "function_call", "functionResponse", "function_response", "thought", "thoughtSignature",
			"thought_signature", "executableCode", "codeExecutionResult", "videoMetadata", "partMetadata",
			"mediaResolution", "toolCall", "toolResponse");

	private final GeminiCache cache;

	private final GeminiStore store;

	GeminiWire(Setup setup, GeminiStore store) {
		super(Provider.GEMINI, setup);
		this.cache = new GeminiCache(setup.rules(), setup.tokenizer(), setup.seed());
		this.store = store;
	}

	static boolean isStream(String path) {
		Matcher matcher = PATH.matcher(path);
		return matcher.matches() && matcher.group(2).equals("streamGenerateContent");
	}

	@Override
	ParsedRequest parse(String path, Map<String, List<String>> headers, JsonNode body) throws Rejection {
		String account = account(headers, "x-goog-api-key", "authorization");
		if (account.isEmpty()) {
			throw new Rejection(Kind.PERMISSION,
					"Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.");
		}
		Matcher matcher = PATH.matcher(path);
		if (!matcher.matches()) {
			throw new Rejection(Kind.NOT_FOUND, "Requested entity was not found.");
		}
		String name = matcher.group(1);
		SimulatedModel model = model(JSON.getNodeFactory().stringNode(name));
		checkFields(body, FIELDS, "");
		JsonNode system = either(body, "systemInstruction", "system_instruction");
		JsonNode toolConfig = either(body, "toolConfig", "tool_config");
		String cached = either(body, "cachedContent", "cached_content").asString("");
		if (!cached.isEmpty() && !(isAbsent(system) && isAbsent(body.path("tools")) && isAbsent(toolConfig))) {
			throw Rejection.invalid(
					"CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent request.");
		}
		List<PromptBlock> blocks = blocks(system, body.path("tools"), body.path("contents"), true);
		int ownTokens = blocks.stream().mapToInt(PromptBlock::tokens).sum();
		int cachedTokens = cached.isEmpty() ? 0 : this.store.tokens(cached, account, name);
		int inputTokens = ownTokens + cachedTokens;
		if (inputTokens > model.context()) {
			throw new Rejection(Kind.CONTEXT_TOO_LONG,
					"The input token count (%d) exceeds the maximum number of tokens allowed (%d)."
						.formatted(inputTokens, model.context()));
		}
		JsonNode config = either(body, "generationConfig", "generation_config");
		int maxTokens = either(config, "maxOutputTokens", "max_output_tokens").asInt(-1);
		int choices = Math.max(1, either(config, "candidateCount", "candidate_count").asInt(1));
		boolean stream = matcher.group(2).equals("streamGenerateContent");
		String tier = either(body, "serviceTier", "service_tier").asString(null);
		String scope = name + "/" + account;
		return new ParsedRequest(model, name, stream, inputTokens, maxTokens, choices, tier, true, path, body,
				(completion, now) -> decide(blocks, scope, model, cachedTokens, now));
	}

	private CacheDecision decide(List<PromptBlock> blocks, String scope, SimulatedModel model, int cachedTokens,
			Instant now) {
		if (cachedTokens == 0) {
			return this.cache.decide(blocks, scope, model.cacheMinimum(), now);
		}
		int own = blocks.stream().mapToInt(PromptBlock::tokens).sum();
		return new CacheDecision(new CacheTokens(own, cachedTokens, 0, 0, 0), (begin) -> {
		});
	}

	/**
	 * Answers a request for what is kept by name.
	 * @param method of HTTP
	 * @param path behind the provider's base URL
	 * @param headers of the request
	 * @param body of the request, empty if there is none
	 * @return the body of the response
	 * @throws Rejection if the provider does not take it
	 */
	JsonNode cachedContents(String method, String path, Map<String, List<String>> headers, String body)
			throws Rejection {
		String account = account(headers, "x-goog-api-key", "authorization");
		String id = path.substring(path.indexOf("cachedContents") + "cachedContents".length());
		String name = "cachedContents" + id;
		return switch (method) {
			case "POST" -> create(account, parseBody(body));
			case "PATCH" -> this.store.extend(name, account, parseBody(body));
			case "DELETE" -> this.store.delete(name, account);
			default -> id.isEmpty() ? this.store.list(account) : this.store.get(name, account);
		};
	}

	private JsonNode create(String account, JsonNode body) throws Rejection {
		String name = body.path("model").asString("").replaceFirst("^models/", "");
		SimulatedModel model = model(JSON.getNodeFactory().stringNode(name));
		List<PromptBlock> blocks = blocks(either(body, "systemInstruction", "system_instruction"), body.path("tools"),
				body.path("contents"), false);
		int tokens = blocks.stream().mapToInt(PromptBlock::tokens).sum();
		if (tokens < model.cacheMinimum()) {
			throw Rejection.invalid("Cached content is too small. total_token_count=%d, min_total_token_count=%d"
				.formatted(tokens, model.cacheMinimum()));
		}
		return this.store.create(account, name, model, tokens, body);
	}

	/** The prompt in the order in which it is read. */
	List<PromptBlock> blocks(JsonNode system, JsonNode tools, JsonNode contents, boolean needsContents)
			throws Rejection {
		List<PromptBlock> blocks = new ArrayList<>();
		for (JsonNode tool : tools) {
			blocks.add(PromptBlock.text(Layer.TOOLS, "tool", tool.toString(), tokenizer()));
		}
		int index = 0;
		for (JsonNode part : system.path("parts")) {
			blocks.add(part(Layer.SYSTEM, "system", part, "system_instruction.parts[" + index++ + "]"));
		}
		if (needsContents && contents.isEmpty()) {
			throw Rejection.invalid("* GenerateContentRequest.contents: contents is not specified\n");
		}
		int openCalls = 0;
		for (int content = 0; content < contents.size(); content++) {
			JsonNode node = contents.get(content);
			String role = node.path("role").asString("user");
			if (!Set.of("user", "model", "function").contains(role)) {
				throw Rejection.invalid("Please use a valid role: user, model.");
			}
			JsonNode parts = node.path("parts");
			if (parts.isEmpty()) {
				throw Rejection
					.invalid("* GenerateContentRequest.contents[%d].parts: contents.parts must not be empty.\n"
						.formatted(content));
			}
			int calls = 0;
			int responses = 0;
			for (int part = 0; part < parts.size(); part++) {
				blocks.add(
						part(Layer.MESSAGES, role, parts.get(part), "contents[%d].parts[%d]".formatted(content, part)));
				calls += isAbsent(either(parts.get(part), "functionCall", "function_call")) ? 0 : 1;
				responses += isAbsent(either(parts.get(part), "functionResponse", "function_response")) ? 0 : 1;
			}
			if (responses > 0 && openCalls == 0) {
				throw Rejection
					.invalid("Please ensure that function response turn comes immediately after a function call turn.");
			}
			if (openCalls != responses) {
				throw Rejection.invalid(
						"Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.");
			}
			if (calls > 0 && content == 0) {
				throw Rejection.invalid(
						"Please ensure that function call turn comes immediately after a user turn or after a function response turn.");
			}
			openCalls = calls;
		}
		return blocks;
	}

	private PromptBlock part(Layer layer, String role, JsonNode part, String where) throws Rejection {
		checkFields(part, PART_FIELDS, where);
		JsonNode text = part.path("text");
		if (text.isString()) {
			return PromptBlock.text(layer, role, text.asString(), tokenizer());
		}
		if (!isAbsent(either(part, "inlineData", "inline_data")) || !isAbsent(either(part, "fileData", "file_data"))) {
			return PromptBlock.whole(layer, role, part.toString(), setup().imageTokens());
		}
		return PromptBlock.tool(role, part.toString(), tokenizer());
	}

	private void checkFields(JsonNode node, Set<String> known, String where) throws Rejection {
		String unknown = setup().has(WireOption.LENIENT) ? null : unknownField(node, known);
		if (unknown != null) {
			throw Rejection.invalid("Invalid JSON payload received. Unknown name \"" + unknown + "\""
					+ (where.isEmpty() ? "" : " at '" + where + "'") + ": Cannot find field.");
		}
	}

	static JsonNode either(JsonNode node, String camel, String snake) {
		return node.has(camel) ? node.path(camel) : node.path(snake);
	}

	private static boolean isAbsent(JsonNode node) {
		return node.isMissingNode() || node.isNull() || (node.isArray() && node.isEmpty());
	}

	@Override
	Rejection unknownModel(String name) {
		return new Rejection(Kind.NOT_FOUND, "models/" + name
				+ " is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.");
	}

	@Override
	JsonNode body(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		List<ObjectNode> parts = new ArrayList<>();
		if (!completion.thinking().isEmpty()) {
			parts.add(object().put("text", completion.thinking()).put("thought", true));
		}
		if (!completion.text().isEmpty()) {
			parts.add(object().put("text", completion.text()));
		}
		completion.calls().forEach((call) -> parts.add(callPart(call)));
		return response(request, completion, input, parts, true, completion.outputTokens(),
				completion.thinkingTokens());
	}

	private static ObjectNode callPart(Completion.Call call) {
		ObjectNode part = object();
		part.putObject("functionCall").put("name", call.name()).set("args", JSON.readTree(call.arguments()));
		return part;
	}

	private static ObjectNode response(ParsedRequest request, Completion completion, CacheTokens input,
			List<ObjectNode> parts, boolean last, int output, int thinking) {
		ObjectNode response = object();
		ArrayNode candidates = response.putArray("candidates");
		for (int index = 0; index < request.choices(); index++) {
			ObjectNode candidate = candidates.addObject();
			ObjectNode content = candidate.putObject("content");
			ArrayNode array = content.putArray("parts");
			parts.forEach(array::add);
			content.put("role", "model");
			if (last) {
				candidate.put("finishReason", finishReason(completion));
			}
			candidate.put("index", index);
		}
		ObjectNode usage = response.putObject("usageMetadata");
		int answer = request.choices() * output;
		int thoughts = request.choices() * thinking;
		usage.put("promptTokenCount", input.total());
		if (answer > 0) {
			usage.put("candidatesTokenCount", answer);
		}
		usage.put("totalTokenCount", input.total() + answer + thoughts);
		if (input.read() > 0) {
			usage.put("cachedContentTokenCount", input.read());
			usage.putArray("cacheTokensDetails").addObject().put("modality", "TEXT").put("tokenCount", input.read());
		}
		usage.putArray("promptTokensDetails").addObject().put("modality", "TEXT").put("tokenCount", input.total());
		if (thoughts > 0) {
			usage.put("thoughtsTokenCount", thoughts);
		}
		return response.put("modelVersion", request.name()).put("responseId", "resp_" + completion.number());
	}

	@Override
	List<Frame> frames(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		List<Frame> frames = new ArrayList<>();
		int thinking = 0;
		Progress thought = new Progress(tokenizer(), completion.thinkingTokens());
		thought.begin(completion.thinking());
		for (String piece : completion.pieces(completion.thinking())) {
			thinking = thought.add(piece);
			frames.add(frame(response(request, completion, input,
					List.of(object().put("text", piece).put("thought", true)), false, 0, thinking), 0,
					request.choices() * thinking));
		}
		thinking = completion.thinkingTokens();
		Progress sent = new Progress(tokenizer(), completion.outputTokens());
		sent.begin(completion.text());
		for (String piece : completion.pieces(completion.text())) {
			int output = sent.add(piece);
			frames.add(frame(
					response(request, completion, input, List.of(object().put("text", piece)), false, output, thinking),
					request.choices() * output, request.choices() * thinking));
		}
		List<ObjectNode> last = new ArrayList<>();
		completion.calls().forEach((call) -> last.add(callPart(call)));
		if (last.isEmpty()) {
			last.add(object().put("text", ""));
		}
		frames.add(frame(
				response(request, completion, input, last, true, completion.outputTokens(),
						completion.thinkingTokens()),
				request.choices() * completion.outputTokens(), request.choices() * thinking));
		return frames;
	}

	private static Frame frame(ObjectNode data, int output, int thinking) {
		return new Frame("data: " + data + "\r\n\r\n", output, thinking);
	}

	private static String finishReason(Completion completion) {
		return switch (completion.finish()) {
			case STOP, TOOL_CALLS -> "STOP";
			case LENGTH -> "MAX_TOKENS";
			case CONTENT_FILTER, REFUSAL -> "SAFETY";
		};
	}

	@Override
	ErrorResponse error(SimulatedError error, @Nullable String param, @Nullable String code, long number) {
		if (isHtml(error)) {
			return badGateway();
		}
		Map<String, String> headers = new LinkedHashMap<>();
		headers.put("content-type", "application/json; charset=UTF-8");
		if (error.kind() == Kind.CONTENT_FILTER) {
			ObjectNode blocked = object();
			blocked.putObject("promptFeedback").put("blockReason", "SAFETY");
			blocked.putObject("usageMetadata").put("promptTokenCount", 0).put("totalTokenCount", 0);
			return new ErrorResponse(200, headers, blocked.put("modelVersion", "blocked").toString());
		}
		return new ErrorResponse(status(error.kind()), headers, errorBody(error).toString());
	}

	@Override
	String errorEvent(SimulatedError error, long number) {
		return "data: " + errorBody(error) + "\r\n\r\n";
	}

	private static ObjectNode errorBody(SimulatedError error) {
		String usual = switch (error.kind()) {
			case RATE_LIMITED, QUOTA -> "You exceeded your current quota, please check your plan and billing details.";
			case OVERLOADED, UNAVAILABLE -> "The model is overloaded. Please try again later.";
			case AUTHENTICATION -> "API key not valid. Please pass a valid API key.";
			case CONTEXT_TOO_LONG -> "The input token count exceeds the maximum number of tokens allowed.";
			case TIMEOUT, REQUEST_TIMEOUT -> "Deadline expired before operation could complete.";
			default -> "An internal error has occurred. Please retry or report.";
		};
		ObjectNode body = object();
		ObjectNode node = body.putObject("error")
			.put("code", status(error.kind()))
			.put("message", (error.message() != null) ? error.message() : usual)
			.put("status", reason(error.kind()));
		Duration retryAfter = error.retryAfter();
		if (retryAfter != null) {
			node.putArray("details")
				.addObject()
				.put("@type", "type.googleapis.com/google.rpc.RetryInfo")
				.put("retryDelay", retryAfter.toSeconds() + "s");
		}
		return body;
	}

	private static int status(Kind kind) {
		return switch (kind) {
			case INVALID_REQUEST, CONTEXT_TOO_LONG, AUTHENTICATION, CONTENT_FILTER -> 400;
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

	private static String reason(Kind kind) {
		return switch (kind) {
			case INVALID_REQUEST, CONTEXT_TOO_LONG, AUTHENTICATION, CONTENT_FILTER, TOO_LARGE, METHOD_NOT_ALLOWED ->
				"INVALID_ARGUMENT";
			case PERMISSION -> "PERMISSION_DENIED";
			case NOT_FOUND -> "NOT_FOUND";
			case RATE_LIMITED, UNAVAILABLE, QUOTA -> "RESOURCE_EXHAUSTED";
			case SERVER_ERROR, BAD_GATEWAY -> "INTERNAL";
			case OVERLOADED -> "UNAVAILABLE";
			case TIMEOUT, REQUEST_TIMEOUT -> "DEADLINE_EXCEEDED";
		};
	}

}
