package io.tokensaving.feature;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.actuate.EndpointClient;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests that a feature needs nothing but its own classes: {@link MadeUpFeature} is
 * switched on, refused and shown like any other, although nobody knows it.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving",
				"token-saving.plans.typed.made-up.words=well,now", "token-saving.plans.typed.made-up.pause=2",
				"token-saving.plans.typed.cache.backend=in_memory" })
@ExtendWith(OutputCaptureExtension.class)
class MadeUpFeatureTests {

	@Autowired
	private PlanRepository plans;

	@Autowired
	private MadeUpFeature feature;

	@Autowired
	private TokenSavingAdvisors advisors;

	@Autowired
	private ChatClient.Builder client;

	@LocalServerPort
	private int port;

	@Test
	void aPlanOfTheConfigurationSwitchesItOn() {
		assertThat(this.plans.find("default", "typed").settings(MadeUpFeature.Settings.class))
			.isEqualTo(new MadeUpFeature.Settings("friendly", List.of("well", "now"), 1, Duration.ofMinutes(2)));
		assertThat(ask("typed", "one")).endsWith("to: well now one");
		EndpointClient.of(this.port)
			.get("/plans/typed")
			.json()
			.extractingPath("$.settings.made_up")
			.isEqualTo(Map.of("voice", "friendly", "words", List.of("well", "now"), "times", 1, "pause", "2m", "verses",
					List.of()));
	}

	@Test
	void aPlanThatIsSentSwitchesItOnAndOff() {
		EndpointClient endpoint = EndpointClient.of(this.port);
		Answer created = endpoint.post("/plans", "{\"id\": \"sent\", \"made_up\": {\"voice\": \"stern\"}}");
		assertThat(created.status()).as(created.body()).isEqualTo(201);
		created.json().extractingPath("$.settings.made_up.pause").isEqualTo("1m");
		assertThat(this.feature.loaded()).extracting(Plan::id).isEqualTo("sent");
		assertThat(ask("sent", "two")).endsWith("to: indeed two");
		Answer changed = endpoint.post("/plans/sent", "{\"made_up\": {\"times\": 2, \"voice\": null}}");
		assertThat(changed.status()).as(changed.body()).isEqualTo(200);
		changed.json().extractingPath("$.settings.made_up.voice").isEqualTo("friendly");
		assertThat(ask("sent", "three")).endsWith("to: indeed indeed three");
		assertThat(endpoint.post("/plans/sent", "{\"made_up\": {\"enabled\": false}}").status()).isEqualTo(200);
		assertThat(ask("sent", "four")).endsWith("to: four");
		assertThat(endpoint.post("/plans/sent", "{\"made_up\": null}").status()).isEqualTo(200);
		endpoint.get("/plans/sent").json().doesNotHavePath("$.settings.made_up");
		assertThat(endpoint.delete("/plans/sent").status()).isEqualTo(204);
	}

	@Test
	void theEndpointShowsWhatItAdvises() {
		EndpointClient endpoint = EndpointClient.of(this.port);
		assertThat(endpoint.post("/plans", "{\"id\": \"hoarse\", \"made_up\": {}}").status()).isEqualTo(201);
		ask("hoarse", "one");
		for (String path : new String[] { "/advice", "/plans/hoarse/advice" }) {
			endpoint.get(path)
				.json()
				.extractingPath("$.advice[?(@.plan == 'hoarse' && @.advised_by == 'made-up')]")
				.asArray()
				.containsExactly(Map.of("code", "hoarse", "severity", "info", "plan", "hoarse", "advised_by", "made-up",
						"text", "The voice is hoarse", "remedy", "Drink tea", "setting",
						Map.of("name", "token-saving.plans.hoarse.made-up.voice", "value", "friendly"), "figures",
						Map.of("cups", Map.of("value", 2, "unit", "cups"))));
		}
		endpoint.get("/plans/typed/advice")
			.json()
			.extractingPath("$.advice[?(@.plan == 'hoarse')]")
			.asArray()
			.isEmpty();
		assertThat(endpoint.delete("/plans/hoarse").status()).isEqualTo(204);
		endpoint.get("/advice").json().extractingPath("$.advice[?(@.plan == 'hoarse')]").asArray().isEmpty();
	}

