package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** What clients of OpenAI ask for beside plain chats. */
class OpenAiSurfaceTests {

	private static final String CHAT = "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}], ";

	private final ProviderSimulator simulator = ProviderSimulator.builder().clock(ManualClock.standing()).start();

	private final WireClient client = new WireClient(this.simulator);

	@AfterEach
	void close() {
		this.simulator.close();
	}

	@Test
	void logprobsOfAStreamAreThoseOfTheCall() {
		Answer answer = Answer.builder().text("One two three four five.").piece(7).build();
		this.simulator.enqueue(answer, answer);
		JsonNode called = WireClient.json(this.client.openAi(CHAT + "\"logprobs\": true, \"top_logprobs\": 2}"))
			.path("choices")
			.path(0)
			.path("logprobs")
			.path("content");
		List<JsonNode> streamed = new ArrayList<>();
		for (JsonNode event : WireClient
			.events(this.client.openAi(CHAT + "\"logprobs\": true, \"top_logprobs\": 2, \"stream\": true}"))) {
			event.path("choices").path(0).path("logprobs").path("content").forEach(streamed::add);
		}
		assertThat(called).hasSize(6).containsExactlyElementsOf(streamed);
		assertThat(called.get(0).path("token").asString()).isEqualTo("One ");
		assertThat(called.get(0).path("logprob").asDouble()).isBetween(-1.0, 0.0);
		assertThat(called.get(0).path("bytes")).hasSize(4);
		assertThat(called.get(0).path("top_logprobs")).hasSize(2);
	}

	@Test
	void logprobsAreNullUnlessAskedFor() {
		assertThat(WireClient.json(this.client.openAi(CHAT + "\"n\": 1}")).at("/choices/0/logprobs").isNull()).isTrue();
		assertThat(this.client.openAi(CHAT + "\"top_logprobs\": 2}").statusCode()).isEqualTo(400);
	}

	@Test
	void choicesOfAStreamTakeTurnsAndAreBilledAsFarAsTheyWereSent() {
		this.simulator.enqueue(Answer.builder().text("12345678").piece(4).build(),
				Answer.builder().text("12345678").piece(4).cutAfter(5, Answer.Cut.SILENCE).build());
		List<JsonNode> events = WireClient.events(this.client.openAi(CHAT + "\"n\": 3, \"stream\": true}"));
		assertThat(events).extracting((event) -> event.at("/choices/0/index").asInt())
			.containsExactly(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isEqualTo(6);
		this.client.openAi(CHAT + "\"n\": 3, \"stream\": true}");
		// Three beginnings, then a token of the first and of the second choice
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isEqualTo(2);
	}

	@Test
	void choicesBeyondTheRangeAreRejected() {
		HttpResponse<String> response = this.client.openAi(CHAT + "\"n\": 0}");
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(WireClient.json(response).at("/error/param").asString()).isEqualTo("n");
		assertThat(this.client.openAi(CHAT + "\"n\": 129}").statusCode()).isEqualTo(400);
	}

	@Test
	void decimalsOfAnotherTypeAreRejected() {
		HttpResponse<String> response = this.client.openAi(CHAT + "\"temperature\": false}");
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(WireClient.json(response).at("/error/code").asString()).isEqualTo("invalid_type");
		assertThat(this.client.openAi(CHAT + "\"temperature\": null}").statusCode()).isEqualTo(200);
	}

	@Test
	void modelsAreListedForThoseWhoHaveAKey() {
		JsonNode list = get("/models");
		assertThat(list.path("object").asString()).isEqualTo("list");
		assertThat(list.path("data").findValuesAsString("id")).contains("gpt-4o", "text-embedding-3-small")
			.doesNotContain("claude-sonnet-5");
		assertThat(get("/models/gpt-4o").path("object").asString()).isEqualTo("model");
		assertThat(get("/models/gpt-0").at("/error/code").asString()).isEqualTo("model_not_found");
		HttpResponse<String> without = this.client
			.send(HttpRequest.newBuilder(URI.create(this.simulator.baseUrl(Provider.OPENAI) + "/models")).build());
		assertThat(without.statusCode()).isEqualTo(401);
		assertThat(this.simulator.bill().requests()).isZero();
	}

	@Test
	void anthropicListsItsModels() {
		JsonNode list = WireClient
			.json(this.client.send(this.client.request(Provider.ANTHROPIC, "/v1/models").GET().build()));
		assertThat(list.path("data").findValuesAsString("id")).contains("claude-sonnet-5").doesNotContain("gpt-4o");
		assertThat(list.path("has_more").asBoolean()).isFalse();
	}

	@Test
	void embeddingsAreEqualForEqualTextsNearForAlikeOnesAndBilled() {
		JsonNode response = WireClient.json(this.client.post(Provider.OPENAI, "/embeddings",
				"{\"model\": \"text-embedding-3-small\", \"input\": [\"How is the weather in Bern\", \"The weather in Bern\", \"Sell my shares\", \"How is the weather in Bern\"]}"));
		List<float[]> vectors = IntStream.range(0, 4)
			.mapToObj((index) -> floats(response.at("/data/" + index + "/embedding")))
			.toList();
		assertThat(vectors.get(0)).hasSize(1536).isEqualTo(vectors.get(3));
		assertThat(cosine(vectors.get(0), vectors.get(1))).isGreaterThan(0.7);
		assertThat(cosine(vectors.get(0), vectors.get(2))).isLessThan(0.2);
		assertThat(cosine(vectors.get(0), vectors.get(0))).isCloseTo(1, within(1e-5));
		// 7 + 5 + 4 + 7 tokens at 0.02 USD per million
		assertThat(response.at("/usage/prompt_tokens").asInt()).isEqualTo(23);
		assertThat(this.simulator.bill().usd()).isEqualByComparingTo(new BigDecimal("0.00000046"));
		assertThat(this.simulator.bill().tokens(TokenKind.INPUT)).isEqualTo(23);
	}

	@Test
	void embeddingsInBase64AreTheSameNumbers() {
		String body = "{\"model\": \"text-embedding-3-large\", \"input\": \"Hello\", \"dimensions\": 8, \"encoding_format\": \"%s\"}";
		JsonNode plain = WireClient.json(this.client.post(Provider.OPENAI, "/embeddings", body.formatted("float")));
		JsonNode coded = WireClient.json(this.client.post(Provider.OPENAI, "/embeddings", body.formatted("base64")));
		ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(coded.at("/data/0/embedding").asString()))
			.order(ByteOrder.LITTLE_ENDIAN);
		float[] numbers = new float[8];
		bytes.asFloatBuffer().get(numbers);
		assertThat(numbers).isEqualTo(floats(plain.at("/data/0/embedding")));
	}

