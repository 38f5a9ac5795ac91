package io.tokensaving.actuate;

import java.nio.charset.StandardCharsets;
import java.util.Map;

import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.MutablePlanRepository;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the plan operations of {@link TokenSavingEndpoint} over HTTP.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving",
				"token-saving.plans.fixed.cache.backend=in_memory", "token-saving.plans.base.cache.ttl=2h",
				"token-saving.plans.open.based-on=base", "token-saving.plans.open.allow-override=true",
				"token-saving.plans.open.cache.replay-chunks=5" })
class PlanEndpointWebTests {

	private static final String FAQ = """
			{"id": "faq", "cache": {"backend": "in_memory", "ttl": 3600, "guards": ["numbers", "names"]},
			 "compression": {"engine": "trim", "max_input_tokens": 4096}}
			""";

	@Autowired
	private MutablePlanRepository plans;

	@Autowired
	private ChatClient.Builder chatClientBuilder;

	@LocalServerPort
	private int port;

	private EndpointClient client;

	@BeforeEach
	void connect() {
		this.client = EndpointClient.of(this.port);
	}

	@AfterEach
	void deletePlans() {
		this.plans.findAll("default").forEach((plan) -> {
			if (this.plans.findStored("default", plan.id()) != null) {
				this.plans.delete("default", plan.id(), null);
			}
		});
	}

	@Test
	void createsAPlanThatWorksAtOnce() {
		Answer created = this.client.post("/plans", FAQ);
		assertThat(created.status()).as(created.body()).isEqualTo(201);
		created.json().extractingPath("$.id").isEqualTo("faq");
		created.json().extractingPath("$.version").isEqualTo((int) version("faq"));
		created.json().extractingPath("$.source").isEqualTo("stored");
		created.json().extractingPath("$.settings.cache.ttl").isEqualTo("1h");
		created.json().extractingPath("$.settings.cache.guards").asArray().containsExactly("numbers", "names");
		created.json().extractingPath("$.settings.compression.max_input_tokens").isEqualTo(4096);
		this.client.get("/plans/faq").json().extractingPath("$.version").isEqualTo((int) version("faq"));
		this.client.get("/plans/fixed").json().doesNotHavePath("$.version");
		this.client.get("/plans").json().extractingPath("$.plans.length()").isEqualTo(4);
		ChatClient chat = this.chatClientBuilder.build();
		for (String outcome : new String[] { "miss", "exact_hit" }) {
			SavingsReport report = (SavingsReport) chat.prompt("created at run time")
				.advisors(TokenSaving.plan("faq"))
				.call()
				.chatClientResponse()
				.context()
				.get(SavingsReport.CONTEXT_KEY);
			assertThat(report.outcome().value()).isEqualTo(outcome);
		}
	}

	// Versions go on from test to test, as none ever comes back
	private long version(String id) {
		return this.plans.findStored("default", id).version();
	}

	@Test
	void changesSomeSettingsAndKeepsTheOthers() {
		this.client.post("/plans", FAQ);
		long first = version("faq");
		Answer updated = this.client.post("/plans/faq", """
				{"version": %d, "cache": {"ttl": "2h", "guards": null}, "compression": null}""".formatted(first));
		assertThat(updated.status()).as(updated.body()).isEqualTo(200);
		updated.json().extractingPath("$.version").isEqualTo((int) first + 1);
		updated.json().extractingPath("$.settings.cache.ttl").isEqualTo("2h");
		updated.json().extractingPath("$.settings.cache.backend").isEqualTo("in_memory");
		updated.json().extractingPath("$.settings.cache.guards").asArray().containsExactly("all");
		updated.json().doesNotHavePath("$.settings.compression");
		assertThat(this.client.post("/plans/faq", "{\"id\": \"faq\", \"cache\": {\"max-entry-size\": \"1KB\"}}").body())
			.contains("\"max_entry_size\":\"1KB\"")
			.contains("\"version\":" + (first + 2));
		assertThat(this.client.post("/plans/faq?version=" + (first + 2), "{\"cache\": null}").status()).isEqualTo(200);
	}

