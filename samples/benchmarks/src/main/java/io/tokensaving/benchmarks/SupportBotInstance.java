package io.tokensaving.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A support bot in a JVM of its own, asked over HTTP. Thread-safe.
 */
final class SupportBotInstance implements AutoCloseable {

	/**
	 * The workspace of all instances, which keeps them apart from others in the same
	 * Redis.
	 */
	static final String WORKSPACE = "instances-load";

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final long START_MILLIS = 120_000;

	private static final JsonMapper JSON = new JsonMapper();

	private final HttpClient http;

	private final Process process;

	private final Path log;

	private final String url;

	private SupportBotInstance(HttpClient http, Process process, Path log, int port) {
		this.http = http;
		this.process = process;
		this.log = log;
		this.url = "http://127.0.0.1:" + port;
	}

	/**
	 * Start an instance; it does not answer yet.
	 * @param options the options
	 * @param redis the URI of the Redis
	 * @param http sends requests
	 * @return the instance
	 * @throws IOException if there is no such process
	 */
	static SupportBotInstance start(InstancesOptions options, String redis, HttpClient http) throws IOException {
		int port = freePort();
		Path log = Files.createTempFile("support-bot-" + port + "-", ".log");
		ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-jar", options.jar().toString(), "--spring.profiles.active=redis", "--spring.ai.model.chat=none",
				"--server.address=127.0.0.1", "--server.port=" + port, "--token-saving.workspace=" + WORKSPACE,
				"--token-saving.plans.support-bot.cache.lookup-timeout=" + options.lookupTimeoutMillis() + "ms",
				"--support-bot.demonstration.latency=" + options.latencyMillis() + "ms");
		// Not an argument, which everybody on the machine can read: it may hold a
		// password
		builder.environment().put("SPRING_DATA_REDIS_URL", redis);
		Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
		Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
		return new SupportBotInstance(http, process, log, port);
	}

	static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

	/**
	 * Wait until the instance answers.
	 * @throws IOException if it does not
	 * @throws InterruptedException if the thread is interrupted
	 */
	void awaitStart() throws IOException, InterruptedException {
		long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
		while (System.nanoTime() < end && this.process.isAlive()) {
			try {
				if (send("GET", "/actuator/health", null).statusCode() == 200) {
					return;
				}
			}
			catch (IOException ex) {
				// Does not listen yet
			}
			Thread.sleep(200);
		}
		throw new IOException("An instance did not start, this is its log:\n" + Files.readString(this.log));
	}

	/**
	 * Ask a question, in a conversation of its own.
	 * @param question the question
	 * @param plan the plan, or {@code null} for the default one
	 * @return the answer
	 * @throws IOException if there is none
	 * @throws InterruptedException if the thread is interrupted
	 */
	Answer ask(String question, @Nullable String plan) throws IOException, InterruptedException {
		Map<String, String> message = new HashMap<>(Map.of("message", question));
		if (plan != null) {
			message.put("plan", plan);
		}
		long start = System.nanoTime();
		HttpResponse<String> response = send("POST", "/chat", message);
		long nanos = System.nanoTime() - start;
		if (response.statusCode() != 200) {
			throw new IOException("POST /chat got the status " + response.statusCode() + ": " + response.body());
		}
		JsonNode reply = JSON.readTree(response.body());
		return new Answer(reply.path("answer").asString(""), reply.path("outcome").asString(""), start, nanos);
	}

	/**
	 * Read from the endpoint.
	 * @param path the path below the endpoint
	 * @return what it shows
	 * @throws IOException if it shows nothing
	 * @throws InterruptedException if the thread is interrupted
	 */
	JsonNode read(String path) throws IOException, InterruptedException {
		return JSON.readTree(body("GET", "/actuator/tokensaving/" + path, null));
	}

	/**
	 * Write to the endpoint.
	 * @param path the path below the endpoint
	 * @param json the body
	 * @throws IOException if it is refused
	 * @throws InterruptedException if the thread is interrupted
	 */
	void write(String path, Object json) throws IOException, InterruptedException {
		body("POST", "/actuator/tokensaving/" + path, json);
	}

	/**
	 * Delete at the endpoint, if it is there.
	 * @param path the path below the endpoint
	 * @throws IOException if it is refused
	 * @throws InterruptedException if the thread is interrupted
	 */
	void delete(String path) throws IOException, InterruptedException {
		HttpResponse<String> response = send("DELETE", "/actuator/tokensaving/" + path, null);
		if (response.statusCode() != 204 && response.statusCode() != 404) {
			throw new IOException(
					"DELETE %s got the status %d: %s".formatted(path, response.statusCode(), response.body()));
		}
	}

	/**
	 * Return whether Redis is asked at all, as it is not while it keeps failing.
	 * @return whether the circuit breaker is closed
	 * @throws IOException if it is not shown
	 * @throws InterruptedException if the thread is interrupted
	 */
	boolean asksRedis() throws IOException, InterruptedException {
		for (JsonNode engine : read("cache-engines").path("cache_engines")) {
			if (engine.path("name").asString("").equals("redis")) {
				return engine.path("circuit_breaker").asString("").equals("closed");
			}
		}
		throw new IOException("The instance does not show the backend 'redis'");
	}

	/**
	 * Return how often the model of this instance was called, as the model counts it.
	 * @return the number
	 * @throws IOException if it is not shown
	 * @throws InterruptedException if the thread is interrupted
	 */
	long modelCalls() throws IOException, InterruptedException {
		String name = "supportbot_model_calls_total ";
		return body("GET", "/actuator/prometheus", null).lines()
			.filter((line) -> line.startsWith(name))
			.mapToLong((line) -> Math.round(Double.parseDouble(line.substring(name.length()))))
			.findFirst()
			.orElseThrow(() -> new IOException("The instance does not show " + name));
	}

	private String body(String method, String path, @Nullable Object json) throws IOException, InterruptedException {
		HttpResponse<String> response = send(method, path, json);
		if (response.statusCode() / 100 != 2) {
			throw new IOException(
					"%s %s got the status %d: %s".formatted(method, path, response.statusCode(), response.body()));
		}
		return response.body();
	}

	private HttpResponse<String> send(String method, String path, @Nullable Object json)
			throws IOException, InterruptedException {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(this.url + path)).timeout(TIMEOUT);
		if (json != null) {
			request.header("Content-Type", "application/json");
		}
		request.method(method, (json != null) ? HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(json))
				: HttpRequest.BodyPublishers.noBody());
		return this.http.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	/**
	 * End the instance.
	 */
	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(20, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
			Files.deleteIfExists(this.log);
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
		catch (IOException ex) {
			System.err.println("Cannot delete " + this.log);
		}
	}

	/**
	 * An answer.
	 *
	 * @param text the text
	 * @param outcome the outcome, or an empty text if the plan was not known
	 * @param sentNanos when it was asked for
	 * @param nanos how long it took
	 */
	record Answer(String text, String outcome, long sentNanos, long nanos) {
	}

}
