package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Property tests for the checks {@code schema} and {@code tool_arguments}: of random
 * schemas, what satisfies one passes, and what violates it does not.
 */
class SchemaChecksPropertyTests {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

	@Property(tries = 500)
	void answerMustSatisfyTheSchemaOfTheRequest(@ForAll long seed) {
		Random random = new Random(seed);
		ObjectNode schema = schema(random, 3);
		JsonNode valid = valid(random, schema);
		String text = JSON.writeValueAsString(schema);
		ChatClientRequest byAttribute = StreamElements.request("Which?");
		byAttribute.context().put(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey(), text);
		ChatClientRequest byFormat = StreamElements.request("Which?");
		byFormat.context()
			.put(ChatClientAttributes.OUTPUT_FORMAT.getKey(), "Answer as JSON. The schema:\n```" + text + "```\n");
		for (ChatClientRequest request : List.of(byAttribute, byFormat)) {
			assertThat(schema(request, JSON.writeValueAsString(valid))).as("%s for %s", valid, schema).isNull();
			JsonNode invalid = mutate(random, schema, valid.deepCopy());
			assertThat(schema(request, JSON.writeValueAsString(invalid))).as("%s for %s", invalid, schema)
				.isEqualTo("schema");
			assertThat(schema(request, cut(random, JSON.writeValueAsString(valid)))).isEqualTo("schema");
		}
		assertThat(schema(byFormat, "```json\n" + JSON.writeValueAsString(valid) + "\n```")).isNull();
	}

	@Property(tries = 500)
	void argumentsMustSatisfyTheSchemaOfTheTool(@ForAll long seed) {
		Random random = new Random(seed);
		ObjectNode schema = schema(random, 3);
		JsonNode valid = valid(random, schema);
		ToolCallback tool = new MadeUpTool("lookup", JSON.writeValueAsString(schema));
		ChatClientRequest request = StreamElements.request("Which?",
				ToolCallingChatOptions.builder().toolCallbacks(new MadeUpTool("other", "{}"), tool).build());
		assertThat(arguments(request, "lookup", JSON.writeValueAsString(valid))).isNull();
		JsonNode invalid = mutate(random, schema, valid.deepCopy());
		assertThat(arguments(request, "lookup", JSON.writeValueAsString(invalid))).isEqualTo("tool_arguments");
		assertThat(arguments(request, "lookup", cut(random, JSON.writeValueAsString(valid))))
			.isEqualTo("tool_arguments");
		assertThat(arguments(request, "look_up", JSON.writeValueAsString(valid))).isEqualTo("unknown_tool");
		assertThat(arguments(request, "other", JSON.writeValueAsString(invalid))).isNull();
	}

	private static @Nullable String schema(ChatClientRequest request, String answer) {
		return BuiltInCheck.SCHEMA
			.check(CheckedAnswer.of(request, new ChatResponse(List.of(new Generation(new AssistantMessage(answer))))));
	}

	private static @Nullable String arguments(ChatClientRequest request, String tool, String arguments) {
		AssistantMessage message = AssistantMessage.builder()
			.toolCalls(List.of(new ToolCall("call-1", "function", tool, arguments)))
			.build();
		return BuiltInCheck.TOOL_ARGUMENTS
			.check(CheckedAnswer.of(request, new ChatResponse(List.of(new Generation(message)))));
	}

	private static String cut(Random random, String json) {
		return json.substring(0, 1 + random.nextInt(json.length() - 1));
	}

	private static ObjectNode schema(Random random, int depth) {
		ObjectNode schema = NODES.objectNode().put("type", "object");
		ObjectNode properties = schema.putObject("properties");
		ArrayNode required = schema.putArray("required");
		int count = 1 + random.nextInt(4);
		for (int i = 0; i < count; i++) {
			properties.set("p" + i, property(random, depth - 1));
			if (i == 0 || random.nextBoolean()) {
				required.add("p" + i);
			}
		}
		return schema.put("additionalProperties", false);
	}

