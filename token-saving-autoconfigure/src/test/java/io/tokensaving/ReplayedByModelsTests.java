package io.tokensaving;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import io.tokensaving.LoopbackServer.Reply;
import io.tokensaving.cache.CacheFeature;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.ollama.OllamaChatModel;
import org.springframework.ai.ollama.api.OllamaApi;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.ollama.management.ModelManagementOptions;
import org.springframework.ai.ollama.management.PullModelStrategy;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Spring AI's models against servers that speak, and reject, as the providers do. Each
 * question is asked twice; the second answer must be as right as the first.
 */
@Timeout(60)
class ReplayedByModelsTests {

	private static final String SIGNATURE = "c2lnbmF0dXJlLW9mLXRoZS1maXJzdA==";

	private final LoopbackServer server = new LoopbackServer((request) -> Reply.rejected("no answer"));

	private final TokenSavingTestChain chain = new TokenSavingTestChain(
			Plan.builder("p").with(new CacheSettings("in_memory")).build());

	@AfterEach
	void stop() throws Exception {
		this.chain.close();
		this.server.close();
	}

	private ChatClient gemini() {
		return this.chain.client(GoogleGenAiChatModel.builder()
			.genAiClient(Client.builder()
				.apiKey("key")
				.httpOptions(HttpOptions.builder()
					.baseUrl(this.server.url())
					.retryOptions(HttpRetryOptions.builder().attempts(1).build())
					.build())
				.build())
			.options(GoogleGenAiChatOptions.builder().model("gemini-3-pro").build())
			.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
			.build());
	}

	private ChatClient openAi(OpenAiChatOptions.Builder options) {
		return this.chain.client(openAiModel(options));
	}

	private ChatModel openAiModel(OpenAiChatOptions.Builder options) {
		return OpenAiChatModel.builder()
			.options(options.baseUrl(this.server.url()).apiKey("test").model("gpt-4o-mini").maxRetries(0).build())
			.build();
	}

	private ChatClient anthropic() {
		return this.chain.client(AnthropicChatModel.builder()
			.options(AnthropicChatOptions.builder()
				.baseUrl(this.server.url())
				.apiKey("test")
				.model("claude-sonnet-4-5")
				.maxTokens(1000)
				.maxRetries(0)
				.build())
			.build());
	}

