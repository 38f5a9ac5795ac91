package io.tokensaving.structured;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes up answers, their schemas, and what models make of them.
 */
final class BrokenAnswers {

	static final JsonMapper JSON = JsonMapper.builder().build();

	private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

	private static final List<String> WORDS = List.of("Berlin", "it's", "a \"quoted\" word", "caf\u00e9", "100 %",
			"x, y", "line\nbreak", "tab\there", "back\\slash", "{braces}", "[1]", "// no comment",
			"https://a.example/b", "a: b", "\u201Csmart\u201D", "emoji \uD83D\uDE00", "", " ", "true", "null", "12",
			"2024-01-05", "C# and C", "the end.", "O'Neill", "5 km", "\u4f60\u597d", "key=value", "#1", "don't, won't",
			"no. 5; no. 6");

	private final Random random;

	BrokenAnswers(long seed) {
		this.random = new Random(seed);
	}

	/**
	 * Make up an answer, which is an object.
	 */
	ObjectNode answer() {
		ObjectNode answer = object(3);
		return answer.isEmpty() ? answer.put("name", word()) : answer;
	}

	private ObjectNode object(int depth) {
		ObjectNode object = NODES.objectNode();
		int size = 1 + this.random.nextInt(4);
		for (int i = 0; i < size; i++) {
			object.set("key" + (char) ('A' + this.random.nextInt(26)) + i, value(depth));
		}
		return object;
	}

	private JsonNode value(int depth) {
		int kind = this.random.nextInt((depth > 0) ? 9 : 6);
		return switch (kind) {
			case 0, 1 -> NODES.stringNode(word());
			case 2 -> NODES.numberNode(this.random.nextInt(100_000) - 1000);
			case 3 -> NODES.numberNode((this.random.nextInt(1000) + 0.5) * ((this.random.nextInt(2) == 0) ? 1 : -0.25));
			case 4 -> NODES.booleanNode(this.random.nextBoolean());
			case 5 -> (this.random.nextInt(3) == 0) ? NODES.nullNode() : NODES.stringNode(word());
			case 6, 7 -> object(depth - 1);
			default -> array(depth - 1);
		};
	}

	private ArrayNode array(int depth) {
		ArrayNode array = NODES.arrayNode();
		int size = this.random.nextInt(4);
		for (int i = 0; i < size; i++) {
			array.add(value(depth));
		}
		return array;
	}

	private String word() {
		StringBuilder text = new StringBuilder(WORDS.get(this.random.nextInt(WORDS.size())));
		while (this.random.nextInt(3) == 0) {
			text.append(' ').append(WORDS.get(this.random.nextInt(WORDS.size())));
		}
		return text.toString();
	}

	/**
	 * Return a schema that an answer satisfies, and others only that have its form.
	 */
	static ObjectNode schema(JsonNode value) {
		ObjectNode schema = NODES.objectNode();
		if (value.isObject()) {
			schema.put("type", "object").put("additionalProperties", false);
			ObjectNode properties = schema.putObject("properties");
			for (Map.Entry<String, JsonNode> property : value.properties()) {
				properties.set(property.getKey(), schema(property.getValue()));
			}
			ArrayNode required = schema.putArray("required");
			value.propertyNames().forEach(required::add);
		}
		else if (value.isArray()) {
			schema.put("type", "array");
		}
		else if (value.isString()) {
			schema.put("type", "string");
		}
		else if (value.isNumber()) {
			schema.put("type", "number");
		}
		else if (value.isBoolean()) {
			schema.put("type", "boolean");
		}
		else {
			schema.put("type", "null");
		}
		return schema;
	}

