package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.tokensaving.backend.RateLimitedLog;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to upstreams: at most a number at once for each, again where that may
 * help, and to the next upstream if one fails. No redirect is followed, no cookie kept,
 * and of the headers only those of {@link UpstreamHeaders} pass. Thread-safe.
 */
public final class UpstreamClient {

	private static final RateLimitedLog log = new RateLimitedLog(LogFactory.getLog(UpstreamClient.class),
			System::nanoTime);

	private static final String TIMER = "gateway.upstream.requests";

	private static final String VERSION = "/v1";

	private static final int WINDOW = 20;

	private static final int MINIMUM_CALLS = 10;

	private static final Duration FIRST_OPEN = Duration.ofSeconds(2);

	private static final Duration LONGEST_OPEN = Duration.ofSeconds(30);

	private static final Map<String, List<String>> RETRY_SOON = Map.of("retry-after", List.of("1"));

	private static final Map<String, List<String>> NO_RETRY = Map.of("x-should-retry", List.of("false"));

	private final Map<String, Line> lines = new HashMap<>();

	private final RetryRules rules;

	private final Sleeper sleeper;

	private final @Nullable MeterRegistry meters;

	/**
	 * Create a client.
	 * @param upstreams the upstreams
	 * @param meters where requests are counted, or {@code null} for nowhere
	 */
	public UpstreamClient(Upstreams upstreams, @Nullable MeterRegistry meters) {
		this(upstreams, meters, new RetryRules(Clock.systemUTC(), () -> ThreadLocalRandom.current().nextDouble()),
				(duration) -> TimeUnit.NANOSECONDS.sleep(duration.toNanos()), FIRST_OPEN);
	}

	UpstreamClient(Upstreams upstreams, @Nullable MeterRegistry meters, RetryRules rules, Sleeper sleeper,
			Duration firstOpen) {
		this.rules = rules;
		this.sleeper = sleeper;
		this.meters = meters;
		Executor executor = UpstreamThreads.client();
		Map<Duration, HttpClient> clients = new HashMap<>();
		for (UpstreamEndpoint endpoint : upstreams.endpoints()) {
			HttpClient client = clients.computeIfAbsent(endpoint.connectTimeout(),
					(timeout) -> HttpClient.newBuilder()
						.connectTimeout(timeout)
						.executor(executor)
						.followRedirects(HttpClient.Redirect.NEVER)
						.build());
			this.lines.put(endpoint.upstream().name(), new Line(endpoint, client, breaker(endpoint, firstOpen)));
		}
	}

	private static CircuitBreaker breaker(UpstreamEndpoint endpoint, Duration firstOpen) {
		return CircuitBreaker.of(endpoint.upstream().name(),
				CircuitBreakerConfig.custom()
					.slidingWindowType(SlidingWindowType.COUNT_BASED)
					.slidingWindowSize(WINDOW)
					.minimumNumberOfCalls(MINIMUM_CALLS)
					.permittedNumberOfCallsInHalfOpenState(2)
					// An answer may take as long as it likes
					.slowCallDurationThreshold(Duration.ofDays(1))
					.waitIntervalFunctionInOpenState(IntervalFunction.ofExponentialBackoff(firstOpen, 2, LONGEST_OPEN))
					.writableStackTraceEnabled(false)
					.build());
	}

	/**
	 * Ask one upstream, without its fallbacks, and read the whole answer.
	 * @param upstream the upstream
	 * @param request the request
	 * @return the answer
	 * @throws UpstreamException if there is none with a status from 200 to 299
	 * @throws CancellationException if the thread was interrupted, which stays so
	 */
	public UpstreamResponse call(Upstream upstream, UpstreamRequest request) {
		return call(List.of(new UpstreamTarget(upstream, "")), request);
	}

