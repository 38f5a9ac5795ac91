package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.tokensaving.samples.gateway.GatewayApplication;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that no key, neither ours nor one of an upstream, is told to anybody: not by
 * logs, errors, the actuator, or what an object says of itself.
 */
@SpringBootTest(classes = GatewayApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=*", "logging.level.io.tokensaving=TRACE",
				"logging.level.org.springframework.web=TRACE", "logging.level.org.springframework.security=TRACE",
				"gateway.admin.password=" + SecretsTests.PASSWORD, "gateway.admin.keys[0].name=root",
				"gateway.admin.keys[0].secret=" + SecretsTests.ROOT, "gateway.admin.keys[0].role=admin" })
@ExtendWith(OutputCaptureExtension.class)
class SecretsTests {

	static final String PASSWORD = "password-that-nobody-is-told";

	static final String ROOT = "root-key-that-nobody-is-told";

	private static final String UPSTREAM = "sk-upstream-that-nobody-is-told";

	private static final String HEADER = "header-that-nobody-is-told";

	private static final String WRONG = "wrong-key-that-nobody-is-told";

	@TempDir
	static Path directory;

	private static HttpServer upstream;

	private final HttpClient client = HttpClient.newHttpClient();

	private final Set<String> secrets = new TreeSet<>(
			Set.of(PASSWORD, ROOT, UPSTREAM, HEADER, WRONG, base64("admin:" + PASSWORD)));

	@LocalServerPort
	private int port;