	/**
	 * Break an answer.
	 * @param breakage how
	 * @param answer the answer
	 * @return what the model says
	 */
	String broken(Breakage breakage, JsonNode answer) {
		Style style = new Style();
		style.indented = this.random.nextBoolean();
		String plain = write(answer, style, 0);
		return switch (breakage) {
			case FENCE -> "```json\n" + plain + "\n```";
			case FENCE_AND_PROSE -> "Here you are:\n\n```\n" + plain + "\n```\nLet me know if there is more.";
			case PROSE -> "Sure! The answer {as JSON} is " + plain + " (see the schema).";
			case THOUGHTS -> "<think>\nIs it {\"a\": 1}? Let me see: " + plain.substring(0, plain.length() / 2)
					+ "\n</think>\n\n" + plain;
			case LINE_COMMENTS -> write(answer, style.with((s) -> {
				s.comment = "// said so\n";
				s.indented = true;
			}), 0);
			case BLOCK_COMMENTS -> write(answer, style.with((s) -> s.comment = "/* as, \"said\" */ "), 0);
			case HASH_COMMENTS -> write(answer, style.with((s) -> {
				s.comment = "# said so\n";
				s.indented = true;
			}), 0);
			case SINGLE_QUOTES -> write(answer, style.with((s) -> s.quotes = "''"), 0);
			case SMART_QUOTES -> write(answer, style.with((s) -> s.quotes = "\u201C\u201D"), 0);
			case BARE_KEYS -> write(answer, style.with((s) -> s.bareKeys = true), 0);
			case TRAILING_COMMAS -> write(answer, style.with((s) -> s.trailing = true), 0);
			case DOUBLE_COMMAS -> write(answer, style.with((s) -> s.doubled = true), 0);
			case MISSING_COMMAS -> write(answer, style.with((s) -> {
				s.separator = "";
				s.indented = true;
			}), 0);
			case PYTHON -> write(answer, style.with((s) -> s.python = true), 0);
			case RAW_CONTROLS -> write(answer, style.with((s) -> s.raw = true), 0);
			case BAD_ESCAPES -> write(answer, style.with((s) -> s.badEscapes = true), 0);
			case INNER_QUOTES -> write(answer, style.with((s) -> s.inner = true), 0);
			case NO_TAIL -> plain.replaceFirst("[\\s}\\]]+$", "");
			case LOST_BRACKET -> lost(plain);
			case ENCODED -> JSON.writeValueAsString(plain);
		};
	}

	// Drops one of the closing brackets that stand in front of another one of another
	// kind
	private String lost(String plain) {
		List<Integer> places = new ArrayList<>();
		for (int i = 0; i < plain.length(); i++) {
			String behind = plain.substring(i + 1).strip();
			if ((plain.charAt(i) == '}' && behind.startsWith("]"))
					|| (plain.charAt(i) == ']' && behind.startsWith("}"))) {
				places.add(i);
			}
		}
		if (places.isEmpty()) {
			return plain + "}";
		}
		int place = places.get(this.random.nextInt(places.size()));
		return plain.substring(0, place) + plain.substring(place + 1);
	}

	String write(JsonNode node, Style style, int level) {
		if (node.isObject() || node.isArray()) {
			return container(node, style, level);
		}
		if (node.isString()) {
			return text(node.stringValue(), style, false);
		}
		String literal = JSON.writeValueAsString(node);
		if (style.python) {
			return switch (literal) {
				case "true" -> "True";
				case "false" -> "False";
				case "null" -> "None";
				default -> literal;
			};
		}
		return literal;
	}

	private String container(JsonNode node, Style style, int level) {
		List<String> parts = new ArrayList<>();
		if (node.isObject()) {
			for (Map.Entry<String, JsonNode> property : node.properties()) {
				parts.add(text(property.getKey(), style, true) + (style.indented ? ": " : ":")
						+ write(property.getValue(), style, level + 1));
			}
		}
		else {
			node.forEach((element) -> parts.add(write(element, style, level + 1)));
		}
		String line = style.indented ? "\n" + "  ".repeat(level + 1) : "";
		StringBuilder text = new StringBuilder(node.isObject() ? "{" : "[");
		for (int i = 0; i < parts.size(); i++) {
			text.append(line).append(parts.get(i));
			boolean last = i == parts.size() - 1;
			if (!last) {
				text.append(style.separator);
				if (style.doubled && node.isObject()) {
					text.append(style.separator);
				}
			}
			else if (style.trailing) {
				text.append(",");
			}
			if (!style.comment.isEmpty()) {
				text.append(' ').append(style.comment);
			}
		}
		if (style.indented && !parts.isEmpty()) {
			text.append('\n').append("  ".repeat(level));
		}
		return text.append(node.isObject() ? '}' : ']').toString();
	}

