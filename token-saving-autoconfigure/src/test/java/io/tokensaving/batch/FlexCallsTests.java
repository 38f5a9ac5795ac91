package io.tokensaving.batch;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.google.genai.common.GoogleGenAiServiceTier;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link FlexCalls}.
 */
class FlexCallsTests {

	// 1,000 tokens in and 100 out are 0.003 USD, in the flex tier 0.0015
	private static final ModelPrice PRICE = new ModelPrice("patient-model", price("2", "10"),
			List.of(new PriceVariant(ServiceTier.FLEX, 0, price("1", "5"))));

	private final List<OpenAiChatOptions> sent = new ArrayList<>();

	private boolean hasRoom = true;

	private TokenSavingTestChain chain = new TokenSavingTestChain();

	@AfterEach
	void close() throws Exception {
		this.chain.close();
	}

	private static TokenPrice price(String input, String output) {
		return new TokenPrice(new BigDecimal(input), new BigDecimal(output), null, null);
	}

	private ChatResponse answer(Prompt prompt) {
		OpenAiChatOptions options = (OpenAiChatOptions) prompt.getOptions();
		this.sent.add(options);
		if ("flex".equals(options.getServiceTier()) && !this.hasRoom) {
			throw new IllegalStateException("429");
		}
		return new ChatResponse(
				List.of(new Generation(new AssistantMessage("from " + options.getServiceTier()),
						ChatGenerationMetadata.builder().finishReason("STOP").build())),
				ChatResponseMetadata.builder()
					.model(options.getModel())
					.usage(new DefaultUsage(1000, 100, 1100))
					.build());
	}

	private ChatClient client(ChatOptions options, BatchSettings settings) {
		ChatModel model = new ScriptedChatModel(this::answer).options(options);
		return client(model, settings);
	}

	private ChatClient client(ChatModel model, BatchSettings settings) {
		Plan.Builder plan = Plan.builder("enrichment");
		this.chain = new TokenSavingTestChain(((settings != null) ? plan.with(settings) : plan).build()).price(PRICE);
		return this.chain.client(model,
				new BatchAdvisor(new BatchCapabilities(List.of()), null, true,
						new FlexCalls(new PriceTable(List.of(PRICE)), this.chain.statistics()), this.chain.statistics(),
						new TokenCounter()));
	}

	private static OpenAiChatOptions options(String model) {
		return OpenAiChatOptions.builder().model(model).build();
	}

	private static String ask(ChatClient client, Duration within, boolean stream) {
		ChatClient.ChatClientRequestSpec spec = client.prompt("Why?").advisors(TokenSaving.within(within));
		return stream ? String.join("", spec.stream().content().collectList().block()) : spec.call().content();
	}

