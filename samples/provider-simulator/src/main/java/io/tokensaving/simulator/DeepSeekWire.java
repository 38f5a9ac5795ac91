package io.tokensaving.simulator;

import java.util.Set;

import io.tokensaving.simulator.SimulatedError.Kind;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** DeepSeek's Chat Completions API. */
final class DeepSeekWire extends ChatCompletionsWire {

	private final DeepSeekCache cache;

	DeepSeekWire(Setup setup) {
		super(Provider.DEEPSEEK, setup);
		this.cache = new DeepSeekCache(setup.rules(), setup.tokenizer(), setup.seed());
	}

	@Override
	boolean isStrict() {
		return false;
	}

	@Override
	Set<String> fields() {
		return Set.of();
	}

	@Override
	boolean showsThinking() {
		return true;
	}

	@Override
	void check(JsonNode body, SimulatedModel model) throws Rejection {
		for (JsonNode message : body.path("messages")) {
			require(!isOneOf(message.path("role"), "developer"),
					"Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`",
					null, "invalid_request_error");
		}
		int maxTokens = body.path("max_tokens").asInt(1);
		require(maxTokens >= 1 && maxTokens <= model.maxOutput(),
				"Invalid max_tokens value, the valid range of max_tokens is [1, " + model.maxOutput() + "]", null,
				"invalid_request_error");
	}

	@Override
	ParsedRequest.CacheQuestion cache(JsonNode body, SimulatedModel model, Reading reading, String account) {
		String scope = body.get("model").asString() + "/" + account;
		return (completion, now) -> this.cache.decide(reading.blocks, asHistory(completion), scope, now);
	}

	@Override
	ObjectNode usage(ParsedRequest request, Completion completion, CacheTokens input) {
		int output = request.choices() * (completion.outputTokens() + completion.thinkingTokens());
		ObjectNode usage = object().put("prompt_tokens", input.total())
			.put("completion_tokens", output)
			.put("total_tokens", input.total() + output);
		if (!setup().has(WireOption.DEEPSEEK_NO_DETAILS)) {
			usage.putObject("prompt_tokens_details").put("cached_tokens", input.read());
		}
		if (completion.thinkingTokens() > 0) {
			usage.putObject("completion_tokens_details")
				.put("reasoning_tokens", request.choices() * completion.thinkingTokens());
		}
		return usage.put("prompt_cache_hit_tokens", input.read()).put("prompt_cache_miss_tokens", input.uncached());
	}

	@Override
	int status(Kind kind) {
		return (kind == Kind.QUOTA) ? 402 : super.status(kind);
	}

}
