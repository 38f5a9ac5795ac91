package io.tokensaving.tier;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.tier.WireModels.Kind;
import io.tokensaving.tier.WireModels.Sent;
import io.tokensaving.tier.endpoint.ModelEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link TierModelAdvisor}, and for tools and endpoints behind it.
 */
@Timeout(60)
class TierModelAdvisorTests {

	private static final String SIGNATURE = Base64.getEncoder()
		.encodeToString("signature".getBytes(StandardCharsets.UTF_8));

	private final WireModels models = new WireModels();

	@AfterEach
	void stop() {
		this.models.close();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theModelOfTheTierAnswersInPlaceOfThatOfTheClient(boolean stream) {
		ScriptedChatModel own = ScriptedChatModel.echoing();
		ScriptedChatModel other = ScriptedChatModel.answering(ScriptedChatModel.answer("from the tier"));
		Tier tier = new Tier("t", other, null, Tier.Limits.NONE, "d");
		ChatClient client = ChatClient.builder(own)
			.defaultAdvisors(new SwitchingAdvisor(tier), new TierModelAdvisor())
			.build();
		assertThat(ask(client, stream)).isEqualTo("from the tier");
		assertThat(own.calls()).isZero();
		assertThat(other.calls()).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void withoutAModelOfItsOwnTheTierLeavesTheRequestToTheClient(boolean stream) {
		ScriptedChatModel own = ScriptedChatModel.answering(ScriptedChatModel.answer("mine"));
		assertThat(ask(ChatClient.builder(own).defaultAdvisors(new TierModelAdvisor()).build(), stream))
			.isEqualTo("mine");
		Tier tier = new Tier("t", null, "other", Tier.Limits.NONE, "d");
		assertThat(
				ask(ChatClient.builder(own).defaultAdvisors(new SwitchingAdvisor(tier), new TierModelAdvisor()).build(),
						stream))
			.isEqualTo("mine");
		assertThat(own.lastPrompt().getOptions().getModel()).isEqualTo("other");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theErrorOfTheTiersModelIsPassedOn(boolean stream) {
		IllegalStateException error = new IllegalStateException("overloaded");
		ChatModel failing = new ScriptedChatModel((prompt) -> {
			throw error;
		});
		Tier tier = new Tier("t", failing, null, Tier.Limits.NONE, "d");
		ChatClient client = ChatClient.builder(ScriptedChatModel.echoing())
			.defaultAdvisors(new SwitchingAdvisor(tier), new TierModelAdvisor())
			.build();
		assertThatThrownBy(() -> ask(client, stream)).isSameAs(error);
	}

	@Test
	void aChoiceCanBeTakenBack() {
		Map<String, Object> context = new HashMap<>();
		Tier tier = new Tier("t", null, "m", Tier.Limits.NONE, "d");
		TierModelAdvisor.select(context, tier);
		assertThat(TierModelAdvisor.selected(new ChatClientRequest(new Prompt("a"), context))).isSameAs(tier);
		TierModelAdvisor.clear(context);
		assertThat(TierModelAdvisor.selected(new ChatClientRequest(new Prompt("a"), context))).isNull();
	}

	@Test
	void standsBehindAllOthersAndWorksForRealOnly() {
		TierModelAdvisor advisor = new TierModelAdvisor();
		assertThat(advisor.getOrder()).isGreaterThan(AdvisorOrder.MODEL_CALL).isGreaterThan(AdvisorOrder.PROMPT_CACHE);
		assertThat(advisor.worksInShadow()).isFalse();
	}

	@ParameterizedTest
	@CsvSource({ "false, true", "true, true", "false, false", "true, false" })
	void theToolLoopRunsAcrossProviders(boolean stream, boolean ownMessages) {
		this.models
			.answers((sent) -> sent.body().contains("functionResponse") ? null : (sent.isStream() ? "data: " : "")
					+ "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"functionCall\":"
					+ "{\"name\":\"look_up\",\"args\":{\"text\":\"a\"}},\"thoughtSignature\":\"" + SIGNATURE
					+ "\"}]},\"finishReason\":\"STOP\"}],\"modelVersion\":\"m\"}" + (sent.isStream() ? "\n\n" : ""));
		ChatModel target = this.models.model(Kind.GOOGLE, "target-key",
				GoogleGenAiChatOptions.builder().model("gemini").build());
		Predicate<AssistantMessage> own = (message) -> ownMessages
				&& message.getMetadata().containsKey("thoughtSignatures");
		AtomicInteger calls = new AtomicInteger();
		ChatModel source = this.models.model(Kind.OPEN_AI, "source-key",
				OpenAiChatOptions.builder().model("gpt").temperature(0.1).build());
		ChatClient client = ChatClient.builder(source)
			.defaultTools(FunctionToolCallback.builder("look_up", (TranslatedRequestsTests.Text text) -> {
				calls.incrementAndGet();
				return "found";
			}).description("d").inputType(TranslatedRequestsTests.Text.class).build())
			.defaultAdvisors(new SwitchingAdvisor(new Tier("t", target, null, Tier.Limits.NONE, "d"), null, own),
					new TierModelAdvisor())
			.build();
		assertThat(ask(client, stream)).contains("Ada");
		List<Sent> sent = this.models.sent();
		assertThat(sent).hasSize(2).extracting(Sent::kind).containsOnly(Kind.GOOGLE);
		assertThat(calls).hasValue(1);
		// A signature goes back to the model that made it only
		assertThat(sent.get(1).body().contains("thoughtSignature")).isEqualTo(ownMessages);
		assertThat(sent.get(1).body()).contains("functionCall", "functionResponse", "found");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anEndpointIsAskedWithItsKeyAndModel(boolean stream) {
		ChatModel endpoint = ModelEndpoint.create(this.models.url(Kind.OPEN_AI), "endpoint-key", "deepseek-chat", null,
				null);
		Tier tier = new Tier("t", endpoint, "deepseek-chat", Tier.Limits.NONE, "d");
		ChatModel own = this.models.model(Kind.ANTHROPIC, "source-key",
				AnthropicChatOptions.builder().model("claude").maxTokens(1111).build());
		ask(ChatClient.builder(own).defaultAdvisors(new SwitchingAdvisor(tier), new TierModelAdvisor()).build(),
				stream);
		Sent sent = this.models.sent().get(0);
		assertThat(sent.path()).endsWith("/chat/completions");
		assertThat(sent.headers()).containsIgnoringCase("authorization=Bearer endpoint-key");
		assertThat(sent.json().path("model").asString()).isEqualTo("deepseek-chat");
		assertThat(sent.json().has("max_tokens")).isFalse();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anEndpointWithoutKeyIsSentNone(boolean stream) {
		ChatModel endpoint = ModelEndpoint.create(this.models.url(Kind.OPEN_AI), null, "qwen3", null, null);
		if (stream) {
			endpoint.stream(new Prompt("Hello")).blockLast();
		}
		else {
			endpoint.call(new Prompt("Hello"));
		}
		assertThat(this.models.sent()).singleElement()
			.satisfies((sent) -> assertThat(sent.headers()).doesNotContainIgnoringCase("authorization"));
	}

	private static String ask(ChatClient client, boolean stream) {
		if (!stream) {
			return client.prompt("Hello").call().content();
		}
		Flux<String> content = client.prompt("Hello").stream().content();
		return String.join("", content.collectList().block());
	}

}
