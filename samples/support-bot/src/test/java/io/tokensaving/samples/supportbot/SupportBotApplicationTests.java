package io.tokensaving.samples.supportbot;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.tokensaving.samples.supportbot.demo.DemonstrationChatModel;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.ollama.OllamaChatModel;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.micrometer.metrics.test.autoconfigure.AutoConfigureMetrics;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SupportBotApplication}, which replays its own questions at the start.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@AutoConfigureMetrics
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
		Map<?, ?> endpoint = RestClient.create(url("/actuator/tokensaving")).get().retrieve().body(Map.class);
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
	void refusesBlankMessageOfStreamEvenIfOnlyEventsAreAccepted() {
		assertThatExceptionOfType(HttpClientErrorException.BadRequest.class)
			.isThrownBy(() -> RestClient.create(url("/chat/stream"))
				.post()
				.contentType(MediaType.APPLICATION_JSON)
				.accept(MediaType.TEXT_EVENT_STREAM)
				.body("{}")
				.retrieve()
				.body(String.class));
	}

	@Test
	void endpointAndPrometheusShowTheSameTokens() {
		Map<?, ?> totals = RestClient.create(url("/actuator/tokensaving/totals")).get().retrieve().body(Map.class);
		String prometheus = RestClient.create(url("/actuator/prometheus")).get().retrieve().body(String.class);
		assertThat(sum(prometheus, "tokensaving_tokens_saved_total{")).isPositive()
			.isEqualTo(((Number) totals.get("tokens_saved")).longValue());
		assertThat(sum(prometheus, "tokensaving_tokens_bought_total{")).isPositive()
			.isEqualTo(((Number) totals.get("tokens_bought")).longValue());
	}

	@ParameterizedTest
	@ValueSource(strings = { "--spring.ai.model.chat=none", "--server.port=0" })
	void usesDemonstrationWhereNoOtherIsSelected(String argument) {
		try (var context = run(argument)) {
			assertThat(context.getBean(ChatModel.class)).isInstanceOf(DemonstrationChatModel.class);
		}
	}

	@Test
	void usesModelOfTheApplicationWhereItHasOne() {
		ChatModel own = (prompt) -> new ChatResponse(List.of());
		try (var context = new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.initializers((initialized) -> initialized.getBeanFactory().registerSingleton("own", own))
			.run("--support-bot.replay-at-start=false")) {
			assertThat(context.getBean(ChatModel.class)).isSameAs(own);
		}
	}

	@Test
	void usesOpenAiWithItsProfile() {
		try (var context = run("--spring.profiles.active=openai", "--spring.ai.openai.chat.api-key=test")) {
			assertThat(context.getBean(ChatModel.class)).isInstanceOf(OpenAiChatModel.class);
		}
	}

	@Test
	void profileWinsOverKey() {
		try (var context = run("--spring.profiles.active=ollama", "--spring.ai.openai.api-key=test")) {
			assertThat(context.getBean(ChatModel.class)).isInstanceOf(OllamaChatModel.class);
		}
	}

	@Test
	void usesOpenAiWhereItsKeyIsGiven() {
		try (var context = run("--spring.ai.openai.api-key=test")) {
			assertThat(context.getBean(ChatModel.class)).isInstanceOf(OpenAiChatModel.class);
		}
	}

	@Test
	void usesOllamaWithItsProfile() {
		try (var context = run("--spring.profiles.active=ollama")) {
			assertThat(context.getBean(ChatModel.class)).isInstanceOf(OllamaChatModel.class);
		}
	}

	private static ConfigurableApplicationContext run(String... arguments) {
		return new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.run(Stream.concat(Stream.of("--support-bot.replay-at-start=false"), Stream.of(arguments))
				.toArray(String[]::new));
	}

	private static long sum(String prometheus, String prefix) {
		return Math.round(prometheus.lines()
			.filter((line) -> line.startsWith(prefix))
			.mapToDouble((line) -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
			.sum());
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
