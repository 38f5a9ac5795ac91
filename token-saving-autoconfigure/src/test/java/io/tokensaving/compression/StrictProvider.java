package io.tokensaving.compression;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

/**
 * A server that speaks the protocols of OpenAI, Anthropic and Google, and rejects the
 * conversations that these reject: calls of tools without results and results without
 * calls, messages without content, and an order of roles that they do not take.
 */
final class StrictProvider implements AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final String REJECTED = "{\"error\":{\"type\":\"invalid_request_error\",\"code\":400,\"message\":\"%s\"}}";

	private final HttpServer server;

	// Whether users and assistants must take turns, which OpenAI does not ask for
	private volatile boolean turns;

	StrictProvider() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.createContext("/", this::answer);
		this.server.start();
	}

	/**
	 * Say whether the next requests must have users and assistants take turns.
	 * @param turns whether they must
	 */
	void requireTurns(boolean turns) {
		this.turns = turns;
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

	private String url() {
		return "http://localhost:" + this.server.getAddress().getPort();
	}

	ChatModel openAi() {
		return OpenAiChatModel.builder()
			.options(OpenAiChatOptions.builder()
				.baseUrl(url() + "/openai")
				.apiKey("test")
				.model("gpt-4o-mini")
				.maxRetries(0)
				.build())
			.build();
	}

	ChatModel anthropic() {
		return AnthropicChatModel.builder()
			.options(AnthropicChatOptions.builder()
				.baseUrl(url() + "/anthropic")
				.apiKey("test")
				.model("claude-sonnet-4-5")
				.maxTokens(1000)
				.maxRetries(0)
				.build())
			.build();
	}

	ChatModel google() {
		return GoogleGenAiChatModel.builder()
			.genAiClient(Client.builder()
				.apiKey("key")
				.httpOptions(HttpOptions.builder()
					.baseUrl(url() + "/google")
					.retryOptions(HttpRetryOptions.builder().attempts(1).build())
					.build())
				.build())
			.options(GoogleGenAiChatOptions.builder().model("gemini-2.5-flash").build())
			.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
			.build();
	}

	private void answer(HttpExchange exchange) throws IOException {
		try (exchange) {
			String path = exchange.getRequestURI().getPath();
			JsonNode request = JSON.readTree(exchange.getRequestBody().readAllBytes());
			String problem;
			String answer;
			if (path.startsWith("/openai")) {
				problem = openAiProblem(request);
				answer = "{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o-mini\",\"choices\":"
						+ "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Yes\",\"refusal\":null},"
						+ "\"finish_reason\":\"stop\",\"logprobs\":null}],\"usage\":{\"prompt_tokens\":1,"
						+ "\"completion_tokens\":1,\"total_tokens\":2}}";
			}
			else if (path.startsWith("/anthropic")) {
				problem = anthropicProblem(request);
				answer = "{\"id\":\"1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\","
						+ "\"content\":[{\"type\":\"text\",\"text\":\"Yes\"}],\"stop_reason\":\"end_turn\","
						+ "\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}";
			}
			else {
				problem = googleProblem(request);
				answer = "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Yes\"}]},"
						+ "\"finishReason\":\"STOP\"}],\"modelVersion\":\"gemini-2.5-flash\",\"usageMetadata\":{\"promptTokenCount\":1,"
						+ "\"candidatesTokenCount\":1,\"totalTokenCount\":2}}";
			}
			byte[] body = ((problem != null) ? REJECTED.formatted(problem) : answer).getBytes(StandardCharsets.UTF_8);
			exchange.getResponseHeaders().add("Content-Type", "application/json");
			exchange.sendResponseHeaders((problem != null) ? 400 : 200, body.length);
			exchange.getResponseBody().write(body);
		}
	}

	private @Nullable String openAiProblem(JsonNode request) {
		Set<String> open = new HashSet<>();
		List<String> sides = new ArrayList<>();
		for (JsonNode message : request.get("messages")) {
			String role = message.get("role").asString();
			if (role.equals("tool")) {
				if (!open.remove(message.path("tool_call_id").asString(""))) {
					return "a message with role 'tool' must be a response to a preceding message with 'tool_calls'";
				}
			}
			else if (!open.isEmpty() && !role.equals("system")) {
				return "an assistant message with 'tool_calls' must be followed by tool messages for each 'tool_call_id'";
			}
			boolean calls = message.path("tool_calls").size() > 0;
			if (!calls && !hasContent(message.path("content"))) {
				return "a message with role '" + role + "' has no content";
			}
			for (JsonNode call : message.path("tool_calls")) {
				open.add(call.get("id").asString());
			}
			String last = sides.isEmpty() ? "" : sides.get(sides.size() - 1);
			if (!role.equals("system") && !role.equals("developer") && !(role.equals("tool") && last.equals("tool"))) {
				sides.add(role);
			}
		}
		return open.isEmpty() ? turnsProblem(sides) : "tool calls have no results";
	}

	private @Nullable String anthropicProblem(JsonNode request) {
		Set<String> open = new HashSet<>();
		List<String> sides = new ArrayList<>();
		for (JsonNode message : request.get("messages")) {
			String role = message.get("role").asString();
			JsonNode content = message.get("content");
			if (!hasContent(content)) {
				return "messages: all messages must have non-empty content";
			}
			Set<String> answered = new HashSet<>();
			Set<String> called = new HashSet<>();
			for (JsonNode block : content.isArray() ? content : JSON.createArrayNode()) {
				switch (block.path("type").asString("")) {
					case "tool_use" -> called.add(block.get("id").asString());
					case "tool_result" -> answered.add(block.get("tool_use_id").asString());
					case "text" -> {
						if (block.path("text").asString("").isBlank()) {
							return "messages: text content blocks must contain non-whitespace text";
						}
					}
					default -> {
					}
				}
			}
			if (!answered.equals(open)) {
				return "messages: each 'tool_use' block must have a 'tool_result' block in the next message";
			}
			open = called;
			sides.add(role);
		}
		if (sides.isEmpty() || !sides.get(0).equals("user")) {
			return "messages: first message must use the 'user' role";
		}
		return open.isEmpty() ? turnsProblem(sides) : "messages: 'tool_use' without 'tool_result'";
	}

	private @Nullable String googleProblem(JsonNode request) {
		int open = 0;
		List<String> sides = new ArrayList<>();
		for (JsonNode content : request.get("contents")) {
			if (content.path("parts").isEmpty()) {
				return "contents: parts must not be empty";
			}
			int calls = 0;
			int responses = 0;
			for (JsonNode part : content.get("parts")) {
				if (part.has("text") && part.get("text").asString("").isEmpty()) {
					return "contents: a part has no data";
				}
				calls += part.has("functionCall") ? 1 : 0;
				responses += part.has("functionResponse") ? 1 : 0;
			}
			if (responses != open) {
				return "contents: the number of function responses must equal that of the function calls before";
			}
			if (calls > 0 && (sides.isEmpty() || !sides.get(sides.size() - 1).equals("user"))) {
				return "contents: a function call must come after a turn of the user or a function response";
			}
			open = calls;
			sides.add(content.path("role").asString(""));
		}
		if (sides.isEmpty() || !sides.get(sides.size() - 1).equals("user")) {
			return "contents: the last turn must be one of the user";
		}
		return (open == 0) ? turnsProblem(sides) : "contents: function calls without responses";
	}

	private @Nullable String turnsProblem(List<String> sides) {
		for (int i = 1; this.turns && i < sides.size(); i++) {
			if (sides.get(i).equals(sides.get(i - 1))
					|| (sides.get(i).equals("user") && sides.get(i - 1).equals("tool"))) {
				return "roles must alternate, but there are two of " + sides.get(i) + " in a row";
			}
		}
		return (this.turns && !sides.isEmpty() && !sides.get(0).equals("user"))
				? "the first turn must be one of the user" : null;
	}

	private static boolean hasContent(JsonNode content) {
		return content.isArray() ? !content.isEmpty() : !content.asString("").isEmpty();
	}

}