	private static ObjectNode property(Random random, int depth) {
		ObjectNode schema = NODES.objectNode();
		switch (random.nextInt((depth > 0) ? 7 : 5)) {
			case 0 -> schema.put("type", "string").put("minLength", random.nextInt(4));
			case 1 -> schema.put("type", "integer").put("minimum", -5).put("maximum", 5);
			case 2 -> schema.put("type", "number");
			case 3 -> schema.put("type", "boolean");
			case 4 -> schema.put("type", "string").putArray("enum").add("red").add("green");
			case 5 -> schema.put("type", "array").set("items", property(random, depth - 1));
			default -> {
				return schema(random, depth);
			}
		}
		return schema;
	}

	private static JsonNode valid(Random random, JsonNode schema) {
		JsonNode choices = schema.get("enum");
		if (choices != null) {
			return choices.get(random.nextInt(choices.size()));
		}
		return switch (schema.get("type").stringValue()) {
			case "string" -> NODES.stringNode("text \"}{\u00e9".substring(0, 4 + random.nextInt(5)));
			case "integer" -> NODES.numberNode(random.nextInt(11) - 5);
			case "number" -> NODES.numberNode(random.nextDouble() * 100);
			case "boolean" -> NODES.booleanNode(random.nextBoolean());
			case "array" -> {
				ArrayNode array = NODES.arrayNode();
				for (int i = 1 + random.nextInt(3); i > 0; i--) {
					array.add(valid(random, schema.get("items")));
				}
				yield array;
			}
			default -> {
				ObjectNode object = NODES.objectNode();
				for (Map.Entry<String, JsonNode> property : schema.get("properties").properties()) {
					if (isRequired(schema, property.getKey()) || random.nextBoolean()) {
						object.set(property.getKey(), valid(random, property.getValue()));
					}
				}
				yield object;
			}
		};
	}

	private static boolean isRequired(JsonNode schema, String name) {
		for (Iterator<JsonNode> names = schema.get("required").iterator(); names.hasNext();) {
			if (names.next().stringValue().equals(name)) {
				return true;
			}
		}
		return false;
	}

	// Something that the schema does not allow, at any depth
	private static JsonNode mutate(Random random, JsonNode schema, JsonNode value) {
		if (value instanceof ObjectNode object) {
			List<String> names = new ArrayList<>(object.propertyNames());
			String name = names.get(random.nextInt(names.size()));
			switch (random.nextInt(4)) {
				case 0 -> object.put("unknown", 1);
				case 1 -> object.remove(schema.get("required").get(0).stringValue());
				default -> object.set(name, mutate(random, schema.get("properties").get(name), object.get(name)));
			}
			return object;
		}
		if (value instanceof ArrayNode array && random.nextBoolean()) {
			int index = random.nextInt(array.size());
			array.set(index, mutate(random, schema.get("items"), array.get(index)));
			return array;
		}
		if (value.isString()) {
			return random.nextBoolean() ? NODES.numberNode(3)
					: (schema.get("enum") != null) ? NODES.stringNode("blue") : NODES.nullNode();
		}
		if (value.isIntegralNumber() && random.nextBoolean()) {
			return (schema.get("maximum") != null) ? NODES.numberNode(6) : NODES.stringNode("6");
		}
		return NODES.stringNode("5");
	}

	/**
	 * A tool that is never called.
	 */
	private static final class MadeUpTool implements ToolCallback {

		private final ToolDefinition definition;

		MadeUpTool(String name, String schema) {
			this.definition = ToolDefinition.builder().name(name).description("Looks up").inputSchema(schema).build();
		}

		@Override
		public ToolDefinition getToolDefinition() {
			return this.definition;
		}

		@Override
		public String call(String input) {
			throw new UnsupportedOperationException();
		}

	}

}
