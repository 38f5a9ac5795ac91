package io.tokensaving.samples.gateway.door;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import io.tokensaving.samples.gateway.GatewayApplication;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.WireOption;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.web.servlet.mvc.method.RequestMappingInfoHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that keys and administrators of one workspace neither see nor change another one,
 * over all paths that the application says it has, so that a new one is tested too.
 */
@SpringBootTest(classes = GatewayApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=*",
				"management.endpoint.heapdump.access=unrestricted",
				"token-saving.plans.similar.cache.backend=in_memory_semantic",
				"token-saving.plans.similar.cache.similarity-threshold=0.8", "gateway.admin.keys[0].name=root",
				"gateway.admin.keys[0].secret=" + IsolationTests.ROOT, "gateway.admin.keys[0].role=admin",
				"gateway.admin.keys[1].name=ours", "gateway.admin.keys[1].secret=" + IsolationTests.OURS,
				"gateway.admin.keys[1].role=admin", "gateway.admin.keys[1].workspaces=ours" })
class IsolationTests {

	static final String ROOT = "root-key-0123456789abcdef";

	static final String OURS = "ours-key-0123456789abcdef";

	private static final String PLAN = "plan-of-theirs";

	private static final String FEATURE = "feature-of-theirs";

	private static final String TAG = "tag-of-theirs";

	// The document and what is open to everybody tell nothing of a workspace
	private static final Predicate<String> PUBLIC = Pattern.compile("/v3/api-docs.*|/error").asMatchPredicate();

	private static final Predicate<String> OF_A_WORKSPACE = (path) -> path.startsWith("/token-saving/");

	@TempDir
	static Path directory;

	private static ProviderSimulator simulator;

	private final HttpClient client = HttpClient.newHttpClient();

	@LocalServerPort
	private int port;

	@Autowired
	private Map<String, RequestMappingInfoHandlerMapping> mappings;

	@Autowired
	private List<ServletRegistrationBean<?>> servlets;

	private static String ours = "";

