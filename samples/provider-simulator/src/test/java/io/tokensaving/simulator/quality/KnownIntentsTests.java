package io.tokensaving.simulator.quality;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/** What is answered to questions whose intents are known. */
class KnownIntentsTests {

	private static final String SCHEMA = "Your answer has the schema {\"type\": \"object\", \"properties\" : {\"topic\": {}}}";

	@TempDir
	private Path directory;

	@Test
	void answersTheQuestionThatStandsOnALineOfItsOwn() throws Exception {
		KnownIntents intents = KnownIntents.read(file("\uFEFFintent\tquestion\ncard\tWhere is \"it\"?\npin\tWhy?\n"));
		try (ProviderSimulator simulator = ProviderSimulator.builder().respondWith(intents).start()) {
			assertThat(ask(simulator, "Where is \"it\"?")).isEqualTo("{\"intent\": \"card\"}");
			assertThat(ask(simulator, "Why?\n" + SCHEMA)).isEqualTo("{\"topic\": \"pin\"}");
			assertThat(ask(simulator, "Why, why?")).isEqualTo("{\"intent\": \"unknown\"}");
		}
	}

	@Test
	void intentsMayHoldAnything() throws Exception {
		String odd = "a \"b\" \\ c";
		try (ProviderSimulator simulator = ProviderSimulator.builder()
			.respondWith(KnownIntents.of(Map.of("Why?", odd)))
			.start()) {
			assertThat(JsonMapper.shared().readTree(ask(simulator, "Why?")).path("intent").asString()).isEqualTo(odd);
		}
	}

	@Test
	void refusesAFileWithoutThem() throws IOException {
		Path file = file("question\tanswer\nWhy?\tBecause.\n");
		assertThatIllegalArgumentException().isThrownBy(() -> KnownIntents.read(file))
			.withMessageContaining("'question' and 'intent'")
			.withMessageContaining(file.toString());
		Path empty = file("");
		assertThatIllegalArgumentException().isThrownBy(() -> KnownIntents.read(empty));
	}

	private Path file(String content) throws IOException {
		return Files.writeString(this.directory.resolve("questions.tsv"), content);
	}

	private static String ask(ProviderSimulator simulator, String text) throws Exception {
		String body = JsonMapper.shared()
			.writeValueAsString(Map.of("model", "gpt-5-nano", "messages",
					new Object[] { Map.of("role", "user", "content", text) }));
		HttpResponse<String> response = HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(URI.create(simulator.baseUrl(Provider.OPENAI) + "/chat/completions"))
				.header("authorization", "Bearer any")
				.POST(HttpRequest.BodyPublishers.ofString(body))
				.build(), HttpResponse.BodyHandlers.ofString());
		JsonNode answer = JsonMapper.shared().readTree(response.body());
		return answer.path("choices").path(0).path("message").path("content").asString();
	}

}
