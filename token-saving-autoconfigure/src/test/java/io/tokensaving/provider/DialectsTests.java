package io.tokensaving.provider;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;

import io.tokensaving.MadeUpChatOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Dialects} and {@link Dialect}.
 */
class DialectsTests {

	private static final Dialects BUILT_IN = Dialects.builtIn();

	private static final Dialect OPEN_AI = BUILT_IN.of(OpenAiChatOptions.builder().build());

	private static final Dialect OLLAMA = BUILT_IN.of(OllamaChatOptions.builder().build());

	private static final Dialect UNKNOWN = BUILT_IN.of(new MadeUpOptions());

	private static final Dialect UNKNOWN_OF_SPRING_AI = BUILT_IN.of(ChatOptions.builder().build());

	@Test
	void findsDialectByClassOfOptions() {
		assertThat(OPEN_AI).hasToString("openai");
		assertThat(BUILT_IN.of(AnthropicChatOptions.builder().build())).hasToString("anthropic");
		assertThat(OLLAMA).hasToString("ollama");
		for (Dialect dialect : List.of(BUILT_IN.of(null), UNKNOWN, UNKNOWN_OF_SPRING_AI)) {
			assertThat(dialect).hasToString("general");
		}
	}

	@Test
	void optionOfProviderIsIrrelevantToItAndToUnknownOnes() {
		assertThat(irrelevant("promptcachekey")).containsExactly(true, false, true, true);
		assertThat(irrelevant("keepalive")).containsExactly(false, true, true, true);
		// Elsewhere it may be the prompt
		assertThat(irrelevant("metadata")).containsExactly(true, false, false, true);
		assertThat(irrelevant("apikey")).containsOnly(true);
		assertThat(irrelevant("model")).containsOnly(false);
	}

	private static Stream<Boolean> irrelevant(String option) {
		return Stream.of(OPEN_AI, OLLAMA, UNKNOWN, UNKNOWN_OF_SPRING_AI)
			.map((dialect) -> dialect.isIrrelevantOption(option));
	}