	private static String theirs = "";

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) {
		simulator = ProviderSimulator.builder().option(WireOption.LENIENT).start();
		registry.add("GATEWAY_DATA", directory::toString);
		registry.add("OPENAI_API_KEY", () -> "sk-provider");
		registry.add("gateway.upstreams.openai.base-url", () -> simulator.baseUrl(Provider.OPENAI));
		registry.add("ANTHROPIC_API_KEY", () -> "sk-provider");
		registry.add("gateway.upstreams.anthropic.base-url", () -> simulator.baseUrl(Provider.ANTHROPIC) + "/v1");
	}

	@BeforeEach
	void createKeysAndPlans() throws Exception {
		if (!ours.isEmpty()) {
			return;
		}
		ours = createKey("ours");
		theirs = createKey("theirs");
		Reply created = send("POST", "/token-saving/plans?workspace=theirs", ROOT,
				"{\"id\": \"" + PLAN + "\", \"cache\": {\"backend\": \"in_memory\"}, \"dedup\": {\"enabled\": true}, "
						+ "\"budget\": {\"per\": \"day\", \"usd\": 5}}");
		assertThat(created.status()).as(created.body()).isEqualTo(201);
	}

	@AfterAll
	static void stop() {
		simulator.close();
	}

	private String createKey(String workspace) throws Exception {
		Reply created = send("POST", "/admin/api-keys", ROOT,
				"{\"name\": \"n\", \"workspace\": \"" + workspace + "\", \"quota_usd\": 5}");
		assertThat(created.status()).as(created.body()).isEqualTo(201);
		return JsonMapper.shared().readTree(created.body()).path("key").asString();
	}

	@Test
	void aKeyCannotTellThePlanOfAnotherWorkspaceFromOneThatDoesNotExist() throws Exception {
		int asked = simulator.requests().size();
		for (Route route : Route.all()) {
			if (route.kind() == Route.Kind.LOCAL) {
				continue;
			}
			String path = "/v1" + route.path();
			for (boolean stream : new boolean[] { false, true }) {
				for (String field : List.of("{", "{\"token_saving_plan_id\": \"%s\", ")) {
					List<String> headers = field.equals("{") ? List.of(Parameters.PLAN_HEADER, "%s") : List.of();
					String body = field + streamed(stream, body(route, UUID.randomUUID().toString())).substring(1);
					Reply there = named(path, body, headers, PLAN);
					Reply nowhere = named(path, body, headers, "plan-of-nobody");
					assertThat(there.status()).as(path + body + there.body()).isEqualTo(400);
					assertThat(there.body()).contains("There is no such plan in the workspace of the key")
						.isEqualTo(nowhere.body());
					assertThat(there.names()).isEqualTo(nowhere.names());
				}
			}
		}
		assertThat(simulator.requests()).as("none was passed on").hasSize(asked);
	}

	private Reply named(String path, String body, List<String> headers, String plan) throws Exception {
		return send("POST", path, ours, body.formatted(plan),
				headers.stream().map((header) -> header.formatted(plan)).toArray(String[]::new));
	}

	@Test
	void aKeyIsGivenNoStoredAnswerOfAnotherWorkspace() throws Exception {
		for (Route route : Route.all()) {
			if (route.kind() != Route.Kind.CONVERSATION) {
				continue;
			}
			for (boolean stream : new boolean[] { false, true }) {
				String body = streamed(stream, body(route, UUID.randomUUID().toString()));
				String path = "/v1" + route.path();
				for (String cache : List.of("{}", "{\"scope\": \"s\", \"tags\": [\"t\"]}")) {
					String[] headers = { Parameters.CACHE_HEADER, cache };
					assertThat(outcome(path, theirs, body, headers)).isEqualTo("miss");
					assertThat(outcome(path, theirs, body, headers)).isEqualTo("exact_hit");
					int asked = simulator.requests().size();
					assertThat(outcome(path, ours, body, headers)).as(path).isEqualTo("miss");
					assertThat(outcome(path, ours, streamed(!stream, body), headers)).isEqualTo("exact_hit");
					assertThat(simulator.requests()).hasSize(asked + 1);
				}
			}
		}
	}

	@Test
	void aKeyIsGivenNoAnswerToASimilarQuestionOfAnotherWorkspace() throws Exception {
		for (Route route : Route.all()) {
			if (route.kind() != Route.Kind.CONVERSATION) {
				continue;
			}
			String path = "/v1" + route.path();
			String[] headers = { Parameters.PLAN_HEADER, "similar" };
			assertThat(outcome(path, theirs, body(route, "How do I reset my password?"), headers)).isEqualTo("miss");
			// It is stored behind the answer, and what missed it is not asked again
			AtomicInteger marks = new AtomicInteger(1);
			Awaitility.await().until(() -> {
				String similar = "How do I reset my password" + "?".repeat(marks.incrementAndGet());
				return outcome(path, theirs, body(route, similar), headers).equals("semantic_hit");
			});
			String similar = body(route, "How do I reset my password" + "?".repeat(marks.get()));
			assertThat(outcome(path, ours, similar, headers)).isEqualTo("miss");
		}
	}

	@Test
	void aKeyJoinsNoRequestInFlightOfAnotherWorkspace() throws Exception {
		for (Route route : Route.all()) {
			if (route.kind() != Route.Kind.CONVERSATION) {
				continue;
			}
			for (boolean stream : new boolean[] { false, true }) {
				CountDownLatch held = new CountDownLatch(1);
				simulator.enqueue(Answer.builder().text("for theirs").hold(0, held).build(), Answer.text("for ours"));
				int asked = simulator.requests().size();
				String body = streamed(stream, body(route, UUID.randomUUID().toString()));
				CompletableFuture<HttpResponse<String>> their = this.client.sendAsync(
						request("POST", "/v1" + route.path(), theirs, body), HttpResponse.BodyHandlers.ofString());
				Awaitility.await().until(() -> simulator.requests().size() > asked);
				Reply our = send("POST", "/v1" + route.path(), ours, body);
				held.countDown();
				assertThat(our.body()).contains("ours").doesNotContain("theirs");
				assertThat(their.join().body()).contains("theirs");
			}
		}
	}

	@Test
	void anAdministratorOfAWorkspaceReadsAndChangesNothingOfAnother() throws Exception {
		traffic();
		Map<String, String> before = theirState();
		Map<String, String> oursBefore = ourViews();
		Set<String> refused = new LinkedHashSet<>();
		Set<String> answered = new LinkedHashSet<>();
		for (Operation operation : operations()) {
			for (String path : operation.paths()) {
				for (String query : List.of("?workspace=theirs", "", "?workspace=default", "?workspace=ours%2Ftheirs",
						"?workspace=ours&workspace=theirs", "?workspace=&workspace=theirs", "?plan=" + PLAN,
						"?tag=" + TAG)) {
					for (String body : operation.bodies()) {
						Reply reply = send(operation.method(), path + query, OURS, body);
						assertThat(reply.status()).as(operation.method() + " " + path + query + " " + reply.body())
							.isIn(400, 403);
						assertNothingOfTheirs(reply, path + query);
					}
				}
				for (String body : operation.bodies()) {
					Reply reply = send(operation.method(), path + "?workspace=ours", OURS, body);
					if (OF_A_WORKSPACE.test(operation.pattern())) {
						answered.add(operation.method() + " " + operation.pattern());
						assertThat(reply.status()).as(path + reply.body()).isNotEqualTo(403);
					}
					else {
						refused.add(operation.pattern());
						assertThat(reply.status()).as(operation.method() + " " + path + reply.body()).isEqualTo(403);
					}
					assertNothingOfTheirs(reply, path);
				}
			}
		}
		assertThat(refused).contains("/admin/api-keys", "/actuator", "/actuator/env", "/actuator/prometheus",
				"/actuator/heapdump", "/actuator/tokensaving");
		assertThat(answered).hasSizeGreaterThanOrEqualTo(9);
		deleteOurs();
		assertThat(theirState()).isEqualTo(before);
		traffic();
		assertThat(ourViews()).as("what is shown does not tell what others do").isEqualTo(oursBefore);
		assertThat(theirState()).as("what is compared does tell it").isNotEqualTo(before);
	}

	@Test
	void theDashboardShowsAnAdministratorOfAWorkspaceNothingOfAnother() throws Exception {
		traffic();
		Map<String, String> before = theirState();
		List<String> shown = new ArrayList<>(views());
		shown.addAll(List.of("session", "messages", "requests", "reviews", "plans", "plans/" + PLAN));
		for (String view : shown) {
			String path = "/tokensaving/api/" + view + (view.equals("reviews") ? "?plan=" + PLAN + "&" : "?");
			Reply refused = send("GET", path + "workspace=theirs", OURS, "");
			assertThat(refused.status()).as(path + refused.body()).isEqualTo(403);
			for (String workspace : List.of("", "workspace=", "workspace=ours")) {
				assertNothingOfTheirs(send("GET", path + workspace, OURS, ""), path);
			}
		}
		for (String view : List.of("totals", "cache-engines", "batches")) {
			assertThat(send("GET", "/tokensaving/api/" + view, OURS, "").status()).isEqualTo(403);
			assertThat(send("GET", "/tokensaving/api/" + view, ROOT, "").status()).isEqualTo(200);
		}
		assertThat(send("GET", "/tokensaving/api/requests?workspace=theirs", ROOT, "").body()).contains(FEATURE);
		String[] page = { "X-Requested-With", "token-saving" };
		assertThat(send("POST", "/tokensaving/api/plans/" + PLAN + "?workspace=theirs", OURS, "{}", page).status())
			.isEqualTo(403);
		assertThat(send("DELETE", "/tokensaving/api/plans/" + PLAN + "?workspace=theirs", OURS, "", page).status())
			.isEqualTo(403);
		assertThat(send("DELETE", "/tokensaving/api/cache?workspace=theirs&plan=" + PLAN, OURS, "", page).status())
			.isEqualTo(403);
		assertThat(send("DELETE", "/tokensaving/api/cache?plan=" + PLAN, OURS, "", page).status()).isEqualTo(404);
		Reply resumed = send("POST", "/tokensaving/api/plans/" + PLAN + "/resume?workspace=ours", OURS,
				"{\"workspace\": \"theirs\"}", page);
		assertThat(resumed.status()).as(resumed.body()).isEqualTo(400);
		assertThat(send("POST", "/tokensaving/api/plans?workspace=ours", OURS, "{\"id\": \"p\"}").status())
			.as("without the header of the page")
			.isEqualTo(403);
		assertThat(send("GET", "/tokensaving/", ours, "").status()).as("keys of clients").isEqualTo(401);
		assertThat(theirState()).isEqualTo(before);
	}

	@Test
	void evictingByTagLeavesTheAnswersOfAnotherWorkspace() throws Exception {
		String body = body(Route.CHAT_COMPLETIONS, UUID.randomUUID().toString());
		String[] headers = { Parameters.CACHE_HEADER, "tags=" + TAG, Parameters.PLAN_HEADER, "default" };
		for (String key : List.of(ours, theirs)) {
			assertThat(outcome("/v1/chat/completions", key, body, headers)).isEqualTo("miss");
			Awaitility.await().until(() -> outcome("/v1/chat/completions", key, body, headers).equals("exact_hit"));
		}
		assertThat(send("DELETE", "/token-saving/cache?workspace=ours&tag=" + TAG, OURS, "").body())
			.isEqualTo("{\"evicted\":1}");
		assertThat(outcome("/v1/chat/completions", theirs, body, headers)).isEqualTo("exact_hit");
		assertThat(outcome("/v1/chat/completions", ours, body, headers)).isEqualTo("miss");
	}

	@Test
	void aWorkspaceThatAKeyCanHaveCanBeManaged() throws Exception {
		String longest = "w".repeat(100);
		createKey(longest);
		assertThat(send("GET", "/token-saving/plans?workspace=" + longest, ROOT, "").status()).isEqualTo(200);
	}

	@Test
	void whatHasNoMappingIsKnown() {
		assertThat(this.servlets.stream().map(ServletRegistrationBean::getServletName))
			.as("a servlet that is new passes Spring Security by, so it needs tests of its own here")
			.containsExactlyInAnyOrder("dispatcherServlet", "gatewayDoor", "gatewayHealth");
	}

	private void traffic() throws Exception {
		String body = body(Route.CHAT_COMPLETIONS, UUID.randomUUID().toString());
		String[] headers = { Parameters.PLAN_HEADER, PLAN, Parameters.FEATURE_HEADER, FEATURE, Parameters.CACHE_HEADER,
				"tags=" + TAG };
		assertThat(outcome("/v1/chat/completions", theirs, body, headers)).isEqualTo("miss");
		Awaitility.await().until(() -> outcome("/v1/chat/completions", theirs, body, headers).equals("exact_hit"));
	}

	// All that the endpoint shows of the other workspace, by path
	private Map<String, String> theirState() throws Exception {
		Map<String, String> state = new TreeMap<>();
		for (String view : views()) {
			Reply reply = send("GET", "/actuator/tokensaving/" + view + "?workspace=theirs", ROOT, "");
			assertThat(reply.status()).as(view + reply.body()).isEqualTo(200);
			state.put(view, reply.body());
		}
		assertThat(state).containsKeys("budgets", "batches", "near-misses", "plans/" + PLAN + "/stats",
				"cache-entries");
		return state;
	}

	private List<String> views() throws Exception {
		String accepted = JsonMapper.shared()
			.readTree(send("GET", "/actuator/tokensaving/nothing", ROOT, "").body())
			.path("accepted")
			.asString();
		// Sums over all workspaces move by themselves
		return Pattern.compile("'([^']+)'")
			.matcher(accepted)
			.results()
			.map((found) -> found.group(1).replace("{id}", PLAN))
			.filter((view) -> !Set.of("totals", "cache-engines", "hourly").contains(view))
			.toList();
	}

	private Map<String, String> ourViews() throws Exception {
		Map<String, String> views = new LinkedHashMap<>();
		for (Operation operation : operations()) {
			if (operation.method().equals("GET") && OF_A_WORKSPACE.test(operation.pattern())) {
				for (String id : List.of("default", "similar", PLAN)) {
					String path = operation.pattern().replace("{id}", id) + "?workspace=ours";
					views.put(path, send("GET", path, OURS, "").body());
				}
			}
		}
		assertThat(views).hasSizeGreaterThan(6);
		return views;
	}

	private void deleteOurs() throws Exception {
		JsonNode plans = JsonMapper.shared()
			.readTree(send("GET", "/token-saving/plans?workspace=ours", ROOT, "").body())
			.path("plans");
		for (JsonNode plan : plans) {
			if (plan.has("version")) {
				send("DELETE", "/token-saving/plans/" + plan.path("id").asString() + "?workspace=ours", ROOT, "");
			}
		}
	}

	// What was asked for is repeated
	private static void assertNothingOfTheirs(Reply reply, String path) {
		for (String text : List.of(PLAN, FEATURE, TAG)) {
			if (!path.contains(text)) {
				assertThat(reply.body()).as(path).doesNotContain(text);
			}
		}
	}

	private List<Operation> operations() throws Exception {
		List<Operation> operations = new ArrayList<>();
		for (RequestMappingInfoHandlerMapping mapping : this.mappings.values()) {
			mapping.getHandlerMethods().keySet().forEach((info) -> info.getPatternValues().forEach((pattern) -> {
				Set<String> methods = new LinkedHashSet<>();
				info.getMethodsCondition().getMethods().forEach((method) -> methods.add(method.name()));
				for (String method : methods.isEmpty() ? Set.of("GET", "POST") : methods) {
					if (!PUBLIC.test(pattern)) {
						operations.add(new Operation(method, pattern));
					}
				}
			}));
		}
		JsonNode documented = JsonMapper.shared().readTree(send("GET", "/v3/api-docs", ROOT, "").body()).path("paths");
		Set<String> described = new TreeSet<>();
		documented.propertyNames()
			.stream()
			.filter((path) -> !path.startsWith("/v1"))
			.forEach((path) -> documented.path(path)
				.propertyNames()
				.forEach((method) -> described.add(method.toUpperCase(Locale.ROOT) + " " + path)));
		assertThat(described).as("the document has all that is there, but the actuator")
			.containsExactlyInAnyOrderElementsOf(operations.stream()
				.filter((operation) -> !operation.pattern().startsWith("/actuator"))
				.map((operation) -> operation.method() + " " + operation.pattern())
				.toList());
		assertThat(operations).hasSizeGreaterThan(40);
		return operations;
	}

	private static String streamed(boolean stream, String body) {
		return body.replaceFirst("\"stream\": (true|false)", "\"stream\": " + stream);
	}

	// Has the fields of all routes that pass on what they do not know
	private static String body(Route route, String text) {
		if (route == Route.RESPONSES) {
			// Others are not stored, as the provider keeps them
			return "{\"stream\": false, \"store\": false, \"model\": \"gpt-4o-mini\", \"input\": \"" + text + "\"}";
		}
		String model = switch (route) {
			case MESSAGES, COUNT_TOKENS -> "claude-haiku-4-5";
			case EMBEDDINGS -> "text-embedding-3-small";
			case COMPLETIONS -> "gpt-3.5-turbo-instruct";
			default -> "gpt-4o-mini";
		};
		String texts = (route.kind() == Route.Kind.CONVERSATION) ? ""
				: "\"prompt\": \"" + text + "\", \"input\": \"" + text + "\", ";
		return "{\"stream\": false, \"model\": \"" + model + "\", \"max_tokens\": 100, " + texts
				+ "\"messages\": [{\"role\": \"user\", \"content\": \"" + text + "\"}]}";
	}

	private String outcome(String path, String key, String body, String... headers) throws Exception {
		HttpResponse<String> response = this.client.send(request("POST", path, key, body, headers),
				HttpResponse.BodyHandlers.ofString());
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		// A stream begins before it is known that nothing else was found
		return response.headers().firstValue("x-token-saving-outcome").orElse("miss");
	}

	private Reply send(String method, String path, String key, String body, String... headers) throws Exception {
		HttpResponse<String> response = this.client.send(request(method, path, key, body, headers),
				HttpResponse.BodyHandlers.ofString());
		return new Reply(response.statusCode(), response.body(), response.headers().map().keySet());
	}

	private HttpRequest request(String method, String path, String key, String body, String... headers) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.header("authorization", "Bearer " + key)
			.method(method,
					!body.isEmpty() ? HttpRequest.BodyPublishers.ofString(body) : HttpRequest.BodyPublishers.noBody());
		if (!body.isEmpty()) {
			request.header("content-type", "application/json");
		}
		for (int i = 0; i < headers.length; i += 2) {
			request.header(headers[i], headers[i + 1]);
		}
		return request.build();
	}

	private record Reply(int status, String body, Set<String> names) {

	}

	/**
	 * What the application says it has.
	 */
	private record Operation(String method, String pattern) {

		List<String> paths() {
			if (!this.pattern.contains("{")) {
				return List.of(this.pattern);
			}
			String rest = this.pattern.replaceAll("\\{\\*\\w+}", "plans/" + PLAN);
			List<String> paths = new ArrayList<>(List.of(rest.replaceAll("\\{\\w+}", PLAN)));
			if (!rest.equals(this.pattern)) {
				for (String part : List.of("plans", "plans/" + PLAN + "/stats", "budgets", "batches", "near-misses",
						"features", "daily", "cache", "totals", "plans/" + PLAN + "/resume")) {
					paths.add(this.pattern.replaceAll("\\{\\*\\w+}", part));
				}
			}
			return paths;
		}

		List<String> bodies() {
			if (!this.method.startsWith("P")) {
				return List.of("");
			}
			String id = this.method.equals("POST") ? "\"id\": \"made-by-ours\", " : "";
			return List.of("{" + id + "\"cache\": {\"ttl\": 7}}",
					"{" + id + "\"workspace\": \"theirs\", \"cache\": {\"ttl\": 7}}",
					"{\"name\": \"n\", \"workspace\": \"theirs\"}");
		}

	}

}
