package io.tokensaving.simulator;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.tokensaving.simulator.SimulatedRequest.Outcome;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A server on loopback that stands for the providers of models. It speaks their formats,
 * rejects what they reject, keeps prompt caches by their rules and bills in exact
 * decimals. Safe for use by several threads.
 *
 * <pre class="code">
 * try (ProviderSimulator simulator = ProviderSimulator.builder().start()) {
 *     simulator.enqueue(Answer.text("Hello"));
 *     // point a model at simulator.baseUrl(Provider.ANTHROPIC)
 *     simulator.bill().usd();
 * }
 * </pre>
 */
public final class ProviderSimulator implements AutoCloseable {

	private static final int BODY_LIMIT = 32 * 1024 * 1024;

	private static final Duration HOLD_LIMIT = Duration.ofSeconds(30);

	private final HttpServer server;

	private final ExecutorService threads;

	private final Clock clock;

	private final Duration timeToFirstToken;

	private final Map<Provider, ProviderWire> wires = new EnumMap<>(Provider.class);

	private final GeminiStore geminiStore;

	private final Tokenizer tokenizer;

	private final int logged;

	private final AtomicLong numbers = new AtomicLong();

	private final Object lock = new Object();

	private final Map<Provider, Deque<Answer>> queued = new EnumMap<>(Provider.class);

	private final Deque<Answer> queuedForAny = new ArrayDeque<>();

	private Responder responder;

	private int running;

	private final Batches batches;

	private final ModelCatalog catalog;

	private final Deque<SimulatedError> refusedFlex = new ArrayDeque<>();

	private final TreeMap<Long, SimulatedRequest> log = new TreeMap<>();

	private final Map<Provider, Bill.Sum> sums = new EnumMap<>(Provider.class);

