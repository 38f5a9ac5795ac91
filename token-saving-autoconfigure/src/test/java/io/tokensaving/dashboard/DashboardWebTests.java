package io.tokensaving.dashboard;

import java.io.ByteArrayInputStream;
import java.util.zip.GZIPInputStream;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the dashboard over HTTP, in an application below a context path whose
 * endpoint is not exposed and whose own rules let everybody ask for everything.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "spring.autoconfigure.exclude=", "spring.aop.auto=false",
				"management.health.redis.enabled=false", "server.servlet.context-path=/shop",
				"token-saving.dashboard.enabled=true", "token-saving.dashboard.path=/admin/saving",
				"token-saving.dashboard.access=unrestricted", "token-saving.dashboard.read-roles=VIEWER",
				"token-saving.dashboard.write-roles=OPERATOR", "token-saving.default-plan=faq",
				"token-saving.plans.faq.cache.backend=in_memory", "token-saving.plans.evicted.cache.backend=in_memory",
				"token-saving.prices[0].model=scripted-model", "token-saving.prices[0].input=2",
				"token-saving.prices[0].output=10" })
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardWebTests {

	@Autowired
	private ChatClient.Builder chatClientBuilder;

	@LocalServerPort
	private int port;

	@BeforeAll
	void ask() {
		ChatClient client = this.chatClientBuilder.build();
		for (String question : new String[] { "one", "one", "two" }) {
			client.prompt(question).advisors(TokenSaving.feature("search")).call().content();
		}
	}

	@Test
	void thePageLoadsOnlyFromItselfAndIsKeptByNobodyElse() {
		PageClient.Reply page = viewer().get("");
		assertThat(page.status()).isEqualTo(200);
		assertThat(page.header("Content-Type")).isEqualTo("text/html;charset=UTF-8");
		assertThat(page.header("Content-Security-Policy")).startsWith("default-src 'none'; script-src 'self'")
			.doesNotContain("unsafe");
		assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
		assertThat(page.header("Cache-Control")).contains("no-cache");
		assertThat(page.text()).doesNotContain("http://", "https://", " style=", "<style", " onclick")
			.doesNotContainPattern("(src|href)=\"/");
		assertThat(viewer().header("If-None-Match", page.header("ETag")).get("").status()).isEqualTo(304);
		assertThat(viewer().get("uPlot.iife.min.js").status()).isEqualTo(200);
		assertThat(viewer().send("HEAD", "uPlot.min.css", null).body()).isEmpty();
	}

	@Test
	void filesAreCompressedForThoseWhoAcceptIt() throws Exception {
		PageClient.Reply plain = viewer().get("uPlot.iife.min.js");
		PageClient.Reply packed = viewer().header("Accept-Encoding", "br, gzip").get("uPlot.iife.min.js");
		assertThat(packed.header("Content-Encoding")).isEqualTo("gzip");
		assertThat(packed.body().length).isLessThan(plain.body().length / 2);
		assertThat(new GZIPInputStream(new ByteArrayInputStream(packed.body())).readAllBytes()).isEqualTo(plain.body());
	}

	@Test
	void aMissingSlashIsAddedWhereverAProxyHasPutThePage() {
		PageClient.Reply moved = new PageClient("http://localhost:" + this.port + "/shop/admin/saving").user("viewer")
			.get("");
		assertThat(moved.status()).isEqualTo(302);
		assertThat(moved.header("Location")).isEqualTo("saving/");
	}

	@ParameterizedTest
	@ValueSource(strings = { "Dashboard.class", "package-info.class", "messages.properties", "no-such.js",
			"a/index.html", "..%2f..%2fapplication.properties", "%2e%2e/%2e%2e/index.html", "api", "api/" })
	void nothingElseOfTheClassPathIsServed(String path) {
		assertThat(viewer().get(path).status()).isIn(400, 404);
	}

	@Test
	void figuresAreThoseOfTheEndpointReducedToWhatIsAskedFor() {
		PageClient.Reply features = viewer()
			.get("api/features?plan=faq&fields=scope,features.feature,features.outcomes.exact_hits,features.spent_usd");
		assertThat(features.header("Cache-Control")).isEqualTo("no-store");
		features.json().isStrictlyEqualTo("""
				{"scope": "instance", "features": [
				  {"feature": "search", "outcomes": {"exact_hits": 1}, "spent_usd": 0.000800000000}]}""");
		assertThat(viewer().get("api/features?format=csv").header("Content-Type")).startsWith("text/csv");
		viewer().get("api/plans/faq/stats?fields=cache_hit_rate").json().isStrictlyEqualTo("""
				{"cache_hit_rate": 0.3333}""");
		viewer().get("api/totals?fields=unknown_plans").json().isStrictlyEqualTo("{\"unknown_plans\": 0}");
		assertThat(viewer().get("api/cache-engines").status()).isEqualTo(200);
		assertThat(viewer().get("api/advice").status()).isEqualTo(200);
	}

	@ParameterizedTest
	@CsvSource({ "api/nothing, 404", "api/plans/none, 404", "api/daily?days=91, 400", "api/daily?days=7&days=8, 400",
			"api/daily?dayz=7, 400", "api/requests?after=x, 400", "api/plans?size=201, 400", "api/reviews, 400" })
	void whatIsNotAcceptedIsSaid(String path, int status) {
		PageClient.Reply refused = viewer().get(path);
		assertThat(refused.status()).isEqualTo(status);
		refused.json().extractingPath("$.error").asString().isNotBlank();
	}

	@Test
	void plansAreSearchedAndPaged() {
		PageClient operator = client("operator").writing();
		for (int i = 0; i < 7; i++) {
			assertThat(operator.post("api/plans", "{'id': 'Bot-%d', 'cache': {}}".formatted(i)).status())
				.isEqualTo(201);
		}
		PageClient.Reply page = viewer().get("api/plans?q=bot&page=1&size=3&fields=total,plans.id");
		page.json().isStrictlyEqualTo("""
				{"total": 7, "plans": [{"id": "Bot-3"}, {"id": "Bot-4"}, {"id": "Bot-5"}]}""");
		assertThat(viewer().get("api/plans?q=bot&page=9").text()).contains("\"plans\":[]");
	}

	@Test
	void plansAreWrittenWithTheChecksOfTheEndpoint() {
		PageClient operator = client("operator").writing();
		PageClient.Reply refused = operator.post("api/plans", "{'id': 'p', 'cache': {'ttl': 'soon'}}");
		assertThat(refused.status()).isEqualTo(400);
		refused.json().extractingPath("$.field").isEqualTo("cache.ttl");
		assertThat(operator.post("api/plans", "{'id': 'p', 'cache': {'ttl': '1h'}}").status()).isEqualTo(201);
		assertThat(operator.post("api/plans/p", "{'cache': {'ttl': '2h'}, 'version': 1}").status()).isEqualTo(200);
		PageClient.Reply conflict = operator.post("api/plans/p", "{'cache': {'ttl': '3h'}, 'version': 1}");
		assertThat(conflict.status()).isEqualTo(409);
		conflict.json().extractingPath("$.current_version").isEqualTo(2);
		assertThat(operator.send("POST", "api/plans/p/resume", null).status()).isEqualTo(200);
		this.chatClientBuilder.build().prompt("?").advisors(TokenSaving.plan("evicted")).call().content();
		operator.delete("api/cache?plan=evicted").json().isStrictlyEqualTo("{\"evicted\": 1}");
		assertThat(operator.delete("api/plans/p?version=1").status()).isEqualTo(409);
		assertThat(operator.delete("api/plans/p?version=2").status()).isEqualTo(204);
		assertThat(operator.send("PUT", "api/plans/p", "{}").status()).isEqualTo(405);
	}

	@Test
	void whatIsResumedIsOfTheWorkspaceThatWasChecked() {
		PageClient operator = client("operator").writing();
		assertThat(operator.post("api/plans?workspace=acme", "{'id': 'r', 'cache': {}}").status()).isEqualTo(201);
		PageClient.Reply refused = operator.post("api/plans/r/resume?workspace=default", "{'workspace': 'acme'}");
		assertThat(refused.status()).isEqualTo(400);
		assertThat(refused.text()).doesNotContain("settings");
		assertThat(operator.send("POST", "api/plans/r/resume/%20/acme", null).status()).isIn(400, 404);
		assertThat(operator.send("POST", "api/plans/r/resume?workspace=acme", null).status()).isEqualTo(200);
	}

	@Test
	void workspacesAreReadAndWrittenApart() {
		PageClient operator = client("operator").writing();
		assertThat(operator.post("api/plans?workspace=acme", "{'id': 'p', 'cache': {}}").status()).isEqualTo(201);
		assertThat(viewer().get("api/plans/p").status()).isEqualTo(404);
		assertThat(viewer().get("api/plans/p?workspace=acme").status()).isEqualTo(200);
		viewer().get("api/requests?workspace=acme").json().extractingPath("$.requests").asArray().isEmpty();
		assertThat(operator.delete("api/plans/p").status()).isEqualTo(404);
		assertThat(operator.delete("api/plans/p?workspace=acme").status()).isEqualTo(204);
	}

	@Test
	void onlyThoseWithARoleSeeThePageAndOnlyThoseWithAnotherWrite() {
		PageClient nobody = new PageClient(base());
		assertThat(nobody.get("").status()).isEqualTo(401);
		assertThat(nobody.get("api/session").status()).isEqualTo(401);
		assertThat(nobody.get("app.js").status()).isEqualTo(401);
		assertThat(client("stranger").get("").status()).isEqualTo(403);
		viewer().get("api/session").json().extractingPath("$.writable").isEqualTo(false);
		client("operator").get("api/session").json().extractingPath("$.writable").isEqualTo(true);
		PageClient viewer = viewer().writing();
		assertThat(viewer.post("api/plans", "{'id': 'p', 'cache': {}}").status()).isEqualTo(403);
		assertThat(viewer.delete("api/cache?plan=faq").status()).isEqualTo(403);
		viewer.get("api/cache-entries?plan=faq").json().extractingPath("$.cache_entries[0].entries").isEqualTo(2);
	}

	@Test
	void aForgedRequestWritesNothing() {
		String plan = "{'id': 'p', 'cache': {}}";
		// Without the token of the application
		assertThat(client("operator").header("X-Requested-With", "token-saving").post("api/plans", plan).status())
			.isEqualTo(403);
		// Without the header that a page of another origin cannot send
		PageClient forging = client("operator").writing().header("X-Requested-With", "other");
		assertThat(forging.post("api/plans", plan).status()).isEqualTo(403);
		PageClient elsewhere = client("operator").writing().header("Sec-Fetch-Site", "cross-site");
		assertThat(elsewhere.post("api/plans", plan).status()).isEqualTo(403);
		assertThat(viewer().get("api/plans/p").status()).isEqualTo(404);
	}

	@Test
	void theLatestCallsAreListedWithoutTextOrKeys() {
		PageClient.Reply all = viewer().get("api/requests?plan=faq");
		all.json().extractingPath("$.requests[*].outcome").asArray().containsExactly("miss", "exact_hit", "miss");
		all.json().extractingPath("$.requests[1].feature").isEqualTo("search");
		all.json().extractingPath("$.requests[1].spent_usd").isEqualTo(0);
		all.json().extractingPath("$.requests[1].saved_usd").isEqualTo(0.0004);
		all.json().extractingPath("$.requests[2].tokens_bought").isEqualTo(120);
		all.json().extractingPath("$.requests[2].key").asString().matches("[0-9a-f]{8}");
		assertThat(all.text()).doesNotContain("\"one\"", "\"two\"").doesNotContainPattern("[0-9a-f]{64}");
		all.json().extractingPath("$.latest").satisfies((latest) -> {
			PageClient.Reply later = viewer().get("api/requests?plan=faq&after=" + latest);
			later.json().extractingPath("$.requests").asArray().isEmpty();
			later.json().extractingPath("$.latest").isEqualTo(latest);
		});
		viewer().get("api/requests?plan=none").json().extractingPath("$.requests").asArray().isEmpty();
	}

	@Test
	void textsAreEnglishWhereThereIsNoOtherLanguage() {
		viewer().header("Accept-Language", "fr")
			.get("api/messages")
			.json()
			.extractingPath("$.title")
			.asString()
			.isNotBlank();
	}

	@Test
	void anApplicationAddsALanguage() {
		// 'messages_xx.properties' is among the resources of the tests
		viewer().header("Accept-Language", "xx-YY, en")
			.get("api/messages")
			.json()
			.extractingPath("$.title")
			.isEqualTo("Xx");
		viewer().header("Accept-Language", "xx")
			.get("api/messages")
			.json()
			.extractingPath("$.save")
			.asString()
			.isNotBlank();
	}

	private PageClient viewer() {
		return client("viewer");
	}

	private PageClient client(String user) {
		return new PageClient(base()).user(user);
	}

	private String base() {
		return "http://localhost:" + this.port + "/shop/admin/saving/";
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		SecurityFilterChain open(HttpSecurity http) {
			return http.authorizeHttpRequests((requests) -> requests.anyRequest().permitAll())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

		@Bean
		UserDetailsService users() {
			return new InMemoryUserDetailsManager(
					User.withUsername("viewer").password("{noop}secret").roles("VIEWER").build(),
					User.withUsername("operator").password("{noop}secret").roles("OPERATOR").build(),
					User.withUsername("stranger").password("{noop}secret").roles("CUSTOMER").build());
		}

	}

}
