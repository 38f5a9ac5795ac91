package io.tokensaving.simulator;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.simulator.SimulatedError.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's Chat Completions API, with both generations of its prompt cache. */
final class OpenAiWire extends ChatCompletionsWire {

	private static final Set<String> FIELDS = Set.of("messages", "model", "audio", "frequency_penalty", "function_call",
			"functions", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "metadata", "modalities", "n",
			"parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_retention",
			"prompt_cache_options", "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier",
			"stop", "store", "stream", "stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p",
			"user", "verbosity", "web_search_options");

	private final OpenAiPrefixCache prefixes;

	private final OpenAiBreakpointCache breakpoints;

	OpenAiWire(Setup setup) {
		super(Provider.OPENAI, setup);
		this.prefixes = new OpenAiPrefixCache(setup.rules(), setup.tokenizer(), setup.seed());
		this.breakpoints = new OpenAiBreakpointCache(setup.rules(), setup.tokenizer(), setup.seed());
	}

	@Override
	@Nullable Lookup lookUp(String method, String path, Map<String, List<String>> headers, String body) throws Rejection {
		if (method.equals("POST") && path.endsWith("/embeddings")) {
			authenticate(headers);
			return OpenAiEmbeddings.answer(this, parseBody(body));
		}
		return super.lookUp(method, path, headers, body);
	}

	@Override
	ParsedRequest parse(String path, Map<String, List<String>> headers, JsonNode body) throws Rejection {
		authenticate(headers);
		if (isResponses(path)) {
			return super.parse(path, headers, OpenAiResponses.chat(body, isStrict())).as(body);
		}
		if (isCompletions(path)) {
			return super.parse(path, headers, OpenAiCompletions.chat(body, isStrict())).as(body);
		}
		return super.parse(path, headers, body);
	}

	private static boolean isResponses(String path) {
		return path.endsWith("/responses");
	}

	private static boolean isCompletions(String path) {
		return path.endsWith("/completions") && !path.endsWith("/chat/completions");
	}

	/** Each API has models of its own, but for chats and responses. */
	@Override
	void checkModel(String path, SimulatedModel model) throws Rejection {
		boolean completions = isCompletions(path);
		if (OpenAiEmbeddings.isModel(model.id()) || completions != OpenAiCompletions.isModel(model.id())) {
			throw new Rejection(Kind.NOT_FOUND, completions
					? "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?"
					: "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?",
					"model", null);
		}
	}

	@Override
	JsonNode body(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		if (isResponses(request.path())) {
			return OpenAiResponses.body(request, completion, usage(request, completion, input), now);
		}
		if (isCompletions(request.path())) {
			ObjectNode body = OpenAiCompletions.body(request, completion, tokenizer(), now);
			body.set("usage", usage(request, completion, input));
			return body;
		}
		return super.body(request, completion, input, now);
	}

	@Override
	List<Frame> frames(ParsedRequest request, Completion completion, CacheTokens input, Instant now) {
		ObjectNode usage = usage(request, completion, input);
		if (isResponses(request.path())) {
			return OpenAiResponses.frames(request, completion, usage, tokenizer(), now);
		}
		if (isCompletions(request.path())) {
			return OpenAiCompletions.frames(request, completion, usage, tokenizer(), now);
		}
		return super.frames(request, completion, input, now);
	}

	@Override
	boolean isStrict() {
		return !setup().has(WireOption.LENIENT);
	}

	@Override
	Set<String> fields() {
		return FIELDS;
	}

	@Override
	boolean showsThinking() {
		return false;
	}

