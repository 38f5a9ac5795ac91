package io.tokensaving.structured;

import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.SchemaRules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.ParameterizedTypeReference;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of what is known of providers and seen in schemas.
 */
class NativeSchemasTests {

	private static final ChatOptions OPENAI = OpenAiChatOptions.builder().build();

	private static final ChatOptions ANTHROPIC = AnthropicChatOptions.builder().build();

	private static final ChatOptions GOOGLE = GoogleGenAiChatOptions.builder().build();

	private static final ChatOptions OLLAMA = OllamaChatOptions.builder().model("any").build();

	@ParameterizedTest
	@CsvSource({ "gpt-4o, true", "gpt-4o-mini-2024-07-18, true", "gpt-4o-2024-08-06, true", "gpt-4o-2024-05-13, false",
			"gpt-4.1-nano, true", "gpt-5.6, true", "gpt-3.5-turbo, false", "gpt-4, false", "o1-mini, false",
			"o3-mini, true", "o4-mini-2025-04-16, true", "GPT-5, true", "grok-4, false", "'', false" })
	void modelsOfOpenAi(String model, boolean known) {
		assertThat(rules(OPENAI, model) != null).isEqualTo(known);
	}

	@ParameterizedTest
	@CsvSource({ "claude-sonnet-4-5-20250929, true", "claude-opus-4-1-20250805, true", "claude-opus-4-20250514, false",
			"claude-sonnet-4-20250514, false", "claude-haiku-4-5, true", "claude-sonnet-5, true",
			"claude-3-7-sonnet-latest, false" })
	void modelsOfAnthropic(String model, boolean known) {
		assertThat(rules(ANTHROPIC, model) != null).isEqualTo(known);
	}

	@Test
	void otherProviders() {
		assertThat(rules(GOOGLE, "gemini-2.5-flash")).isNotNull();
		assertThat(rules(GOOGLE, "gemma-3")).isNull();
		assertThat(rules(OLLAMA, "qwen3")).isNotNull();
		assertThat(rules(ChatOptions.builder().build(), "gpt-5")).isNull();
	}

	@Test
	void schemasOfConverters() {
		SchemaRules openAi = rules(OPENAI, "gpt-5");
		SchemaRules anthropic = rules(ANTHROPIC, "claude-sonnet-4-5");
		SchemaRules google = rules(GOOGLE, "gemini-2.5-flash");
		SchemaFacts plain = facts(new BeanOutputConverter<>(Plain.class));
		assertThat(plain.refusedBy(openAi, true)).isNull();
		assertThat(plain.refusedBy(anthropic, true)).isNull();
		assertThat(plain.refusedBy(google, false)).isNull();
		assertThat(plain.refusedBy(google, true)).isEqualTo(Withheld.TOOLS);
		SchemaFacts list = facts(new BeanOutputConverter<>(new ParameterizedTypeReference<List<Plain>>() {
		}));
		assertThat(list.refusedBy(openAi, false)).isEqualTo(Withheld.ARRAY);
		assertThat(list.refusedBy(anthropic, false)).isNull();
		SchemaFacts map = facts(new BeanOutputConverter<>(Open.class));
		assertThat(map.refusedBy(openAi, false)).isEqualTo(Withheld.KEYWORDS);
		SchemaFacts recursive = facts(new BeanOutputConverter<>(Tree.class));
		assertThat(recursive.refusedBy(anthropic, false)).isEqualTo(Withheld.KEYWORDS);
	}

	@Test
	void namesOfPropertiesAreNoKeywords() {
		SchemaFacts facts = SchemaFacts.of("""
				{"type":"object","additionalProperties":false,"required":["not","minimum"],
				"properties":{"not":{"type":"string"},"minimum":{"type":"integer","enum":[1,2]}}}""");
		assertThat(facts.keywords())
			.isEqualTo(Set.of("type", "additionalProperties", "required", "properties", "enum"));
		assertThat(facts.refusedBy(rules(OPENAI, "gpt-5"), false)).isNull();
	}

	@Test
	void whatIsNoSchemaIsNotSent() {
		for (String text : List.of("", "no schema", "[]", "{\"type\":\"object\"}", "12")) {
			assertThat(SchemaFacts.of(text).refusedBy(rules(OPENAI, "gpt-5"), false)).as(text).isNotNull();
		}
		assertThat(SchemaFacts
			.of("{\"type\":\"object\",\"additionalProperties\":false,\"required\":[],"
					+ "\"properties\":{\"a\":{\"type\":\"string\"}}}")
			.refusedBy(rules(OPENAI, "gpt-5"), false)).isEqualTo(Withheld.KEYWORDS);
	}

	private static SchemaFacts facts(BeanOutputConverter<?> converter) {
		return SchemaFacts.of(converter.getJsonSchema());
	}

	private static SchemaRules rules(ChatOptions options, String model) {
		return Dialects.builtIn().of(options).schemaRules(model);
	}

	record Plain(String name, int age, List<String> tags, Inner inner) {

	}

	record Inner(boolean flag) {

	}

	record Open(Map<String, String> values) {

	}

	record Tree(String name, List<Tree> children) {

	}

}