	private Map<String, Long> notStored() {
		return this.chain.statistics().plan(new PlanKey("default", "p")).snapshot().counts(CacheFeature.NOT_STORED);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void signaturesOfGeminiAreReplayedInTheToolLoop(boolean stream) {
		this.server.answer((request) -> {
			boolean second = request.contains("\"functionResponse\"");
			if (second && !request.contains(SIGNATURE)) {
				return Reply.rejected("Function call is missing a thought_signature");
			}
			String part = second ? "{\"text\":\"It is noon, or later.\"}"
					: "{\"functionCall\":{\"name\":\"time\",\"args\":{}},\"thoughtSignature\":\"" + SIGNATURE + "\"}";
			String body = "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[" + part
					+ "]},\"finishReason\":\"STOP\"}],\"modelVersion\":\"gemini-3-pro\","
					+ "\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":5,\"totalTokenCount\":14}}";
			return stream ? Reply.events(body) : Reply.json(body);
		});
		ChatClient client = gemini();
		Clock clock = new Clock();
		assertThat(ask(client, stream, clock)).isEqualTo("It is noon, or later.");
		assertThat(this.server.requests()).hasSize(2);
		assertThat(ask(client, stream, clock)).isEqualTo("It is noon, or later.");
		assertThat(this.server.requests()).as("all was replayed").hasSize(2);
		clock.time = "midnight";
		assertThat(ask(client, stream, clock)).isEqualTo("It is noon, or later.");
		assertThat(this.server.requests()).as("the replayed call goes back to the model with another result")
			.hasSize(3);
		assertThat(this.server.requests().get(2)).contains(SIGNATURE, "midnight");
		assertThat(clock.calls).hasValue(3);
		assertThat(notStored()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "'', ''", "'', '\"name\":null,'" })
	void deltasOfToolCallsAreReplayedAsOneCall(String laterId, String laterName) {
		this.server.answer((request) -> {
			if (request.contains("\"tool_call_id\"")) {
				return !request.contains("\"tool_call_id\":\"call_0\"") ? Reply.rejected("no such call")
						: Reply.events(chunk("{\"role\":\"assistant\",\"content\":\"It is \"}", null),
								chunk("{\"content\":\"noon\"}", null), chunk("{\"content\":\"\"}", "stop"), "[DONE]");
			}
			return Reply.events(chunk("{\"role\":\"assistant\",\"content\":\"\"}", null), chunk(
					"{\"tool_calls\":[{\"index\":0,\"id\":\"call_0\",\"type\":\"function\",\"function\":{\"name\":\"timeIn\",\"arguments\":\"\"}}]}",
					null), chunk(delta(laterId, laterName, "{\\\"ci"), null),
					chunk(delta(laterId, laterName, "ty\\\":\\\"Ul"), null),
					chunk(delta(laterId, laterName, "m\\\"}"), null), chunk("{\"content\":\"\"}", "tool_calls"),
					"[DONE]");
		});
		ChatClient client = openAi(OpenAiChatOptions.builder());
		Clock clock = new Clock();
		for (int i = 1; i <= 2; i++) {
			assertThat(ask(client, true, clock)).isEqualTo("It is noon");
			assertThat(clock.cities).hasSize(i).containsOnly("Ulm");
			assertThat(this.server.requests()).hasSize(2);
		}
	}

	private static String delta(String id, String name, String arguments) {
		return "{\"tool_calls\":[{\"index\":0," + id + "\"function\":{" + name + "\"arguments\":\"" + arguments
				+ "\"}}]}";
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\\\"city\\\":", "not json", "[1]", "" })
	void toolCallsThatCannotBeExecutedAreNotStored(String arguments) {
		this.server.answer((request) -> Reply.json(completion(
				"\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"timeIn\",\"arguments\":\""
						+ arguments + "\"}}]",
				"tool_calls")));
		ChatClient client = openAi(OpenAiChatOptions.builder());
		Clock clock = new Clock();
		for (int i = 1; i <= 2; i++) {
			int requests = this.server.requests().size();
			AtomicInteger limit = new AtomicInteger();
			this.server.answer((request) -> Reply.json(completion((limit.incrementAndGet() > 1) ? "\"content\":\"done\""
					: "\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"timeIn\",\"arguments\":\""
							+ arguments + "\"}}]",
					(limit.get() > 1) ? "stop" : "tool_calls")));
			try {
				ask(client, false, clock);
			}
			catch (RuntimeException ex) {
				// Spring AI may fail on such a call
			}
			assertThat(this.server.requests().size()).as("asked for the call again").isGreaterThan(requests);
			assertThat(notStored()).containsEntry("tool_call", (long) i);
		}
	}

	@Test
	void aToolWithoutParametersMayBeCalledWithoutArguments() {
		this.server.answer((request) -> Reply
			.json(request.contains("tool_call_id") ? completion("\"content\":\"It is noon\"", "stop") : completion(
					"\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"time\",\"arguments\":\"\"}}]",
					"tool_calls")));
		ChatClient client = openAi(OpenAiChatOptions.builder());
		Clock clock = new Clock();
		for (int i = 1; i <= 2; i++) {
			assertThat(ask(client, false, clock)).isEqualTo("It is noon");
			assertThat(clock.calls).hasValue(i);
		}
		assertThat(this.server.requests()).hasSize(2);
	}

