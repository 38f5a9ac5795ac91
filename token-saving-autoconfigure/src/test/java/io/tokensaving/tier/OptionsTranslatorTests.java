package io.tokensaving.tier;

import java.util.List;
import java.util.Map;

import io.tokensaving.provider.Dialects;
import io.tokensaving.tier.OptionsTranslator.Translation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OptionsTranslator} where requests on the wire do not show it.
 */
class OptionsTranslatorTests {

	private final OptionsTranslator translator = new OptionsTranslator(Dialects.builtIn());

	private final OpenAiChatOptions openAi = OpenAiChatOptions.builder().model("gpt-4o").temperature(0.7).build();

	private final AnthropicChatOptions anthropic = AnthropicChatOptions.builder()
		.model("claude-sonnet-5")
		.temperature(0.1)
		.build();

	@Test
	void whatEqualsTheDefaultOfTheSourceIsNotTheCallers() {
		Translation translation = translate(this.openAi.mutate().temperature(0.7).topP(0.5).build(), this.openAi,
				this.anthropic);
		assertThat(translation.options().getTemperature()).isEqualTo(0.1);
		assertThat(translation.options().getTopP()).isEqualTo(0.5);
		assertThat(translation.dropped()).isEmpty();
	}

	@Test
	void whatDiffersFromTheDefaultsOfTheClassCountsWhereTheSourceIsNotKnown() {
		GoogleGenAiChatOptions google = GoogleGenAiChatOptions.builder().model("gemini").topK(3).build();
		Translation translation = translate(google, null, this.anthropic);
		assertThat(google.getTemperature()).as("a default of the class").isEqualTo(0.7);
		assertThat(translation.options().getTemperature()).isEqualTo(0.1);
		assertThat(translation.options().getTopK()).isEqualTo(3);
		assertThat(translation.dropped()).isEmpty();
	}

	@Test
	void withoutOptionsTheDefaultsOfTheTargetHold() {
		Translation translation = this.translator.translate(null, this.openAi, this.anthropic, "claude-haiku-5");
		assertThat(translation.options()).isEqualTo(this.anthropic.mutate().model("claude-haiku-5").build());
	}

	@Test
	void portableOptionsAreComparedWithTheDefaultsOfAnyClass() {
		ChatOptions portable = ToolCallingChatOptions.builder().temperature(0.7).maxTokens(9).build();
		ChatOptions options = translate(portable, this.openAi, this.anthropic).options();
		assertThat(options.getTemperature()).isEqualTo(0.1);
		assertThat(options.getMaxTokens()).isEqualTo(9);
	}

	@Test
	void toolsThatTheCallerAddedToThoseOfTheSourceAreAddedToThoseOfTheTarget() {
		ToolCallback ofSource = tool("a");
		ToolCallback ofTarget = tool("b");
		ToolCallback ofCaller = tool("c");
		OpenAiChatOptions source = this.openAi.mutate().toolCallbacks(List.of(ofSource)).build();
		AnthropicChatOptions target = this.anthropic.mutate().toolCallbacks(List.of(ofTarget)).build();
		assertThat(tools(translate(source.mutate().toolCallbacks(List.of(ofSource, ofCaller)).build(), source, target)))
			.containsExactly(ofTarget, ofCaller);
		assertThat(tools(translate(source.mutate().toolCallbacks(List.of(ofCaller)).build(), source, target)))
			.containsExactly(ofCaller);
		assertThat(tools(translate(source, source, target))).containsExactly(ofTarget);
	}

	@Test
	void theContextOfToolsIsAddedToThatOfTheTarget() {
		OpenAiChatOptions source = this.openAi.mutate().toolContext(Map.of("s", 1, "both", 1)).build();
		AnthropicChatOptions target = this.anthropic.mutate().toolContext(Map.of("t", 2, "both", 2)).build();
		Translation translation = translate(source.mutate().toolContext(Map.of("c", 3)).build(), source, target);
		assertThat(((ToolCallingChatOptions) translation.options()).getToolContext())
			.isEqualTo(Map.of("t", 2, "both", 2, "c", 3));
	}

