package io.tokensaving.batch.openai;

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

import com.openai.client.OpenAIClient;
import com.openai.core.ClientOptions;
import com.openai.core.RequestOptions;
import com.openai.core.Timeout;
import com.openai.core.http.Headers;
import com.openai.core.http.HttpClient;
import com.openai.core.http.HttpMethod;
import com.openai.core.http.HttpRequest;
import com.openai.core.http.HttpRequestBody;
import com.openai.core.http.HttpResponse;
import com.openai.credential.BearerTokenCredential;
import com.openai.errors.OpenAIIoException;
import io.tokensaving.batch.http.BatchAccess;
import io.tokensaving.batch.http.HttpCall;
import io.tokensaving.batch.http.HttpContent;
import io.tokensaving.batch.http.HttpExchange;
import io.tokensaving.batch.http.HttpReply;
import org.jspecify.annotations.Nullable;

/**
 * Requests over the connections, and with the credentials, of an OpenAI client. What its
 * requests look like is seen from one that it makes and that is not sent. Thread-safe.
 */
final class OpenAiHttp implements HttpExchange {

	// A file of the largest size may take its time
	private static final RequestOptions PATIENT = RequestOptions.builder()
		.timeout(Timeout.builder()
			.connect(Duration.ofSeconds(30))
			.read(Duration.ofMinutes(5))
			.write(Duration.ofMinutes(5))
			.request(Duration.ofHours(1))
			.build())
		.build();

	private final HttpClient httpClient;

	private final OpenAIClient unsent;

	private OpenAiHttp(HttpClient httpClient, OpenAIClient unsent) {
		this.httpClient = httpClient;
		this.unsent = unsent;
	}

	/**
	 * Return what sends requests like a client.
	 * @param client the client
	 * @return what sends them, without repeating any; {@code null} if the credentials of
	 * the client are not known or change
	 */
	static @Nullable OpenAiHttp of(OpenAIClient client) {
		AtomicReference<@Nullable ClientOptions> built = new AtomicReference<>();
		OpenAIClient unsent = client.withOptions((builder) -> {
			built.set(builder.maxRetries(0).build());
			builder.httpClient(new Recording((request) -> {
				throw new Unsent(request);
			}));
		});
		ClientOptions options = built.get();
		if (options == null || options.apiKey().isEmpty() || options.azureServiceVersion() != null
				|| !(options.credential() instanceof BearerTokenCredential)) {
			return null;
		}
		return new OpenAiHttp(options.httpClient(), unsent);
	}

	BatchAccess access() {
		return access(template());
	}

	static BatchAccess access(HttpRequest request) {
		Map<String, String> headers = new TreeMap<>();
		request.headers()
			.names()
			.forEach((name) -> headers.put(name, String.join(",", request.headers().values(name))));
		return BatchAccess.of(request.baseUrl(), headers);
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
			.baseUrl(template.baseUrl())
			.addPathSegments(call.path().toArray(String[]::new))
			.putAllQueryParams(template.queryParams())
			.putAllHeaders(template.headers());
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
		catch (OpenAIIoException ex) {
			throw (ex.getCause() instanceof IOException cause) ? cause : new IOException(ex);
		}
	}

	private HttpRequest template() {
		try {
			this.unsent.batches().list();
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
