package io.tokensaving.batch.google;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;

import com.google.genai.Client;
import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.batch.BatchModel;
import io.tokensaving.batch.BatchTransport;
import io.tokensaving.batch.http.ChatModelInternals;
import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

/**
 * A chat model of Gemini.
 */
final class GoogleBatchModel implements BatchModel {

	private final GoogleHttp http;

	private final GoogleGenAiChatOptions options;

	private final ToolCallingManager toolCallingManager;

	private final BatchTransport transport;

	private final ChatModel capturing;

	private GoogleBatchModel(GoogleHttp http, GoogleGenAiChatOptions options, ToolCallingManager toolCallingManager,
			BatchTransport transport) {
		this.http = http;
		this.options = options;
		this.toolCallingManager = toolCallingManager;
		this.transport = transport;
		this.capturing = model(this::capture);
	}

	static @Nullable GoogleBatchModel of(GoogleGenAiChatModel model, Clock clock, Duration settling) {
		Client client = ChatModelInternals.read(model, "genAiClient", Client.class);
		ToolCallingManager toolCallingManager = ChatModelInternals.read(model, "toolCallingManager",
				ToolCallingManager.class);
		GoogleHttp http = (client != null) ? GoogleHttp.of(client) : null;
		if (toolCallingManager == null || http == null) {
			return null;
		}
		return new GoogleBatchModel(http, model.getOptions(), toolCallingManager,
				new GoogleBatchTransport(http, clock, settling));
	}

	@Override
	public ChatModel capturing() {
		return this.capturing;
	}

	@Override
	public ChatModel replaying(byte[] body) {
		return model((chain) -> GoogleHttp.answer(chain.request(), body));
	}

	@Override
	public String address() {
		return this.http.access().baseUrl();
	}

	@Override
	public BatchTransport transport() {
		return this.transport;
	}

	private ChatModel model(Interceptor provider) {
		return GoogleGenAiChatModel.builder()
			.genAiClient(this.http.recorded(provider))
			.options(this.options)
			.toolCallingManager(this.toolCallingManager)
			.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
			.observationRegistry(ObservationRegistry.NOOP)
			.build();
	}

	private Response capture(Interceptor.Chain chain) throws IOException {
		Request request = chain.request();
		String endpoint = this.http.path(request);
		throw new CapturedRequest(
				this.http.access(request)
					.target(GoogleBatchTransport.PROVIDER, endpoint, GoogleBatchTransport.model(endpoint)),
				GoogleHttp.body(request));
	}

}