	@Test
	void aRefusalInAStreamIsNotStored() {
		this.server.answer((request) -> Reply.events(chunk("{\"role\":\"assistant\",\"content\":\"Well. \"}", null),
				chunk("{\"refusal\":\"I cannot \"}", null), chunk("{\"refusal\":\"help with that\"}", null),
				chunk("{\"content\":\"Sorry.\"}", null), chunk("{}", "stop"), "[DONE]"));
		ChatClient client = openAi(OpenAiChatOptions.builder());
		for (int i = 1; i <= 3; i++) {
			client.prompt("How do I do it?").stream().content().blockLast();
			assertThat(this.server.requests()).hasSize(i);
		}
		assertThat(notStored()).containsExactly(Map.entry("refused", 3L));
	}

	@Test
	void candidatesOfAStreamAreReplayedApart() {
		this.server.answer((request) -> Reply.events(chunk(0, "{\"content\":\"One \"}", null),
				chunk(1, "{\"content\":\"Two \"}", null), chunk(1, "{\"content\":\"fish\"}", null),
				chunk(0, "{\"content\":\"bird\"}", null), chunk(1, "{}", "stop"), chunk(0, "{}", "stop"), "[DONE]"));
		ChatClient client = openAi(OpenAiChatOptions.builder().n(2));
		client.prompt("Say two things").stream().chatResponse().blockLast();
		ChatResponse replayed = client.prompt("Say two things").stream().chatResponse().blockLast();
		assertThat(this.server.requests()).hasSize(1);
		assertThat(replayed.getResults()).extracting((generation) -> generation.getOutput().getText())
			.containsExactly("One bird", "Two fish");
	}

	@ParameterizedTest
	@CsvSource({ "entity", "native", "options", "prompt" })
	void anAnswerThatIsNotWhatWasAskedForIsNotStored(String how) {
		AtomicReference<String> answer = new AtomicReference<>();
		this.server.answer((request) -> Reply.json(completion("\"content\":" + answer.get(), "stop")));
		String schema = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"year\":{\"type\":\"integer\"}},"
				+ "\"required\":[\"name\",\"year\"],\"additionalProperties\":false}";
		ChatClient client = openAi(
				how.equals("options") ? OpenAiChatOptions.builder().outputSchema(schema) : OpenAiChatOptions.builder());
		List<String> wrong = List.of("\"{\\\"name\\\":\"", "\"Here you are\"", "\"{\\\"name\\\":\\\"Ada\\\"}\"",
				"\"{\\\"name\\\":\\\"Ada\\\",\\\"year\\\":\\\"soon\\\"}\"", "\"[]\"", "\"null\"");
		int asked = 0;
		for (String text : wrong) {
			answer.set(text);
			try {
				person(client, how);
			}
			catch (RuntimeException ex) {
				// The converter may fail on it
			}
			asked++;
			assertThat(this.server.requests()).as(text).hasSize(asked);
		}
		assertThat(notStored()).containsExactly(Map.entry("schema", (long) wrong.size()));
		answer.set(how.equals("options") ? "\"{\\\"name\\\":\\\"Ada\\\",\\\"year\\\":1815}\""
				: "\"```json\\n{\\\"name\\\":\\\"Ada\\\",\\\"year\\\":1815}\\n```\"");
		for (int i = 0; i < 3; i++) {
			assertThat(person(client, how)).isEqualTo(new Person("Ada", 1815));
			assertThat(this.server.requests()).hasSize(asked + 1);
		}
	}

	private static Person person(ChatClient client, String how) {
		ChatClient.ChatClientRequestSpec request = client.prompt("Who was the first programmer?");
		return switch (how) {
			case "entity" -> request.call().entity(Person.class);
			case "native" -> request.call().entity(Person.class, (entity) -> entity.useProviderStructuredOutput());
			case "options" -> new org.springframework.ai.converter.BeanOutputConverter<>(Person.class)
				.convert(request.call().content());
			default -> {
				var converter = new org.springframework.ai.converter.BeanOutputConverter<>(Person.class);
				yield converter
					.convert(client.prompt("Who was the first programmer?\n" + converter.getFormat()).call().content());
			}
		};
	}