	@Test
	void headerOfProviderIsIrrelevantToAllBecauseGatewaysHandItOn() {
		for (Dialect dialect : List.of(OPEN_AI, UNKNOWN)) {
			for (String header : List.of("authorization", "x-api-key", "x-goog-api-key", "x-amzn-trace-id",
					"x-b3-traceid", "x-stainless-os", "api-key")) {
				assertThat(dialect.isIrrelevantHeader(header)).as(header).isTrue();
			}
			for (String header : List.of("x-model", "anthropic-beta", "x-b3", "cookie")) {
				assertThat(dialect.isIrrelevantHeader(header)).as(header).isFalse();
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "STOP", "stop", " end_turn ", "tool_use", "TOOL_CALLS", "function_call", "stop_sequence",
			"COMPLETE", "completed", "eos_token", "FINISH_REASON_STOP", "tool_call" })
	void knowsReasonsOfWholeAnswers(String reason) {
		for (Dialect dialect : List.of(OPEN_AI, OLLAMA, UNKNOWN)) {
			assertThat(dialect.isComplete(reason)).isTrue();
			assertThat(dialect.isFinished(reason)).isTrue();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "length", "max_tokens", "MAX_TOKENS", "content_filter", "SAFETY", "refusal", "pause_turn",
			"guardrail_intervened", "load", "anything" })
	void takesOtherReasonsForThoseOfAnswersThatAreNotWhole(String reason) {
		assertThat(UNKNOWN.isComplete(reason)).isFalse();
		assertThat(UNKNOWN.isFinished(reason)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "_UNKNOWN", "unknown", "null", "NONE", "FINISH_REASON_UNSPECIFIED" })
	void knowsWhatStandsForNoReason(String reason) {
		assertThat(UNKNOWN.isFinished(reason)).isFalse();
		assertThat(UNKNOWN.isComplete(reason)).isFalse();
		assertThat(UNKNOWN.isFinished(null)).isFalse();
		assertThat(UNKNOWN.isComplete(null)).isFalse();
	}

	@Test
	void findsNumberOfGenerationUnderTheNameOfAnyProvider() {
		for (String name : List.of("index", "candidateIndex", "choiceIndex", "generationIndex", "completionIndex",
				"candidate_index", "choice_index")) {
			assertThat(UNKNOWN.candidateNumber(generation(Map.of(name, 3L)))).as(name).isEqualTo(3);
		}
		assertThat(UNKNOWN.candidateNumber(generation(Map.of("index", "third")))).isNull();
		assertThat(UNKNOWN.candidateNumber(generation(Map.of()))).isNull();
	}

	@Test
	void tellsWhetherSeveralGenerationsAreAskedFor() {
		assertThat(OPEN_AI.asksForSeveral(OpenAiChatOptions.builder().n(2).build())).isTrue();
		assertThat(OPEN_AI.asksForSeveral(OpenAiChatOptions.builder().n(1).build())).isFalse();
		assertThat(OPEN_AI.asksForSeveral(OpenAiChatOptions.builder().build())).isFalse();
		assertThat(UNKNOWN.asksForSeveral(new MadeUpOptions())).isTrue();
		assertThat(UNKNOWN.asksForSeveral(null)).isFalse();
	}

	@ParameterizedTest
	@CsvSource({ "gpt-4o, gpt-4o, true", "GPT-4o, gpt-4o, true", "llama3:8b, llama3:8b, true",
			"openai/gpt-5-mini, gpt-5-mini, true", "anthropic/claude-sonnet-4.5, claude-sonnet-4-5, true",
			"openai/gpt-oss-20b:free, gpt-oss-20b, false",
			"openrouter/anthropic/claude-opus-4.5, claude-opus-4-5, true",
			"us.anthropic.claude-sonnet-4-5-20250929-v1:0, claude-sonnet-4-5-20250929-v1:0, false",
			"anthropic.claude-haiku-4-5-20251001-v1:0, claude-haiku-4-5-20251001-v1:0, false",
			"global.anthropic.claude-haiku-4-5-20251001-v1:0, claude-haiku-4-5-20251001-v1:0, true",
			"bedrock/global.anthropic.claude-opus-4-5-20251101-v1:0, claude-opus-4-5-20251101-v1:0, true",
			"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0, nova-pro-v1:0, false",
			"openai.gpt-oss-120b-1:0, gpt-oss-120b-1:0, false", "azure/gpt-4o, gpt-4o, false",
			"google/gemini-3.1-pro-preview, gemini-3.1-pro-preview, true", "x-ai/grok-4.6, grok-4.6, true",
			"openrouter/x-ai/grok-4.6:nitro, grok-4.6, false", "deepseek/deepseek-chat, deepseek-chat, false",
			"projects/p/locations/global/publishers/anthropic/models/claude-opus-5, claude-opus-5, false",
			"projects/p/locations/europe-west1/publishers/google/models/gemini-2.5-pro, gemini-2.5-pro, false",
			"gpt-35-turbo-16k, gpt-3.5-turbo-16k, false", "models/gemini-2.5-pro, gemini-2.5-pro, true",
			"publishers/google/models/gemini-2.5-pro, gemini-2.5-pro, false", "a/b/c/d/e, e, false",
			"gpt-4.1, gpt-4.1, true", "ends/, ends/, true" })
	void findsModelBehindNameOfGatewayOrRegion(String name, String model, boolean listPrice) {
		assertThat(BUILT_IN.model(name)).isEqualTo(new ModelName(model, listPrice));
	}

	@Test
	void endsWhereNamesStandForEachOtherForEver() {
		Dialects dialects = new Dialects(List.of(new MadeUpDialect("a") {
			@Override
			public ModelName model(String name) {
				return new ModelName(name + "x", true);
			}
		}));
		assertThat(dialects.model("m").name()).isEqualTo("mxxxx");
	}

	@ParameterizedTest
	@CsvSource({ "openai.gpt-oss-120b-1:0, 1", "azure/gpt-4o, 1", "gpt-35-turbo, 1", "foo/bar/GPT-4o, 1" })
	void knowsFactorUnderNamesOfGatewaysAndRegions(String model, double factor) {
		assertThat(BUILT_IN.tokenFactor(model)).hasValue(factor);
	}

	@ParameterizedTest
	@ValueSource(strings = { "claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5", "llama3", "", " ", "/" })
	void hasNoFactorOfItsOwnForOthers(String model) {
		assertThat(BUILT_IN.tokenFactor(model)).isEmpty();
		assertThat(BUILT_IN.tokenFactor(null)).isEmpty();
	}

	@Test
	void dialectOfApplicationWins() {
		Dialects dialects = new Dialects(List.of(new MadeUpDialect("made-up")));
		Dialect dialect = dialects.of(new MadeUpOptions());
		assertThat(dialect.name()).isEqualTo("made-up");
		assertThat(dialect.isIrrelevantOption("colour")).isTrue();
		assertThat(dialect.isIrrelevantOption("timeout")).isTrue();
		assertThat(dialect.isIrrelevantHeader("x-made-up")).isTrue();
		assertThat(dialect.isIrrelevantHeader("x-made-up-id")).isTrue();
		assertThat(dialect.isIrrelevantHeader("authorization")).isTrue();
		assertThat(dialect.isComplete("Ready")).isTrue();
		assertThat(dialect.isComplete("stop")).isFalse();
		assertThat(dialect.isFinished("stop")).isTrue();
		assertThat(dialect.isFinished("going-on")).isFalse();
		assertThat(dialect.candidateNumber(generation(Map.of("which", 2, "index", 1)))).isEqualTo(2);
		assertThat(dialect.candidateNumber(generation(Map.of("index", 1)))).isEqualTo(1);
		assertThat(dialects.usage(new DefaultUsage(5, 5), new MadeUpOptions()))
			.isEqualTo(new TokenUsage(50, 5, 0, 0, false));
		assertThat(dialects.tokenFactor("made-up-large")).hasValue(3);
		assertThat(dialects.model("large@here")).isEqualTo(new ModelName("made-up-large", true));
		assertThat(dialects.prices().get(0).model()).isEqualTo("made-up-large");
	}

	@Test
	void dialectOfApplicationHoldsForItsRequestsOnly() {
		Dialects dialects = new Dialects(List.of(new MadeUpDialect("made-up")));
		assertThat(dialects.of(OpenAiChatOptions.builder().build()).isComplete("stop")).isTrue();
		assertThat(dialects.of(null).isIrrelevantOption("colour")).isFalse();
		assertThat(dialects.of(null).isIrrelevantHeader("x-made-up")).isFalse();
		assertThat(UNKNOWN.name()).isEqualTo("general");
	}

	@Test
	void dialectOfApplicationTakesThePlaceOfTheBuiltInOneWithItsName() {
		Dialects dialects = new Dialects(List.of(new MadeUpDialect("openai")));
		assertThat(dialects.of(OpenAiChatOptions.builder().build()).name()).isEqualTo("general");
		assertThat(dialects.tokenFactor("gpt-4o")).isEmpty();
		Dialects without = new Dialects(List.of(new MadeUpDialect("xai")));
		assertThat(BUILT_IN.listing("xai", "xai/grok-5").names()).contains("grok-5");
		assertThat(without.listing("xai", "xai/grok-5").names()).containsExactly("xai/grok-5");
	}

	@Test
	void refusesTwoDialectsOfOneName() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new Dialects(List.of(new MadeUpDialect("a"), new MadeUpDialect("a"))))
			.withMessageContaining("'a'");
	}

	@Test
	void namesAreWrittenInTheFormInWhichTheyAreCompared() {
		assertThat(UNKNOWN.irrelevantHeaders()).hasSizeGreaterThan(10)
			.allMatch((name) -> name.equals(name.toLowerCase(Locale.ROOT)));
		assertThat(BUILT_IN.prices()).isNotEmpty()
			.allMatch((price) -> price.model().equals(price.model().toLowerCase(Locale.ROOT)));
	}

	private static Generation generation(Map<String, Object> metadata) {
		return new Generation(AssistantMessage.builder().content("x").properties(metadata).build());
	}

	static final class MadeUpOptions extends MadeUpChatOptions {

		public int getNumGenerations() {
			return 2;
		}

	}

	static class MadeUpDialect implements ProviderDialect {

		private final String name;

		MadeUpDialect(String name) {
			this.name = name;
		}

		@Override
		public String name() {
			return this.name;
		}

		@Override
		public Set<String> classes() {
			return Set.of(MadeUpOptions.class.getName());
		}

		@Override
		public Set<String> irrelevantOptions() {
			return Set.of("colour");
		}

		@Override
		public Set<String> irrelevantHeaders() {
			return Set.of("x-made-up", "x-made-up-*");
		}

		@Override
		public List<String> candidateNumbers() {
			return List.of("which");
		}

		@Override
		public Set<String> completeReasons() {
			return Set.of("ready");
		}

		@Override
		public Set<String> incompleteReasons() {
			return Set.of("stop");
		}

		@Override
		public Set<String> absentReasons() {
			return Set.of("going-on");
		}

		@Override
		public TokenUsage usage(Usage usage) {
			return new TokenUsage(usage.getPromptTokens() * 10L, usage.getCompletionTokens(), 0, 0, false);
		}

		@Override
		public Set<String> models() {
			return Set.of("made-up-");
		}

		@Override
		public OptionalDouble tokenFactor() {
			return OptionalDouble.of(3);
		}

		@Override
		public ModelName model(String name) {
			return name.endsWith("@here") ? new ModelName("made-up-" + name.replace("@here", ""), true) : null;
		}

		@Override
		public List<ModelPrice> prices() {
			return List.of(new ModelPrice("made-up-large", BigDecimal.ONE, BigDecimal.TEN, null, null));
		}

	}

}
