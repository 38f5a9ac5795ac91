package io.tokensaving.samples.gateway.admin;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import io.tokensaving.samples.gateway.admin.ManagementClient.Answer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the management API over HTTP.
 */
@SpringBootTest(classes = ManagementApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "spring.datasource.url=jdbc:h2:mem:management;DB_CLOSE_DELAY=-1",
				"management.endpoints.web.exposure.include=*", "management.endpoint.heapdump.access=unrestricted",
				"spring.servlet.multipart.enabled=false", "token-saving.plans.fixed.cache.backend=in_memory",
				"gateway.admin.password=" + ManagementApiTests.PASSWORD, "gateway.admin.keys[0].name=root",
				"gateway.admin.keys[0].secret=" + ManagementApiTests.ROOT, "gateway.admin.keys[0].role=admin",
				"gateway.admin.keys[1].name=reader", "gateway.admin.keys[1].secret=" + ManagementApiTests.READER,
				"gateway.admin.keys[2].name=team-a",
				// SHA-256 of TEAM_A
				"gateway.admin.keys[2].sha256=" + ManagementApiTests.TEAM_A_HASH, "gateway.admin.keys[2].role=admin",
				"gateway.admin.keys[2].workspaces=team-a,team-aa", "gateway.admin.keys[3].name=operator",
				"gateway.admin.keys[3].secret=" + ManagementApiTests.OPERATOR, "gateway.admin.keys[3].role=operator" })
class ManagementApiTests {

	static final String PASSWORD = "correct horse battery";

	static final String ROOT = "root-key-0123456789abcdef";

	static final String READER = "reader-key-0123456789abcdef";

	static final String OPERATOR = "operator-key-0123456789abcdef";

	static final String TEAM_A = "team-a-key-0123456789abcdef";

	static final String TEAM_A_HASH = "22e47f04d87180b05ee9f9a6e9eeea49fe7dc18bec4e546464649f62c4ab1287";

	private static final String LITERAL = "{'plan_name': 'my-plan', 'cache': {'backend': 'redis_semantic', "
			+ "'similarity_threshold': 0.85, 'ttl': 3600}, 'compression': {'engine': 'text_rank', "
			+ "'max_input_tokens': 4096}}";

	@LocalServerPort
	private int port;

	@Autowired
	@Qualifier("requestMappingHandlerMapping")
	private RequestMappingHandlerMapping mappings;

	private ManagementClient nobody;

	private ManagementClient root;

	@BeforeEach
	void deletePlans() {
		this.nobody = ManagementClient.of(this.port);
		this.root = this.nobody.key(ROOT);
		for (String workspace : List.of("default", "team-a", "team-b")) {
			String query = "?workspace=" + workspace;
			for (JsonNode plan : this.root.get("/token-saving/plans" + query).json().path("plans")) {
				if (plan.has("version")) {
					this.root.delete("/token-saving/plans/" + plan.path("id").asString() + query);
				}
			}
		}
	}

	@Test
	void createsReadsChangesAndDeletesAPlan() {
		Answer created = this.root.post("/token-saving/plans",
				LITERAL.replace("redis_semantic", "in_memory").replace("'similarity_threshold': 0.85, ", ""));
		assertThat(created.status()).as(created.toString()).isEqualTo(201);
		assertThat(created.text("id")).isEqualTo("my-plan");
		int version = created.json().path("version").asInt();
		assertThat(created.json().at("/settings/compression/max_input_tokens").asInt()).isEqualTo(4096);
		assertThat(this.root.get("/token-saving/plans/my-plan").json()).isEqualTo(created.json());
		assertThat(this.root.get("/token-saving/plans")
			.json()
			.path("plans")
			.valueStream()
			.map((plan) -> plan.path("id").asString())).contains("fixed", "my-plan");
		Answer changed = this.root.patch("/token-saving/plans/my-plan",
				"{'version': " + version + ", 'cache': {'ttl': 60}}");
		assertThat(changed.status()).as(changed.toString()).isEqualTo(200);
		assertThat(changed.json().path("version").asInt()).isEqualTo(version + 1);
		assertThat(changed.json().at("/settings/compression/engine").asString()).isEqualTo("text_rank");
		Answer stale = this.root.patch("/token-saving/plans/my-plan",
				"{'version': " + version + ", 'cache': {'ttl': 70}}");
		assertThat(stale.status()).isEqualTo(409);
		assertThat(stale.json().path("current_version").asInt()).isEqualTo(version + 1);
		assertThat(this.root.delete("/token-saving/plans/my-plan?version=" + version).status()).isEqualTo(409);
		assertThat(this.root.delete("/token-saving/plans/my-plan?version=" + (version + 1)).status()).isEqualTo(204);
		assertThat(this.root.get("/token-saving/plans/my-plan").status()).isEqualTo(404);
	}

