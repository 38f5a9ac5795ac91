package io.tokensaving.samples.supportbot;

import java.util.Map;

import io.tokensaving.samples.supportbot.demo.DemonstrationChatModel;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SupportBotApplication}, which replays its own questions at the start.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class SupportBotApplicationTests {

	@LocalServerPort
	private int port;

	@Autowired
	private DemonstrationChatModel model;

	@Test
	void answersSecondConversationFromCacheAndShowsItAtTheEndpoint() {
		long before = this.model.calls();
		String question = "{\"conversation_id\": \"%s\", \"message\": \"What about the weather?\"}";
		assertThat(chat(question.formatted("a"))).containsEntry("outcome", "miss");
		assertThat(chat(question.formatted("b"))).containsEntry("outcome", "exact_hit");
		assertThat(chat(question.formatted("a"))).containsEntry("outcome", "miss");
		assertThat(this.model.calls() - before).isEqualTo(2);
		Map<String, ?> endpoint = RestClient.create(url("/actuator/tokensaving")).get().retrieve().body(Map.class);
		assertThat(endpoint.get("totals")).asInstanceOf(InstanceOfAssertFactories.MAP)
			.hasEntrySatisfying("exact_hits", (hits) -> assertThat((Integer) hits).isGreaterThan(100));
	}

	@Test
	void streamsAnswer() {
		String stream = RestClient.create(url("/chat/stream"))
			.post()
			.contentType(MediaType.APPLICATION_JSON)
			.body("{\"message\": \"Where is my new card?\"}")
			.retrieve()
			.body(String.class);
		assertThat(stream).startsWith("data:").contains("Cards");
	}

	@Test
	void refusesBlankMessage() {
		assertThatExceptionOfType(HttpClientErrorException.BadRequest.class)
			.isThrownBy(() -> chat("{\"message\": \" \"}"))
			.withMessageContaining("'message' must not be blank");
	}

	@Test
	void usesOpenAiWhereItsKeyIsGiven() {
		try (var context = new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.run("--spring.ai.openai.api-key=test", "--support-bot.replay-at-start=false")) {
			assertThat(context.getBean(ChatModel.class)).isInstanceOf(OpenAiChatModel.class);
		}
	}

	@Test
	void usesOllamaWithItsProfile() {
		try (var context = new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.profiles("ollama")
			.run("--support-bot.replay-at-start=false")) {
			assertThat(context.getBean(ChatModel.class).getClass().getSimpleName()).isEqualTo("OllamaChatModel");
		}
	}

	@SuppressWarnings("unchecked")
	private Map<String, Object> chat(String body) {
		return RestClient.create(url("/chat"))
			.post()
			.contentType(MediaType.APPLICATION_JSON)
			.body(body)
			.retrieve()
			.body(Map.class);
	}

	private String url(String path) {
		return "http://localhost:" + this.port + path;
	}

}
