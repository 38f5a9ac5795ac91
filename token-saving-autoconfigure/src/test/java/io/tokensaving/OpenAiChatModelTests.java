package io.tokensaving;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.annotation.Tool;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of the whole chain with Spring AI's {@link OpenAiChatModel} and a server that
 * speaks as OpenAI does: what its SDK makes of responses and of the elements of a stream
 * is what the advisors must understand.
 */
class OpenAiChatModelTests {

	private static final String USAGE = "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,"
			+ "\"total_tokens\":120,\"prompt_tokens_details\":{\"cached_tokens\":64}}";

	private final AtomicInteger requests = new AtomicInteger();

	private final TokenSavingTestChain chain = new TokenSavingTestChain(Plan.builder("support-bot")
		.with(new CompressionSettings("trim", 4096))
		.with(new CacheSettings("in_memory"))
		.build());

	private HttpServer server;

	private ChatClient client;

	@BeforeEach
	void start() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.createContext("/", this::answer);
		this.server.start();
		this.client = this.chain.client(OpenAiChatModel.builder()
			.options(OpenAiChatOptions.builder()
				.baseUrl("http://localhost:" + this.server.getAddress().getPort())
				.apiKey("test")
				.model("gpt-4o-mini")
				.maxRetries(0)
				.streamOptions(OpenAiChatOptions.StreamOptions.builder().includeUsage(true).build())
				.build())
			.build());
	}

	@AfterEach
	void stop() {
		this.server.stop(0);
	}

	@Test
	void servesCallAndPricesIt() {
		ChatClientResponse miss = this.client.prompt("Hello").call().chatClientResponse();
		ChatClientResponse hit = this.client.prompt("Hello").call().chatClientResponse();
		assertThat(this.requests).hasValue(1);
		assertThatReport(miss).hasOutcome(Outcome.MISS).bought(120);
		// 36 plain, 64 cached and 20 output tokens of gpt-4o-mini
		assertThatReport(hit).hasOutcome(ExactCacheFeature.HIT).saved(120).savedUsd("0.0000222");
		assertThat(hit.chatResponse().getMetadata().getId()).isEqualTo("chatcmpl-1");
		assertThat(hit.chatResponse().getMetadata().getModel()).isEqualTo("gpt-4o-mini-2024-07-18");
		assertThat(hit.chatResponse().getResult().getOutput().getText()).isEqualTo("Hello to you too");
		assertThat(hit.chatResponse().getResult().getMetadata().getFinishReason())
			.isEqualTo(miss.chatResponse().getResult().getMetadata().getFinishReason());
	}

	@Test
	void servesStreamWithUsageOfItsLastElement() {
		List<ChatClientResponse> live = this.client.prompt("Hello").stream().chatClientResponse().collectList().block();
		assertThat(live).hasSizeGreaterThan(3);
		assertThat(text(live)).isEqualTo("Hello to you too");
		assertThatReport(live.get(live.size() - 1)).hasOutcome(Outcome.MISS).bought(120);
		assertThat(live.subList(0, live.size() - 1))
			.noneMatch((element) -> element.context().containsKey(SavingsReport.CONTEXT_KEY));
		List<ChatClientResponse> replayed = this.client.prompt("Hello")
			.stream()
			.chatClientResponse()
			.collectList()
			.block();
		assertThat(text(replayed)).isEqualTo("Hello to you too");
		assertThatReport(replayed.get(0)).hasOutcome(ExactCacheFeature.HIT).saved(120);
		assertThat(this.requests).hasValue(1);
	}

	@Test
	void runsToolLoopOnReplayedToolCalls() {
		AtomicInteger toolCalls = new AtomicInteger();
		class Clock {

			@Tool(description = "Returns the time")
			String time() {
				toolCalls.incrementAndGet();
				return "noon";
			}

		}
		for (int i = 1; i <= 2; i++) {
			assertThat(this.client.prompt("What time is it?").tools(new Clock()).call().content()).contains("too");
			assertThat(String.join("",
					this.client.prompt("What time is it?").tools(new Clock()).stream().content().collectList().block()))
				.contains("too");
			assertThat(toolCalls).hasValue(2 * i);
		}
		assertThat(this.requests).hasValue(2);
	}

	private static String text(List<ChatClientResponse> elements) {
		StringBuilder text = new StringBuilder();
		for (ChatClientResponse element : elements) {
			if (element.chatResponse().getResult() != null) {
				text.append(element.chatResponse().getResult().getOutput().getText());
			}
		}
		return text.toString();
	}

	private void answer(HttpExchange exchange) throws IOException {
		this.requests.incrementAndGet();
		String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
		boolean callTool = request.contains("\"tools\"") && !request.contains("\"tool_call_id\"");
		boolean stream = request.contains("\"stream\":true");
		exchange.getResponseHeaders().add("Content-Type", stream ? "text/event-stream" : "application/json");
		exchange.sendResponseHeaders(200, 0);
		try (OutputStream body = exchange.getResponseBody()) {
			body.write((stream ? stream(callTool) : call(callTool)).getBytes(StandardCharsets.UTF_8));
		}
	}

	private static String call(boolean callTool) {
		String message = callTool
				? "\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\","
						+ "\"function\":{\"name\":\"time\",\"arguments\":\"{}\"}}]"
				: "\"content\":\"Hello to you too\",\"refusal\":null";
		return "{" + head("chat.completion") + ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
				+ message + "},\"logprobs\":null,\"finish_reason\":\"" + (callTool ? "tool_calls" : "stop") + "\"}],"
				+ USAGE + "}";
	}

	private static String stream(boolean callTool) {
		StringBuilder events = new StringBuilder();
		if (callTool) {
			event(events, "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"call_1\","
					+ "\"type\":\"function\",\"function\":{\"name\":\"time\",\"arguments\":\"{}\"}}]}", null);
		}
		else {
			for (String word : new String[] { "Hello ", "to ", "you ", "too" }) {
				event(events, "{\"role\":\"assistant\",\"content\":\"" + word + "\"}", null);
			}
		}
		event(events, "{}", callTool ? "tool_calls" : "stop");
		events.append("data: {").append(head("chat.completion.chunk")).append(",\"choices\":[],").append(USAGE);
		return events.append("}\n\ndata: [DONE]\n\n").toString();
	}

	private static void event(StringBuilder events, String delta, String finishReason) {
		events.append("data: {")
			.append(head("chat.completion.chunk"))
			.append(",\"choices\":[{\"index\":0,\"delta\":")
			.append(delta)
			.append(",\"finish_reason\":")
			.append((finishReason != null) ? "\"" + finishReason + "\"" : "null")
			.append("}]}\n\n");
	}

	private static String head(String object) {
		return "\"id\":\"chatcmpl-1\",\"object\":\"" + object
				+ "\",\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\"";
	}

}