	@Test
	void whatIsReadCanBeWritten() {
		Answer created = this.root.post("/token-saving/plans",
				"{'id': 'one', 'cache': {'ttl': 60}, 'compression': {'engine': 'trim', 'max_input_tokens': 4096}}");
		assertThat(created.status()).as(created.toString()).isEqualTo(201);
		JsonNode one = this.root.get("/token-saving/plans/one").json();
		String copy = one.toString().replace("\"id\":\"one\"", "\"id\":\"two\"");
		Answer two = this.root.send("POST", "/token-saving/plans", "application/json", copy);
		assertThat(two.status()).as(two.toString()).isEqualTo(201);
		assertThat(two.json().path("settings")).isEqualTo(one.path("settings"));
	}

	@Test
	void tellsByFieldThatTheBackendHasNoServerHere() {
		Answer refused = this.root.post("/token-saving/plans", LITERAL);
		assertThat(refused.status()).as(refused.toString()).isEqualTo(400);
		assertThat(refused.text("field")).isEqualTo("cache.backend");
		assertThat(refused.text("value")).isEqualTo("redis_semantic");
		assertThat(refused.text("accepted")).contains("in_memory");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			value = { "{'id': 'p', 'cache': {'ttl': 'soon'}} | cache.ttl", "{'id': 'p', 'cahce': {}} | cahce",
					"{'plan_name': 'a b'} | plan_name", "{'cache': {}} | id", "[] | body", "{'id': 'p' | body",
					"{'id': 'p', 'cache': {'time_to_live': 5}} | cache.time_to_live" })
	void namesTheFieldThatIsWrong(String body, String field) {
		Answer refused = this.root.post("/token-saving/plans", body);
		assertThat(refused.status()).as(refused.toString()).isEqualTo(400);
		assertThat(refused.text("field")).isEqualTo(field);
		assertThat(refused.text("accepted")).isNotEmpty();
		assertThat(this.root.get("/token-saving/plans").json().path("plans").findValues("version"))
			.as("none was stored")
			.isEmpty();
	}

	@Test
	void refusesABodyOfMoreThan64KilobytesWithoutReadingItAll() {
		assertThat(this.root.post("/token-saving/plans", "{'id': '" + "x".repeat(70_000) + "'}").status())
			.isEqualTo(400);
	}

	@Test
	void configuredPlansAreReadOnly() {
		for (Answer refused : List.of(this.root.post("/token-saving/plans", "{'id': 'fixed'}"),
				this.root.patch("/token-saving/plans/fixed", "{'cache': {'ttl': 5}}"),
				this.root.delete("/token-saving/plans/fixed"))) {
			assertThat(refused.status()).isEqualTo(409);
			assertThat(refused.text("error")).contains("read-only");
		}
	}

	@Test
	void statsHaveTheNamesThatGatewaysHave() {
		Answer stats = this.root.get("/token-saving/plans/fixed/stats");
		assertThat(stats.json().propertyNames()).contains("total_requests", "cache_hits", "cache_hit_rate",
				"tokens_saved", "cost_saved_usd");
		assertThat(this.root.get("/token-saving/plans/none/stats").status()).isEqualTo(404);
	}

	@Test
	void listsEngines() {
		assertThat(this.root.get("/token-saving/compression-engines").json().path("compression_engines").toString())
			.contains("\"text_rank\"");
		JsonNode engine = this.root.get("/token-saving/cache-engines").json().path("cache_engines").path(0);
		assertThat(engine.path("name").asString()).isEqualTo("in_memory");
		assertThat(engine.has("entries")).isTrue();
		JsonNode ofOneTeam = this.nobody.key(TEAM_A)
			.get("/token-saving/cache-engines?workspace=team-a")
			.json()
			.path("cache_engines")
			.path(0);
		assertThat(ofOneTeam.propertyNames()).as("without sums over all").containsExactly("name", "status");
	}