	@Test
	void whatIsNoJsonThoughJsonWasAskedForIsNotStored() {
		AtomicReference<String> answer = new AtomicReference<>("\"no JSON\"");
		this.server.answer((request) -> Reply.json(completion("\"content\":" + answer.get(), "stop")));
		ChatClient client = openAi(OpenAiChatOptions.builder()
			.responseFormat(OpenAiChatModel.ResponseFormat.builder()
				.type(OpenAiChatModel.ResponseFormat.Type.JSON_OBJECT)
				.build()));
		for (int i = 1; i <= 2; i++) {
			client.prompt("JSON, please").call().content();
			assertThat(this.server.requests()).hasSize(i);
		}
		answer.set("\"{\\\"a\\\":1}\"");
		for (int i = 0; i < 2; i++) {
			client.prompt("JSON, please").call().content();
			assertThat(this.server.requests()).hasSize(3);
		}
	}

	@Test
	void hiddenThoughtsAndCitationsOfACallAreReplayed() {
		this.server.answer((request) -> Reply.json("{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
				+ "\"model\":\"claude-sonnet-4-5\",\"content\":[{\"type\":\"redacted_thinking\",\"data\":\"abc\"},"
				+ "{\"type\":\"thinking\",\"thinking\":\"Hm\",\"signature\":\"s1\"},"
				+ "{\"type\":\"text\",\"text\":\"The grass is green.\",\"citations\":[{\"type\":\"char_location\","
				+ "\"cited_text\":\"green\",\"document_index\":0,\"document_title\":\"T\",\"start_char_index\":0,"
				+ "\"end_char_index\":5,\"file_id\":null}]}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
				+ "\"usage\":{\"input_tokens\":10,\"output_tokens\":20}}"));
		ChatClient client = anthropic();
		ChatResponse first = client.prompt("What colour is grass?").call().chatResponse();
		ChatResponse second = client.prompt("What colour is grass?").call().chatResponse();
		assertThat(this.server.requests()).hasSize(1);
		assertThat(second.getResults()).extracting(Generation::getOutput)
			.isEqualTo(first.getResults().stream().map(Generation::getOutput).toList());
		for (String key : List.of("citations", "citationCount", "anthropic-response")) {
			assertThat(second.getMetadata().<Object>get(key)).as(key)
				.usingRecursiveComparison()
				.usingOverriddenEquals()
				.isEqualTo(first.getMetadata().get(key));
		}
		assertThat(second.getMetadata().getRateLimit()).usingRecursiveComparison()
			.isEqualTo(first.getMetadata().getRateLimit());
	}