	@Test
	void toolsForAModelWithoutToolsAreDropped() {
		Translation translation = translate(this.openAi.mutate().toolCallbacks(tool("a")).build(), this.openAi,
				ChatOptions.builder().model("m").build());
		assertThat(translation.dropped()).containsExactly("toolCallbacks");
	}

	@Test
	void aFormatThatOthersDoNotHaveIsDropped() {
		OpenAiChatModel.ResponseFormat json = OpenAiChatModel.ResponseFormat.builder()
			.type(OpenAiChatModel.ResponseFormat.Type.JSON_OBJECT)
			.build();
		assertThat(translate(this.openAi.mutate().responseFormat(json).build(), this.openAi, this.anthropic).dropped())
			.containsExactly("responseFormat");
		OllamaChatOptions ollama = OllamaChatOptions.builder().model("llama").build();
		Translation translation = translate(ollama.mutate().format("json").build(), ollama, this.anthropic);
		assertThat(translation.dropped()).containsExactly("format");
		assertThat(((AnthropicChatOptions) translation.options()).getOutputConfig()).isNull();
	}

	@Test
	void aSchemaThatTheTargetCannotReadIsDropped() {
		OpenAiChatOptions options = this.openAi.mutate().outputSchema("{\"type\":").build();
		assertThat(translate(options, this.openAi, this.anthropic).dropped()).containsExactly("outputSchema");
	}

	@ParameterizedTest
	@CsvSource({ "gpt-4o, maxTokens", "gpt-5-nano, maxCompletionTokens", "o3-mini, maxCompletionTokens",
			"gpt-35-turbo, maxTokens", "deepseek-chat, maxTokens" })
	void theLimitOfOutputTokensHasTheNameThatTheModelTakes(String model, String name) {
		AnthropicChatOptions asked = this.anthropic.mutate().maxTokens(50).build();
		OpenAiChatOptions options = (OpenAiChatOptions) this.translator
			.translate(asked, this.anthropic, this.openAi, model)
			.options();
		OpenAiChatOptions renamed = (OpenAiChatOptions) this.translator
			.withModel(this.openAi.mutate().maxTokens(50).build(), model);
		for (OpenAiChatOptions changed : List.of(options, renamed)) {
			assertThat(changed.getModel()).isEqualTo(model);
			assertThat(changed.getMaxTokens()).isEqualTo(name.equals("maxTokens") ? 50 : null);
			assertThat(changed.getMaxCompletionTokens()).isEqualTo(name.equals("maxTokens") ? null : 50);
		}
	}

	@Test
	void onlyOneOfTheTwoLimitsIsSet() {
		OpenAiChatOptions target = this.openAi.mutate().maxCompletionTokens(2000).build();
		OpenAiChatOptions limited = (OpenAiChatOptions) translate(this.anthropic.mutate().maxTokens(50).build(),
				this.anthropic, target)
			.options();
		assertThat(limited.getMaxCompletionTokens()).isEqualTo(50);
		assertThat(limited.getMaxTokens()).isNull();
		OpenAiChatOptions source = this.openAi.mutate().maxTokens(1000).build();
		OpenAiChatOptions both = OpenAiChatOptions.builder().maxTokens(1000).build();
		OpenAiChatOptions asked = (OpenAiChatOptions) source.mutate()
			.combineWith(OpenAiChatOptions.builder().maxCompletionTokens(50))
			.build();
		assertThat(both.getMaxTokens()).isEqualTo(1000);
		assertThat(translate(asked, source, this.anthropic).options().getMaxTokens()).isEqualTo(50);
		OpenAiChatOptions same = (OpenAiChatOptions) translate(asked, source, both).options();
		assertThat(same.getMaxCompletionTokens()).isEqualTo(50);
		assertThat(same.getMaxTokens()).isNull();
	}