	/**
	 * Ask an upstream, or the next ones if it fails, and read the whole answer.
	 * @param targets the upstreams in turn
	 * @param request the request
	 * @return the answer
	 * @throws UpstreamException if there is none with a status from 200 to 299
	 * @throws CancellationException if the thread was interrupted, which stays so
	 */
	public UpstreamResponse call(List<UpstreamTarget> targets, UpstreamRequest request) {
		try (UpstreamExchange exchange = open(targets, request)) {
			return new UpstreamResponse(exchange.upstream(), exchange.status(), exchange.headers(), exchange.readAll());
		}
	}

	/**
	 * Ask an upstream, or the next ones if it fails, until one begins to answer.
	 * @param targets the upstreams in turn
	 * @param request the request
	 * @return the answer, to be read and closed by the caller
	 * @throws UpstreamException if there is none with a status from 200 to 299: what the
	 * first upstream answered, unless only another one gave an answer
	 * @throws CancellationException if the thread was interrupted, which stays so
	 */
	public UpstreamExchange open(List<UpstreamTarget> targets, UpstreamRequest request) {
		UpstreamException shown = null;
		try {
			for (UpstreamTarget target : targets) {
				try {
					return open(target, request);
				}
				catch (FailedAttempt ex) {
					if (shown == null || (shown.body() == null && ex.exception.body() != null)) {
						shown = ex.exception;
					}
					if (!ex.other) {
						break;
					}
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw UpstreamExchange.interrupted(ex);
		}
		if (shown == null) {
			throw new IllegalArgumentException("'targets' must not be empty");
		}
		throw shown;
	}

	private UpstreamExchange open(UpstreamTarget target, UpstreamRequest request)
			throws FailedAttempt, InterruptedException {
		Line line = this.lines.get(target.upstream().name());
		if (line == null) {
			throw new IllegalArgumentException("No upstream '" + target.upstream().name() + "'");
		}
		Function<UpstreamTarget, byte[]> writer = request.body();
		byte[] body = (writer != null) ? writer.apply(target) : null;
		for (int attempt = 0;; attempt++) {
			try {
				return line.attempt(target, request, body, attempt);
			}
			catch (FailedAttempt ex) {
				if (ex.wait == null || attempt >= line.endpoint.maxRetries()) {
					throw ex;
				}
				this.sleeper.pause(ex.wait);
			}
		}
	}

	/**
	 * Return the state of an upstream.
	 * @param upstream the upstream
	 * @return whether it is asked, as not most of the last requests have failed
	 */
	public boolean isAvailable(Upstream upstream) {
		Line line = this.lines.get(upstream.name());
		return line != null && line.breaker.getState() != CircuitBreaker.State.OPEN;
	}

	// Base URLs are given with the version or without, and so are paths
	static URI uri(URI baseUrl, String path) {
		String base = baseUrl.toString();
		return URI.create((base.endsWith(VERSION) && path.startsWith(VERSION + "/"))
				? base.substring(0, base.length() - VERSION.length()) + path : base + path);
	}

	private void record(String upstream, String outcome, long start) {
		MeterRegistry registry = this.meters;
		if (registry == null) {
			return;
		}
		try {
			Timer.builder(TIMER)
				.description("Requests to upstreams, each attempt, until the answer was read")
				.tag("upstream", upstream)
				.tag("outcome", outcome)
				.register(registry)
				.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
		}
		catch (RuntimeException ex) {
			log.warn(() -> "A request to an upstream could not be counted: " + ex);
		}
	}

	/**
	 * The way to one upstream.
	 */
	private final class Line {

		// Of its own, so that one upstream does not silence the warnings of others
		private final RateLimitedLog warnings = new RateLimitedLog(LogFactory.getLog(UpstreamClient.class),
				System::nanoTime);

		private final UpstreamEndpoint endpoint;

		private final HttpClient client;

		private final CircuitBreaker breaker;

		private final Semaphore places;

		Line(UpstreamEndpoint endpoint, HttpClient client, CircuitBreaker breaker) {
			this.endpoint = endpoint;
			this.client = client;
			this.breaker = breaker;
			this.places = new Semaphore(endpoint.maxConcurrent(), true);
		}

		private String name() {
			return this.endpoint.upstream().name();
		}

		UpstreamExchange attempt(UpstreamTarget target, UpstreamRequest request, byte @Nullable [] body, int attempt)
				throws FailedAttempt, InterruptedException {
			if (Thread.interrupted()) {
				throw new InterruptedException();
			}
			long start = System.nanoTime();
			if (!this.places.tryAcquire(this.endpoint.maxWait().toNanos(), TimeUnit.NANOSECONDS)) {
				record(name(), "busy", start);
				throw new FailedAttempt(
						own(503, "upstream_busy", "Too many requests wait for the upstream", RETRY_SOON), null, true);
			}
			Attempt running = new Attempt(target, start);
			if (!this.breaker.tryAcquirePermission()) {
				this.places.release();
				record(name(), "open", start);
				throw new FailedAttempt(own(503, "upstream_unavailable",
						"The upstream is not asked for some seconds, as it has failed", RETRY_SOON), null, true);
			}
			boolean before = request.mayHaveCost();
			try {
				String key = this.endpoint.secret().value();
				HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = send(request, body, key, running, attempt,
						before);
				UpstreamBody reading = new UpstreamBody();
				response.body().subscribe(reading);
				UpstreamExchange exchange = new UpstreamExchange(this.endpoint, target.model(), response.statusCode(),
						UpstreamHeaders.returned(response.headers(), key), reading,
						start + this.endpoint.responseTimeout().toNanos(), running::closed);
				running.answered(response.statusCode());
				if (response.statusCode() / 100 == 2) {
					return exchange;
				}
				throw refused(exchange, key, request, attempt, before);
			}
			catch (InterruptedException | RuntimeException | Error ex) {
				// Nothing is left open, however it ended
				running.closed(UpstreamExchange.Outcome.CANCELLED);
				throw ex;
			}
		}

		private HttpResponse<Flow.Publisher<List<ByteBuffer>>> send(UpstreamRequest request, byte @Nullable [] body,
				@Nullable String key, Attempt running, int attempt, boolean before)
				throws FailedAttempt, InterruptedException {
			URI uri = uri(this.endpoint.upstream().baseUrl(), request.path());
			HttpRequest.Builder builder = HttpRequest.newBuilder(uri)
				.version("https".equalsIgnoreCase(uri.getScheme()) ? HttpClient.Version.HTTP_2
						: HttpClient.Version.HTTP_1_1)
				.method(request.method(), (body != null) ? HttpRequest.BodyPublishers.ofByteArray(body)
						: HttpRequest.BodyPublishers.noBody());
			UpstreamHeaders.write(builder, request, this.endpoint, key);
			request.sent();
			CompletableFuture<HttpResponse<Flow.Publisher<List<ByteBuffer>>>> future = this.client
				.sendAsync(builder.build(), HttpResponse.BodyHandlers.ofPublisher());
			try {
				return future.get(this.endpoint.responseTimeout().toNanos(), TimeUnit.NANOSECONDS);
			}
			catch (InterruptedException ex) {
				future.cancel(true);
				throw ex;
			}
			catch (TimeoutException ex) {
				future.cancel(true);
				running.closed(UpstreamExchange.Outcome.FAILED);
				throw new FailedAttempt(own(504, "upstream_timeout", "The upstream did not answer in time", Map.of()),
						null, true);
			}
			catch (ExecutionException ex) {
				Throwable cause = ex.getCause();
				running.closed(UpstreamExchange.Outcome.FAILED);
				if (isUnsent(cause)) {
					request.refused(before);
				}
				warn("cannot be reached or breaks off: " + ((cause != null) ? cause.getClass().getSimpleName() : ""));
				throw new FailedAttempt(
						new UpstreamException(name(), 502, "upstream_unreachable", "The upstream cannot be reached",
								Map.of(), cause),
						(cause instanceof IOException) ? UpstreamClient.this.rules.backOff(attempt) : null, true);
			}
		}

		private FailedAttempt refused(UpstreamExchange exchange, @Nullable String key, UpstreamRequest request,
				int attempt, boolean before) {
			int status = exchange.status();
			byte[] body;
			try {
				body = this.endpoint.withoutHeaders(ErrorBodies.withoutSecret(exchange.readAll(), key));
			}
			catch (UpstreamException ex) {
				body = new byte[0];
			}
			request.refused(before);
			if (status < 400) {
				warn("answers with status " + status + ", and redirects are not followed: check its base URL");
				return new FailedAttempt(
						own(502, "upstream_redirect", "The upstream is not where it is expected to be", NO_RETRY), null,
						true);
			}
			if (status == 401) {
				warn("does not accept the API key of this gateway");
				return new FailedAttempt(own(502, "upstream_unauthorized",
						"The upstream does not accept the API key of this gateway", NO_RETRY), null, true);
			}
			return new FailedAttempt(
					new UpstreamException(name(), status, exchange.headers(), body), UpstreamClient.this.rules
						.retryAfter(attempt, status, exchange.headers(), this.endpoint.maxRetryAfter()),
					RetryRules.isPassing(status));
		}

		private UpstreamException own(int status, String code, String message, Map<String, List<String>> headers) {
			return new UpstreamException(name(), status, code, message, headers, null);
		}

		private void warn(String what) {
			this.warnings.warn(() -> "The upstream '%s' %s".formatted(name(), what));
		}

		private static boolean isUnsent(@Nullable Throwable failure) {
			Throwable cause = failure;
			while (cause != null) {
				if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException
						|| cause instanceof UnresolvedAddressException) {
					return true;
				}
				cause = cause.getCause();
			}
			return false;
		}

		/**
		 * What an attempt holds until it is closed.
		 */
		private final class Attempt {

			private final UpstreamTarget target;

			private final long start;

			private final AtomicBoolean open = new AtomicBoolean(true);

			private volatile int status;

			private volatile boolean counted;

			Attempt(UpstreamTarget target, long start) {
				this.target = target;
				this.start = start;
			}

			// An answer may take minutes, and until it counts nobody else is let through
			// to
			// an upstream that has failed before
			void answered(int status) {
				this.status = status;
				if (!RetryRules.isFailure(status)) {
					this.counted = true;
					Line.this.breaker.onSuccess(System.nanoTime() - this.start, TimeUnit.NANOSECONDS);
				}
			}

			void closed(UpstreamExchange.Outcome outcome) {
				if (!this.open.compareAndSet(true, false)) {
					return;
				}
				Line.this.places.release();
				long nanos = System.nanoTime() - this.start;
				boolean failed = outcome == UpstreamExchange.Outcome.FAILED || RetryRules.isFailure(this.status);
				if (failed) {
					Line.this.breaker.onError(nanos, TimeUnit.NANOSECONDS, FailedAttempt.FAILURE);
				}
				else if (!this.counted) {
					Line.this.breaker.releasePermission();
				}
				record(this.target.upstream().name(), outcome(outcome), this.start);
			}

			private String outcome(UpstreamExchange.Outcome outcome) {
				return switch (outcome) {
					case FAILED -> "failed";
					case CANCELLED -> "cancelled";
					case ANSWERED -> (this.status == 429) ? "limited"
							: (this.status >= 500) ? "error" : (this.status >= 300) ? "refused" : "success";
				};
			}

		}

	}

	/**
	 * Waits before an attempt.
	 */
	interface Sleeper {

		void pause(Duration duration) throws InterruptedException;

	}

	/**
	 * An attempt that gave no answer which could be used.
	 */
	private static final class FailedAttempt extends Exception {

		private static final Exception FAILURE = new FailedAttempt(
				new UpstreamException("", 502, "", "", Map.of(), null), null, false);

		private final transient UpstreamException exception;

		// Before the next attempt, null for none
		private final transient @Nullable Duration wait;

		// Whether another upstream may answer
		private final boolean other;

		FailedAttempt(UpstreamException exception, @Nullable Duration wait, boolean other) {
			super(exception.getMessage(), exception, false, false);
			this.exception = exception;
			this.wait = wait;
			this.other = other;
		}

	}

}