	@Test
	void evictsAnswersOfAWorkspace() {
		assertThat(this.root.delete("/token-saving/cache?plan=fixed&workspace=team-a").json().path("evicted").asInt())
			.isZero();
		assertThat(this.root.delete("/token-saving/cache?plan=other").status()).isEqualTo(404);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/token-saving/cache?tga=x", "/token-saving/cache?tag=", "/token-saving/cache?tag=a&tag=b",
			"/token-saving/cache?version=1", "/token-saving/plans/fixed?plan=x", "/token-saving/cache?workspace=",
			"/token-saving/cache?workspace=a&workspace=b", "/token-saving/cache?workspace=a%2Fb" })
	void refusesParametersThatMeanSomethingElse(String path) {
		Answer refused = this.root.delete(path);
		assertThat(refused.status()).as(refused.toString()).isEqualTo(400);
		assertThat(refused.json().propertyNames()).contains("error", "field", "accepted");
	}

	@Test
	void errorsOfTheFrameworkHaveTheSameShape() {
		for (Answer refused : List.of(this.root.send("PUT", "/token-saving/plans", "application/json", "{}"),
				this.root.send("POST", "/token-saving/plans", "text/plain", "{}"), this.root.get("/nowhere"),
				this.root.send("POST", "/token-saving/plans", "nonsense", "{}"),
				this.root.header("Accept", "image/png").get("/token-saving/plans"),
				this.root.get("/token-saving/plans/a;b=c"), this.nobody.get("/token-saving/plans"),
				this.nobody.key(READER).post("/token-saving/plans", "{}"))) {
			assertThat(refused.status()).as(refused.toString()).isBetween(400, 499);
			assertThat(refused.body()).as(refused.response().request() + refused.toString()).startsWith("{\"error\":");
			assertThat(refused.json().propertyNames()).as(refused.toString()).containsExactly("error");
		}
	}

	@Test
	void nobodyGetsInWithoutASecret() {
		for (ManagementClient client : List.of(this.nobody, this.nobody.key("wrong"), this.nobody.key(""),
				this.nobody.key(TEAM_A_HASH), this.nobody.authorization(basic("admin", "wrong")),
				this.nobody.authorization(basic("root", PASSWORD)), this.nobody.authorization(basic(":key", ROOT)),
				this.nobody.authorization(basic("admin", ROOT)), this.nobody.key(PASSWORD),
				this.nobody.authorization("Basic nonsense"))) {
			for (String path : List.of("/token-saving/plans", "/actuator", "/actuator/prometheus", "/v3/api-docs",
					"/nowhere", "/admin/api-keys")) {
				Answer refused = client.get(path);
				assertThat(refused.status()).as(path + refused).isEqualTo(401);
				assertThat(refused.response().headers().allValues("WWW-Authenticate")).hasSize(2);
			}
		}
	}

	@Test
	void thePasswordIsThatOfAnAdministrator() {
		ManagementClient admin = this.nobody.authorization(basic("admin", PASSWORD));
		assertThat(admin.post("/token-saving/plans", "{'id': 'p'}").status()).isEqualTo(201);
		assertThat(admin.get("/actuator/env").status()).isEqualTo(200);
		assertThat(admin.get("/token-saving/plans").response().headers().map()).doesNotContainKey("set-cookie")
			.containsKeys("x-content-type-options", "content-security-policy", "x-frame-options", "cache-control");
	}

	@Test
	void aPageOfAnotherSiteCannotWriteWithThePasswordOfTheBrowser() {
		ManagementClient browser = this.nobody.authorization(basic("admin", PASSWORD));
		String own = "http://localhost:" + this.port;
		for (ManagementClient foreign : List.of(browser.header("Sec-Fetch-Site", "cross-site"),
				browser.header("Sec-Fetch-Site", "same-site"), browser.header("Origin", "https://evil.example"),
				browser.header("Origin", "null"),
				browser.header("Sec-Fetch-Site", "cross-site").header("Origin", own))) {
			assertThat(foreign.post("/token-saving/plans", "{'id': 'p'}").status()).isEqualTo(403);
			assertThat(foreign.get("/token-saving/plans").status()).isEqualTo(200);
		}
		assertThat(browser.header("Origin", own).post("/token-saving/plans", "{'id': 'p'}").status()).isEqualTo(201);
		assertThat(browser.header("Sec-Fetch-Site", "same-origin").delete("/token-saving/plans/p").status())
			.isEqualTo(204);
	}

	@Test
	void rolesLimitWhatAKeyMayDo() {
		ManagementClient reader = this.nobody.key(READER);
		ManagementClient operator = this.nobody.key(OPERATOR);
		assertThat(reader.get("/token-saving/plans").status()).isEqualTo(200);
		assertThat(reader.get("/actuator/prometheus").status()).isEqualTo(200);
		assertThat(reader.get("/actuator/tokensaving").status()).isEqualTo(200);
		for (Answer refused : List.of(reader.post("/token-saving/plans", "{'id': 'p'}"),
				reader.delete("/token-saving/cache"), reader.patch("/token-saving/plans/fixed", "{}"),
				reader.delete("/token-saving/plans/fixed"), reader.post("/actuator/tokensaving/plans", "{'id': 'p'}"),
				reader.get("/actuator/env"), reader.get("/actuator/heapdump"), reader.post("/admin/api-keys", "{}"),
				operator.get("/actuator/env"), operator.post("/actuator/loggers/root", "{}"),
				operator.post("/admin/api-keys", "{}"))) {
			assertThat(refused.status()).as(refused.toString()).isEqualTo(403);
		}
		assertThat(operator.post("/token-saving/plans", "{'id': 'p'}").status()).isEqualTo(201);
		assertThat(operator.delete("/token-saving/cache").status()).isEqualTo(200);
	}

	@Test
	void aKeySeesAndChangesItsOwnWorkspacesOnly() {
		this.root.post("/token-saving/plans?workspace=team-a", "{'id': 'mine'}");
		this.root.post("/token-saving/plans?workspace=team-b", "{'id': 'theirs'}");
		ManagementClient team = this.nobody.key(TEAM_A);
		assertThat(team.get("/token-saving/plans?workspace=team-a").body()).contains("mine").doesNotContain("theirs");
		assertThat(team.get("/token-saving/plans/theirs?workspace=team-a").status()).isEqualTo(404);
		Set<String> refused = new TreeSet<>();
		for (Operation operation : operations()) {
			String path = operation.path().replace("{id}", "theirs");
			for (String query : List.of("?workspace=team-b", "", "?workspace=nowhere")) {
				Answer answer = team.send(operation.method(), path + query,
						operation.method().startsWith("P") ? "application/json" : null,
						operation.method().startsWith("P") ? "{\"id\": \"theirs\"}" : null);
				assertThat(answer.status()).as(operation + query + answer).isEqualTo(403);
				assertThat(answer.body()).doesNotContain("theirs", "team-b", "nowhere");
				refused.add(operation.toString());
			}
		}
		assertThat(refused).as("all that there are").hasSizeGreaterThanOrEqualTo(9);
		for (String path : List.of("/actuator", "/actuator/tokensaving", "/actuator/tokensaving/plans?workspace=team-b",
				"/actuator/prometheus", "/actuator/metrics", "/actuator/heapdump", "/actuator/env", "/actuator/caches",
				"/admin/api-keys", "/admin/api-keys/some")) {
			assertThat(team.get(path).status()).as(path).isEqualTo(403);
		}
		assertThat(team.post("/admin/api-keys", "{'name': 'n', 'workspace': 'team-b'}").status()).isEqualTo(403);
		assertThat(this.root.get("/token-saving/plans/theirs?workspace=team-b").status()).isEqualTo(200);
	}

	@Test
	void requestsOfClientsDoNotPassSpringSecurity() {
		for (ManagementClient client : List.of(this.nobody, this.root)) {
			assertThat(client.get("/v1/models").body()).isEqualTo("filtered: false, authenticated: false");
		}
		assertThat(this.nobody.send("POST", "/v1/chat/completions", "application/json", "{}").status()).isEqualTo(200);
	}

	@Test
	void theDocumentDescribesAllOperationsAndSchemas() {
		JsonNode document = this.nobody.key(READER).get("/v3/api-docs").json();
		for (Operation operation : operations()) {
			JsonNode described = document.path("paths").path(operation.path()).path(operation.method().toLowerCase());
			assertThat(described.path("operationId").asString("")).as(operation.toString()).isNotEmpty();
			assertThat(described.path("responses").propertyNames()).contains("400", "401", "403");
			assertThat(described.path("parameters").toString()).contains("#/components/parameters/Workspace");
		}
		assertThat(document.path("paths").propertyNames()).contains("/v1/chat/completions", "/v1/messages",
				"/v1/models/{id}");
		List<String> references = new ArrayList<>(document.findValuesAsString("$ref"));
		assertThat(references).hasSizeGreaterThan(30)
			.allSatisfy((reference) -> assertThat(document.at(reference.substring(1)).isMissingNode()).as(reference)
				.isFalse());
	}

	private List<Operation> operations() {
		List<Operation> operations = new ArrayList<>();
		this.mappings.getHandlerMethods()
			.keySet()
			.forEach((mapping) -> mapping.getPatternValues()
				.stream()
				.filter((path) -> path.startsWith("/token-saving/"))
				.forEach((path) -> mapping.getMethodsCondition()
					.getMethods()
					.forEach((method) -> operations.add(new Operation(method.name(), path)))));
		assertThat(operations).hasSize(9);
		return operations;
	}

	private static String basic(String user, String password) {
		return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
	}

	private record Operation(String method, String path) {

	}

}