	private ProviderSimulator(Builder builder) throws IOException {
		// Without it, small pieces of a stream wait for 40 ms; read once by the JDK
		if (System.getProperty("sun.net.httpserver.nodelay") == null) {
			System.setProperty("sun.net.httpserver.nodelay", "true");
		}
		this.clock = builder.clock;
		this.timeToFirstToken = builder.rules.timeToFirstToken;
		this.tokenizer = builder.tokenizer;
		this.logged = builder.logged;
		this.responder = builder.responder;
		this.geminiStore = new GeminiStore(this.clock);
		ProviderWire.Setup setup = new ProviderWire.Setup(builder.catalog, builder.tokenizer, builder.rules,
				builder.seed, builder.imageTokens, Set.copyOf(builder.options));
		for (ProviderWire wire : List.of(new AnthropicWire(setup), new OpenAiWire(setup), new DeepSeekWire(setup),
				new GeminiWire(setup, this.geminiStore))) {
			this.wires.put(wire.provider(), wire);
		}
		this.catalog = builder.catalog;
		this.batches = new Batches(this, builder.batchRules, builder.seed);
		ThreadPoolExecutor pool = new ThreadPoolExecutor(builder.threads, builder.threads, 10, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), (task) -> {
					Thread thread = new Thread(task, "provider-simulator");
					thread.setDaemon(true);
					return thread;
				});
		pool.allowCoreThreadTimeOut(true);
		this.threads = pool;
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), builder.port), 0);
		this.server.setExecutor(pool);
		this.server.createContext("/", this::handle);
		this.server.start();
	}

	public static Builder builder() {
		return new Builder();
	}

	/**
	 * The port on loopback.
	 * @return a port
	 */
	public int port() {
		return this.server.getAddress().getPort();
	}

	/**
	 * What a client takes as its base URL. OpenAI's ends in {@code /v1}, as the client of
	 * OpenAI has it; the others add their paths themselves.
	 * @param provider the provider
	 * @return a URL without a slash at its end
	 */
	public String baseUrl(Provider provider) {
		String root = "http://127.0.0.1:" + port() + "/" + provider.path();
		return (provider == Provider.OPENAI) ? root + "/v1" : root;
	}

	/**
	 * The simulator's clock.
	 * @return the clock that it was built with
	 */
	public Clock clock() {
		return this.clock;
	}

	/**
	 * Queues answers for the next requests of any provider that are not rejected. Answers
	 * that are queued for a provider go first.
	 * @param answers in the order in which they are given
	 */
	public void enqueue(Answer... answers) {
		synchronized (this.lock) {
			this.queuedForAny.addAll(List.of(answers));
		}
	}

	/**
	 * Queues answers for the next requests of a provider that are not rejected.
	 * @param provider the provider
	 * @param answers in the order in which they are given
	 */
	public void enqueue(Provider provider, Answer... answers) {
		synchronized (this.lock) {
			this.queued.computeIfAbsent(provider, (ignored) -> new ArrayDeque<>()).addAll(List.of(answers));
		}
	}

	/**
	 * Answers all requests for which nothing is queued.
	 * @param value gives the answers
	 */
	public void respondWith(Responder value) {
		synchronized (this.lock) {
			this.responder = value;
		}
	}

	/**
	 * Refuses the next live requests that ask for {@code service_tier: flex}. They cost
	 * nothing and take no answer.
	 * @param times how many
	 * @param error usually {@link SimulatedError.Kind#UNAVAILABLE} or
	 * {@link SimulatedError.Kind#REQUEST_TIMEOUT}
	 */
	public void refuseFlex(int times, SimulatedError error) {
		synchronized (this.lock) {
			for (int time = 0; time < times; time++) {
				this.refusedFlex.add(error);
			}
		}
	}

	/**
	 * Queues what goes wrong with the next batches of any provider, one for each request
	 * that creates one and is not rejected. What is queued for a provider goes first.
	 * @param scripts in the order in which batches are created
	 */
	public void enqueueBatch(BatchScript... scripts) {
		this.batches.enqueue(null, List.of(scripts));
	}

	/**
	 * Queues what goes wrong with the next batches of a provider.
	 * @param provider the provider
	 * @param scripts in the order in which batches are created
	 */
	public void enqueueBatch(Provider provider, BatchScript... scripts) {
		this.batches.enqueue(provider, List.of(scripts));
	}

	/**
	 * What goes wrong with all batches for which nothing is queued.
	 * @param script by default nothing does
	 */
	public void batchesGo(BatchScript script) {
		this.batches.usual(script);
	}

	/**
	 * What became of the lines of all batches so far, in the order in which they were
	 * created. Lines are no {@link #requests()}. A batch that OpenAI has not validated
	 * yet has none.
	 * @return a copy
	 */
	public List<BatchLine> batchLines() {
		return this.batches.lines(null);
	}

	/**
	 * What became of the lines of a batch so far.
	 * @param batch its id
	 * @return a copy, empty if there is no such batch
	 */
	public List<BatchLine> batchLines(String batch) {
		return this.batches.lines(batch);
	}

	/**
	 * The request in a line of a batch, byte for byte.
	 * @param batch the batch's id
	 * @param customId the line's id
	 * @return JSON as it was sent
	 * @throws IllegalArgumentException if there is no such line
	 */
	public String batchLineBody(String batch, String customId) {
		return this.batches.body(batch, customId);
	}

	/**
	 * What came in, in that order, at most as many as are logged.
	 * @return a copy
	 */
	public List<SimulatedRequest> requests() {
		synchronized (this.lock) {
			return List.copyOf(this.log.values());
		}
	}

	/**
	 * What came in for a provider.
	 * @param provider the provider
	 * @return a copy
	 */
	public List<SimulatedRequest> requests(Provider provider) {
		return requests().stream().filter((request) -> request.provider() == provider).toList();
	}

	/**
	 * The last request that came in.
	 * @return the request
	 * @throws IllegalStateException if there was none
	 */
	public SimulatedRequest lastRequest() {
		synchronized (this.lock) {
			if (this.log.isEmpty()) {
				throw new IllegalStateException("No request came in");
			}
			return this.log.lastEntry().getValue();
		}
	}

	/**
	 * Waits until no request is being worked on, such as one whose client has gone away.
	 * @param atMost how long to wait
	 * @return whether it came so far in time
	 */
	public boolean awaitIdle(Duration atMost) {
		long deadline = System.nanoTime() + atMost.toNanos();
		synchronized (this.lock) {
			while (this.running > 0) {
				long left = deadline - System.nanoTime();
				if (left <= 0) {
					return false;
				}
				try {
					TimeUnit.NANOSECONDS.timedWait(this.lock, left);
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
					return false;
				}
			}
			return true;
		}
	}

	/**
	 * What all providers bill for all that came in, logged or not.
	 * @return the bill
	 */
	public Bill bill() {
		return bill(EnumSet.allOf(Provider.class));
	}

	/**
	 * What a provider bills for all that came in, logged or not.
	 * @param provider the provider
	 * @return the bill
	 */
	public Bill bill(Provider provider) {
		return bill(EnumSet.of(provider));
	}

	private Bill bill(Set<Provider> providers) {
		this.batches.advance();
		synchronized (this.lock) {
			Bill.Sum sum = new Bill.Sum();
			providers.forEach((provider) -> {
				Bill.Sum own = this.sums.get(provider);
				if (own != null) {
					sum.add(own);
				}
			});
			boolean gemini = providers.contains(Provider.GEMINI);
			if (gemini) {
				this.geminiStore.creations().forEach(sum::add);
			}
			return sum.bill(gemini ? this.geminiStore.storageUsd() : BigDecimal.ZERO);
		}
	}

	/**
	 * Forgets what came in, what it costs, what is queued, and batches with their files.
	 * Caches stay as they are.
	 */
	public void clear() {
		this.batches.clear();
		synchronized (this.lock) {
			this.log.clear();
			this.sums.clear();
			this.queued.clear();
			this.queuedForAny.clear();
			this.refusedFlex.clear();
			this.geminiStore.clear();
		}
	}

	/**
	 * Stops the server; what is being answered breaks off.
	 */
	@Override
	public void close() {
		this.server.stop(0);
		this.threads.shutdownNow();
		this.batches.clear();
	}

	private void handle(HttpExchange exchange) throws IOException {
		synchronized (this.lock) {
			this.running++;
		}
		try {
			dispatch(exchange);
		}
		finally {
			synchronized (this.lock) {
				this.running--;
				this.lock.notifyAll();
			}
		}
	}

	private void dispatch(HttpExchange exchange) throws IOException {
		String path = exchange.getRequestURI().getPath();
		if (path.startsWith("/simulator")) {
			new Console(this).handle(exchange, path.substring("/simulator".length()));
			return;
		}
		Target target = target(exchange, path);
		if (target != null && this.batches.handles(target.wire().provider(), target.path())) {
			handleBatches(exchange, target);
			return;
		}
		this.batches.advance();
		byte[] bytes = exchange.getRequestBody().readNBytes(BODY_LIMIT + 1);
		if (target == null) {
			send(exchange, 404, Map.of("content-type", "text/plain"), "The simulator does not know " + path);
			return;
		}
		answer(exchange, target, requestHeaders(exchange), new String(bytes, StandardCharsets.UTF_8));
	}

	private static Map<String, List<String>> requestHeaders(HttpExchange exchange) {
		Map<String, List<String>> headers = new TreeMap<>();
		exchange.getRequestHeaders()
			.forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), List.copyOf(values)));
		String query = exchange.getRequestURI().getQuery();
		if (query != null && query.matches("(.*&)?key=[^&]+.*")) {
			headers.putIfAbsent("x-goog-api-key", List.of(query.replaceFirst("(.*&)?key=([^&]+).*", "$2")));
		}
		return headers;
	}

	/** Logged without the body, which may be hundreds of megabytes. */
	private void handleBatches(HttpExchange exchange, Target target) throws IOException {
		Provider provider = target.wire().provider();
		Map<String, List<String>> headers = requestHeaders(exchange);
		String account = switch (provider) {
			case ANTHROPIC -> ProviderWire.account(headers, "x-api-key", "authorization");
			case GEMINI -> ProviderWire.account(headers, "x-goog-api-key", "authorization");
			case OPENAI, DEEPSEEK -> ProviderWire.account(headers, "authorization", "api-key");
		};
		BatchContent body = null;
		if (!Set.of("GET", "DELETE").contains(exchange.getRequestMethod())) {
			body = this.batches.newContent();
			body.append(exchange.getRequestBody(), this.batches.rules().of(provider).bytes() + BODY_LIMIT);
		}
		Instant now = this.clock.instant();
		SimulatedRequest request = new SimulatedRequest(this.numbers.incrementAndGet(), now, provider, target.path(),
				headers, "", "", false, 0, Outcome.RUNNING, null, CacheTokens.none(0), RequestBill.NOTHING);
		Batches.Call call = new Batches.Call(provider, exchange.getRequestMethod(), target.path(),
				exchange.getRequestURI().getRawQuery(), headers, account, body, now);
		try {
			BatchApi.Reply reply = this.batches.handle(call);
			record(request, 200, call.isCut() ? Outcome.CUT : Outcome.ANSWERED, null, request.input(), request.bill());
			headers(exchange, reply.headers());
			if (call.isCut()) {
				exchange.sendResponseHeaders(200, reply.length());
				exchange.getResponseBody().write('{');
				exchange.getResponseBody().flush();
				throw new IOException("The script cuts the connection");
			}
			// A length of 0 is one that is not told
			exchange.sendResponseHeaders(200, reply.length());
			try (OutputStream out = exchange.getResponseBody()) {
				reply.body().writeTo(out);
			}
			exchange.close();
		}
		catch (Rejection ex) {
			ProviderWire.ErrorResponse error = target.wire().error(ex.error(), ex.param(), ex.code(), request.number());
			record(request, error.status(), Outcome.REJECTED, ex.getMessage(), request.input(), request.bill());
			send(exchange, error.status(), error.headers(), error.body());
		}
		catch (IOException ex) {
			record(request, 0, Outcome.CUT, ex.getMessage(), request.input(), request.bill());
			throw ex;
		}
		catch (RuntimeException ex) {
			record(request, 500, Outcome.FAILED, "The simulator itself: " + ex, request.input(), request.bill());
			send(exchange, 500, Map.of("content-type", "text/plain"), "The simulator itself has failed: " + ex);
		}
	}

	/** Answers a line of a batch as a live request of the same body, at another price. */
	LineAnswer answerLine(Provider provider, String path, Map<String, List<String>> headers, String body,
			SimulatedError.@Nullable Kind scripted, Instant at) {
		ProviderWire wire = wire(provider);
		long number = this.numbers.incrementAndGet();
		String name = new Target(wire, path).model();
		try {
			JsonNode json = ProviderWire.parseBody(body);
			name = json.path("model").asString(name);
			if (scripted != null) {
				throw new Rejection(SimulatedError.of(scripted));
			}
			if (json.path("stream").asBoolean(false)) {
				throw Rejection.invalid("Streams are not available in batches");
			}
			ParsedRequest parsed = wire.parse(path, headers, json);
			Answer answer = next(new SimulatedRequest(number, at, provider, path, headers, body, name, false, 0,
					Outcome.RUNNING, null, CacheTokens.none(0), RequestBill.NOTHING));
			if (answer.error() != null || answer.cut() != null) {
				throw new Rejection((answer.error() != null) ? answer.error()
						: SimulatedError.of(SimulatedError.Kind.SERVER_ERROR));
			}
			Completion completion = Completion.of(answer, number, parsed.maxTokens(), this.tokenizer);
			CacheDecision decision = parsed.cache().decide(completion, at);
			decision.atBegin().accept(at.plus(this.timeToFirstToken));
			CacheTokens input = decision.tokens();
			JsonNode response = wire.batchBody(wire.body(parsed, completion, input, at));
			return new LineAnswer(number, name, 200, response.toString(), null, input,
					RequestBill.ofBatch(parsed.model(), input, parsed.choices() * completion.outputTokens(),
							parsed.choices() * completion.thinkingTokens()));
		}
		catch (Rejection ex) {
			SimulatedError error = ex.error();
			if (error.kind() == SimulatedError.Kind.BAD_GATEWAY) {
				error = SimulatedError.of(SimulatedError.Kind.SERVER_ERROR);
			}
			ProviderWire.ErrorResponse response = wire.error(error, ex.param(), ex.code(), number);
			return new LineAnswer(number, name, response.status(), response.body(), error.kind().name(),
					Batches.NO_TOKENS, RequestBill.NOTHING);
		}
	}

	/** The input of a line, 0 if it would be rejected. */
	int inputTokens(Provider provider, String path, Map<String, List<String>> headers, String body) {
		try {
			return wire(provider).parse(path, headers, ProviderWire.parseBody(body)).inputTokens();
		}
		catch (Rejection ex) {
			return 0;
		}
	}

	@Nullable SimulatedModel findModel(Provider provider, String name) {
		return this.catalog.find(provider, name);
	}

	void add(Provider provider, RequestBill bill) {
		synchronized (this.lock) {
			this.sums.computeIfAbsent(provider, (ignored) -> new Bill.Sum()).add(bill);
		}
	}

	Batches batches() {
		return this.batches;
	}

	private ProviderWire wire(Provider provider) {
		ProviderWire wire = this.wires.get(provider);
		if (wire == null) {
			throw new IllegalStateException("No wire of " + provider);
		}
		return wire;
	}

	/** By the first segment of the path, or by the host if this is a proxy. */
	private @Nullable Target target(HttpExchange exchange, String path) {
		for (Provider provider : Provider.values()) {
			String prefix = "/" + provider.path() + "/";
			if (path.startsWith(prefix)) {
				return new Target(this.wires.get(provider), path.substring(prefix.length() - 1));
			}
		}
		String host = exchange.getRequestHeaders().getFirst("Host");
		for (Provider provider : Provider.values()) {
			if (host != null && host.replaceFirst(":\\d+$", "").equalsIgnoreCase(provider.host())) {
				return new Target(this.wires.get(provider), path);
			}
		}
		return null;
	}

	private void answer(HttpExchange exchange, Target target, Map<String, List<String>> headers, String body)
			throws IOException {
		ProviderWire wire = target.wire();
		Instant now = this.clock.instant();
		long number = this.numbers.incrementAndGet();
		SimulatedRequest request = new SimulatedRequest(number, now, wire.provider(), target.path(), headers, body, "",
				false, 0, Outcome.RUNNING, null, CacheTokens.none(0), RequestBill.NOTHING);
		try {
			if (body.length() > BODY_LIMIT) {
				throw new Rejection(SimulatedError.Kind.TOO_LARGE, "Request exceeds the maximum size");
			}
			if (wire instanceof GeminiWire gemini && target.path().contains("/cachedContents")) {
				JsonNode node = gemini.cachedContents(method(exchange), target.path(), headers, body);
				record(request, 200, Outcome.ANSWERED, null, request.input(), request.bill());
				send(exchange, 200, json(), node.toString());
				return;
			}
			ProviderWire.Lookup lookup = wire.lookUp(method(exchange), target.path(), headers, body);
			if (lookup != null) {
				record(named(request, lookup.model(), false), 200, Outcome.ANSWERED, null, lookup.input(),
						lookup.bill());
				send(exchange, 200, json(), lookup.body().toString());
				return;
			}
			if (!isKnown(wire.provider(), target.path())) {
				throw new Rejection(SimulatedError.Kind.NOT_FOUND, "Not found: " + target.path(), null, "unknown_url");
			}
			if (!method(exchange).equals("POST")) {
				throw new Rejection(SimulatedError.Kind.METHOD_NOT_ALLOWED,
						"Not allowed to %s on %s.".formatted(method(exchange), target.path()), null,
						"method_not_supported");
			}
			JsonNode json = ProviderWire.parseBody(body);
			boolean stream = json.path("stream").asBoolean(false) || GeminiWire.isStream(target.path());
			request = named(request, json.path("model").asString(target.model()), stream);
			ParsedRequest parsed = wire.parse(target.path(), headers, json);
			if (target.path().endsWith("/count_tokens")) {
				record(request, 200, Outcome.ANSWERED, null, request.input(), request.bill());
				send(exchange, 200, json(), ProviderWire.object().put("input_tokens", parsed.inputTokens()).toString());
				return;
			}
			answer(exchange, wire, request, parsed);
		}
		catch (Rejection ex) {
			ProviderWire.ErrorResponse error = wire.error(ex.error(), ex.param(), ex.code(), number);
			record(request, error.status(), Outcome.REJECTED, ex.getMessage(), request.input(), request.bill());
			send(exchange, error.status(), error.headers(), error.body());
		}
		catch (RuntimeException ex) {
			record(request, 500, Outcome.FAILED, "The simulator itself: " + ex, request.input(), request.bill());
			send(exchange, 500, Map.of("content-type", "text/plain"), "The simulator itself has failed: " + ex);
		}
	}

	/** Clients without PATCH say so in a header. */
	private static String method(HttpExchange exchange) {
		String override = exchange.getRequestHeaders().getFirst("X-HTTP-Method-Override");
		return (override != null) ? override : exchange.getRequestMethod();
	}

	private static boolean isKnown(Provider provider, String path) {
		return switch (provider) {
			case ANTHROPIC -> path.equals("/v1/messages") || path.equals("/v1/messages/count_tokens");
			case OPENAI -> path.endsWith("/completions") || path.endsWith("/responses");
			case DEEPSEEK -> path.endsWith("/chat/completions");
			case GEMINI -> path.endsWith(":generateContent") || path.endsWith(":streamGenerateContent");
		};
	}

	private void answer(HttpExchange exchange, ProviderWire wire, SimulatedRequest request, ParsedRequest parsed)
			throws IOException {
		record(request, 0, Outcome.RUNNING, null, request.input(), request.bill());
		Answer answer = "flex".equals(parsed.serviceTier()) ? nextFlex(request) : next(request);
		SimulatedError scripted = answer.error();
		if (scripted != null && answer.isError()) {
			pause(answer, 0);
			ProviderWire.ErrorResponse error = wire.error(scripted, null, null, request.number());
			record(request, error.status(), Outcome.FAILED, scripted.kind().name(), request.input(), request.bill());
			send(exchange, error.status(), error.headers(), error.body());
			return;
		}
		Completion completion = Completion.of(answer, request.number(), parsed.maxTokens(), this.tokenizer);
		CacheDecision decision = parsed.cache().decide(completion, request.at());
		pause(answer, 0);
		Sending sending = new Sending(exchange, wire, request, parsed, answer, completion, decision);
		if (parsed.stream()) {
			stream(sending);
		}
		else {
			call(sending);
		}
	}

	/** What is written can be read from here on. */
	private void begin(Sending sending) {
		Instant earliest = sending.request().at().plus(this.timeToFirstToken);
		Instant now = this.clock.instant();
		sending.decision().atBegin().accept(now.isAfter(earliest) ? now : earliest);
	}

	private void call(Sending sending) throws IOException {
		Completion completion = sending.completion();
		int choices = sending.parsed().choices();
		CacheTokens input = sending.decision().tokens();
		String body = sending.wire().body(sending.parsed(), completion, input, sending.request().at()).toString();
		begin(sending);
		boolean cut = sending.answer().cut() != null;
		record(sending.request(), 200, cut ? Outcome.CUT : Outcome.ANSWERED, null, input,
				sending.bill(choices * completion.outputTokens(), choices * completion.thinkingTokens()));
		if (!cut) {
			send(sending.exchange(), 200, json(), body);
			return;
		}
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		headers(sending.exchange(), json());
		sending.exchange().sendResponseHeaders(200, bytes.length);
		OutputStream out = sending.exchange().getResponseBody();
		out.write(bytes, 0, (sending.answer().cutAfter() > 0) ? bytes.length / 2 : 0);
		out.flush();
		throw new IOException("The script cuts the connection");
	}

	private void stream(Sending sending) throws IOException {
		HttpExchange exchange = sending.exchange();
		Answer answer = sending.answer();
		List<Frame> frames = sending.wire()
			.frames(sending.parsed(), sending.completion(), sending.decision().tokens(), sending.request().at());
		int limit = (answer.cut() != null) ? Math.min(answer.cutAfter(), frames.size()) : frames.size();
		begin(sending);
		headers(exchange, Map.of("content-type", "text/event-stream; charset=utf-8"));
		exchange.sendResponseHeaders(200, 0);
		OutputStream out = exchange.getResponseBody();
		Frame sent = new Frame("", 0, 0);
		if (limit == 0) {
			record(sending, Outcome.CUT, sent);
		}
		for (int index = 0; index < limit; index++) {
			Frame frame = frames.get(index);
			if (index > 0) {
				pause(answer, index);
			}
			if (index == limit - 1) {
				// Before the client can see the end
				record(sending, (answer.cut() != null) ? Outcome.CUT : Outcome.ANSWERED, frame);
			}
			try {
				out.write(frame.text().getBytes(StandardCharsets.UTF_8));
				out.flush();
			}
			catch (IOException ex) {
				if (index < limit - 1) {
					record(sending, Outcome.CANCELLED, sent);
				}
				throw ex;
			}
			sent = frame;
		}
		end(sending, out);
	}

	private static void end(Sending sending, OutputStream out) throws IOException {
		Answer.Cut cut = sending.answer().cut();
		if (cut == Answer.Cut.CONNECTION) {
			throw new IOException("The script cuts the connection");
		}
		if (cut == Answer.Cut.ERROR_EVENT) {
			SimulatedError error = sending.answer().error();
			String event = sending.wire()
				.errorEvent((error != null) ? error : SimulatedError.of(SimulatedError.Kind.SERVER_ERROR),
						sending.request().number());
			out.write(event.getBytes(StandardCharsets.UTF_8));
		}
		out.close();
		sending.exchange().close();
	}

	private Answer nextFlex(SimulatedRequest request) {
		synchronized (this.lock) {
			SimulatedError refused = this.refusedFlex.poll();
			if (refused != null) {
				return Answer.error(refused);
			}
		}
		return next(request);
	}

	private Answer next(SimulatedRequest request) {
		Responder other;
		synchronized (this.lock) {
			Deque<Answer> own = this.queued.get(request.provider());
			Answer answer = (own != null && !own.isEmpty()) ? own.pollFirst() : this.queuedForAny.pollFirst();
			if (answer != null) {
				return answer;
			}
			other = this.responder;
		}
		return other.answer(request);
	}

	private static SimulatedRequest named(SimulatedRequest request, String model, boolean stream) {
		return new SimulatedRequest(request.number(), request.at(), request.provider(), request.path(),
				request.headers(), request.body(), model, stream, request.status(), request.outcome(),
				request.problem(), request.input(), request.bill());
	}

	private void record(Sending sending, Outcome outcome, Frame sent) {
		record(sending.request(), 200, outcome, null, sending.decision().tokens(),
				sending.bill(sent.output(), sent.thinking()));
	}

	private void record(SimulatedRequest request, int status, Outcome outcome, @Nullable String problem,
			CacheTokens input, RequestBill bill) {
		SimulatedRequest entry = new SimulatedRequest(request.number(), request.at(), request.provider(),
				request.path(), request.headers(), request.body(), request.model(), request.stream(), status, outcome,
				problem, input, bill);
		synchronized (this.lock) {
			this.log.put(entry.number(), entry);
			while (this.log.size() > this.logged) {
				this.log.pollFirstEntry();
			}
			if (!bill.lines().isEmpty()) {
				this.sums.computeIfAbsent(entry.provider(), (ignored) -> new Bill.Sum()).add(bill);
			}
		}
	}

	/** Lets the time pass that the script says, before the event of this index. */
	private static void pause(Answer answer, int index) {
		CountDownLatch latch = answer.latch();
		try {
			TimeUnit.NANOSECONDS.sleep(((index == 0) ? answer.firstDelay() : answer.pieceDelay()).toNanos());
			if (latch != null && index == answer.latchAfter()) {
				latch.await(HOLD_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static Map<String, String> json() {
		return Map.of("content-type", "application/json");
	}

	private static void headers(HttpExchange exchange, Map<String, String> headers) {
		headers.forEach(exchange.getResponseHeaders()::set);
	}

	static void send(HttpExchange exchange, int status, Map<String, String> headers, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		headers(exchange, headers);
		exchange.sendResponseHeaders(status, (bytes.length > 0) ? bytes.length : -1);
		try (OutputStream out = exchange.getResponseBody()) {
			out.write(bytes);
		}
		exchange.close();
	}

	private record Target(ProviderWire wire, String path) {

		/** Gemini's name of the model, which stands in the path. */
		String model() {
			return this.path.replaceFirst(".*/models/([^/:]+):.*", "$1");
		}

	}

	private record Sending(HttpExchange exchange, ProviderWire wire, SimulatedRequest request, ParsedRequest parsed,
			Answer answer, Completion completion, CacheDecision decision) {

		RequestBill bill(int output, int thinking) {
			return RequestBill.of(this.parsed.model(), this.decision.tokens(), output, thinking,
					this.parsed.serviceTier());
		}

	}

	/** Starts simulators; not safe for use by several threads. */
	public static final class Builder {

		private int port;

		private Clock clock = Clock.systemUTC();

		private long seed = 1;

		private Tokenizer tokenizer = Tokenizer.ofChars(4);

		private CacheRules rules = CacheRules.defaults();

		private ModelCatalog catalog = ModelCatalog.builtIn();

		private int imageTokens = 1000;

		private int logged = 10_000;

		private int threads = 64;

		private BatchRules batchRules = BatchRules.defaults();

		private final Set<WireOption> options = EnumSet.noneOf(WireOption.class);

		private Responder responder = (request) -> Answer.text("Answer " + request.number() + ".");

		private Builder() {
		}

		/**
		 * The port on loopback.
		 * @param value 0, the default, for any that is free
		 * @return this builder
		 */
		public Builder port(int value) {
			this.port = value;
			return this;
		}

		/**
		 * The clock by which caches expire.
		 * @param value the system's by default
		 * @return this builder
		 */
		public Builder clock(Clock value) {
			this.clock = value;
			return this;
		}

		/**
		 * Decides what is left to chance.
		 * @param value 1 by default
		 * @return this builder
		 */
		public Builder seed(long value) {
			this.seed = value;
			return this;
		}

		/**
		 * Counts tokens.
		 * @param value four characters a token by default
		 * @return this builder
		 */
		public Builder tokenizer(Tokenizer value) {
			this.tokenizer = value;
			return this;
		}

		public Builder rules(CacheRules value) {
			this.rules = value;
			return this;
		}

		/**
		 * How batches go.
		 * @param value by default they take seven minutes
		 * @return this builder
		 */
		public Builder batches(BatchRules value) {
			this.batchRules = value;
			return this;
		}

		public Builder models(ModelCatalog value) {
			this.catalog = value;
			return this;
		}

		/**
		 * What an image or a document counts.
		 * @param value tokens, 1,000 by default
		 * @return this builder
		 */
		public Builder imageTokens(int value) {
			this.imageTokens = value;
			return this;
		}

		/**
		 * How many requests are logged with their bodies; the oldest go first. Bills know
		 * all.
		 * @param value 10,000 by default
		 * @return this builder
		 */
		public Builder logged(int value) {
			this.logged = value;
			return this;
		}

		/**
		 * How many requests are worked on at once; the others wait.
		 * @param value 64 by default
		 * @return this builder
		 */
		public Builder threads(int value) {
			this.threads = value;
			return this;
		}

		public Builder option(WireOption value) {
			this.options.add(value);
			return this;
		}

		/**
		 * Answers all requests for which nothing is queued.
		 * @param value by default says the number of the request
		 * @return this builder
		 */
		public Builder respondWith(Responder value) {
			this.responder = value;
			return this;
		}

		/**
		 * Starts the server.
		 * @return the running simulator
		 */
		public ProviderSimulator start() {
			try {
				return new ProviderSimulator(this);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
