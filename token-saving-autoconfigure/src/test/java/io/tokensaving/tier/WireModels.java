package io.tokensaving.tier;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import com.openai.client.OpenAIClient;
import com.openai.client.OpenAIClientAsync;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.ollama.OllamaChatModel;
import org.springframework.ai.ollama.api.OllamaApi;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.ollama.management.ModelManagementOptions;
import org.springframework.ai.ollama.management.PullModelStrategy;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.test.util.ReflectionTestUtils;

/**
 * Spring AI's models of four providers in front of a server that answers as these do and
 * remembers what it was sent.
 */
final class WireModels implements AutoCloseable {

	static final String ANSWER = "{\\\"name\\\":\\\"Ada\\\",\\\"year\\\":1815}";

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private final DisposableServer server;

	private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();

	private final Map<Kind, Map<String, Object>> clients = new EnumMap<>(Kind.class);

	private volatile Function<Sent, String> toolCalls = (sent) -> null;

	WireModels() {
		this.server = HttpServer.create().host("localhost").port(0).handle(this::answer).bindNow();
	}

	@Override
	public void close() {
		this.server.disposeNow();
	}

	String url(Kind kind) {
		return "http://localhost:" + this.server.port() + "/" + kind.name();
	}

	/**
	 * What was sent since the last look.
	 */
	List<Sent> sent() {
		List<Sent> all = new ArrayList<>();
		this.sent.drainTo(all);
		return all;
	}

	/**
	 * Have some requests answered otherwise.
	 * @param toolCalls the body of the answer to a request, or {@code null} for the usual
	 */
	void answers(Function<Sent, String> toolCalls) {
		this.toolCalls = toolCalls;
	}

	/**
	 * A model with a key of its own.
	 * @param kind the provider
	 * @param key the key
	 * @param options the default options, made by {@link #options(Kind)}
	 */
	ChatModel model(Kind kind, String key, ToolCallingChatOptions options) {
		Map<String, Object> known = this.clients.computeIfAbsent(kind, (added) -> new HashMap<>());
		return switch (kind) {
			case OPEN_AI -> {
				Object base = known.computeIfAbsent(key,
						(added) -> OpenAiChatModel.builder()
							.options(OpenAiChatOptions.builder().baseUrl(url(kind)).apiKey(key).maxRetries(0).build())
							.build());
				yield OpenAiChatModel.builder()
					.openAiClient((OpenAIClient) ReflectionTestUtils.getField(base, "openAiClient"))
					.openAiClientAsync((OpenAIClientAsync) ReflectionTestUtils.getField(base, "openAiClientAsync"))
					.options((OpenAiChatOptions) options)
					.build();
			}
			case ANTHROPIC -> {
				AnthropicChatModel base = (AnthropicChatModel) known.computeIfAbsent(key,
						(added) -> AnthropicChatModel.builder()
							.options(
									AnthropicChatOptions.builder().baseUrl(url(kind)).apiKey(key).maxRetries(0).build())
							.build());
				yield AnthropicChatModel.builder()
					.anthropicClient(base.getAnthropicClient())
					.anthropicClientAsync(base.getAnthropicClientAsync())
					.options((AnthropicChatOptions) options)
					.build();
			}
			case GOOGLE -> GoogleGenAiChatModel.builder()
				.genAiClient((Client) known.computeIfAbsent(key,
						(added) -> Client.builder()
							.apiKey(key)
							.httpOptions(HttpOptions.builder()
								.baseUrl(url(kind))
								.retryOptions(HttpRetryOptions.builder().attempts(1).build())
								.build())
							.build()))
				.options((GoogleGenAiChatOptions) options)
				.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
				.build();
			case OLLAMA -> OllamaChatModel.builder()
				.ollamaApi((OllamaApi) known.computeIfAbsent(key,
						(added) -> OllamaApi.builder().baseUrl(url(kind)).build()))
				.options((OllamaChatOptions) options)
				.modelManagementOptions(
						ModelManagementOptions.builder().pullModelStrategy(PullModelStrategy.NEVER).build())
				.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
				.build();
		};
	}