	@Test
	void takesDottedNamesAsWell() {
		assertThat(this.client.post("/plans", "{\"id\":\"faq\",\"cache.ttl\":60,\"cache.guards\":\"numbers,names\"}")
			.body()).contains("\"ttl\":\"1m\"").contains("[\"numbers\",\"names\"]");
		this.client.post("/plans/faq", "{\"cache.guards\": []}")
			.json()
			.extractingPath("$.settings.cache.guards")
			.asArray()
			.isEmpty();
		this.client.post("/plans/faq", "{\"cache.ttl\": null}")
			.json()
			.extractingPath("$.settings.cache.ttl")
			.isEqualTo("1h");
	}

	@Test
	void anEmptySectionMeansItsDefaults() {
		this.client.post("/plans", "{\"id\":\"faq\",\"cache\":{}}")
			.json()
			.extractingPath("$.settings.cache.backend")
			.isEqualTo("in_memory");
		assertMissing(this.client.post("/plans", "{\"id\":\"faq2\",\"compression\":{}}"),
				"compression.max_input_tokens", "at least 1");
	}

	@Test
	void deletes() {
		this.client.post("/plans", FAQ);
		long version = version("faq");
		Answer stale = this.client.delete("/plans/faq?version=" + (version + 1));
		assertThat(stale.status()).isEqualTo(409);
		stale.json().extractingPath("$.current_version").isEqualTo((int) version);
		Answer deleted = this.client.delete("/plans/faq?version=" + version);
		assertThat(deleted.status()).isEqualTo(204);
		assertThat(deleted.body()).isEmpty();
		assertThat(this.client.get("/plans/faq").status()).isEqualTo(404);
		Answer again = this.client.delete("/plans/faq");
		assertThat(again.status()).isEqualTo(404);
		again.json()
			.extractingPath("$.error")
			.isEqualTo("There is no plan 'faq', accepted is one of 'base', 'fixed', 'open'");
	}

	@Test
	void aPlanThatWasCreatedAnewIsNotTakenForTheOldOne() {
		this.client.post("/plans", FAQ);
		long seen = version("faq");
		this.client.delete("/plans/faq");
		this.client.post("/plans", FAQ);
		Answer stale = this.client.post("/plans/faq", "{\"version\": " + seen + ", \"cache\": null}");
		assertThat(stale.status()).isEqualTo(409);
		stale.json().extractingPath("$.current_version").isEqualTo((int) version("faq"));
		assertThat(this.client.delete("/plans/faq?version=" + seen).status()).isEqualTo(409);
	}

	@Test
	void tellsOfConflicts() {
		this.client.post("/plans", FAQ);
		int first = (int) version("faq");
		this.client.post("/plans/faq", "{\"cache\": {\"ttl\": 5}}");
		Answer exists = this.client.post("/plans", FAQ);
		assertThat(exists.status()).isEqualTo(409);
		exists.json().extractingPath("$.current_version").isEqualTo(first + 1);
		exists.json().extractingPath("$.error").isEqualTo("There is a plan 'faq' already");
		Answer stale = this.client.post("/plans/faq", "{\"version\": " + first + ", \"cache\": {\"ttl\": 6}}");
		assertThat(stale.status()).isEqualTo(409);
		stale.json().extractingPath("$.current_version").isEqualTo(first + 1);
		this.client.get("/plans/faq").json().extractingPath("$.settings.cache.ttl").isEqualTo("5s");
	}

	@Test
	void plansOfTheConfigurationAreReadOnly() {
		for (Answer answer : new Answer[] { this.client.post("/plans", "{\"id\": \"fixed\"}"),
				this.client.post("/plans/fixed", "{\"cache\": null}"), this.client.delete("/plans/fixed") }) {
			assertThat(answer.status()).isEqualTo(409);
			answer.json()
				.extractingPath("$.error")
				.isEqualTo("The plan 'fixed' is read-only: it is defined in the application's configuration. "
						+ "'token-saving.plans.fixed.allow-override: true' lets it be overridden");
			answer.json().doesNotHavePath("$.current_version");
		}
	}

