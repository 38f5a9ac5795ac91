package io.tokensaving.simulator.schema;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes a value for a JSON schema. It knows what providers take for structured output;
 * patterns and conditions are not followed.
 */
final class SchemaValues {

	private static final Pattern NUMBER = Pattern.compile("(?<![\\p{L}\\p{N}_.])-?\\d+(?:\\.\\d+)?(?![\\p{L}\\p{N}_])");

	private static final Pattern QUOTED = Pattern.compile("(?<![\\p{L}\\p{N}])(['\"`])(.+?)\\1(?![\\p{L}\\p{N}])");

	/** Optional parts and elements of arrays end here, so that recursion does. */
	private static final int DEPTH = 5;

	private final JsonNodeFactory nodes = JsonMapper.shared().getNodeFactory();

	private final String prompt;

	private final JsonNode root;

	private final Deque<BigDecimal> numbers = new ArrayDeque<>();

	private final Deque<String> words = new ArrayDeque<>();

	SchemaValues(String prompt, JsonNode root) {
		this.prompt = prompt;
		this.root = root;
		Matcher quoted = QUOTED.matcher(prompt);
		while (quoted.find()) {
			this.words.add(quoted.group(2));
		}
		Matcher number = NUMBER.matcher(prompt);
		while (number.find()) {
			this.numbers.add(new BigDecimal(number.group()));
		}
	}

	/** An object whose keys are the quoted words of the prompt, for want of a schema. */
	static String named(String prompt, String value) {
		ObjectNode object = JsonMapper.shared().createObjectNode();
		Matcher quoted = QUOTED.matcher(prompt);
		while (quoted.find()) {
			object.put(quoted.group(2), value);
		}
		return (object.isEmpty() ? object.put("answer", value) : object).toString();
	}

	String json() {
		return this.root.isObject() ? value(this.root, "value", 0).toString() : "{}";
	}

	private JsonNode value(JsonNode named, String name, int depth) {
		JsonNode schema = resolve(named);
		if (schema.has("const")) {
			return schema.get("const");
		}
		if (schema.path("enum").isArray()) {
			return choice(schema.get("enum"));
		}
		for (String word : new String[] { "anyOf", "oneOf" }) {
			for (JsonNode option : schema.path(word)) {
				if (!option.path("type").asString("").equals("null")) {
					return value(option, name, depth);
				}
			}
		}
		return switch (type(schema)) {
			case "object" -> object(schema, depth);
			case "array" -> array(schema, name, depth);
			case "integer", "number" -> number(schema, type(schema).equals("integer"));
			case "boolean" -> this.nodes.booleanNode(true);
			case "null" -> this.nodes.nullNode();
			default -> string(schema, name);
		};
	}

	/** Follows references, and puts the parts of {@code allOf} together. */
	private JsonNode resolve(JsonNode schema) {
		JsonNode found = schema;
		Set<String> seen = new HashSet<>();
		while (found.path("$ref").isString() && seen.add(found.get("$ref").asString())) {
			String reference = found.get("$ref").asString();
			found = reference.equals("#") ? this.root : this.root.at(reference.replaceFirst("^#", ""));
		}
		if (!found.path("allOf").isArray()) {
			return found;
		}
		ObjectNode merged = JsonMapper.shared().createObjectNode();
		for (JsonNode part : found.get("allOf")) {
			for (Map.Entry<String, JsonNode> field : resolve(part).properties()) {
				if (merged.path(field.getKey()).isObject() && field.getValue().isObject()) {
					((ObjectNode) merged.get(field.getKey())).setAll((ObjectNode) field.getValue());
				}
				else {
					merged.set(field.getKey(), field.getValue().deepCopy());
				}
			}
		}
		return merged;
	}

	private static String type(JsonNode schema) {
		JsonNode type = schema.path("type");
		if (type.isArray()) {
			for (JsonNode each : type) {
				if (!each.asString("").equals("null")) {
					return each.asString();
				}
			}
		}
		if (type.isString()) {
			return type.asString();
		}
		return schema.has("properties") ? "object" : "string";
	}

	private JsonNode choice(JsonNode values) {
		String text = this.prompt.toLowerCase(Locale.ROOT);
		for (JsonNode value : values) {
			if (value.isString() && !value.asString().isEmpty()
					&& text.contains(value.asString().toLowerCase(Locale.ROOT))) {
				return value;
			}
		}
		return values.isEmpty() ? this.nodes.nullNode() : values.get(0);
	}

	private JsonNode object(JsonNode schema, int depth) {
		ObjectNode object = JsonMapper.shared().createObjectNode();
		Set<String> required = new HashSet<>();
		schema.path("required").forEach((name) -> required.add(name.asString("")));
		for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
			if (depth < DEPTH || required.contains(property.getKey())) {
				object.set(property.getKey(), value(property.getValue(), property.getKey(), depth + 1));
			}
		}
		return object;
	}

	private JsonNode array(JsonNode schema, String name, int depth) {
		ArrayNode array = JsonMapper.shared().createArrayNode();
		int least = schema.path("minItems").asInt((depth < DEPTH) ? 1 : 0);
		for (int index = 0; index < least; index++) {
			array.add(value(schema.path("items"), name, depth + 1));
		}
		return array;
	}

	private JsonNode number(JsonNode schema, boolean whole) {
		BigDecimal number = this.numbers.isEmpty() ? BigDecimal.ONE : this.numbers.poll();
		if (schema.path("minimum").isNumber()) {
			number = number.max(schema.get("minimum").decimalValue());
		}
		if (schema.path("maximum").isNumber()) {
			number = number.min(schema.get("maximum").decimalValue());
		}
		return whole ? this.nodes.numberNode(number.toBigInteger()) : this.nodes.numberNode(number);
	}

	private JsonNode string(JsonNode schema, String name) {
		String text = switch (schema.path("format").asString("")) {
			case "date-time" -> "2026-01-02T03:04:05Z";
			case "date" -> "2026-01-02";
			case "time" -> "03:04:05Z";
			case "email" -> "someone@example.org";
			case "uri" -> "https://example.org/";
			case "uuid" -> "00000000-0000-4000-8000-000000000001";
			case "ipv4" -> "192.0.2.1";
			default -> {
				String word = this.words.poll();
				yield (word != null) ? word : "some " + name;
			}
		};
		int least = schema.path("minLength").asInt(0);
		if (text.length() < least) {
			text = text + "x".repeat(least - text.length());
		}
		int most = schema.path("maxLength").asInt(text.length());
		return this.nodes.stringNode((text.length() > most) ? text.substring(0, most) : text);
	}

}
