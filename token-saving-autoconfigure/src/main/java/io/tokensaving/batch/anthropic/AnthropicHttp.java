package io.tokensaving.batch.anthropic;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import com.anthropic.backends.AnthropicBackend;
import com.anthropic.backends.Backend;
import com.anthropic.client.AnthropicClient;
import com.anthropic.core.ClientOptions;
import com.anthropic.core.RequestOptions;
import com.anthropic.core.Timeout;
import com.anthropic.core.http.Headers;
import com.anthropic.core.http.HttpClient;
import com.anthropic.core.http.HttpMethod;
import com.anthropic.core.http.HttpRequest;
import com.anthropic.core.http.HttpRequestBody;
import com.anthropic.core.http.HttpResponse;
import com.anthropic.errors.AnthropicIoException;
import io.tokensaving.batch.http.BatchAccess;
import io.tokensaving.batch.http.ChatModelInternals;
import io.tokensaving.batch.http.HttpCall;
import io.tokensaving.batch.http.HttpContent;
import io.tokensaving.batch.http.HttpExchange;
import io.tokensaving.batch.http.HttpReply;
import org.jspecify.annotations.Nullable;

/**
 * Requests over the connections, and with the credentials, of an Anthropic client. What
 * its requests look like is seen from one that it makes and that is not sent.
 * Thread-safe.
 */
final class AnthropicHttp implements HttpExchange {

	// A file of the largest size may take its time
	private static final RequestOptions PATIENT = RequestOptions.builder()
		.timeout(Timeout.builder()
			.connect(Duration.ofSeconds(30))
			.read(Duration.ofMinutes(5))
			.write(Duration.ofMinutes(5))
			.request(Duration.ofHours(1))
			.build())
		.build();

	// The client's own HTTP client is behind layers, each of which keeps the next
	private static final int LAYERS = 8;

	private final HttpClient httpClient;

	private final AnthropicBackend backend;

	private final AnthropicClient unsent;

	private AnthropicHttp(HttpClient httpClient, AnthropicBackend backend, AnthropicClient unsent) {
		this.httpClient = httpClient;
		this.backend = backend;
		this.unsent = unsent;
	}

	/**
	 * Return what sends requests like a client.
	 * @param client the client
	 * @return what sends them, without repeating any; {@code null} if the client calls
	 * another cloud, or its credentials are not known or change
	 */
	static @Nullable AnthropicHttp of(AnthropicClient client) {
		AtomicReference<@Nullable ClientOptions> built = new AtomicReference<>();
		AnthropicClient unsent = client.withOptions((builder) -> {
			built.set(builder.maxRetries(0).build());
			builder.httpClient(new Recording((request) -> {
				throw new Unsent(request);
			}));
		});
		ClientOptions options = built.get();
		AnthropicBackend backend = (options != null) ? backend(options) : null;
		if (options == null || backend == null || (backend.apiKey() == null && backend.authToken() == null)) {
			return null;
		}
		return new AnthropicHttp(options.httpClient(), backend, unsent);
	}

	private static @Nullable AnthropicBackend backend(ClientOptions options) {
		HttpClient layer = ChatModelInternals.read(options, "originalHttpClient", HttpClient.class);
		for (int i = 0; i < LAYERS && layer != null; i++) {
			Backend backend = ChatModelInternals.read(layer, "backend", Backend.class);
			if (backend != null) {
				return (backend instanceof AnthropicBackend anthropic) ? anthropic : null;
			}
			layer = ChatModelInternals.read(layer, "httpClient", HttpClient.class);
		}
		return null;
	}

	BatchAccess access() {
		return access(template());
	}

	/**
	 * Return where a request goes, and as whom: what the HTTP client adds is added.
	 * @param request the request as it is given to the HTTP client
	 * @return what it says
	 */
	BatchAccess access(HttpRequest request) {
		HttpRequest sent = this.backend.authorizeRequest(this.backend.prepareRequest(request));
		Map<String, String> headers = new TreeMap<>();
		sent.headers().names().forEach((name) -> headers.put(name, String.join(",", sent.headers().values(name))));
		String baseUrl = sent.baseUrl();
		return BatchAccess.of((baseUrl != null) ? baseUrl : this.backend.baseUrl(), headers);
	}