	@Autowired
	private ConfigurableApplicationContext context;

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) throws IOException {
		upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		upstream.createContext("/", SecretsTests::answer);
		upstream.start();
		registry.add("GATEWAY_DATA", directory::toString);
		for (String name : List.of("openai", "anthropic", "away")) {
			String prefix = "gateway.upstreams." + name + ".";
			registry.add(prefix + "base-url",
					() -> "http://127.0.0.1:" + (name.equals("away") ? 1 : upstream.getAddress().getPort()) + "/v1");
			registry.add(prefix + "api-key", () -> UPSTREAM);
			registry.add(prefix + "headers.x-credential", () -> HEADER);
			registry.add(prefix + "max-retries", () -> "0");
			registry.add(prefix + "models",
					() -> Map.of("openai", "gpt-*", "anthropic", "claude-*", "away", "away").get(name));
		}
		registry.add("gateway.upstreams.anthropic.provider", () -> "anthropic");
		registry.add("gateway.upstreams.away.formats", () -> "chat-completions,messages,responses");
	}

	@AfterAll
	static void stop() {
		upstream.stop(0);
	}

	// Answers as the text in the request says, and repeats all headers that it was sent
	private static void answer(HttpExchange exchange) throws IOException {
		String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
		String sent = exchange.getRequestHeaders().values().toString().replace("\"", "");
		int status = body.contains("answer-") ? Integer.parseInt(body.split("answer-")[1].substring(0, 3)) : 200;
		String answer = (status == 200) ? "no answer of any format"
				: "{\"type\": \"error\", \"error\": {\"type\": \"t\", \"message\": \"" + sent + "\"}}";
		exchange.getResponseHeaders().set("content-type", "application/json");
		exchange.getResponseHeaders().set("x-request-id", "Bearer " + UPSTREAM);
		exchange.getResponseHeaders().set("location", "http://127.0.0.1/?key=" + UPSTREAM);
		byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
		exchange.sendResponseHeaders(status, bytes.length);
		exchange.getResponseBody().write(bytes);
		exchange.close();
	}

	@Test
	void noKeyIsToldWhateverHappens(CapturedOutput output) throws Exception {
		Map<String, String> told = new LinkedHashMap<>();
		String key = Files.readString(directory.resolve("first-api-key")).strip();
		this.secrets.add(key);
		for (Route route : Route.all()) {
			for (String model : List.of("gpt-5-mini", "claude-haiku-4-5", "away", "unknown")) {
				for (String does : List.of("answer-200", "answer-302", "answer-400", "answer-401", "answer-403",
						"answer-429", "answer-500", "answer-503")) {
					for (boolean stream : new boolean[] { false, true }) {
						String body = "{\"model\": \"" + model + "\", \"stream\": " + stream
								+ ", \"max_tokens\": 5, \"input\": \"x\", \"prompt\": \"x\", "
								+ "\"messages\": [{\"role\": \"user\", \"content\": \"" + does + "\"}]}";
						told.put(route + model + does + stream, told(send(route.method(), "/v1" + route.path(),
								"Bearer " + key, route.method().equals("GET") ? "" : body)));
					}
				}
			}
			for (String wrong : List.of("Bearer " + WRONG, "Bearer " + key + "x", "Basic " + base64("user:" + key),
					"Bearer " + ROOT)) {
				told.put(route + wrong, told(send(route.method(), "/v1" + route.path(), wrong, "{")));
			}
			told.put(route + "broken",
					told(send(route.method(), "/v1" + route.path() + "?api_key=" + WRONG, "Bearer " + key, "{\"a")));
		}
		told.putAll(management());
		told.put("log", output.toString());
		assertThat(output).as("it was logged").contains("io.tokensaving", "DispatcherServlet", "gateway.key");
		assertNoSecret(told);
	}

	private Map<String, String> management() throws Exception {
		Map<String, String> told = new LinkedHashMap<>();
		String bearer = "Bearer " + ROOT;
		HttpResponse<String> created = send("POST", "/admin/api-keys", bearer, "{\"name\": \"n\"}");
		JsonNode shown = JsonMapper.shared().readTree(created.body());
		HttpResponse<String> rotated = send("POST", "/admin/api-keys/" + shown.path("id").asString() + "/rotate",
				bearer, "{}");
		for (HttpResponse<String> once : List.of(created, rotated)) {
			assertThat(once.statusCode()).as(once.body()).isBetween(200, 201);
			String secret = JsonMapper.shared().readTree(once.body()).path("key").asString();
			assertThat(secret).hasSizeGreaterThan(40);
			this.secrets.add(secret);
			assertThat(send("GET", "/v1/models", "Bearer " + secret, "").statusCode()).isEqualTo(200);
		}
		told.put("list", told(send("GET", "/admin/api-keys", bearer, "")));
		told.put("key", told(send("GET", "/admin/api-keys/" + shown.path("id").asString(), bearer, "")));
		told.put("invalid", told(send("POST", "/admin/api-keys", bearer, "{\"name\": 5}")));
		told.put("broken", told(send("POST", "/token-saving/plans", bearer, "{")));
		told.put("password", told(send("GET", "/token-saving/plans", "Basic " + base64("admin:" + PASSWORD), "")));
		told.put("refused", told(send("GET", "/token-saving/plans", "Bearer " + WRONG, "")));
		told.put("other password", told(send("GET", "/token-saving/plans", "Basic " + base64("admin:" + WRONG), "")));
		JsonNode links = JsonMapper.shared().readTree(send("GET", "/actuator", bearer, "").body()).path("_links");
		for (String name : links.propertyNames()) {
			String path = URI.create(links.path(name).path("href").asString().replaceAll("[{].*", "")).getPath();
			// A dump has all that is in memory: it is off unless somebody turns it on
			if (!name.equals("heapdump") && !links.path(name).path("templated").asBoolean()) {
				told.put(name, told(send("GET", path, bearer, "")));
			}
		}
		assertThat(told).containsKeys("env", "configprops", "threaddump", "prometheus", "beans", "tokensaving",
				"metrics");
		assertThat(send("GET", "/actuator/heapdump", bearer, "").statusCode()).isEqualTo(404);
		for (JsonNode name : JsonMapper.shared().readTree(told.get("metrics").split("\n", 2)[1]).path("names")) {
			told.put("metric " + name.asString(),
					told(send("GET", "/actuator/metrics/" + name.asString(), bearer, "")));
		}
		for (String property : List.of("gateway.upstreams.openai.api-key", "gateway.admin.password",
				"gateway.admin.keys%5B0%5D.secret")) {
			told.put(property, told(send("GET", "/actuator/env/" + property, bearer, "")));
		}
		return told;
	}

	@Test
	void noObjectSaysAKeyOfItself() throws Exception {
		this.secrets.add(Files.readString(directory.resolve("first-api-key")).strip());
		Map<String, String> told = new LinkedHashMap<>();
		Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
		Deque<Object> left = new ArrayDeque<>();
		for (String name : this.context.getBeanDefinitionNames()) {
			Object bean = this.context.getBeanFactory().getSingleton(name);
			if (bean != null) {
				left.add(bean);
			}
		}
		boolean found = false;
		while (!left.isEmpty()) {
			Object object = left.poll();
			if (!seen.add(object)) {
				continue;
			}
			if (object instanceof Map<?, ?> map) {
				map.forEach((key, value) -> {
					add(left, key);
					add(left, value);
				});
			}
			else if (object instanceof Iterable<?> iterable && !(object instanceof Path)) {
				iterable.forEach((element) -> add(left, element));
			}
			else if (object instanceof Object[] array) {
				List.of(array).forEach((element) -> add(left, element));
			}
			else if (object instanceof AtomicReference<?> reference) {
				add(left, reference.get());
			}
			else if (object.getClass().getName().startsWith("io.tokensaving.")) {
				told.put(object.getClass().getName() + seen.size(), String.valueOf(object));
				for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
					found |= type.getName().startsWith("io.tokensaving.") && fields(object, type, left);
				}
			}
		}
		assertThat(found).as("a field that holds a key was looked at").isTrue();
		assertThat(told).hasSizeGreaterThan(300);
		assertNoSecret(told);
	}

	// Returns whether one of them holds a secret
	private boolean fields(Object object, Class<?> type, Deque<Object> left) throws IllegalAccessException {
		boolean found = false;
		for (Field field : type.getDeclaredFields()) {
			if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
				field.setAccessible(true);
				Object value = field.get(object);
				found |= value instanceof String text && this.secrets.contains(text);
				add(left, value);
			}
		}
		return found;
	}

	private static void add(Deque<Object> left, @Nullable Object object) {
		if (object != null) {
			left.add(object);
		}
	}

	private void assertNoSecret(Map<String, String> told) {
		told.forEach((name, text) -> this.secrets.forEach((secret) -> {
			int place = text.indexOf(secret);
			if (place >= 0) {
				throw new AssertionError("%s tells a key: %s".formatted(name,
						text.substring(Math.max(0, place - 300), place + secret.length())));
			}
		}));
	}

	private static String told(HttpResponse<String> response) {
		return response.headers().map() + "\n" + response.body();
	}

	private static String base64(String text) {
		return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
	}

	private HttpResponse<String> send(String method, String path, String authorization, String body) throws Exception {
		return this.client.send(HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.header("authorization", authorization)
			.header("content-type", "application/json")
			.method(method,
					body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
			.build(), HttpResponse.BodyHandlers.ofString());
	}

}