	@Test
	void anEmptySectionMeansItsDefaults() {
		EndpointClient endpoint = EndpointClient.of(this.port);
		Answer created = endpoint.post("/plans", "{\"id\": \"empty\", \"made_up\": {}}");
		assertThat(created.status()).as(created.body()).isEqualTo(201);
		created.json()
			.extractingPath("$.settings.made_up")
			.isEqualTo(Map.of("voice", "friendly", "words", List.of("indeed"), "times", 1, "pause", "1m", "verses",
					List.of()));
		assertThat(endpoint.delete("/plans/empty").status()).isEqualTo(204);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					{"made_up": {"voice": "shrill"}}  | made_up.voice  | shrill | one of 'friendly', 'stern'
					{"made_up": {"times": 0}}         | made_up.times  | 0      | a number of at least 1
					{"made_up": {"times": "many"}}    | made_up.times  | many   | a whole number of at most 2147483647
					{"made_up": {"pause": "a while"}} | made_up.pause  | a while | a duration such as 500ms, 30s or 1h
					{"made_up": {"volume": 11}}       | made_up.volume | 11     | a setting that exists: 'enabled', 'pause', 'times', 'verses', 'voice', 'words'
					{"made_up": {"volume": null}}     | made_up.volume | null   | a setting that exists: 'enabled', 'pause', 'times', 'verses', 'voice', 'words'
					{"made_up": "on"}                 | made_up        | on     | a section with 'enabled', 'pause'
					{"make_up": {}}                   | make_up        | a section | exists: 'based_on', 'batch', 'budget', 'cache', 'compression', 'dedup', 'made_up'
					""")
	void aPlanThatIsSentIsRefused(String json, String field, String value, String accepted) {
		Answer refused = EndpointClient.of(this.port)
			.post("/plans", "{\"id\": \"refused\", " + json.strip().substring(1));
		assertThat(refused.status()).as(refused.body()).isEqualTo(400);
		refused.json().extractingPath("$.field").isEqualTo(field);
		refused.json().extractingPath("$.value").isEqualTo(value);
		refused.json().extractingPath("$.accepted").asString().contains(accepted);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					voice  | shrill | one of 'friendly', 'stern'
					times  | 0      | a number of at least 1
					times  | many   | a whole number
					pause  | soon   | a duration such as '500ms', '30s' or '1h'
					volume | 11     | Accepted under 'token-saving.plans.a.made-up' is one of 'enabled', 'pause', 'times', 'verses', 'voice', 'words'
					""")
	void anApplicationWithAPlanThatIsWrongDoesNotStart(String name, String value, String accepted,
			CapturedOutput output, @TempDir Path directory) throws Exception {
		Path yaml = directory.resolve("wrong.yml");
		Files.writeString(yaml,
				"token-saving:\n  plans:\n    a:\n      made-up:\n        " + name + ": " + value + "\n");
		assertThatThrownBy(() -> new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.run("--spring.config.location=" + yaml.toUri())).isInstanceOf(Exception.class);
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("token-saving.plans.a.made-up." + name)
			.contains("wrong.yml] - 5:")
			.contains(accepted);
		if (!name.equals("volume")) {
			assertThat(output).contains("'" + value + "'");
		}
	}

	@Test
	void itsAdvisorStandsWhereItsOrderSays() {
		assertThat(this.advisors.toList()).extracting(Advisor::getName)
			.containsSubsequence("Token Saving Plan", "Made Up", "Token Saving Compression");
	}

	private String ask(String plan, String question) {
		return this.client.clone().build().prompt(question).advisors(TokenSaving.plan(plan)).call().content();
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

		@Bean
		MadeUpAdvisor madeUpAdvisor(SavingsStatistics statistics) {
			return new MadeUpAdvisor(statistics);
		}

	}

}