	static byte[] body(HttpRequest request) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 12);
		HttpRequestBody body = request.body();
		if (body != null) {
			try (body) {
				body.writeTo(bytes);
			}
		}
		return bytes.toByteArray();
	}

	@Override
	public HttpReply send(HttpCall call) throws IOException {
		HttpRequest template = template();
		HttpRequest.Builder request = HttpRequest.builder()
			.method(HttpMethod.valueOf(call.method()))
			.addPathSegments(call.path().toArray(String[]::new))
			.putAllQueryParams(template.queryParams())
			.putAllHeaders(template.headers());
		String baseUrl = template.baseUrl();
		if (baseUrl != null) {
			request.baseUrl(baseUrl);
		}
		call.query().forEach(request::replaceQueryParams);
		call.headers().forEach(request::replaceHeaders);
		HttpContent content = call.content();
		if (content != null) {
			request.body(new Body(String.valueOf(call.contentType()), content));
		}
		try {
			HttpResponse response = this.httpClient.execute(request.build(), PATIENT);
			return new Reply(response);
		}
		catch (AnthropicIoException ex) {
			throw (ex.getCause() instanceof IOException cause) ? cause : new IOException(ex);
		}
	}

	private HttpRequest template() {
		try {
			this.unsent.messages().batches().list();
		}
		catch (Unsent ex) {
			return ex.request;
		}
		throw new IllegalStateException("The client did not use its HTTP client");
	}

	/**
	 * A request that is not sent.
	 */
	private static final class Unsent extends RuntimeException {

		private final transient HttpRequest request;

		Unsent(HttpRequest request) {
			super(null, null, false, false);
			this.request = request;
		}

	}

	/**
	 * Stands for the provider.
	 *
	 * @param provider gives the response to a request
	 */
	record Recording(Function<HttpRequest, HttpResponse> provider) implements HttpClient {

		@Override
		public HttpResponse execute(HttpRequest request, RequestOptions requestOptions) {
			return this.provider.apply(request);
		}

		@Override
		public CompletableFuture<HttpResponse> executeAsync(HttpRequest request, RequestOptions requestOptions) {
			return CompletableFuture
				.failedFuture(new UnsupportedOperationException("A batch cannot answer with a stream"));
		}

		@Override
		public void close() {
		}

	}

	/**
	 * A response with the JSON that a batch has brought.
	 *
	 * @param json the JSON
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record Answer(byte[] json) implements HttpResponse {

		@Override
		public int statusCode() {
			return 200;
		}

		@Override
		public Headers headers() {
			return Headers.builder().put("Content-Type", HttpCall.JSON).build();
		}

		@Override
		public InputStream body() {
			return new ByteArrayInputStream(this.json);
		}

		@Override
		public void close() {
		}

	}

	private record Reply(HttpResponse response) implements HttpReply {

		@Override
		public int status() {
			return this.response.statusCode();
		}

		@Override
		public InputStream body() {
			return this.response.body();
		}

		@Override
		public void close() {
			this.response.close();
		}

	}

	/**
	 * A body that is written once, so that no layer below can repeat the request.
	 */
	private static final class Body implements HttpRequestBody {

		private final String type;

		private final HttpContent content;

		private final AtomicBoolean written = new AtomicBoolean();

		Body(String type, HttpContent content) {
			this.type = type;
			this.content = content;
		}

		@Override
		public void writeTo(OutputStream out) {
			if (!this.written.compareAndSet(false, true)) {
				throw new UncheckedIOException(new IOException("The request must not be repeated"));
			}
			try {
				this.content.writeTo(out);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		@Override
		public String contentType() {
			return this.type;
		}

		@Override
		public long contentLength() {
			return -1;
		}

		@Override
		public boolean repeatable() {
			return false;
		}

		@Override
		public void close() {
		}

	}

}