	@Test
	void headersOfTheCallerStayWithTheirHost() {
		OpenAiChatOptions source = this.openAi.mutate().baseUrl("https://one.example").build();
		OpenAiChatOptions asked = source.mutate().customHeaders(Map.of("x-tenant", "a")).build();
		Translation same = translate(asked, source, source.mutate().model("other").build());
		assertThat(((OpenAiChatOptions) same.options()).getCustomHeaders()).isEqualTo(Map.of("x-tenant", "a"));
		Translation other = translate(asked, source, source.mutate().baseUrl("https://two.example").build());
		assertThat(((OpenAiChatOptions) other.options()).getCustomHeaders()).isNull();
		assertThat(other.dropped()).containsExactly("customHeaders");
		assertThat(translate(asked, source, this.anthropic).dropped()).containsExactly("customHeaders");
	}

	@Test
	void theConnectionOfTheSourceStaysWithIt() {
		OpenAiChatOptions source = this.openAi.mutate().baseUrl("https://one.example").apiKey("source").build();
		OpenAiChatOptions target = this.openAi.mutate().baseUrl("https://two.example").apiKey("target").build();
		OpenAiChatOptions options = (OpenAiChatOptions) translate(source.mutate().apiKey("callers").build(), source,
				target)
			.options();
		assertThat(options.getBaseUrl()).isEqualTo("https://two.example");
		assertThat(options.getApiKey()).isEqualTo("target");
	}

	@Test
	void aDeploymentTakesThePlaceOfTheModel() {
		OpenAiChatOptions deployed = this.openAi.mutate().deploymentName("one").build();
		OpenAiChatOptions changed = (OpenAiChatOptions) this.translator.withModel(deployed, "two");
		assertThat(changed.getDeploymentName()).isEqualTo("two");
		OpenAiChatOptions translated = (OpenAiChatOptions) this.translator
			.translate(this.anthropic, this.anthropic, deployed, "three")
			.options();
		assertThat(translated.getDeploymentName()).isEqualTo("three");
	}

	@Test
	void optionsThatCannotBeCopiedAreNotTranslated() {
		ChatOptions fixed = new Fixed();
		assertThat(this.translator.withModel(fixed, "m")).isNull();
		assertThat(this.translator.translate(this.openAi, this.openAi, fixed, "m")).isNull();
	}

	@Test
	void optionsOfAnUnknownClassAreRead() {
		assertThat(translate(new Fixed(), null, this.anthropic).options().getTemperature()).isEqualTo(0.33);
	}

	private Translation translate(ChatOptions options, ChatOptions source, ChatOptions target) {
		Translation translation = this.translator.translate(options, source, target, null);
		assertThat(translation).isNotNull();
		assertThat(translation.options()).hasSameClassAs(target);
		return translation;
	}

	private static List<ToolCallback> tools(Translation translation) {
		return ((ToolCallingChatOptions) translation.options()).getToolCallbacks();
	}

	private static ToolCallback tool(String name) {
		return FunctionToolCallback.builder(name, (String text) -> text)
			.description("d")
			.inputType(String.class)
			.build();
	}

	/**
	 * Options whose builder makes those of another class.
	 */
	private static final class Fixed implements ChatOptions {

		@Override
		public String getModel() {
			return "fixed";
		}

		@Override
		public Double getFrequencyPenalty() {
			return null;
		}

		@Override
		public Integer getMaxTokens() {
			return null;
		}

		@Override
		public Double getPresencePenalty() {
			return null;
		}

		@Override
		public List<String> getStopSequences() {
			return null;
		}

		@Override
		public Double getTemperature() {
			return 0.33;
		}

		@Override
		public Integer getTopK() {
			return null;
		}

		@Override
		public Double getTopP() {
			return null;
		}

		@Override
		public Builder<?> mutate() {
			return ChatOptions.builder().model("fixed");
		}

	}

}
