package io.tokensaving.simulator;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's older Completions API, whose requests are read as those of a chat. */
final class OpenAiCompletions {

	private static final Set<String> FIELDS = Set.of("model", "prompt", "best_of", "echo", "frequency_penalty",
			"logit_bias", "logprobs", "max_tokens", "n", "presence_penalty", "seed", "stop", "stream", "stream_options",
			"suffix", "temperature", "top_p", "user");

	/** What the API takes if a request does not say. */
	private static final int MAX_TOKENS = 16;

	private OpenAiCompletions() {
	}

	static boolean isModel(String id) {
		return id.endsWith("-instruct");
	}

	/** The request as one of a chat: each prompt is a message. */
	static ObjectNode chat(JsonNode body, boolean strict) throws Rejection {
		if (strict) {
			String unknown = ProviderWire.unknownField(body, FIELDS);
			ChatCompletionsWire.require(unknown == null, "Unrecognized request argument supplied: " + unknown, null,
					null);
		}
		ObjectNode chat = ProviderWire.object();
		List.of("model", "stream", "stream_options", "temperature", "top_p")
			.stream()
			.filter(body::has)
			.forEach((name) -> chat.set(name, body.get(name)));
		chat.put("max_tokens", body.path("max_tokens").asInt(MAX_TOKENS));
		ArrayNode messages = chat.putArray("messages");
		for (String prompt : prompts(body)) {
			messages.addObject().put("role", "user").put("content", prompt);
		}
		ChatCompletionsWire.require(body.path("n").asInt(1) >= 1 && body.path("n").asInt(1) <= 128,
				"Invalid value for 'n': must be between 1 and 128.", "n", null);
		chat.put("n", Math.min(128, messages.size() * body.path("n").asInt(1)));
		return chat;
	}

	private static List<String> prompts(JsonNode body) throws Rejection {
		JsonNode prompt = body.path("prompt");
		List<String> prompts = new ArrayList<>();
		if (prompt.isMissingNode() || prompt.isNull()) {
			prompts.add("<|endoftext|>");
		}
		else if (prompt.isString() || (prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isInt())) {
			prompts.add(text(prompt));
		}
		else {
			prompt.forEach((each) -> prompts.add(text(each)));
		}
		ChatCompletionsWire.require(
				!prompts.isEmpty() && (prompt.isString() || prompt.isArray() || prompt.isMissingNode()),
				"'$.prompt' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
				"prompt", null);
		return prompts;
	}

	/**
	 * A token that is only a number becomes four characters, which is one token again.
	 */
	private static String text(JsonNode prompt) {
		StringBuilder text = new StringBuilder(prompt.asString(""));
		prompt.forEach((token) -> text.append(String.format(Locale.ROOT, "%04x", token.asInt(0) & 0xffff)));
		return text.toString();
	}

	/** What stands before the answer of a choice. */
	private static String echo(ParsedRequest request, int index) {
		if (!request.json().path("echo").asBoolean(false)) {
			return "";
		}
		try {
			return prompts(request.json()).get(index / request.json().path("n").asInt(1));
		}
		catch (Rejection ex) {
			throw new IllegalStateException(ex);
		}
	}

	static ObjectNode body(ParsedRequest request, Completion completion, Tokenizer tokenizer, Instant now) {
		ObjectNode response = envelope(request, completion, now);
		ArrayNode choices = response.putArray("choices");
		for (int index = 0; index < request.choices(); index++) {
			add(choices, request, completion, index, 0, completion.text().length(), echo(request, index), tokenizer,
					ChatCompletionsWire.finishReason(completion));
		}
		return response;
	}

	static List<Frame> frames(ParsedRequest request, Completion completion, ObjectNode usage, Tokenizer tokenizer,
			Instant now) {
		List<Frame> frames = new ArrayList<>();
		for (int index = 0; index < request.choices(); index++) {
			Progress sent = new Progress(tokenizer, completion.outputTokens());
			sent.begin(completion.text());
			int chars = 0;
			for (String piece : completion.pieces(completion.text())) {
				frames.add(chunk(request, completion, index, chars, chars + piece.length(), tokenizer, null,
						sent.add(piece), now));
				chars += piece.length();
			}
			frames.add(chunk(request, completion, index, chars, chars, tokenizer,
					ChatCompletionsWire.finishReason(completion), completion.outputTokens(), now));
		}
		frames = ChatCompletionsWire.inTurn(frames, request.choices());
		int output = request.choices() * completion.outputTokens();
		int thinking = request.choices() * completion.thinkingTokens();
		if (request.includeUsage()) {
			ObjectNode last = envelope(request, completion, now);
			last.putArray("choices");
			last.set("usage", usage);
			frames.add(new Frame("data: " + last + "\n\n", output, thinking));
		}
		frames.add(new Frame("data: [DONE]\n\n", output, thinking));
		return frames;
	}

	private static Frame chunk(ParsedRequest request, Completion completion, int index, int from, int to,
			Tokenizer tokenizer, @Nullable String finish, int output, Instant now) {
		ObjectNode chunk = envelope(request, completion, now);
		add(chunk.putArray("choices"), request, completion, index, from, to, (from == 0) ? echo(request, index) : "",
				tokenizer, finish);
		if (request.includeUsage()) {
			chunk.putNull("usage");
		}
		return new Frame("data: " + chunk + "\n\n", output, completion.thinkingTokens());
	}

	private static void add(ArrayNode choices, ParsedRequest request, Completion completion, int index, int from,
			int to, String echo, Tokenizer tokenizer, @Nullable String finish) {
		ObjectNode choice = choices.addObject()
			.put("text", echo + completion.text().substring(from, to))
			.put("index", index);
		JsonNode top = request.json().path("logprobs");
		if (top.isInt()) {
			ObjectNode node = choice.putObject("logprobs");
			ArrayNode offsets = node.putArray("text_offset");
			ArrayNode logprobs = node.putArray("token_logprobs");
			ArrayNode tokens = node.putArray("tokens");
			ArrayNode others = node.putArray("top_logprobs");
			int offset = from;
			for (JsonNode token : new LogProbs(tokenizer, completion.text()).tokens(from, to, top.asInt())) {
				offsets.add(offset);
				logprobs.add(token.get("logprob"));
				tokens.add(token.get("token"));
				ObjectNode ranks = others.addObject();
				token.get("top_logprobs")
					.forEach((other) -> ranks.set(other.get("token").asString(), other.get("logprob")));
				offset += token.get("token").asString().length();
			}
		}
		else {
			choice.putNull("logprobs");
		}
		choice.put("finish_reason", finish);
	}

	private static ObjectNode envelope(ParsedRequest request, Completion completion, Instant now) {
		return ProviderWire.object()
			.put("id", "cmpl-" + completion.number())
			.put("object", "text_completion")
			.put("created", now.getEpochSecond())
			.put("model", request.name())
			.put("system_fingerprint", "fp_simulator");
	}

}
