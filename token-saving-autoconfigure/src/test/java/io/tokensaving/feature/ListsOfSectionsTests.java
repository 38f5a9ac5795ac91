package io.tokensaving.feature;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.EndpointClient;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.plan.MutablePlanRepository;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests that a setting may be a list of sections, with the {@code verses} of
 * {@link MadeUpFeature}.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = {
		"management.endpoints.web.exposure.include=tokensaving", "token-saving.plans.base.made-up.voice=stern",
		"token-saving.plans.base.made-up.verses[0].text=one", "token-saving.plans.base.made-up.verses[0].mood=sad",
		"token-saving.plans.base.made-up.verses[0].pause=3", "token-saving.plans.base.made-up.verses[1].text=two",
		"token-saving.plans.base.made-up.verses[1].choir-names=a,b", "token-saving.plans.leaf.based-on=base",
		"token-saving.plans.leaf.allow-override=true", "token-saving.plans.leaf.made-up.verses[0].choir-names[0]=c",
		"token-saving.plans.same.based-on=base", "token-saving.plans.same.made-up.voice=friendly",
		"token-saving.plans.bare.made-up.verses[0]=", "token-saving.plans.bare.made-up.verses[1].text=two",
		"token-saving.plans.bare.made-up.verses[1].choir-names=a,b", "token-saving.plans.quiet.based-on=base",
		"token-saving.plans.quiet.made-up.verses=" })
class ListsOfSectionsTests {

	private static final MadeUpFeature.Verse ONE = new MadeUpFeature.Verse("one", "sad", Duration.ofMinutes(3),
			List.of("all"));

	private static final MadeUpFeature.Verse TWO = new MadeUpFeature.Verse("two", null, Duration.ofMinutes(1),
			List.of("a", "b"));

	@Autowired
	private MutablePlanRepository plans;

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

	private List<MadeUpFeature.Verse> verses(String plan) {
		return this.plans.find("default", plan).settings(MadeUpFeature.Settings.class).verses();
	}

	@Test
	void theConfigurationMayHoldThem() {
		assertThat(verses("base")).containsExactly(ONE, TWO);
	}

	@Test
	void aListReplacesThatOfTheBaseAndNothingIsMerged() {
		assertThat(verses("same")).containsExactly(ONE, TWO);
		assertThat(verses("leaf"))
			.containsExactly(new MadeUpFeature.Verse("la", null, Duration.ofMinutes(1), List.of("c")));
		assertThat(verses("quiet")).isEmpty();
		this.client.post("/plans/leaf", "{\"made_up\": {\"verses\": [{\"text\": \"three\"}, {\"mood\": \"glad\"}]}}");
		assertThat(verses("leaf")).extracting(MadeUpFeature.Verse::text, MadeUpFeature.Verse::mood)
			.containsExactly(tuple("three", null), tuple("la", "glad"));
		this.client.post("/plans/leaf", "{\"made_up\": {\"verses\": null}}");
		assertThat(verses("leaf")).as("as configured").hasSize(1);
		assertThat(verses("base")).containsExactly(ONE, TWO);
		assertThat(this.client.post("/plans", "{\"id\": \"x\", \"based_on\": \"base\", \"made_up\": {\"verses\": []}}")
			.status()).isEqualTo(201);
		assertThat(verses("x")).isEmpty();
	}

	@Test
	void whatIsShownIsWhatIsAccepted() {
		Answer created = this.client.post("/plans", """
				{"id": "x", "made_up": {"verses": [{"text": "one", "mood": "sad", "pause": 3},
				 {"text": "two", "choir-names": "a,b"}, {"choir_names": [], "pause": "90s"}]}}""");
		assertThat(created.status()).as(created.body()).isEqualTo(201);
		List<Map<String, Object>> shown = List.of(
				Map.of("text", "one", "mood", "sad", "pause", "3m", "choir_names", List.of("all")),
				Map.of("text", "two", "pause", "1m", "choir_names", List.of("a", "b")),
				Map.of("text", "la", "pause", "90s", "choir_names", List.of()));
		Answer found = this.client.get("/plans/x");
		found.json().extractingPath("$.settings.made_up.verses").isEqualTo(shown);
		assertThat(verses("x")).startsWith(ONE, TWO).hasSize(3);
		Map<?, ?> plan = JsonMapper.shared().readValue(found.body(), Map.class);
		List<MadeUpFeature.Verse> before = verses("x");
		this.plans.delete("default", "x", null);
		Answer again = this.client.post("/plans", JsonMapper.shared().writeValueAsString(plan));
		assertThat(again.status()).as(again.body()).isEqualTo(201);
		assertThat(verses("x")).isEqualTo(before);
	}

	@Test
	void anEmptySectionMeansItsDefaults() {
		for (String verses : List.of("[{}, {\"text\": \"two\"}, {}]",
				"[{}, {\"text\": \"two\", \"mood\": \"sad\"}, {}, {}]")) {
			this.client.post("/plans", "{\"id\": \"x\", \"made_up\": {}}");
			assertThat(this.client.post("/plans/x", "{\"made_up\": {\"verses\": %s}}".formatted(verses)).status())
				.isEqualTo(200);
			assertThat(verses("x")).extracting(MadeUpFeature.Verse::text).startsWith("la", "two", "la");
		}
		assertThat(verses("x")).hasSize(4);
		assertThat(verses("bare"))
			.containsExactly(new MadeUpFeature.Verse("la", null, Duration.ofMinutes(1), List.of("all")), TWO);
	}

