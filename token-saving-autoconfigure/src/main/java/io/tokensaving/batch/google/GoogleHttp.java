package io.tokensaving.batch.google;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

import com.google.genai.ApiClient;
import com.google.genai.Client;
import com.google.genai.types.ClientOptions;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import io.tokensaving.batch.http.BatchAccess;
import io.tokensaving.batch.http.ChatModelInternals;
import io.tokensaving.batch.http.HttpCall;
import io.tokensaving.batch.http.HttpContent;
import io.tokensaving.batch.http.HttpExchange;
import io.tokensaving.batch.http.HttpReply;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * Requests over the connections, and with the credentials, of a client of Gemini. What
 * its requests look like is seen from one that it makes and that is not sent.
 * Thread-safe.
 */
final class GoogleHttp implements HttpExchange {

	// Shares nothing with the client of an application; never opens a connection
	private static final OkHttpClient UNCONNECTED = new OkHttpClient();

	private final OkHttpClient httpClient;

	private final ApiClient apiClient;

	private final String apiKey;

	private final HttpUrl base;

	private final Client unsent;

	private GoogleHttp(ApiClient apiClient, String apiKey, HttpUrl base) {
		this.apiClient = apiClient;
		this.apiKey = apiKey;
		this.base = base;
		OkHttpClient.Builder builder = apiClient.httpClient()
			.newBuilder()
			.retryOnConnectionFailure(false)
			.readTimeout(Duration.ofMinutes(5))
			.writeTimeout(Duration.ofMinutes(5))
			.callTimeout(Duration.ofHours(1));
		// A request that is repeated may be paid twice
		builder.interceptors()
			.removeIf((interceptor) -> interceptor.getClass().getName().equals("com.google.genai.RetryInterceptor"));
		this.httpClient = builder.build();
		this.unsent = recorded((chain) -> {
			throw new Unsent(chain.request());
		});
	}

	/**
	 * Return what sends requests like a client.
	 * @param client the client
	 * @return what sends them, without repeating any; {@code null} if the client has no
	 * API key
	 */
	static @Nullable GoogleHttp of(Client client) {
		ApiClient apiClient = ChatModelInternals.read(client, "apiClient", ApiClient.class);
		if (apiClient == null || client.vertexAI()) {
			return null;
		}
		String apiKey = client.apiKey();
		HttpUrl base = HttpUrl.parse(apiClient.httpOptions().baseUrl().orElse(""));
		return (apiKey != null && base != null) ? new GoogleHttp(apiClient, apiKey, base) : null;
	}

	/**
	 * Return a client that makes the requests of the live one and gives them to a
	 * recorder.
	 * @param recorder gets each request
	 * @return the client
	 */
	Client recorded(Interceptor recorder) {
		HttpOptions options = this.apiClient.httpOptions()
			.toBuilder()
			.retryOptions(HttpRetryOptions.builder().attempts(1).build())
			.build();
		return Client.builder()
			.apiKey(this.apiKey)
			.vertexAI(false)
			.httpOptions(options)
			.clientOptions(ClientOptions.builder()
				.customHttpClient(UNCONNECTED.newBuilder().addInterceptor(recorder).build())
				.build())
			.build();
	}

	BatchAccess access() {
		return access(template());
	}

	BatchAccess access(Request request) {
		return BatchAccess.of(this.base.toString(), headers(request));
	}

	/**
	 * Return the path of a request below the base of the API.
	 * @param request the request
	 * @return the path, with a slash at its beginning
	 */
	String path(Request request) {
		String prefix = this.base.encodedPath();
		String path = request.url().encodedPath();
		return '/'
				+ path.substring(Math.min(prefix.endsWith("/") ? prefix.length() : prefix.length() + 1, path.length()));
	}

	static byte[] body(Request request) throws IOException {
		RequestBody body = request.body();
		Buffer buffer = new Buffer();
		if (body != null) {
			body.writeTo(buffer);
		}
		return buffer.readByteArray();
	}

	/**
	 * Return a response with the JSON that a batch has brought.
	 * @param request the request
	 * @param json the JSON
	 * @return the response
	 */
	static Response answer(Request request, byte[] json) {
		return new Response.Builder().request(request)
			.protocol(Protocol.HTTP_1_1)
			.code(200)
			.message("OK")
			.header("Content-Type", HttpCall.JSON)
			.body(ResponseBody.create(json, MediaType.get(HttpCall.JSON)))
			.build();
	}

	@Override
	public HttpReply send(HttpCall call) throws IOException {
		HttpUrl.Builder url = this.base.newBuilder();
		call.path().forEach(url::addPathSegment);
		call.query().forEach(url::addQueryParameter);
		HttpContent content = call.content();
		Request.Builder request = new Request.Builder().url(url.build())
			.method(call.method(), (content != null) ? new Body(String.valueOf(call.contentType()), content) : null);
		headers(template()).forEach(request::header);
		call.headers().forEach(request::header);
		return new Reply(this.httpClient.newCall(request.build()).execute());
	}

	private Request template() {
		try {
			this.unsent.models.generateContent("model", "", (GenerateContentConfig) null);
		}
		catch (Unsent ex) {
			return ex.request;
		}
		throw new IllegalStateException("The client did not use its HTTP client");
	}

	private static Map<String, String> headers(Request request) {
		Map<String, String> headers = new TreeMap<>();
		request.headers().names().forEach((name) -> headers.put(name, String.join(",", request.headers(name))));
		headers.remove("Content-Type");
		headers.remove("Content-Length");
		return headers;
	}

	/**
	 * A request that is not sent.
	 */
	private static final class Unsent extends RuntimeException {

		private final transient Request request;

		Unsent(Request request) {
			super(null, null, false, false);
			this.request = request;
		}

	}

	private record Reply(Response response) implements HttpReply {

		@Override
		public int status() {
			return this.response.code();
		}

		@Override
		public InputStream body() throws IOException {
			ResponseBody body = this.response.body();
			if (body == null) {
				throw new IOException("The response has no body");
			}
			return body.byteStream();
		}

		@Override
		public void close() {
			this.response.close();
		}

	}

	/**
	 * A body that is written once, so that no layer below can repeat the request.
	 */
	private static final class Body extends RequestBody {

		private final MediaType type;

		private final HttpContent content;

		private final AtomicBoolean written = new AtomicBoolean();

		Body(String type, HttpContent content) {
			this.type = MediaType.get(type);
			this.content = content;
		}

		@Override
		public MediaType contentType() {
			return this.type;
		}

		@Override
		public boolean isOneShot() {
			return true;
		}

		@Override
		public void writeTo(BufferedSink sink) throws IOException {
			if (!this.written.compareAndSet(false, true)) {
				throw new IOException("The request must not be repeated");
			}
			this.content.writeTo(sink.outputStream());
		}

	}

}
