package io.tokensaving.batch.anthropic;

import java.time.Clock;
import java.time.Duration;
import java.util.function.Function;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.http.HttpRequest;
import com.anthropic.core.http.HttpResponse;
import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.batch.BatchModel;
import io.tokensaving.batch.BatchTransport;
import io.tokensaving.batch.http.ChatModelInternals;
import io.tokensaving.batch.http.JsonBytes;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.tool.ToolCallingManager;

/**
 * A chat model of Anthropic.
 */
final class AnthropicBatchModel implements BatchModel {

	private final AnthropicClient client;

	private final AnthropicHttp http;

	private final AnthropicChatOptions options;

	private final ToolCallingManager toolCallingManager;

	private final BatchTransport transport;

	private final ChatModel capturing;

	private AnthropicBatchModel(AnthropicClient client, AnthropicHttp http, AnthropicChatOptions options,
			ToolCallingManager toolCallingManager, BatchTransport transport) {
		this.client = client;
		this.http = http;
		this.options = options;
		this.toolCallingManager = toolCallingManager;
		this.transport = transport;
		this.capturing = model(this::capture);
	}

	static @Nullable AnthropicBatchModel of(AnthropicChatModel model, Clock clock, Duration settling) {
		AnthropicClient client = model.getAnthropicClient();
		ToolCallingManager toolCallingManager = ChatModelInternals.read(model, "toolCallingManager",
				ToolCallingManager.class);
		AnthropicHttp http = AnthropicHttp.of(client);
		if (toolCallingManager == null || http == null) {
			return null;
		}
		return new AnthropicBatchModel(client, http, model.getOptions(), toolCallingManager,
				new AnthropicBatchTransport(http, clock, settling));
	}

	@Override
	public ChatModel capturing() {
		return this.capturing;
	}

	@Override
	public ChatModel replaying(byte[] body) {
		return model((request) -> new AnthropicHttp.Answer(body));
	}

	@Override
	public String address() {
		return this.http.access().baseUrl();
	}

	@Override
	public BatchTransport transport() {
		return this.transport;
	}

	private ChatModel model(Function<HttpRequest, HttpResponse> provider) {
		AnthropicClient recorded = this.client
			.withOptions((builder) -> builder.httpClient(new AnthropicHttp.Recording(provider)).maxRetries(0));
		return AnthropicChatModel.builder()
			.anthropicClient(recorded)
			.anthropicClientAsync(recorded.async())
			.options(this.options)
			.toolCallingManager(this.toolCallingManager)
			.observationRegistry(ObservationRegistry.NOOP)
			.build();
	}

	private HttpResponse capture(HttpRequest request) {
		byte[] body = AnthropicHttp.body(request);
		String model = JsonBytes.read(body).path("model").asString("");
		throw new CapturedRequest(
				this.http.access(request)
					.target(AnthropicBatchTransport.PROVIDER, '/' + String.join("/", request.pathSegments()), model),
				body);
	}

}
