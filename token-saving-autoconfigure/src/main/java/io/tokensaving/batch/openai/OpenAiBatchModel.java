package io.tokensaving.batch.openai;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Function;

import com.openai.client.OpenAIClient;
import com.openai.core.http.HttpRequest;
import com.openai.core.http.HttpResponse;
import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.batch.BatchModel;
import io.tokensaving.batch.BatchTransport;
import io.tokensaving.batch.http.ChatModelInternals;
import io.tokensaving.batch.http.JsonBytes;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

/**
 * A chat model of OpenAI, or of a provider with the same API.
 */
final class OpenAiBatchModel implements BatchModel {

	private final OpenAIClient client;

	private final OpenAiChatOptions options;

	private final ToolCallingManager toolCallingManager;

	private final String address;

	private final BatchTransport transport;

	private final ChatModel capturing;

	private OpenAiBatchModel(OpenAIClient client, OpenAiChatOptions options, ToolCallingManager toolCallingManager,
			String address, BatchTransport transport) {
		this.client = client;
		this.options = options;
		this.toolCallingManager = toolCallingManager;
		this.address = address;
		this.transport = transport;
		this.capturing = model(OpenAiBatchModel::capture);
	}

	static @Nullable OpenAiBatchModel of(OpenAiChatModel model, Clock clock, Duration settling) {
		OpenAIClient client = ChatModelInternals.read(model, "openAiClient", OpenAIClient.class);
		ToolCallingManager toolCallingManager = ChatModelInternals.read(model, "toolCallingManager",
				ToolCallingManager.class);
		OpenAiHttp http = (client != null) ? OpenAiHttp.of(client) : null;
		if (client == null || toolCallingManager == null || http == null || isElsewhere(http.access().baseUrl())) {
			return null;
		}
		return new OpenAiBatchModel(client, model.getOptions(), toolCallingManager, http.access().baseUrl(),
				new OpenAiBatchTransport(http, clock, settling));
	}

	// They speak the language, but have other batches or none
	private static boolean isElsewhere(String baseUrl) {
		String host = URI.create(baseUrl).getHost();
		if (host == null) {
			return true;
		}
		host = host.toLowerCase(Locale.ROOT);
		return host.contains(".azure.") || host.contains(".azure-api.") || host.equals("models.github.ai")
				|| host.endsWith(".inference.ai.azure.com");
	}

	@Override
	public ChatModel capturing() {
		return this.capturing;
	}

	@Override
	public ChatModel replaying(byte[] body) {
		return model((request) -> new OpenAiHttp.Answer(body));
	}

	@Override
	public String address() {
		return this.address;
	}

	@Override
	public BatchTransport transport() {
		return this.transport;
	}

	private ChatModel model(Function<HttpRequest, HttpResponse> provider) {
		OpenAIClient recorded = this.client
			.withOptions((builder) -> builder.httpClient(new OpenAiHttp.Recording(provider)).maxRetries(0));
		return OpenAiChatModel.builder()
			.openAiClient(recorded)
			.openAiClientAsync(recorded.async())
			.options(this.options)
			.toolCallingManager(this.toolCallingManager)
			.observationRegistry(ObservationRegistry.NOOP)
			.build();
	}

	private static HttpResponse capture(HttpRequest request) {
		byte[] body = OpenAiHttp.body(request);
		String model = JsonBytes.read(body).path("model").asString("");
		throw new CapturedRequest(
				OpenAiHttp.access(request)
					.target(OpenAiBatchTransport.PROVIDER, "/v1/" + String.join("/", request.pathSegments()), model),
				body);
	}

}