	@Test
	void aPlanOfTheConfigurationIsOverriddenAndComesBack() {
		Answer overridden = this.client.post("/plans/open", "{\"cache\": {\"similarity_threshold\": 0.9}}");
		assertThat(overridden.status()).as(overridden.body()).isEqualTo(200);
		int version = (int) version("open");
		for (Answer answer : new Answer[] { overridden, this.client.get("/plans/open") }) {
			answer.json().extractingPath("$.source").isEqualTo("override");
			answer.json().extractingPath("$.version").isEqualTo(version);
			answer.json().extractingPath("$.settings.cache.similarity_threshold").isEqualTo(0.9);
			answer.json().extractingPath("$.settings.cache.ttl").as("of the base").isEqualTo("2h");
			answer.json().extractingPath("$.settings.cache.replay_chunks").as("of the plan").isEqualTo(5);
		}
		this.client.get("/plans/base").json().extractingPath("$.settings.cache.similarity_threshold").isEqualTo(0.85);
		Answer wrong = this.client.post("/plans/open", "{\"cache\": {\"ttl\": \"soon\"}}");
		assertThat(wrong.status()).isEqualTo(400);
		wrong.json().extractingPath("$.field").isEqualTo("cache.ttl");
		assertThat(this.client.post("/plans/open", "{\"allow_override\": false}").status()).isEqualTo(400);
		this.client.post("/plans/open", "{\"cache\": {\"ttl\": \"3h\", \"replay_chunks\": 0}}");
		Answer reset = this.client.post("/plans/open", "{\"cache\": {\"ttl\": null, \"replay_chunks\": null}}");
		reset.json().extractingPath("$.settings.cache.ttl").isEqualTo("2h");
		reset.json().extractingPath("$.settings.cache.replay_chunks").isEqualTo(5);
		assertThat(this.client.delete("/plans/open").status()).isEqualTo(204);
		Answer back = this.client.get("/plans/open");
		back.json().extractingPath("$.source").isEqualTo("configuration");
		back.json().doesNotHavePath("$.version");
		back.json().extractingPath("$.settings.cache.similarity_threshold").isEqualTo(0.85);
		Answer again = this.client.delete("/plans/open");
		assertThat(again.status()).isEqualTo(409);
		again.json().extractingPath("$.error").asString().endsWith("and is not overridden");
	}

	@Test
	void aPlanOfTheConfigurationIsReplacedAsAWhole() {
		Answer replaced = this.client.post("/plans", "{\"id\": \"open\", \"dedup\": {}}");
		assertThat(replaced.status()).as(replaced.body()).isEqualTo(201);
		replaced.json().extractingPath("$.source").isEqualTo("override");
		replaced.json().doesNotHavePath("$.settings.cache");
		assertThat(this.plans.find("default", "open").settings(CacheSettings.class)).isNull();
		this.client.post("/plans/open", "{\"based_on\": \"open\"}")
			.json()
			.extractingPath("$.settings.cache.replay_chunks")
			.isEqualTo(5);
	}

