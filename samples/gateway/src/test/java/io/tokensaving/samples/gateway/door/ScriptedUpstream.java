package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.key.RefusedException;
import io.tokensaving.samples.gateway.key.SpentTokens;
import io.tokensaving.samples.gateway.upstream.UpstreamProperties;
import io.tokensaving.samples.gateway.upstream.Upstreams;
import io.tokensaving.samples.gateway.wire.WireOptions;
import org.awaitility.Awaitility;
import org.hamcrest.Matchers;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/**
 * Upstreams, the model in front of them, and keys, that do what a test says.
 */
final class ScriptedUpstream implements ChatModel, KeyGuard, HttpHandler, AutoCloseable {

	static final Caller ANYONE = new Caller("k1", "acme", null, Set.of(), Set.of(), false);

	final AtomicInteger calls = new AtomicInteger();

	final AtomicInteger streams = new AtomicInteger();

	final AtomicInteger cancelled = new AtomicInteger();

	final AtomicInteger admitted = new AtomicInteger();

	final AtomicInteger released = new AtomicInteger();

	final Semaphore interrupted = new Semaphore(0);

	final Queue<byte[]> passed = new ConcurrentLinkedQueue<>();

	final Queue<SpentTokens> settled = new ConcurrentLinkedQueue<>();

	final Queue<Prompt> prompts = new ConcurrentLinkedQueue<>();

	volatile Caller caller = ANYONE;

	volatile @Nullable RefusedException refusal;

	volatile @Nullable RefusedException admissionRefusal;

	volatile @Nullable RefusedException quotaRefusal;

	volatile Supplier<String> answer = () -> StubFormat.body("Hello");

	volatile Supplier<Flux<ChatResponse>> stream = () -> Flux.fromIterable(StubFormat.stream("Hel", "lo"));

	volatile Supplier<Answer> passedAnswer = () -> new Answer(200, "application/json",
			"{\"data\":[],\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}");

	volatile @Nullable CountDownLatch held;

	private final HttpServer server;

	ScriptedUpstream() {
		try {
			this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.server.createContext("/", this);
		this.server.start();
	}

	final Semaphore waiting = new Semaphore(0);

	void reset() {
		this.calls.set(0);
		this.streams.set(0);
		this.cancelled.set(0);
		this.admitted.set(0);
		this.released.set(0);
		this.interrupted.drainPermits();
		this.waiting.drainPermits();
		this.passed.clear();
		this.settled.clear();
		this.prompts.clear();
		this.caller = ANYONE;
		this.refusal = null;
		this.admissionRefusal = null;
		this.quotaRefusal = null;
		this.held = null;
		this.answer = () -> StubFormat.body("Hello");
		this.stream = () -> Flux.fromIterable(StubFormat.stream("Hel", "lo"));
		this.passedAnswer = () -> new Answer(200, "application/json",
				"{\"data\":[],\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}");
	}

	void awaitReleased(int times) {
		// The client has the answer a little earlier
		Awaitility.await().untilAtomic(this.released, Matchers.equalTo(times));
	}

	Upstreams upstreams() {
		Map<String, Object> properties = Map.of("gateway.upstreams.openai.api-key", "sk-upstream",
				"gateway.upstreams.openai.base-url", "http://127.0.0.1:" + this.server.getAddress().getPort() + "/v1",
				"gateway.upstreams.openai.models[0]", "gpt-5-mini", "gateway.upstreams.openai.models[1]", "gpt-*",
				"gateway.upstreams.openai.max-retries", "0");
		return new Upstreams(new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("gateway",
				UpstreamProperties.class));
	}

	@Override
	public void handle(HttpExchange exchange) throws IOException {
		this.calls.incrementAndGet();
		this.passed.add(exchange.getRequestBody().readAllBytes());
		Answer answer = this.passedAnswer.get();
		byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
		exchange.getResponseHeaders().set("content-type", answer.contentType());
		exchange.getResponseHeaders().set("x-request-id", "upstream-1");
		// It ends before its length if it breaks off
		exchange.sendResponseHeaders(answer.status(), body.length + (answer.broken() ? 1 : 0));
		exchange.getResponseBody().write(body);
		exchange.getResponseBody().flush();
		exchange.close();
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

	@Override
	public ChatResponse call(Prompt prompt) {
		this.calls.incrementAndGet();
		this.prompts.add(prompt);
		hold();
		return new StubFormat("chat-completions", "/chat/completions")
			.readAnswer(this.answer.get().getBytes(StandardCharsets.UTF_8), (WireOptions) prompt.getOptions());
	}

	private void hold() {
		CountDownLatch held = this.held;
		if (held == null) {
			return;
		}
		this.waiting.release();
		try {
			held.await();
		}
		catch (InterruptedException ex) {
			this.interrupted.release();
			throw new IllegalStateException("Interrupted", ex);
		}
	}

	@Override
	public Flux<ChatResponse> stream(Prompt prompt) {
		return Flux.defer(() -> {
			this.streams.incrementAndGet();
			this.prompts.add(prompt);
			return this.stream.get().doOnCancel(this.cancelled::incrementAndGet);
		});
	}

	@Override
	public ChatOptions getOptions() {
		return WireOptions.builder().build();
	}

	@Override
	public Caller authenticate(@Nullable String key) {
		RefusedException refusal = this.refusal;
		if (refusal != null) {
			throw refusal;
		}
		if (!"secret".equals(key)) {
			throw new RefusedException(401, "invalid_request_error", "invalid_api_key", "The key is not known",
					Map.of());
		}
		return this.caller;
	}

	@Override
	public Admission admit(Caller caller) {
		RefusedException refusal = this.admissionRefusal;
		if (refusal != null) {
			throw refusal;
		}
		this.admitted.incrementAndGet();
		return this.released::incrementAndGet;
	}

	@Override
	public Reservation reserve(Caller caller, String model, long maxInputTokens, long maxOutputTokens) {
		RefusedException refusal = this.quotaRefusal;
		if (refusal != null) {
			throw refusal;
		}
		return new Reservation() {

			@Override
			public void settle(SpentTokens usage) {
				ScriptedUpstream.this.settled.add(usage);
			}

			@Override
			public void release() {
				// Nothing is kept
			}

		};
	}

	/**
	 * What it answers.
	 *
	 * @param broken whether the answer ends before it is complete
	 */
	record Answer(int status, String contentType, String body, boolean broken) {

		Answer(int status, String contentType, String body) {
			this(status, contentType, body, false);
		}

	}

}