	private static String text(String value, Style style, boolean key) {
		if (key && style.bareKeys) {
			return value;
		}
		String encoded = JSON.writeValueAsString(value);
		String content = encoded.substring(1, encoded.length() - 1);
		if (style.raw) {
			content = content.replace("\\n", "\n").replace("\\t", "\t");
		}
		if (style.badEscapes) {
			content = content.replace("\\\\", "\\").replace("'", "\\'");
		}
		if (style.inner) {
			content = content.replace("\\\"", "\"");
		}
		if (style.quotes.charAt(0) == '\'') {
			content = content.replace("\\\"", "\"").replace("'", "\\'");
		}
		return style.quotes.charAt(0) + content + style.quotes.charAt(1);
	}

	/**
	 * Return all texts, numbers and literals of a JSON.
	 */
	static List<String> scalars(JsonNode node) {
		List<String> scalars = new ArrayList<>();
		if (node.isObject()) {
			node.properties().forEach((property) -> {
				scalars.add(property.getKey());
				scalars.addAll(scalars(property.getValue()));
			});
		}
		else if (node.isArray()) {
			node.forEach((element) -> scalars.addAll(scalars(element)));
		}
		else {
			scalars.add(node.asString(""));
		}
		return scalars;
	}

	/**
	 * Return the scalars of a JSON that a text does not hold, whatever escapes it has.
	 */
	static TreeSet<String> invented(JsonNode node, String text) {
		String once = unescaped(text);
		String twice = unescaped(once);
		TreeSet<String> invented = new TreeSet<>(scalars(node));
		invented.removeIf((scalar) -> text.contains(scalar) || once.contains(scalar) || twice.contains(scalar));
		invented.removeIf((scalar) -> (scalar.equals("true") && text.contains("True"))
				|| (scalar.equals("false") && text.contains("False")) || (scalar.isEmpty()));
		return invented;
	}

	private static String unescaped(String text) {
		StringBuilder unescaped = new StringBuilder();
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			char next = (i + 1 < text.length()) ? text.charAt(i + 1) : 0;
			int escape = (c == '\\') ? "\"\\/bfnrt'".indexOf(next) : -1;
			if (escape >= 0 && next != 0) {
				unescaped.append("\"\\/\b\f\n\r\t'".charAt(escape));
				i++;
			}
			else {
				unescaped.append(c);
			}
		}
		return unescaped.toString();
	}

	/**
	 * How answers are broken.
	 */
	enum Breakage {

		FENCE, FENCE_AND_PROSE, PROSE, THOUGHTS, LINE_COMMENTS, BLOCK_COMMENTS, HASH_COMMENTS, SINGLE_QUOTES,
		SMART_QUOTES, BARE_KEYS, TRAILING_COMMAS, DOUBLE_COMMAS, MISSING_COMMAS, PYTHON, RAW_CONTROLS, BAD_ESCAPES,
		INNER_QUOTES, NO_TAIL, LOST_BRACKET, ENCODED

	}

	/**
	 * How a JSON is written.
	 */
	static final class Style {

		boolean indented;

		String quotes = "\"\"";

		boolean bareKeys;

		boolean trailing;

		boolean doubled;

		boolean python;

		boolean raw;

		boolean badEscapes;

		boolean inner;

		String separator = ",";

		String comment = "";

		Style with(java.util.function.Consumer<Style> change) {
			change.accept(this);
			return this;
		}

	}

}