	@Test
	void hiddenThoughtsOfAStreamAreReplayed() {
		this.server.answer((request) -> Reply.namedEvents("message_start",
				"{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}",
				"content_block_start",
				"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"abc\"}}",
				"content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}", "content_block_start",
				"{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
				"content_block_delta",
				"{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Grass \"}}",
				"content_block_delta",
				"{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"is green.\"}}",
				"content_block_stop", "{\"type\":\"content_block_stop\",\"index\":1}", "message_delta",
				"{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}}",
				"message_stop", "{\"type\":\"message_stop\"}"));
		ChatClient client = anthropic();
		client.prompt("What colour is grass?").stream().chatResponse().blockLast();
		List<ChatResponse> replayed = client.prompt("What colour is grass?")
			.stream()
			.chatResponse()
			.collectList()
			.block();
		assertThat(this.server.requests()).hasSize(1);
		assertThat(replayed).hasSize(1);
		assertThat(replayed.get(0).getResult().getOutput().getText()).isEqualTo("Grass is green.");
		assertThat(replayed.get(0).getResult().getOutput().getMetadata()).containsEntry("data", "abc");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void timesOfOllamaAreReplayed(boolean stream) {
		String answer = "{\"model\":\"llama3\",\"created_at\":\"2026-01-02T03:04:05.678901Z\",\"message\":{\"role\":\"assistant\","
				+ "\"content\":\"Hello to you\"},\"done\":true,\"done_reason\":\"stop\",\"total_duration\":4883583458,"
				+ "\"load_duration\":1334875,\"prompt_eval_count\":26,\"prompt_eval_duration\":342546000,"
				+ "\"eval_count\":282,\"eval_duration\":4535599000}";
		this.server
			.answer((request) -> new Reply(200, stream ? "application/x-ndjson" : "application/json", answer + "\n"));
		ChatClient client = this.chain.client(OllamaChatModel.builder()
			.ollamaApi(OllamaApi.builder().baseUrl(this.server.url()).build())
			.options(OllamaChatOptions.builder().model("llama3").build())
			.modelManagementOptions(ModelManagementOptions.builder().pullModelStrategy(PullModelStrategy.NEVER).build())
			.build());
		ChatResponse first = response(client, stream);
		ChatResponse second = response(client, stream);
		assertThat(this.server.requests()).hasSize(1);
		assertThat(second.getResult()).isEqualTo(first.getResult());
		for (String key : List.of("created-at", "total-duration", "load-duration", "prompt-eval-duration",
				"eval-duration", "eval-count", "prompt-eval-count", "done")) {
			assertThat(first.getMetadata().<Object>get(key)).as(key).isNotNull();
			assertThat(second.getMetadata().<Object>get(key)).as(key).isEqualTo(first.getMetadata().get(key));
		}
	}

	private static ChatResponse response(ChatClient client, boolean stream) {
		return stream ? client.prompt("Hello").stream().chatResponse().blockLast()
				: client.prompt("Hello").call().chatResponse();
	}

	@Test
	void answersThatASequenceOfTheModelHasEndedAreStored() {
		ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("done", "eos"));
		ChatClient client = this.chain.client(model);
		for (int i = 0; i < 2; i++) {
			client.prompt("one").call().content();
			client.prompt("two").stream().content().blockLast();
		}
		assertThat(model.calls()).isEqualTo(2);
	}

	private static String ask(ChatClient client, boolean stream, Object tools) {
		ChatClient.ChatClientRequestSpec request = client.prompt("What time is it in Ulm?").tools(tools);
		return stream ? String.join("", request.stream().content().collectList().block()) : request.call().content();
	}

	private static String completion(String message, String finishReason) {
		return "{" + head("chat.completion") + ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
				+ message + "},\"logprobs\":null,\"finish_reason\":\"" + finishReason
				+ "\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}";
	}

	private static String chunk(String delta, String finishReason) {
		return chunk(0, delta, finishReason);
	}

	private static String chunk(int index, String delta, String finishReason) {
		return "{" + head("chat.completion.chunk") + ",\"choices\":[{\"index\":" + index + ",\"delta\":" + delta
				+ ",\"finish_reason\":" + ((finishReason != null) ? "\"" + finishReason + "\"" : "null") + "}]}";
	}

	private static String head(String object) {
		return "\"id\":\"chatcmpl-1\",\"object\":\"" + object + "\",\"created\":1700000000,\"model\":\"gpt-4o-mini\"";
	}

	record Person(String name, int year) {

	}

	/**
	 * Tools that count how often they are called.
	 */
	static final class Clock {

		private final AtomicInteger calls = new AtomicInteger();

		private final List<String> cities = new ArrayList<>();

		private String time = "noon";

		@Tool(description = "Returns the time")
		String time() {
			this.calls.incrementAndGet();
			return this.time;
		}

		@Tool(description = "Returns the time in a city")
		String timeIn(String city) {
			this.cities.add(city);
			return this.time;
		}

	}

}