	/**
	 * Options of the provider's own class.
	 */
	static ToolCallingChatOptions.Builder<?> options(Kind kind) {
		return switch (kind) {
			case OPEN_AI -> OpenAiChatOptions.builder();
			case ANTHROPIC -> AnthropicChatOptions.builder();
			case GOOGLE -> GoogleGenAiChatOptions.builder();
			case OLLAMA -> OllamaChatOptions.builder();
		};
	}

	private Mono<Void> answer(HttpServerRequest request, HttpServerResponse response) {
		return request.receive().aggregate().asByteArray().flatMap((bytes) -> {
			String headers = request.requestHeaders()
				.entries()
				.stream()
				.map(Object::toString)
				.collect(Collectors.joining("\n"));
			String path = "/" + request.path();
			String body = new String(bytes, StandardCharsets.UTF_8);
			Sent asked = new Sent(Kind.valueOf(path.split("/")[1]), path, headers, body, JSON.readTree(body));
			this.sent.add(asked);
			String special = this.toolCalls.apply(asked);
			byte[] reply = ((special != null) ? special : usual(asked.kind(), asked.isStream()))
				.getBytes(StandardCharsets.UTF_8);
			String type = !asked.isStream() ? "application/json"
					: (asked.kind() == Kind.OLLAMA) ? "application/x-ndjson" : "text/event-stream";
			return response.header("Content-Type", type)
				.header("Content-Length", String.valueOf(reply.length))
				.sendByteArray(Mono.just(reply))
				.then();
		});
	}

	private static String usual(Kind kind, boolean stream) {
		return switch (kind) {
			case OPEN_AI -> stream
					? "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
							+ "\"delta\":{\"role\":\"assistant\",\"content\":\"" + ANSWER
							+ "\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
					: "{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
							+ "\"message\":{\"role\":\"assistant\",\"content\":\"" + ANSWER
							+ "\",\"refusal\":null},\"finish_reason\":\"stop\",\"logprobs\":null}]}";
			case ANTHROPIC -> stream ? events("message_start",
					"{\"type\":\"message_start\",\"message\":{\"id\":\"1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","
							+ "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}",
					"content_block_start",
					"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
					"content_block_delta",
					"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""
							+ ANSWER + "\"}}",
					"content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}", "message_delta",
					"{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}}",
					"message_stop", "{\"type\":\"message_stop\"}")
					: "{\"id\":\"1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\""
							+ ANSWER
							+ "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}";
			case GOOGLE -> (stream ? "data: " : "")
					+ "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"" + ANSWER
					+ "\"}]},\"finishReason\":\"STOP\"}],\"modelVersion\":\"m\",\"usageMetadata\":{\"promptTokenCount\":1,"
					+ "\"candidatesTokenCount\":1,\"totalTokenCount\":2}}" + (stream ? "\n\n" : "");
			case OLLAMA ->
				"{\"model\":\"m\",\"created_at\":\"2026-01-02T03:04:05.678901Z\",\"message\":{\"role\":\"assistant\",\"content\":\""
						+ ANSWER
						+ "\"},\"done\":true,\"done_reason\":\"stop\",\"total_duration\":1,\"load_duration\":1,"
						+ "\"prompt_eval_count\":1,\"prompt_eval_duration\":1,\"eval_count\":1,\"eval_duration\":1}\n";
		};
	}

	private static String events(String... namesAndData) {
		StringBuilder events = new StringBuilder();
		for (int i = 0; i < namesAndData.length; i += 2) {
			events.append("event: ")
				.append(namesAndData[i])
				.append("\ndata: ")
				.append(namesAndData[i + 1])
				.append("\n\n");
		}
		return events.toString();
	}

	/**
	 * The providers.
	 */
	enum Kind {

		OPEN_AI, ANTHROPIC, GOOGLE, OLLAMA

	}

	/**
	 * A request that was sent.
	 *
	 * @param kind the provider
	 * @param path the path, which may hold the model
	 * @param headers the headers
	 * @param body the body
	 * @param json the body
	 */
	record Sent(Kind kind, String path, String headers, String body, JsonNode json) {

		boolean isStream() {
			return this.path.contains("stream") || this.json.path("stream").asBoolean(false);
		}

		/**
		 * Everything that was sent.
		 */
		String all() {
			return Stream.of(this.path, this.headers, this.body).collect(Collectors.joining("\n"));
		}

	}

}