	@Test
	void embeddingsOfTokensCountThem() {
		JsonNode response = WireClient.json(this.client.post(Provider.OPENAI, "/embeddings",
				"{\"model\": \"text-embedding-ada-002\", \"input\": [[1, 2, 3], [4]]}"));
		assertThat(response.path("data")).hasSize(2);
		assertThat(response.at("/usage/total_tokens").asInt()).isEqualTo(4);
	}

	@Test
	void eachModelAnswersItsOwnApiOnly() {
		assertThat(this.client.post(Provider.OPENAI, "/embeddings", "{\"model\": \"gpt-4o\", \"input\": \"Hello\"}")
			.statusCode()).isEqualTo(400);
		assertThat(this.client.openAi(CHAT.replace("gpt-4o", "text-embedding-3-small") + "\"n\": 1}").statusCode())
			.isEqualTo(404);
		assertThat(this.client.post(Provider.OPENAI, "/completions", "{\"model\": \"gpt-4o\", \"prompt\": \"Hello\"}")
			.statusCode()).isEqualTo(404);
		assertThat(this.client
			.post(Provider.OPENAI, "/embeddings", "{\"model\": \"text-embedding-3-small\", \"input\": []}")
			.statusCode()).isEqualTo(400);
	}

	@Test
	void completionsAnswerEachPromptAndAreBilled() {
		this.simulator.enqueue(Answer.text("12345678"));
		JsonNode response = WireClient.json(this.client.post(Provider.OPENAI, "/completions",
				"{\"model\": \"gpt-3.5-turbo-instruct\", \"prompt\": [\"Hi\", [7, 8]], \"echo\": true, \"logprobs\": 1}"));
		assertThat(response.path("object").asString()).isEqualTo("text_completion");
		assertThat(response.at("/choices/0/text").asString()).isEqualTo("Hi12345678");
		assertThat(response.at("/choices/1/index").asInt()).isEqualTo(1);
		assertThat(response.at("/choices/0/logprobs/tokens")).hasSize(2);
		assertThat(response.at("/usage/prompt_tokens").asInt()).isEqualTo(3);
		assertThat(response.at("/usage/completion_tokens").asInt()).isEqualTo(4);
		// 3 * 1.5 + 4 * 2 USD per million
		assertThat(this.simulator.bill().usd()).isEqualByComparingTo(new BigDecimal("0.0000125"));
	}

