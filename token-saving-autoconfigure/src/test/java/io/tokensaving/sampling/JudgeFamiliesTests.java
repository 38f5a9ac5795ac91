package io.tokensaving.sampling;

import java.util.List;
import java.util.Set;
import java.util.function.Function;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.provider.Dialects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JudgeFamilies}.
 */
class JudgeFamiliesTests {

	private final JudgeFamilies families = new JudgeFamilies(Dialects.builtIn());

	private static ScriptedChatModel model(ChatOptions options) {
		return ScriptedChatModel.echoing().options(options);
	}

	@ParameterizedTest
	@CsvSource({ "gpt-5-nano, openai", "deepseek-chat, deepseek", "qwen3:32b, general",
			"anthropic.claude-sonnet-4-5-20250929-v1:0, anthropic", "gemini-2.5-flash, google" })
	void knowsAModelByItsNameWhoeverServesIt(String name, String family) {
		ScriptedChatModel model = model(OpenAiChatOptions.builder().model("gpt-5").build());
		assertThat(this.families.family(model, name)).isEqualTo(family);
	}

	@Test
	void knowsAModelWithoutNameByItsOptions() {
		assertThat(this.families.family(model(OpenAiChatOptions.builder().model("claude-x").build()), null))
			.isEqualTo("anthropic");
		assertThat(this.families.family(model(ChatOptions.builder().build()), null)).isEqualTo("general");
		assertThat(Dialects.builtIn().family(null, AnthropicChatOptions.builder().build())).isEqualTo("anthropic");
	}

	@Test
	void prefersAnotherFamilyThenAnUnknownOne() {
		List<String> candidates = List.of("openai", "general", "anthropic", "google");
		assertThat(choose(candidates, Set.of("openai"))).isEqualTo("anthropic");
		assertThat(choose(candidates, Set.of("openai", "anthropic"))).isEqualTo("google");
		assertThat(choose(candidates, Set.of("openai", "anthropic", "google"))).isEqualTo("general");
		assertThat(choose(List.of("openai", "google"), Set.of("openai", "google"))).isEqualTo("openai");
		assertThat(choose(List.of(), Set.of())).isNull();
	}

	private String choose(List<String> candidates, Set<String> judged) {
		return this.families.choose(candidates, Function.identity(), judged);
	}

}