	@Override
	void check(JsonNode body, SimulatedModel model) throws Rejection {
		require(!model.reasoning() || isAbsent(body, "max_tokens"),
				"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
				"max_tokens", "unsupported_parameter");
		require(!isOneOf(body.path("service_tier"), "flex") || model.serviceTiers().containsKey("flex"),
				"Invalid service_tier argument: flex is not available for this model.", "service_tier",
				"invalid_value");
		JsonNode retention = body.path("prompt_cache_retention");
		if (!isAbsent(body, "prompt_cache_retention")) {
			require(!model.breakpoints() && !model.retention().isEmpty(),
					"Unsupported parameter: 'prompt_cache_retention' is not supported with this model.",
					"prompt_cache_retention", "unsupported_parameter");
			require(model.retention().contains(retention.asString("")), "Invalid value: '%s'. Supported values are: %s."
				.formatted(retention.asString(""), model.retention()), "prompt_cache_retention", "invalid_value");
		}
		JsonNode options = body.path("prompt_cache_options");
		if (!isAbsent(body, "prompt_cache_options")) {
			require(model.breakpoints(),
					"Unsupported parameter: 'prompt_cache_options' is not supported with this model.",
					"prompt_cache_options", "unsupported_parameter");
			String unknown = unknownField(options, Set.of("mode", "ttl"));
			require(unknown == null, "Unknown parameter: 'prompt_cache_options." + unknown + "'.",
					"prompt_cache_options." + unknown, "unknown_parameter");
			require(options.path("mode").isMissingNode() || isOneOf(options.path("mode"), "implicit", "explicit"),
					"Invalid value: '%s'. Supported values are: 'implicit' and 'explicit'."
						.formatted(options.path("mode").asString("")),
					"prompt_cache_options.mode", "invalid_value");
			require(options.path("ttl").isMissingNode() || isOneOf(options.path("ttl"), "30m"),
					"Invalid value: '%s'. Supported values are: '30m'.".formatted(options.path("ttl").asString("")),
					"prompt_cache_options.ttl", "invalid_value");
		}
		require(model.breakpoints() || !hasBreakpoint(body.path("messages")),
				"Unsupported parameter: 'prompt_cache_breakpoint' is not supported with this model.", "messages",
				"unsupported_parameter");
	}

	private static boolean isAbsent(JsonNode body, String field) {
		return body.path(field).isMissingNode() || body.path(field).isNull();
	}

	private static boolean hasBreakpoint(JsonNode messages) {
		return messages.findValue("prompt_cache_breakpoint") != null;
	}

	@Override
	ParsedRequest.CacheQuestion cache(JsonNode body, SimulatedModel model, Reading reading, String account) {
		String scope = body.get("model").asString() + "/" + account + "/" + body.path("reasoning_effort").asString("");
		@Nullable String key = body.path("prompt_cache_key").asString(null);
		if (model.breakpoints()) {
			boolean implicit = !isOneOf(body.path("prompt_cache_options").path("mode"), "explicit");
			OpenAiBreakpointCache.Breakpoints places = new OpenAiBreakpointCache.Breakpoints(reading.explicit,
					reading.messageEnds, reading.systemEnd, reading.lastMessageEnd);
			return (completion, now) -> this.breakpoints.decide(reading.blocks, places, implicit, scope, key, now);
		}
		String retention = body.path("prompt_cache_retention").asString(model.defaultRetention());
		boolean extended = "24h".equals(retention);
		return (completion, now) -> this.prefixes.decide(reading.blocks, scope, key, extended, now);
	}

	@Override
	ObjectNode usage(ParsedRequest request, Completion completion, CacheTokens input) {
		int output = request.choices() * (completion.outputTokens() + completion.thinkingTokens());
		ObjectNode usage = object().put("prompt_tokens", input.total())
			.put("completion_tokens", output)
			.put("total_tokens", input.total() + output);
		ObjectNode details = usage.putObject("prompt_tokens_details")
			.put("cached_tokens", input.read())
			.put("audio_tokens", 0);
		if (request.model().breakpoints()) {
			details.put("cache_write_tokens", input.written30m());
		}
		usage.putObject("completion_tokens_details")
			.put("reasoning_tokens", request.choices() * completion.thinkingTokens())
			.put("audio_tokens", 0)
			.put("accepted_prediction_tokens", 0)
			.put("rejected_prediction_tokens", 0);
		return usage;
	}

}