	@Test
	void aPatchReplacesTheListAndKeepsItIfItDoesNotNameIt() {
		this.client.post("/plans",
				"{\"id\": \"x\", \"made_up\": {\"verses\": [{\"text\": \"one\"}, {\"text\": \"two\"}]}}");
		assertThat(this.client.post("/plans/x", "{\"made_up\": {\"times\": 2}}").status()).isEqualTo(200);
		assertThat(verses("x")).extracting(MadeUpFeature.Verse::text).containsExactly("one", "two");
		this.client.post("/plans/x", "{\"made_up.verses\": [{\"mood\": \"sad\"}]}");
		assertThat(verses("x")).extracting(MadeUpFeature.Verse::text).containsExactly("la");
		this.client.post("/plans/x", "{\"made_up\": {\"verses\": null}}");
		assertThat(verses("x")).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					[{"text": "a"}, {"textt": "b"}]      | verses[1].textt       | b                | exists: 'choir_names', 'mood', 'pause', 'text'
					[{"choirNames": "a"}]                | verses[0].choirNames  | a                | exists: 'choir_names', 'mood', 'pause', 'text'
					[{"text": "a"}, "b"]                 | verses[1]             | b                | a section with 'choir_names', 'mood', 'pause', 'text'
					[{"text": "a"}, 5]                   | verses[1]             | 5                | a section with 'choir_names', 'mood', 'pause', 'text'
							[{"text": "a"}, null]                | verses[1]             | null             | true, false or a section
					[[{"text": "a"}]]                    | verses[0]             | [{text=a}]       | true, false or a section
					[{"text": null}]                     | verses[0].text        | null             | a list replaces the one before as a whole
					[{"choir_names": [{"a": 1}]}]        | verses[0].choir_names[0] | a section     | a text that is not blank
					[{"choir_names": {"a": 1}}]          | verses[0].choir_names | a section        | a list of texts
					[{"choir-names": {"a": 1}}]          | verses[0].choir-names | a section        | a list of texts
					[{"pause": "soon"}]                  | verses[0].pause       | soon             | a duration such as 500ms
					[{"pause": ["1s"]}]                  | verses[0].pause       | a list           | a duration such as 500ms
					[{"text": ""}]                       | verses[0].text        | ''               | a text that is not blank
					[{"text": "a"}, {"text": "this is far too long"},{"text": "this is far too long."}] | verses[2].text | this is far too long. | at most 20 characters
					{"text": "a"}                        | verses                | a section        | a list of sections, each of them a section with 'choir_names', 'mood'
					"text"                               | verses                | text             | a list of sections, each of them a section with 'choir_names', 'mood'
					true                                 | verses                | true             | a list of sections, each of them a section with 'choir_names', 'mood'
					""")
	void whatIsWrongIsNamedAsItWasWritten(String verses, String field, String value, String accepted) {
		for (String form : List.of("{\"id\": \"x\", \"made_up\": {\"verses\": %s}}",
				"{\"id\": \"x\", \"made_up.verses\": %s}",
				"{\"id\": \"x\", \"settings\": {\"made_up\": {\"verses\": %s}}}")) {
			Answer refused = this.client.post("/plans", form.formatted(verses));
			assertThat(refused.status()).as(refused.body()).isEqualTo(400);
			refused.json()
				.extractingPath("$.field")
				.isEqualTo((form.contains("settings") ? "settings." : "") + "made_up." + field);
			refused.json().extractingPath("$.value").isEqualTo(value);
			refused.json().extractingPath("$.accepted").asString().contains(accepted);
		}
		assertThat(this.plans.find("default", "x")).isNull();
	}

	@Test
	void aListHasAtMostAHundredSections() {
		List<Map<String, Object>> many = Collections.nCopies(101, Map.of("text", "a"));
		Answer refused = this.client.post("/plans", json(many));
		assertThat(refused.status()).isEqualTo(400);
		refused.json().extractingPath("$.field").isEqualTo("made_up.verses");
		refused.json().extractingPath("$.accepted").isEqualTo("a list of at most 100 elements");
		assertThat(this.client.post("/plans", json(many.subList(0, 100))).status()).isEqualTo(201);
		assertThat(verses("x")).hasSize(100);
	}

	@Test
	void theSectionsOfAListHaveAtMostAThousandSettings() {
		List<String> many = Collections.nCopies(99, "a");
		List<Map<String, Object>> sections = Collections.nCopies(10, Map.of("text", "a", "choir_names", many));
		assertThat(this.client.post("/plans", json(sections)).status()).isEqualTo(201);
		this.plans.delete("default", "x", null);
		Answer refused = this.client.post("/plans", json(Collections.nCopies(11, sections.get(0))));
		assertThat(refused.status()).isEqualTo(400);
		refused.json().extractingPath("$.field").isEqualTo("made_up.verses");
		refused.json().extractingPath("$.value").isEqualTo("a list of sections with 1100 settings");
		refused.json().extractingPath("$.accepted").isEqualTo("a list of sections with at most 1000 settings together");
	}

	@Test
	void theOrderOfTheListIsKept() {
		List<Map<String, Object>> numbered = IntStream.range(0, 100)
			.mapToObj((i) -> Map.<String, Object>of("text", "t" + i, "choir_names", List.of("c" + i, "d" + i)))
			.toList();
		assertThat(this.client.post("/plans", json(numbered)).status()).isEqualTo(201);
		for (int i = 0; i < 100; i++) {
			assertThat(verses("x").get(i))
				.isEqualTo(new MadeUpFeature.Verse("t" + i, null, Duration.ofMinutes(1), List.of("c" + i, "d" + i)));
		}
	}

	private static String json(List<Map<String, Object>> verses) {
		return JsonMapper.shared().writeValueAsString(Map.of("id", "x", "made_up", Map.of("verses", verses)));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		MadeUpFeature madeUpFeature() {
			return new MadeUpFeature();
		}

	}

}
