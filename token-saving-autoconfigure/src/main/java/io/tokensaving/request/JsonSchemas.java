package io.tokensaving.request;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.regex.RegularExpression;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads JSON and validates it by schemas. Nothing is fetched that a schema refers to, and
 * a regular expression that takes too long does not match. Thread-safe.
 */
final class JsonSchemas {

	private static final long MAX_CHARS = 4_000_000;

	private static final Set<String> OPEN_API_TYPES = Set.of("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY",
			"OBJECT", "NULL");

	private static final JsonMapper JSON = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private static final Cache<String, Compiled> COMPILED = Caffeine.newBuilder()
		.maximumWeight(MAX_CHARS)
		.<String, Compiled>weigher((text, schema) -> text.length())
		.build();

	private JsonSchemas() {
	}

	/**
	 * Read a text.
	 * @param text the text
	 * @return what it says, or {@code null} if it is no JSON
	 */
	static @Nullable JsonNode read(String text) {
		try {
			JsonNode node = JSON.readTree(text);
			return (node != null && !node.isMissingNode()) ? node : null;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	/**
	 * Whether a value satisfies a schema.
	 * @param schema the text of the schema
	 * @param value the value
	 * @return {@code false} also if the schema cannot be understood
	 */
	static boolean satisfies(String schema, JsonNode value) {
		return Boolean.TRUE.equals(validate(schema, value));
	}

	/**
	 * Whether a value violates a schema.
	 * @param schema the text of the schema
	 * @param value the value
	 * @return {@code false} also if the schema cannot be understood
	 */
	static boolean violates(String schema, JsonNode value) {
		return Boolean.FALSE.equals(validate(schema, value));
	}

	/**
	 * Say why a text is no JSON.
	 * @param text the text
	 * @return the message of the parser, empty if it is JSON
	 */
	static String problem(String text) {
		try {
			JSON.readTree(text);
			return "";
		}
		catch (JacksonException ex) {
			return ex.getOriginalMessage();
		}
	}

	/**
	 * Say what violates a schema.
	 * @param schema the text of the schema
	 * @param value the value
	 * @return the first message, or {@code null} if nothing does or it is not known
	 */
	static @Nullable String problem(String schema, JsonNode value) {
		Schema compiled = COMPILED.get(schema, JsonSchemas::compile).schema();
		if (compiled == null) {
			return null;
		}
		try {
			return compiled.validate(value).stream().map(Error::toString).findFirst().orElse(null);
		}
		catch (RuntimeException | StackOverflowError ex) {
			return null;
		}
	}

	private static @Nullable Boolean validate(String schema, JsonNode value) {
		Schema compiled = COMPILED.get(schema, JsonSchemas::compile).schema();
		if (compiled == null) {
			return null;
		}
		try {
			return compiled.validate(value).isEmpty();
		}
		catch (RuntimeException | StackOverflowError ex) {
			return null;
		}
	}

	private static Compiled compile(String text) {
		JsonNode schema = read(text);
		if (schema == null) {
			return new Compiled(null);
		}
		try {
			normalize(schema);
			return new Compiled(SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12,
					(registry) -> registry.schemaRegistryConfig(SchemaRegistryConfig.builder()
						.regularExpressionFactory(TimedExpression::new)
						.failFast(true)
						.build()))
				.getSchema(schema));
		}
		catch (RuntimeException | StackOverflowError ex) {
			return new Compiled(null);
		}
	}

	/**
	 * Turn the form of schemas that OpenAPI 3.0 and Gemini have into JSON Schema: types
	 * in capitals, and {@code nullable}.
	 * @param node a schema or a part of it, which is changed
	 */
	private static void normalize(JsonNode node) {
		if (node instanceof ArrayNode array) {
			array.forEach(JsonSchemas::normalize);
		}
		if (!(node instanceof ObjectNode object)) {
			return;
		}
		for (Map.Entry<String, JsonNode> property : object.properties()) {
			normalize(property.getValue());
		}
		JsonNode type = object.get("type");
		if (type != null && type.isString()) {
			String name = type.stringValue();
			name = OPEN_API_TYPES.contains(name) ? name.toLowerCase(Locale.ROOT) : name;
			JsonNode nullable = object.get("nullable");
			if (nullable != null && nullable.isBoolean() && nullable.booleanValue()) {
				object.putArray("type").add(name).add("null");
			}
			else {
				object.put("type", name);
			}
		}
	}

	/**
	 * Find the schema in instructions: the first block between fences, of at least three
	 * backticks, that is a JSON object.
	 * @param instructions the text
	 * @return the text of the schema, or {@code null} if there is none
	 */
	static @Nullable String find(String instructions) {
		String fence = "```";
		int open = instructions.indexOf(fence);
		while (open >= 0) {
			int start = open + fence.length();
			int close = instructions.indexOf(fence, start);
			if (close < 0) {
				return null;
			}
			int brace = instructions.indexOf('{', start);
			// An info string may stand behind the fence
			if (brace >= 0 && brace < close && instructions.substring(start, brace).strip().length() <= 10
					&& read(instructions.substring(brace, close)) instanceof ObjectNode) {
				return instructions.substring(brace, close);
			}
			// In case this was no fence, but speaks of one
			open = close;
		}
		return null;
	}

	/**
	 * A schema.
	 *
	 * @param schema the schema, or {@code null} if its text cannot be understood
	 */
	private record Compiled(@Nullable Schema schema) {

	}

	/**
	 * A regular expression that gives up.
	 */
	private static final class TimedExpression implements RegularExpression {

		private static final long MAX_STEPS_PER_CHAR = 1000;

		private final Pattern pattern;

		TimedExpression(String expression) {
			this.pattern = Pattern.compile(expression);
		}

		@Override
		public boolean matches(String text) {
			return this.pattern.matcher(new CountedText(text, MAX_STEPS_PER_CHAR * (text.length() + 1))).find();
		}

	}

	/**
	 * A text of which a number of characters may be read: an expression that backtracks
	 * reads them again and again.
	 */
	private static final class CountedText implements CharSequence {

		private final String text;

		private long left;

		CountedText(String text, long left) {
			this.text = text;
			this.left = left;
		}

		@Override
		public int length() {
			return this.text.length();
		}

		@Override
		public char charAt(int index) {
			if (--this.left < 0) {
				throw new IllegalStateException("The expression takes too long");
			}
			return this.text.charAt(index);
		}

		@Override
		public CharSequence subSequence(int start, int end) {
			return this.text.subSequence(start, end);
		}

		@Override
		public String toString() {
			return this.text;
		}

	}

}