	@Test
	void whatDoesNotExistIsNotFound() {
		for (Answer answer : new Answer[] { this.client.post("/plans/other", "{\"cache\": null}"),
				this.client.delete("/plans/other"), this.client.delete("/plans"),
				this.client.delete("/plans/fixed/resume"), this.client.post("/plans/fixed/other", "{}"),
				this.client.post("/plans/other/resume", "{}"), this.client.post("/other", "{}"),
				this.client.post("/plans/other/resume") }) {
			assertThat(answer.status()).isEqualTo(404);
			answer.json().extractingPath("$.error").asString().startsWith("There is no ");
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					{}                                                         | id                           | the id of the new plan
					{"id": null}                                               | id                           | the id of the new plan
					{"id": "p", "compression": {"engine": "trim"}}             | compression.max_input_tokens | at least 1
					{"id": "p", "settings": {"compression": {"low_mark": 1}}}  | settings.compression.max_input_tokens | at least 1
					""")
	void saysWhatIsMissingAndWhatIsAccepted(String body, String field, String accepted) {
		assertMissing(this.client.post("/plans", body), field, accepted);
		assertThat(this.client.get("/plans/p").status()).isEqualTo(404);
	}

	private static void assertMissing(Answer answer, String field, String accepted) {
		assertThat(answer.status()).as(answer.body()).isEqualTo(400);
		answer.json().extractingPath("$.field").isEqualTo(field);
		answer.json().doesNotHavePath("$.value");
		answer.json().extractingPath("$.accepted").asString().contains(accepted);
		answer.json().extractingPath("$.error").asString().startsWith("'" + field + "' is missing, accepted is ");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					{"id": 5}                                       | id                           | 5 | a text
					{"id": "a b"}                                   | id                           | a b | 1 to 64 letters
					{"id": "none"}                                  | id                           | none | other than 'none'
					{"id": "p", "version": 1}                       | version                      | 1 | nothing: a new plan is given its version
					{"id": "p", "version": "x"}                     | version                      | x | a whole number
					{"id": "p", "cash": {}}                         | cash                         | a section | 'cache', 'compression'
					{"id": "p", "source": "x"}                      | source                       | x | 'cache', 'compression'
					{"id": "p", "cache": {"time_to_live": 5}}       | cache.time_to_live           | 5 | 'ttl'
					{"id": "p", "cache": {"maxEntrySize": 5}}       | cache.maxEntrySize           | 5 | 'max_entry_size'
					{"id": "p", "cache.time_to_live": 5}            | cache.time_to_live           | 5 | 'ttl'
					{"id": "p", "cache": {"guards[0]": "names"}}    | cache.guards[0]              | names | 'guards'
					{"id": "p", "cache": "in_memory"}               | cache                        | in_memory | a section with 'backend'
					{"id": "p", "cache": ["in_memory"]}             | cache                        | a list | a section with 'backend'
					{"id": "p", "cache": {"backend": "memory"}}     | cache.backend                | memory | one of 'in_memory'
					{"id": "p", "cache": {"backend": ["in_memory"]}} | cache.backend               | a list | a text
					{"id": "p", "cache": {"backend": {}}}           | cache.backend                | a section | a text
					{"id": "p", "cache": {"backend": " "}}          | cache.backend                | ` ` | a text
					{"id": "p", "cache": {"ttl": 0}}                | cache.ttl                    | 0s | above zero
					{"id": "p", "cache": {"ttl": "soon"}}           | cache.ttl                    | soon | a duration
					{"id": "p", "cache": {"ttl": ""}}               | cache.ttl                    | `` | a duration
					{"id": "p", "cache": {"ttl": 9e18}}             | cache.ttl                    | 9E+18 | a duration
					{"id": "p", "cache": {"ttl": 9000000000000000}} | cache.ttl                    | 2500000000000h | at most 3650 days
					{"id": "p", "cache": {"similarity_threshold": 2}} | cache.similarity_threshold | 2.0 | from 0 to 1
					{"id": "p", "cache": {"similarity_threshold": "NaN"}} | cache.similarity_threshold | NaN | a number such as '0.85'
					{"id": "p", "cache": {"max_entry_size": "big"}} | cache.max_entry_size         | big | a size
					{"id": "p", "cache": {"max_question_length": 1.5}} | cache.max_question_length | 1.5 | a whole number
					{"id": "p", "cache": {"guards": ["numbres"]}}   | cache.guards                 | numbres | one of
					{"id": "p", "cache": {"guards": [null]}}        | cache.guards[0]              | null | a text, a number
					{"id": "p", "cache": {"guards": [[]]}}          | cache.guards[0]              | [] | a text, a number
					{"id": "p", "cache": {"judge": "jury"}}         | cache.judge                  | jury | one of
					{"id": "p", "cache": {"history": "all"}}        | cache.history                | all | 'partition'
					{"id": "p", "cache": {"ttl": "${user.dir}"}}    | cache.ttl                    | ${user.dir} | a duration
					{"id": "p", "compression": {"max_input_tokens": 99999999999}} | compression.max_input_tokens | 99999999999 | a whole number
					{"id": "p", "compression": {"max_input_tokens": 9, "engine": "zip"}} | compression.engine | zip | one of
					{"id": "p", "compression": {"max_input_tokens": 9, "lossless": "maybe"}} | compression.lossless | maybe | 'true' or 'false'
					{"id": "p", "compression": {"max_input_tokens": 9, "focus": "all"}} | compression.focus | all | one of 'question', 'none'
					{"id": "p", "settings": {"cache": {"ttl": 0}}}  | settings.cache.ttl           | 0s | above zero
					{"id": "p", "settings": {"cache": {"tll": 0}}}  | settings.cache.tll           | 0 | 'ttl'
					{"id": "p", "settings": null}                   | settings                     | no section | a section
					{"id": "p", "settings": {}, "cache": {}}        | cache                        | given beside 'settings' | a setting in the section 'settings'
					{"id": "p", "cahce": null}                      | cahce                        | null | 'cache', 'compression'
					{"id": "p", "cache": {"time_to_live": null}}    | cache.time_to_live           | null | 'ttl'
					{"id": "p", "cache": {"ttl": 1}, "cache.ttl": 2} | cache.ttl                   | given twice | one value
					""")
	void saysWhatIsWrongAndWhatIsAccepted(String body, String field, String value, String accepted) {
		assertInvalid(this.client.post("/plans", body), field, value, accepted);
		assertThat(this.client.get("/plans/p").status()).isEqualTo(404);
	}

	private static void assertInvalid(Answer answer, String field, String value, String accepted) {
		assertThat(answer.status()).as(answer.body()).isEqualTo(400);
		answer.json().extractingPath("$.field").isEqualTo(field);
		answer.json().extractingPath("$.value").isEqualTo(value);
		answer.json().extractingPath("$.accepted").asString().contains(accepted);
		answer.json().extractingPath("$.error").asString().contains(field).contains(value).contains(accepted);
	}

	@ParameterizedTest
	@ValueSource(strings = { "[]", "5", "\"text\"", "null", "{", "{\"id\"", "{\"id\": \"p\"} {}", "{\"id\": \"p\",}",
			"{'id': 'p'}", "{\"id\": \"p\", \"id\": \"q\"}", "{\"id\": \"p\", \"cache\": {\"ttl\": 1, \"ttl\": 1}}",
			"\u0000", "<plan/>", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
					+ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}" })
	void refusesWhatIsNoJsonObject(String body) {
		for (String path : new String[] { "/plans", "/plans/fixed", "/plans/fixed/resume" }) {
			Answer answer = this.client.post(path, body);
			assertThat(answer.status()).as(answer.body()).isEqualTo(400);
			answer.json().extractingPath("$.field").isEqualTo("body");
			answer.json().extractingPath("$.accepted").asString().startsWith("a JSON object");
		}
	}

	@Test
	void refusesWhatIsTooBigOrNotUtf8() {
		String big = "{\"id\": \"p\", \"cache\": {\"backend\": \"" + "x".repeat(64 * 1024) + "\"}}";
		this.client.post("/plans", big).json().extractingPath("$.error").isEqualTo("The body is too big");
		Answer latin = this.client.post("/plans", "{\"id\": \"\u00e4\"}".getBytes(StandardCharsets.ISO_8859_1),
				"application/json");
		assertThat(latin.status()).isEqualTo(400);
		latin.json().extractingPath("$.error").isEqualTo("The body is not UTF-8");
		// A wrong charset in the header does no harm: JSON is UTF-8
		Answer claimed = this.client.post("/plans", "{\"id\": \"\u00e4\"}".getBytes(StandardCharsets.UTF_8),
				"application/json;charset=ISO-8859-1");
		claimed.json().extractingPath("$.value").isEqualTo("\u00e4");
	}

	@Test
	void needsJson() {
		assertThat(this.client.post("/plans", "id=p".getBytes(StandardCharsets.UTF_8), "text/plain").status())
			.isEqualTo(415);
		Answer none = this.client.post("/plans/fixed");
		assertThat(none.status()).isEqualTo(400);
		none.json().extractingPath("$.error").asString().contains("Content-Type");
	}

	@Test
	void echoesOnlyTheBeginningOfAValue() {
		Answer answer = this.client.post("/plans", "{\"id\": \"" + "x".repeat(10_000) + "\"}");
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.body()).hasSizeLessThan(2000);
		assertThat(this.client.post("/plans", "{\"id\": \"\\ud800\"}").status()).isEqualTo(400);
		assertThat(this.client.post("/plans", "{\"id\": \"p\", \"\\udc00\": 1}").status()).isEqualTo(400);
	}

	@Test
	void nothingInARequestTakesThePlaceOfThePath() {
		this.client.post("/plans", FAQ);
		long version = version("faq");
		for (Answer answer : new Answer[] { this.client.post("/other?path=plans,faq", "{\"cache\": null}"),
				this.client.post("/plans/fixed/other?path=plans&path=faq&path=resume"),
				this.client.post("/plans?path=plans&path=faq", "{\"id\": \"x\"}"),
				this.client.get("/totals?path=plans"), this.client.delete("/plans/other?path=plans,faq"),
				this.client.delete("/plans/other?path=plans&path=faq") }) {
			assertThat(answer.status()).as(answer.body()).isEqualTo(400);
			answer.json().extractingPath("$.field").isEqualTo("path");
		}
		Answer inBody = this.client.post("/plans", "{\"id\": \"p\", \"path\": [\"plans\", \"faq\"]}");
		assertInvalid(inBody, "path", "a list", "a setting that exists");
		assertThat(version("faq")).isEqualTo(version);
	}

	@Test
	void refusesUnknownParameters() {
		this.client.post("/plans", FAQ);
		long version = version("faq");
		assertThat(this.client.delete("/plans/faq?vesrion=1").status()).isEqualTo(400);
		assertThat(this.client.delete("/plans/faq?version=one").status()).isEqualTo(400);
		assertThat(this.client.delete("/plans/faq?version=1&version=1").status()).isEqualTo(400);
		Answer answer = this.client.post("/plans/faq?cache.ttl=5", "{}");
		assertThat(answer.status()).isEqualTo(400);
		answer.json().extractingPath("$.error").asString().contains("'cache.ttl'");
		assertThat(this.client.post("/plans/faq?version=1", "{\"version\": 1}").status()).isEqualTo(400);
		assertThat(this.client.post("/plans/faq?json=%7B%7D&json=x", "{}").status()).isEqualTo(400);
		assertThat(version("faq")).isEqualTo(version);
	}

	@Test
	void refusesToRemoveWhatIsNoSetting() {
		this.client.post("/plans", FAQ);
		long version = version("faq");
		assertInvalid(this.client.post("/plans/faq", "{\"cahce\": null}"), "cahce", "null", "'cache', 'compression'");
		assertInvalid(this.client.post("/plans/faq", "{\"cache\": {\"max_entry_sise\": null}}"), "cache.max_entry_sise",
				"null", "'max_entry_size'");
		assertInvalid(this.client.post("/plans/faq", "{\"dedup.timeuot\": null}"), "dedup.timeuot", "null",
				"'timeout'");
		assertThat(version("faq")).isEqualTo(version);
		assertThat(this.client.post("/plans/faq", "{\"dedup\": null, \"cache.max_entry_size\": null}").status())
			.isEqualTo(200);
	}

	@Test
	void limitsTheLengthOfLists() {
		String hundred = "\"all\",".repeat(99) + "\"all\"";
		assertThat(this.client.post("/plans", "{\"id\": \"p\", \"cache\": {\"guards\": [" + hundred + "]}}").status())
			.isEqualTo(201);
		for (String more : new String[] { "[" + hundred + ",\"all\"]", "\"" + "all,".repeat(100) + "all\"" }) {
			assertInvalid(this.client.post("/plans", "{\"id\": \"q\", \"cache\": {\"guards\": " + more + "}}"),
					"cache.guards", "a list of 101 elements", "a list of at most 100 elements");
		}
	}

	@Test
	void anIdCannotBeChanged() {
		this.client.post("/plans", FAQ);
		assertInvalid(this.client.post("/plans/faq", "{\"id\": \"other\"}"), "id", "other", "cannot be changed");
	}

	@Test
	void resumesWithAndWithoutABody() {
		Answer resumed = this.client.post("/plans/fixed/resume");
		assertThat(resumed.status()).isEqualTo(200);
		resumed.json().extractingPath("$.resumed").isEqualTo(false);
		resumed.json().extractingPath("$.id").isEqualTo("fixed");
		assertThat(this.client.post("/plans/fixed/resume", "{}").status()).isEqualTo(200);
		assertThat(this.client.post("/plans/fixed/resume", "").status()).isEqualTo(200);
		assertThat(this.client.post("/plans/fixed/resume", "{\"now\": true}").status()).isEqualTo(400);
	}

	@Test
	void everyRefusalSaysWhatIsWrong() {
		EndpointErrors.areReadable(this.client);
	}

	@Test
	void knownPlansAreNamedUpToALimit() {
		for (int i = 10; i < 30; i++) {
			this.plans.create("default", "p" + i, Map.of());
		}
		this.client.get("/plans/other")
			.json()
			.extractingPath("$.accepted")
			.isEqualTo("one of 'base', 'fixed', 'open', 'p10', 'p11', 'p12', 'p13', 'p14', 'p15', 'p16' and 13 more");
	}

	@Test
	void leavesOtherRequestsAlone() {
		EndpointClient application = new EndpointClient("http://localhost:" + this.port);
		for (String path : new String[] { "/echo", "/application/tokensaving/plans" }) {
			assertThat(application.post(path, "{\"a\": {\"b\": null}}").body()).isEqualTo("{\"a\":{\"b\":null}}");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		EchoController echoController() {
			return new EchoController();
		}

	}

}