	@Test
	void completionsStreamTextsAndTellTheUsageIfAsked() {
		this.simulator.enqueue(Answer.builder().text("One two three.").piece(5).build());
		HttpResponse<String> response = this.client.post(Provider.OPENAI, "/completions",
				"{\"model\": \"gpt-3.5-turbo-instruct\", \"prompt\": \"Hi\", \"stream\": true, \"stream_options\": {\"include_usage\": true}}");
		StringBuilder text = new StringBuilder();
		List<JsonNode> events = WireClient.events(response);
		events.forEach((event) -> text.append(event.at("/choices/0/text").asString("")));
		assertThat(text).hasToString("One two three.");
		assertThat(events.get(0).path("usage").isNull()).isTrue();
		assertThat(events.get(events.size() - 1).at("/usage/total_tokens").asInt()).isEqualTo(5);
		assertThat(response.body()).endsWith("data: [DONE]\n\n");
	}

	@Test
	void responsesReadItemsAndAreBilledLikeChats() {
		this.simulator.enqueue(Answer.text("Sunny."), Answer.text("Sunny."));
		JsonNode response = WireClient.json(this.client.post(Provider.OPENAI, "/responses", """
				{"model": "gpt-4o", "instructions": "Be short", "input": [
				 {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
				 {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
				 {"type": "function_call_output", "call_id": "c1", "output": "sun"}],
				 "tools": [{"type": "function", "name": "weather", "parameters": {"type": "object"}}]}"""));
		assertThat(response.path("status").asString()).isEqualTo("completed");
		assertThat(response.at("/output/0/content/0/text").asString()).isEqualTo("Sunny.");
		JsonNode chat = WireClient.json(this.client
			.openAi("""
					{"model": "gpt-4o", "messages": [{"role": "system", "content": "Be short"},
					 {"role": "user", "content": "Weather?"},
					 {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
					 {"role": "tool", "tool_call_id": "c1", "content": "sun"}],
					 "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]}"""));
		assertThat(response.at("/usage/input_tokens").asInt()).isEqualTo(chat.at("/usage/prompt_tokens").asInt());
		List<SimulatedRequest> requests = this.simulator.requests();
		assertThat(requests.get(0).bill()).isEqualTo(requests.get(1).bill());
	}

	@Test
	void responsesStreamNumberedEventsThatEndWithTheWhole() {
		this.simulator.enqueue(
				Answer.builder().text("One two three.").piece(5).toolCall("weather", "{\"city\": \"Bern\"}").build());
		List<JsonNode> events = WireClient.events(this.client.post(Provider.OPENAI, "/responses",
				"{\"model\": \"gpt-4o\", \"input\": \"Hi\", \"stream\": true, \"tools\": [{\"type\": \"function\", \"name\": \"weather\", \"parameters\": {\"type\": \"object\"}}]}"));
		assertThat(events).extracting((event) -> event.path("sequence_number").asInt())
			.containsExactlyElementsOf(IntStream.range(0, events.size()).boxed().toList());
		assertThat(events).extracting((event) -> event.path("type").asString())
			.containsSubsequence("response.created", "response.in_progress", "response.output_item.added",
					"response.content_part.added", "response.output_text.delta", "response.output_text.done",
					"response.content_part.done", "response.output_item.done", "response.output_item.added",
					"response.function_call_arguments.delta", "response.function_call_arguments.done",
					"response.output_item.done", "response.completed");
		JsonNode whole = events.get(events.size() - 1).path("response");
		assertThat(whole.at("/output/0/content/0/text").asString()).isEqualTo("One two three.");
		assertThat(whole.at("/output/1/arguments").asString()).isEqualTo("{\"city\": \"Bern\"}");
	}

