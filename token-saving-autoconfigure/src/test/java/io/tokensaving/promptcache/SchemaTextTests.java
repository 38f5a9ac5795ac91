package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SchemaText} and {@link ToolArranger}.
 */
class SchemaTextTests {

	private final SchemaText schemas = new SchemaText();

	private final ToolArranger arranger = new ToolArranger();

	@Test
	void keywordsAreSortedAndPropertiesAreNot() {
		assertThat(this.schemas.canonical("""
				{ "type": "object", "required": ["z", "a"], "properties": {
				  "z": { "type": "string", "description": "Last \\"first\\"", "default": {"y": 1, "b": 2} },
				  "a": { "type": ["number", "null"], "maximum": 1e2, "minimum": -0.50, "enum": [{"q": 1, "c": 2}] },
				  "type": { "$ref": "#/$defs/type" } },
				  "$defs": { "type": { "type": "string", "const": null }, "a": true } }"""))
			.isEqualTo("{\"$defs\":{\"type\":{\"const\":null,\"type\":\"string\"},\"a\":true},\"properties\":{"
					+ "\"z\":{\"default\":{\"y\":1,\"b\":2},\"description\":\"Last \\\"first\\\"\",\"type\":\"string\"},"
					+ "\"a\":{\"enum\":[{\"q\":1,\"c\":2}],\"maximum\":1e2,\"minimum\":-0.50,\"type\":[\"number\",\"null\"]},"
					+ "\"type\":{\"$ref\":\"#/$defs/type\"}},\"required\":[\"z\",\"a\"],\"type\":\"object\"}");
	}

	@Test
	void whatIsCanonicalStays() {
		String once = this.schemas.canonical("{\"type\": \"object\", \"properties\": {}, \"items\": []}");
		assertThat(once).isEqualTo("{\"items\":[],\"properties\":{},\"type\":\"object\"}");
		assertThat(this.schemas.canonical(once)).isEqualTo(once);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "null", "[]", "{", "{\"a\":1}x", "{\"a\":1,\"a\":2}", "{'a':1}", "no schema" })
	void whatIsNoSchemaStays(String text) {
		assertThat(this.schemas.canonical(text)).isSameAs(text);
	}

	@Test
	void whatIsNestedTooDeeplyStays() {
		String deep = "{\"items\":".repeat(5000) + "{}" + "}".repeat(5000);
		assertThat(this.schemas.canonical(deep)).isSameAs(deep);
	}

	@Test
	void anyOrderOfToolsBecomesTheSame() {
		List<ToolCallback> tools = new MadeUpPrompts(3, false).tools(20);
		List<String> first = null;
		Random random = new Random(1);
		for (int i = 0; i < 50; i++) {
			List<ToolCallback> shuffled = new ArrayList<>(tools);
			Collections.shuffle(shuffled, random);
			ChatOptions options = ToolCallingChatOptions.builder().toolCallbacks(shuffled).build();
			ChatOptions arranged = this.arranger.arrange(options, PromptCacheSettings.DEFAULTS);
			List<String> definitions = PromptSegments.tools(arranged)
				.stream()
				.map((tool) -> tool.getToolDefinition().name() + " " + tool.getToolDefinition().inputSchema())
				.toList();
			assertThat(definitions).isEqualTo((first != null) ? first : definitions);
			assertThat(definitions.stream().map((definition) -> definition.split(" ")[0])).isSorted();
			assertThat(PromptSegments.tools(options)).as("those of the application").isEqualTo(shuffled);
			assertThat(this.arranger.arrange(arranged, PromptCacheSettings.DEFAULTS)).isSameAs(arranged);
			first = definitions;
		}
		for (ToolCallback tool : tools) {
			ChatOptions one = ToolCallingChatOptions.builder().toolCallbacks(List.of(tool)).build();
			assertThat(PromptSegments.tools(this.arranger.arrange(one, PromptCacheSettings.DEFAULTS)).get(0).call("{}"))
				.isEqualTo(tool.call("{}"));
		}
	}

	@Test
	void whatIsSwitchedOffStays() {
		ChatOptions options = ToolCallingChatOptions.builder()
			.toolCallbacks(MadeUpPrompts.tool("b", "{\"type\": \"object\"}"), MadeUpPrompts.tool("a", "{ }"))
			.build();
		assertThat(this.arranger.arrange(options,
				new PromptCacheSettings(false, false, true, false, PromptCacheSettings.VolatileText.REPORT)))
			.isSameAs(options);
		ChatOptions sorted = this.arranger.arrange(options,
				new PromptCacheSettings(true, false, true, false, PromptCacheSettings.VolatileText.REPORT));
		assertThat(PromptSegments.tools(sorted)).extracting((tool) -> tool.getToolDefinition().inputSchema())
			.containsExactly("{ }", "{\"type\": \"object\"}");
	}

}