	private StatisticsSnapshot figures() {
		return this.chain.statistics().plan(new PlanKey("default", "enrichment")).snapshot();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aCallerWhoWaitsGetsTheCheaperTierAndWhatItSaves(boolean stream) {
		ChatClient client = client(options("patient-model"), BatchSettings.DEFAULT);
		assertThat(ask(client, Duration.ofMinutes(15), stream)).isEqualTo("from flex");
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.0015");
		assertThat(figures().costSavedUsd()).isEqualByComparingTo("0.0015");
		assertThat(figures().savedUsdByTechnique()).containsOnlyKeys("flex");
		assertThat(figures().counts(BatchFeature.FLEX_REQUESTS)).containsExactlyEntriesOf(Map.of("flex", 1L));
		assertThat(this.sent).singleElement().satisfies((options) -> {
			assertThat(options.getTimeout()).isEqualTo(Duration.ofMinutes(13));
			assertThat(options.getMaxRetries()).isZero();
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatTheTierRefusesIsAskedOnceMoreInTheUsualOne(boolean stream) {
		this.hasRoom = false;
		ChatClient client = client(options("patient-model"), BatchSettings.DEFAULT);
		assertThat(ask(client, Duration.ofMinutes(15), stream)).isEqualTo("from null");
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
		assertThat(figures().costSavedUsd()).isZero();
		assertThat(figures().modelErrors()).isZero();
		assertThat(figures().totalRequests()).isEqualTo(1);
		assertThat(figures().counts(BatchFeature.FLEX_REQUESTS)).containsExactlyEntriesOf(Map.of("standard", 1L));
	}

	@Test
	void theModelsOwnFailureReachesTheCaller() {
		ChatModel failing = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("down");
		}).options(options("patient-model"));
		ChatClient client = client(failing, BatchSettings.DEFAULT);
		assertThatIllegalStateException().isThrownBy(() -> ask(client, Duration.ofMinutes(15), false))
			.withMessage("down");
	}

	@Test
	void aModelWithoutSuchATierIsAskedAsUsual() {
		ChatClient client = client(options("other-model"), BatchSettings.DEFAULT);
		assertThat(ask(client, Duration.ofMinutes(15), false)).isEqualTo("from null");
		assertThat(figures().counts(BatchFeature.FLEX_REQUESTS)).containsExactlyEntriesOf(Map.of("ignored", 1L));
	}

	@Test
	void aTierThatTheApplicationHasChosenStaysAndIsNotCreditedToAnybody() {
		ChatClient client = client(OpenAiChatOptions.builder().model("patient-model").serviceTier("priority").build(),
				BatchSettings.DEFAULT);
		assertThat(ask(client, Duration.ofMinutes(15), false)).isEqualTo("from priority");
		assertThat(figures().savedUsdByTechnique()).isEmpty();
	}

	@Test
	void nothingChangesForCallersWhoDoNotWaitOrPlansWithoutIt() {
		ChatClient client = client(options("patient-model"), BatchSettings.DEFAULT);
		assertThat(client.prompt("Why?").call().content()).isEqualTo("from null");
		assertThat(ask(client(options("patient-model"), (BatchSettings) null), Duration.ofMinutes(15), false))
			.isEqualTo("from null");
		assertThat(ask(
				client(options("patient-model"),
						new BatchSettings(Duration.ofHours(1), BatchSettings.Tools.LIVE, false)),
				Duration.ofMinutes(15), false))
			.isEqualTo("from null");
	}

	@Test
	void optionsWithAnEnumNameTheTierToo() {
		List<GoogleGenAiChatOptions> google = new ArrayList<>();
		ChatModel model = new ScriptedChatModel((prompt) -> {
			google.add((GoogleGenAiChatOptions) prompt.getOptions());
			return ScriptedChatModel.answer("fine");
		}).options(GoogleGenAiChatOptions.builder().model("patient-model").build());
		ask(client(model, BatchSettings.DEFAULT), Duration.ofMinutes(15), false);
		assertThat(google).extracting(GoogleGenAiChatOptions::getServiceTier)
			.containsExactly(GoogleGenAiServiceTier.FLEX);
	}

	@ParameterizedTest
	@CsvSource({ "PT15M,PT2M", "PT4M,PT1M", "PT20S,PT10S", "PT5S,PT10S" })
	void aPartOfTheTimeIsKeptForTheUsualTier(Duration within, Duration reserved) {
		assertThat(FlexCalls.reserved(within)).isEqualTo(reserved);
	}

	@Test
	void aTimeThatIsNoneIsRefused() {
		ChatClient client = client(options("patient-model"), BatchSettings.DEFAULT);
		assertThatIllegalArgumentException().isThrownBy(() -> TokenSaving.within(Duration.ZERO));
		assertThatIllegalArgumentException().isThrownBy(
				() -> client.prompt("Why?").advisors((spec) -> spec.param(TokenSaving.WITHIN, "soon")).call().content())
			.withMessageContaining(TokenSaving.WITHIN)
			.withMessageContaining("soon");
	}

}
