package io.tokensaving.samples.gateway.key;

import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import com.jayway.jsonpath.JsonPath;
import io.tokensaving.samples.gateway.key.KeyGuard.Admission;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.MediaType;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import org.springframework.test.web.servlet.request.MockMvcRequestBuilders;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ApiKeyController}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ApiKeyControllerTests {

	private final TestClock clock = new TestClock("2026-12-01T10:00:00Z");

	private Instance instance;

	private MockMvc mvc;

	@BeforeEach
	void create() {
		var dataSource = JdbcConnectionPool.create("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", "sa", "");
		KeysContract.migrate(dataSource);
		this.instance = new Instance(dataSource, this.clock);
		this.mvc = MockMvcBuilders
			.standaloneSetup(new ApiKeyController(this.instance.store, this.instance.keys, this.instance.accounts,
					this.instance.spend, this.instance.limits,
					new StaticListableBeanFactory(Map.of("clock", this.clock)).getBeanProvider(Clock.class)))
			.build();
	}

	private MockHttpServletResponse send(MockHttpServletRequestBuilder request, String body) throws Exception {
		Principal admin = () -> "admin";
		return this.mvc
			.perform(request.principal(admin)
				.contentType(MediaType.APPLICATION_JSON)
				.content(body.getBytes(StandardCharsets.UTF_8)))
			.andReturn()
			.getResponse();
	}

	private Map<String, Object> post(String path, String body, int status) throws Exception {
		return json(send(MockMvcRequestBuilders.post("/admin/api-keys" + path), body), status);
	}

	private Map<String, Object> patch(String path, String body, int status) throws Exception {
		return json(send(MockMvcRequestBuilders.patch("/admin/api-keys" + path), body), status);
	}

	private Map<String, Object> get(String path, int status) throws Exception {
		return json(send(MockMvcRequestBuilders.get("/admin/api-keys" + path), ""), status);
	}

	private static Map<String, Object> json(MockHttpServletResponse response, int status) throws Exception {
		assertThat(response.getStatus()).as(response.getContentAsString()).isEqualTo(status);
		return JsonPath.parse(response.getContentAsString()).read("$");
	}

	@Test
	void showsSecretOnceAndNoHash(CapturedOutput output) throws Exception {
		LoggingSystem logging = LoggingSystem.get(getClass().getClassLoader());
		logging.setLogLevel("org.springframework", LogLevel.TRACE);
		MockHttpServletResponse response = send(MockMvcRequestBuilders.post("/admin/api-keys"), """
				{"name": "team a", "workspace": "a", "default_plan": "p", "plans": ["p", "q"], "models": ["gpt-*"],
				 "scoped": true, "quota_usd": 10.5, "quota_period": "month", "allow_unpriced": false,
				 "requests_per_minute": 60, "tokens_per_minute": 100000, "max_concurrent": 4,
				 "expires_at": "2027-01-01T00:00:00+01:00"}""");
		Map<String, Object> created = json(response, 201);
		assertThat(response.getHeader("cache-control")).isEqualTo("no-store");
		String secret = (String) created.get("key");
		String id = (String) created.get("id");
		assertThat(this.instance.guard.authenticate(secret).workspace()).isEqualTo("a");
		Map<String, Object> expected = new HashMap<>(created);
		expected.remove("key");
		assertThat(expected).containsEntry("name", "team a")
			.containsEntry("prefix", secret.substring(0, 8))
			.containsEntry("state", "active")
			.containsEntry("plans", List.of("p", "q"))
			.containsEntry("models", List.of("gpt-*"))
			.containsEntry("scoped", true)
			.containsEntry("quota_usd", 10.5)
			.containsEntry("quota_left_usd", 10.5)
			.containsEntry("quota_period", "month")
			.containsEntry("quota_resets_at", "2027-01-01T00:00:00Z")
			.containsEntry("requests_per_minute", 60)
			.containsEntry("tokens_per_minute", 100_000)
			.containsEntry("max_concurrent", 4)
			.containsEntry("expires_at", "2026-12-31T23:00:00Z")
			.containsEntry("created_by", "admin")
			.containsEntry("version", 1);
		for (String path : new String[] { "", "/" + id }) {
			String body = send(MockMvcRequestBuilders.get("/admin/api-keys" + path), "").getContentAsString();
			assertThat(body).contains(id).doesNotContain(secret).doesNotContain(KeySecret.hash(secret).toHex());
		}
		logging.setLogLevel("org.springframework", LogLevel.INFO);
		assertThat(output).contains("key=" + secret.substring(0, 8) + "***")
			.doesNotContain(secret)
			.doesNotContain(secret.substring(8));
		assertThat(this.instance.store.find(id).toString() + this.instance.keys.find(KeySecret.hash(secret))
				+ created.getClass())
			.doesNotContain(secret)
			.doesNotContain(KeySecret.hash(secret).toHex());
	}

	@Test
	void showsSpendQuotaAndLastUse() throws Exception {
		Map<String, Object> created = post("", "{\"name\": \"n\", \"quota_usd\": 1, \"quota_period\": \"day\"}", 201);
		String id = (String) created.get("id");
		Caller caller = this.instance.guard.authenticate((String) created.get("key"));
		Admission running = this.instance.guard.admit(caller);
		this.instance.guard.reserve(caller, Instance.MODEL, 1000, 1000).settle(Instance.spent(600, 400));
		this.instance.maintenance.tick();
		this.instance.maintenance.tick();
		assertThat(get("/" + id, 200)).containsEntry("spent_usd", 0.01)
			.containsEntry("spent_total_usd", 0.01)
			.containsEntry("quota_left_usd", 0.99)
			.containsEntry("quota_resets_at", "2026-12-02T00:00:00Z")
			.containsEntry("last_used_at", "2026-12-01T10:00:00Z")
			.containsEntry("running", 1)
			.containsEntry("spend", List.of(Map.of("date", "2026-12-01", "model", Instance.MODEL, "requests", 1,
					"input_tokens", 600, "output_tokens", 400, "usd", 0.01)));
		running.close();
		this.clock.advance(Duration.ofDays(1));
		assertThat(get("/" + id, 200)).containsEntry("spent_usd", 0)
			.containsEntry("spent_total_usd", 0.01)
			.containsEntry("quota_left_usd", 1);
	}

	@Test
	void listsPageByPage() throws Exception {
		for (int i = 0; i < 3; i++) {
			post("", "{\"name\": \"" + i + "\"}", 201);
			this.clock.advance(Duration.ofSeconds(1));
		}
		Map<String, Object> page = get("?limit=2", 200);
		assertThat(page).containsEntry("has_more", true);
		assertThat(JsonPath.<List<String>>read(page, "$.data[*].name")).containsExactly("0", "1");
		Map<String, Object> rest = get("?limit=2&after=" + JsonPath.read(page, "$.data[1].id"), 200);
		assertThat(rest).containsEntry("has_more", false);
		assertThat(JsonPath.<List<String>>read(rest, "$.data[*].name")).containsExactly("2");
		assertThat(get("?limit=0", 400)).containsEntry("field", "limit").containsEntry("value", "0");
	}

	@Test
	void namesFieldValueAndWhatIsAccepted() throws Exception {
		Map<String, String> wrong = new HashMap<>();
		wrong.put("name", "\"\"");
		wrong.put("workspace", "\"a b\"");
		wrong.put("default_plan", "7");
		wrong.put("plans", "[\"a/b\"]");
		wrong.put("models", "\"gpt\"");
		wrong.put("scoped", "\"yes\"");
		wrong.put("quota_usd", "-1");
		wrong.put("quota_period", "\"year\"");
		wrong.put("allow_unpriced", "1");
		wrong.put("requests_per_minute", "0");
		wrong.put("tokens_per_minute", "1.5");
		wrong.put("max_concurrent", "10000000000");
		wrong.put("expires_at", "\"tomorrow\"");
		for (Map.Entry<String, String> field : wrong.entrySet()) {
			String name = field.getKey().equals("name") ? "" : "\"name\": \"n\", ";
			Map<String, Object> error = post("", "{" + name + "\"" + field.getKey() + "\": " + field.getValue() + "}",
					400);
			assertThat(error).containsEntry("field", field.getKey())
				.containsEntry("value", field.getValue().replace("\"", field.getValue().startsWith("[") ? "\"" : ""))
				.containsKey("accepted");
		}
		for (String usd : new String[] { "1e1000000000", "1e-1000000000", "0.0000000000001", "1000001", "\"1\"" }) {
			assertThat(post("", "{\"name\": \"n\", \"quota_usd\": " + usd + "}", 400)).containsEntry("field",
					"quota_usd");
		}
		assertThat(post("", "{\"name\": \"n\", \"quota\": 1}", 400)).containsEntry("field", "quota");
		assertThat(post("", "{}", 400)).containsEntry("field", "name").containsEntry("value", "missing");
		assertThat(post("", "{\"name\": \"n\", \"default_plan\": \"x\", \"plans\": [\"y\"]}", 400))
			.containsEntry("field", "default_plan");
		for (String body : new String[] { "[]", "{", "{} {}", "{\"name\": \"a\", \"name\": \"b\"}" }) {
			assertThat(post("", body, 400)).containsEntry("accepted", "a JSON object");
		}
		assertThat(this.instance.store.list("", 10)).isEmpty();
	}

	@Test
	void changesOnlyWhatIsInThePatch() throws Exception {
		Map<String, Object> created = post("", "{\"name\": \"n\", \"quota_usd\": 1, \"max_concurrent\": 1}", 201);
		String id = (String) created.get("id");
		Map<String, Object> changed = patch("/" + id,
				"{\"quota_usd\": null, \"requests_per_minute\": 5, \"version\": 1}", 200);
		assertThat(changed).containsEntry("name", "n")
			.containsEntry("quota_usd", null)
			.containsEntry("max_concurrent", 1)
			.containsEntry("requests_per_minute", 5)
			.containsEntry("version", 2);
		assertThat(patch("/" + id, "{\"name\": \"m\", \"version\": 1}", 409)).containsEntry("current_version", 2);
		assertThat(patch("/" + id, "{\"workspace\": \"other\"}", 400)).containsEntry("field", "workspace");
		assertThat(patch("/none", "{}", 404)).containsEntry("value", "none");
	}

	@Test
	void revokesAtOnceAndForGood() throws Exception {
		Map<String, Object> created = post("", "{\"name\": \"n\"}", 201);
		String id = (String) created.get("id");
		this.instance.guard.authenticate((String) created.get("key"));
		Map<String, Object> revoked = json(send(MockMvcRequestBuilders.delete("/admin/api-keys/" + id), ""), 200);
		assertThat(revoked).containsEntry("state", "revoked").containsEntry("revoked_at", "2026-12-01T10:00:00Z");
		assertThatExceptionOfType(RefusedException.class)
			.isThrownBy(() -> this.instance.guard.authenticate((String) created.get("key")));
		assertThat(patch("/" + id, "{\"name\": \"m\"}", 409).get("error")).isEqualTo("The key is revoked for good");
		post("/" + id + "/rotate", "", 409);
		json(send(MockMvcRequestBuilders.delete("/admin/api-keys/none"), ""), 404);
		post("/none/rotate", "", 404);
	}

	@Test
	void rotatesWithStatedTimeForTheOldSecret() throws Exception {
		Map<String, Object> created = post("", "{\"name\": \"n\", \"max_concurrent\": 1}", 201);
		String id = (String) created.get("id");
		Map<String, Object> rotated = post("/" + id + "/rotate", "{\"old_valid_for\": \"1h\"}", 200);
		assertThat(rotated).containsEntry("state", "rotating_out")
			.containsEntry("old_secret_valid_until", "2026-12-01T11:00:00Z")
			.containsEntry("id", id);
		assertThat(rotated.get("key")).isNotEqualTo(created.get("key"));
		// Both are the same key, with the same limits
		Caller old = this.instance.guard.authenticate((String) created.get("key"));
		Caller renewed = this.instance.guard.authenticate((String) rotated.get("key"));
		try (Admission admission = this.instance.guard.admit(old)) {
			assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> this.instance.guard.admit(renewed));
		}
		this.clock.advance(Duration.ofHours(1));
		assertThat(get("/" + id, 200)).containsEntry("state", "active");
		assertThatExceptionOfType(RefusedException.class)
			.isThrownBy(() -> this.instance.guard.authenticate((String) created.get("key")));
		assertThat(post("/" + id + "/rotate", "{\"old_valid_for\": \"60d\"}", 400)).containsEntry("field",
				"old_valid_for");
		assertThat(post("/" + id + "/rotate", "{\"name\": \"x\"}", 400)).containsEntry("accepted", "old_valid_for");
	}

}