	@Test
	void responsesShowThatTheModelHasThoughtAndTakeItBackWithWhatFollowed() {
		Answer thought = Answer.builder().thinking("Let me see.").text("Sunny.").build();
		this.simulator.enqueue(thought, thought, Answer.text("Still."));
		String asked = "{\"model\": \"gpt-5-mini\", \"store\": false, \"reasoning\": {\"summary\": \"auto\"}, \"include\": "
				+ "[\"reasoning.encrypted_content\"], \"input\": \"Hi\"%s}";
		JsonNode response = WireClient.json(this.client.post(Provider.OPENAI, "/responses", asked.formatted("")));
		JsonNode reasoning = response.at("/output/0");
		assertThat(reasoning.path("type").asString()).isEqualTo("reasoning");
		assertThat(reasoning.path("encrypted_content").asString()).isNotEmpty();
		assertThat(reasoning.at("/summary/0/text").asString()).isEqualTo("Let me see.");
		List<JsonNode> events = WireClient
			.events(this.client.post(Provider.OPENAI, "/responses", asked.formatted(", \"stream\": true")));
		assertThat(events).extracting((event) -> event.path("type").asString())
			.containsSubsequence("response.output_item.added", "response.reasoning_summary_text.delta",
					"response.output_item.done", "response.output_item.added", "response.output_text.delta");
		assertThat(events.get(events.size() - 1).at("/response/output/1/content/0/text").asString())
			.isEqualTo("Sunny.");
		String back = "{\"model\": \"gpt-5-mini\", \"input\": [{\"role\": \"user\", \"content\": \"Hi\"}, %s]}";
		assertThat(this.client.post(Provider.OPENAI, "/responses", back.formatted(reasoning)).body())
			.contains("without its required following item");
		assertThat(this.client
			.post(Provider.OPENAI, "/responses", back.formatted(reasoning + ", " + response.at("/output/1")))
			.statusCode()).isEqualTo(200);
	}

	@Test
	void responsesThatAreCutAreIncomplete() {
		this.simulator.enqueue(Answer.text("x".repeat(400)));
		JsonNode response = WireClient.json(this.client.post(Provider.OPENAI, "/responses",
				"{\"model\": \"gpt-4o\", \"input\": \"Hi\", \"max_output_tokens\": 16}"));
		assertThat(response.path("status").asString()).isEqualTo("incomplete");
		assertThat(response.at("/incomplete_details/reason").asString()).isEqualTo("max_output_tokens");
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isEqualTo(16);
	}

	@Test
	void whatEachApiDoesNotKnowIsRejectedUnlessLenient() {
		assertThat(
				this.client.post(Provider.OPENAI, "/responses", "{\"model\": \"gpt-4o\", \"input\": \"Hi\", \"n\": 1}")
					.statusCode())
			.isEqualTo(400);
		assertThat(this.client
			.post(Provider.OPENAI, "/completions",
					"{\"model\": \"gpt-3.5-turbo-instruct\", \"prompt\": \"\", \"x\": 1}")
			.body()).contains("Unrecognized request argument supplied: x");
		try (ProviderSimulator lenient = ProviderSimulator.builder().option(WireOption.LENIENT).start()) {
			assertThat(new WireClient(lenient)
				.post(Provider.OPENAI, "/responses", "{\"model\": \"gpt-4o\", \"input\": \"Hi\", \"n\": 1}")
				.statusCode()).isEqualTo(200);
		}
	}

	@Test
	void otherMethodsAndPathsAreErrorsOfTheProvider() {
		HttpResponse<String> get = this.client
			.send(this.client.request(Provider.OPENAI, "/chat/completions").GET().build());
		assertThat(get.statusCode()).isEqualTo(405);
		assertThat(WireClient.json(get).at("/error/code").asString()).isEqualTo("method_not_supported");
		HttpResponse<String> unknown = this.client.post(Provider.OPENAI, "/nothing", "{}");
		assertThat(unknown.statusCode()).isEqualTo(404);
		assertThat(WireClient.json(unknown).at("/error/code").asString()).isEqualTo("unknown_url");
	}

	private JsonNode get(String path) {
		return WireClient.json(this.client.send(this.client.request(Provider.OPENAI, path).GET().build()));
	}

	private static float[] floats(JsonNode array) {
		float[] numbers = new float[array.size()];
		for (int index = 0; index < numbers.length; index++) {
			numbers[index] = (float) array.get(index).asDouble();
		}
		return numbers;
	}

	private static double cosine(float[] one, float[] other) {
		double sum = 0;
		for (int index = 0; index < one.length; index++) {
			sum += one[index] * other[index];
		}
		return sum;
	}

}
