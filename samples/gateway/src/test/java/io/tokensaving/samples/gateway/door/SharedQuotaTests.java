package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

import io.tokensaving.samples.gateway.GatewayApplication;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedError;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.embedded.RedisServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a quota holds for all clients of two gateways together, and that what is
 * listed as spent is what the provider bills.
 */
class SharedQuotaTests {

	private static final String ADMIN = "an-admin-secret-for-tests-only";

	private static final int CLIENTS = 100;

	// Half a cent an answer
	private static final int OUTPUT = 500;

	@TempDir
	static Path directory;

	private static final List<AutoCloseable> opened = new ArrayList<>();

	private static final List<Integer> ports = new ArrayList<>();

	private static ProviderSimulator simulator;

	private static RedisServer redis;

	private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private final AtomicInteger asked = new AtomicInteger();

	@BeforeAll
	static void start() throws Exception {
		int redisPort;
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			redisPort = socket.getLocalPort();
		}
		redis = RedisServer.newRedisServer().port(redisPort).bind("127.0.0.1").setting("save \"\"").build();
		redis.start();
		EmbeddedPostgres postgres = EmbeddedPostgres.start();
		opened.add(postgres);
		simulator = ProviderSimulator.builder().threads(CLIENTS).start();
		opened.add(simulator);
		for (String name : List.of("first", "second")) {
			ConfigurableApplicationContext context = new SpringApplicationBuilder(GatewayApplication.class).run(
					"--spring.profiles.active=postgres,redis", "--server.port=0", "--server.address=127.0.0.1",
					"--spring.datasource.url=" + postgres.getJdbcUrl("postgres", "postgres"),
					"--spring.datasource.username=postgres", "--spring.data.redis.port=" + redisPort,
					"--gateway.keys.bootstrap-file=" + directory.resolve(name), "--gateway.admin.keys[0].name=tests",
					"--gateway.admin.keys[0].secret=" + ADMIN, "--gateway.admin.keys[0].role=admin",
					"--gateway.upstreams.openai.api-key=sk-provider", "--gateway.upstreams.openai.max-retries=0",
					"--gateway.upstreams.openai.base-url=" + simulator.baseUrl(Provider.OPENAI));
			opened.add(0, context);
			ports.add(context.getEnvironment().getProperty("local.server.port", Integer.class));
		}
	}

	@AfterAll
	static void stop() throws Exception {
		for (AutoCloseable one : opened) {
			one.close();
		}
		redis.stop();
	}

	@BeforeEach
	void clear() {
		simulator.clear();
		AtomicInteger answers = new AtomicInteger();
		simulator.respondWith((request) -> (answers.incrementAndGet() % 9 == 0)
				? Answer.error(SimulatedError.of(SimulatedError.Kind.RATE_LIMITED))
				: Answer.builder().text("word ".repeat(20)).outputTokens(OUTPUT).build());
	}

	@Test
	void aDollarIsNotExceededByAHundredClientsOfTwoGatewaysAndEachCentIsListed() throws Exception {
		JsonNode key = createKey();

		AtomicInteger answered = together((number) -> untilRefused(number, key.path("key").asString()));

		BigDecimal billed = simulator.bill().usd();
		assertThat(billed).isBetween(new BigDecimal("0.85"), BigDecimal.ONE);
		assertThat(answered.get()).isGreaterThan(100);
		Awaitility.await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
			for (int port : ports) {
				JsonNode listed = key(port, key.path("id").asString());
				assertThat(listed.path("spent_usd").decimalValue()).isEqualByComparingTo(billed);
			}
		});
		// What was not used of the blocks is given back
		Awaitility.await()
			.atMost(Duration.ofSeconds(10))
			.untilAsserted(
					() -> assertThat(key(ports.get(0), key.path("id").asString()).path("quota_left_usd").decimalValue())
						.isEqualByComparingTo(BigDecimal.ONE.subtract(billed)));
	}

	@Test
	void clientsThatLeaveInTheMiddleCostWhatTheProviderHasSent() throws Exception {
		simulator.respondWith((request) -> Answer.builder()
			// A token for four characters, for the provider as for us
			.text("the ".repeat(OUTPUT))
			.piece(20)
			.delays(Duration.ZERO, Duration.ofMillis(10))
			.build());
		JsonNode key = createKey();
		together((number) -> (number % 2 == 0) ? untilRefused(number, key.path("key").asString())
				: leaving(number, key.path("key").asString()));

		assertThat(simulator.awaitIdle(Duration.ofSeconds(10))).isTrue();
		BigDecimal billed = simulator.bill().usd();
		Awaitility.await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
			BigDecimal listed = key(ports.get(1), key.path("id").asString()).path("spent_usd").decimalValue();
			assertThat(listed).isBetween(new BigDecimal("0.80"), BigDecimal.ONE);
			// The provider does not notice at once, and nobody reports what it bills then
			assertThat(billed.doubleValue()).isBetween(listed.doubleValue() * 0.95, listed.doubleValue() * 1.1);
		});
	}

	private AtomicInteger together(IntFunction<Integer> clients) throws Exception {
		AtomicInteger answered = new AtomicInteger();
		ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
		try {
			List<Callable<Integer>> tasks = new ArrayList<>();
			for (int i = 0; i < CLIENTS; i++) {
				int number = i;
				tasks.add(() -> clients.apply(number));
			}
			for (Future<Integer> task : threads.invokeAll(tasks)) {
				answered.addAndGet(task.get());
			}
		}
		finally {
			threads.shutdownNow();
		}
		return answered;
	}

	private int untilRefused(int number, String key) {
		int answered = 0;
		try {
			while (true) {
				int n = this.asked.incrementAndGet();
				HttpResponse<String> response = this.client.send(HttpRequest
					.newBuilder(URI.create("http://127.0.0.1:" + ports.get(n % 2) + "/v1/chat/completions"))
					.header("authorization", "Bearer " + key)
					.POST(HttpRequest.BodyPublishers.ofString(body(n % 3 == 0)))
					.build(), HttpResponse.BodyHandlers.ofString());
				if (response.body().contains("\"insufficient_quota\"")) {
					assertThat(response.statusCode()).isEqualTo(429);
					assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
					return answered;
				}
				assertThat(response.statusCode()).as(response.body()).isIn(200, 429);
				answered += (response.statusCode() == 200) ? 1 : 0;
			}
		}
		catch (IOException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	// Reads the beginning of a stream only
	private int leaving(int number, String key) {
		try {
			while (true) {
				try (RawClient raw = new RawClient(ports.get(number % 2))) {
					raw.post("/v1/chat/completions", body(true), "Authorization: Bearer " + key);
					String status = raw.line();
					if (status.contains(" 429")) {
						return 0;
					}
					assertThat(status).contains(" 200");
					for (int i = 0; i < 20; i++) {
						raw.line();
					}
				}
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String body(boolean stream) {
		return "{\"model\":\"gpt-4o\",\"max_tokens\":" + OUTPUT + ",\"stream\":" + stream
				+ ",\"messages\":[{\"role\":\"user\",\"content\":\"" + UUID.randomUUID() + "\"}]}";
	}

	private JsonNode createKey() throws Exception {
		return JsonMapper.shared()
			.readTree(this.client
				.send(request(ports.get(0), "").header("content-type", "application/json")
					.POST(HttpRequest.BodyPublishers.ofString("{\"name\": \"n\", \"quota_usd\": 1}"))
					.build(), HttpResponse.BodyHandlers.ofString())
				.body());
	}

	private JsonNode key(int port, String id) throws Exception {
		return JsonMapper.shared()
			.readTree(this.client.send(request(port, "/" + id).build(), HttpResponse.BodyHandlers.ofString()).body());
	}

	private static HttpRequest.Builder request(int port, String path) {
		return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/admin/api-keys" + path))
			.header("authorization", "Bearer " + ADMIN);
	}

}
