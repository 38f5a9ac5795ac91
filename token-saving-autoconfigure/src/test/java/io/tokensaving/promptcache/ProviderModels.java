package io.tokensaving.promptcache;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.util.List;
import java.util.function.UnaryOperator;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import io.tokensaving.simulator.ManualClock;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

/**
 * Spring AI's models in front of a provider that is simulated, and what they sent.
 */
final class ProviderModels implements AutoCloseable {

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator;

	ProviderModels() {
		this((simulator) -> simulator);
	}

	ProviderModels(UnaryOperator<ProviderSimulator.Builder> customizer) {
		this.simulator = customizer.apply(ProviderSimulator.builder().clock(this.clock)).start();
	}

	ManualClock clock() {
		return this.clock;
	}

	ProviderSimulator simulator() {
		return this.simulator;
	}

	AnthropicChatModel anthropic(UnaryOperator<AnthropicChatOptions.Builder> customizer) {
		AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
		options.baseUrl(this.simulator.baseUrl(Provider.ANTHROPIC));
		options.apiKey("key");
		options.model("claude-sonnet-5");
		options.maxTokens(500);
		options.maxRetries(0);
		return AnthropicChatModel.builder().options(customizer.apply(options).build()).build();
	}

	/**
	 * A model of OpenAI that believes it calls a host of its own; the simulator is its
	 * proxy.
	 */
	OpenAiChatModel openAi(String model, UnaryOperator<OpenAiChatOptions.Builder> customizer) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.baseUrl("http://api.openai.com/v1");
		options.proxy(new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", this.simulator.port())));
		options.apiKey("key");
		options.model(model);
		options.maxRetries(0);
		return OpenAiChatModel.builder().options(customizer.apply(options).build()).build();
	}

	/**
	 * A model of DeepSeek, whose API is that of OpenAI.
	 */
	OpenAiChatModel deepSeek(String model, UnaryOperator<OpenAiChatOptions.Builder> customizer) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.baseUrl(this.simulator.baseUrl(Provider.DEEPSEEK));
		options.apiKey("key");
		options.model(model);
		options.maxRetries(0);
		return OpenAiChatModel.builder().options(customizer.apply(options).build()).build();
	}

	GoogleGenAiChatModel google() {
		return GoogleGenAiChatModel.builder()
			.genAiClient(Client.builder()
				.apiKey("key")
				.httpOptions(HttpOptions.builder()
					.baseUrl(this.simulator.baseUrl(Provider.GEMINI))
					.retryOptions(HttpRetryOptions.builder().attempts(1).build())
					.build())
				.build())
			.options(GoogleGenAiChatOptions.builder().model("gemini-2.5-flash").build())
			.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
			.build();
	}

	SimulatedRequest last() {
		return this.simulator.lastRequest();
	}

	/**
	 * What a request says to the model, without marks: a text and a list with that text
	 * alone are the same.
	 */
	static JsonNode content(SimulatedRequest request) {
		ObjectNode body = (ObjectNode) request.json();
		List.of("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention").forEach(body::remove);
		unmark(body);
		if (request.provider() == Provider.ANTHROPIC) {
			expand(body, "system");
			body.path("messages").forEach((message) -> expand((ObjectNode) message, "content"));
		}
		return body;
	}

	private static void unmark(JsonNode node) {
		if (node instanceof ObjectNode object) {
			object.remove("cache_control");
		}
		node.forEach(ProviderModels::unmark);
	}

	private static void expand(ObjectNode object, String field) {
		if (object.path(field).isString()) {
			ArrayNode blocks = JsonNodeFactory.instance.arrayNode();
			blocks.addObject().put("type", "text").put("text", object.path(field).asString());
			object.set(field, blocks);
		}
	}

	/**
	 * The marks of a request, in the order in which the provider reads them.
	 */
	static List<JsonNode> marked(SimulatedRequest request) {
		List<JsonNode> marked = new java.util.ArrayList<>();
		JsonNode body = request.json();
		for (String part : List.of("tools", "system", "messages")) {
			collect(body.path(part), marked);
		}
		return marked;
	}

	private static void collect(JsonNode node, List<JsonNode> marked) {
		if (node.has("cache_control")) {
			marked.add(node);
		}
		node.forEach((child) -> collect(child, marked));
	}

	@Override
	public void close() {
		this.simulator.close();
	}

}
