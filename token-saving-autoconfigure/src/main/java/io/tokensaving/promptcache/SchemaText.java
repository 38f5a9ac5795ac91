package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.backend.HeapSize;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Brings JSON schemas into a canonical form, without white space and with keywords in the
 * order of their names. The order of properties and of arrays stays, because a model
 * fills arguments in that order, and so does the text of every value. Thread-safe.
 */
final class SchemaText {

	/**
	 * Keywords whose value maps names that are not keywords to schemas.
	 */
	private static final Set<String> MAPS_OF_SCHEMAS = Set.of("properties", "patternProperties", "$defs", "definitions",
			"dependentSchemas");

	/**
	 * Keywords whose value is not a schema, whatever it looks like.
	 */
	private static final Set<String> VALUES = Set.of("default", "const", "enum", "examples", "example");

	private static final int MAX_DEPTH = 100;

	private static final long CACHE_BYTES = 4L * 1024 * 1024;

	private static final JsonMapper MAPPER = JsonMapper.builder()
		.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
		.build();

	private final Cache<String, String> known = Caffeine.newBuilder()
		.maximumWeight(CACHE_BYTES)
		.weigher((String text, String canonical) -> HeapSize
			.weight(HeapSize.CACHE_ENTRY + HeapSize.of(text) + HeapSize.of(canonical)))
		.build();

	/**
	 * Return the canonical form of a schema.
	 * @param schema the schema
	 * @return the same schema, or the given text if it is no JSON object
	 */
	String canonical(String schema) {
		String canonical = this.known.getIfPresent(schema);
		if (canonical == null) {
			canonical = read(schema);
			this.known.put(schema, canonical);
		}
		return canonical;
	}

	private static String read(String schema) {
		try (JsonParser parser = MAPPER.createParser(schema)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				return schema;
			}
			Object value = value(parser, Kind.SCHEMA, 0);
			if (parser.nextToken() != null) {
				return schema;
			}
			StringBuilder text = new StringBuilder(schema.length());
			write(value, text);
			return text.toString();
		}
		catch (JacksonException | IllegalArgumentException ex) {
			// Whatever it is, the provider gets it as it was
			return schema;
		}
	}

	private static Object value(JsonParser parser, Kind kind, int depth) {
		if (depth > MAX_DEPTH) {
			throw new IllegalArgumentException("The schema is nested too deeply");
		}
		JsonToken token = parser.currentToken();
		if (token == JsonToken.START_OBJECT) {
			Map<String, Object> object = (kind == Kind.SCHEMA) ? new TreeMap<>() : new LinkedHashMap<>();
			while (parser.nextToken() != JsonToken.END_OBJECT) {
				String name = parser.currentName();
				parser.nextToken();
				object.put(name, value(parser, kind.below(name), depth + 1));
			}
			return object;
		}
		if (token == JsonToken.START_ARRAY) {
			List<Object> array = new ArrayList<>();
			while (parser.nextToken() != JsonToken.END_ARRAY) {
				array.add(value(parser, kind, depth + 1));
			}
			return array;
		}
		// A number as it is written
		return (token == JsonToken.VALUE_STRING) ? MAPPER.writeValueAsString(parser.getString()) : parser.getString();
	}

	private static void write(Object value, StringBuilder text) {
		if (value instanceof Map<?, ?> object) {
			char separator = '{';
			for (Map.Entry<?, ?> entry : object.entrySet()) {
				text.append(separator).append(MAPPER.writeValueAsString(entry.getKey())).append(':');
				write(entry.getValue(), text);
				separator = ',';
			}
			text.append(object.isEmpty() ? "{}" : "}");
		}
		else if (value instanceof List<?> array) {
			char separator = '[';
			for (Object element : array) {
				text.append(separator);
				write(element, text);
				separator = ',';
			}
			text.append(array.isEmpty() ? "[]" : "]");
		}
		else {
			text.append(value);
		}
	}

	/**
	 * What the names of an object are.
	 */
	private enum Kind {

		SCHEMA, MAP_OF_SCHEMAS, VALUE;

		Kind below(String name) {
			return switch (this) {
				case SCHEMA -> MAPS_OF_SCHEMAS.contains(name) ? MAP_OF_SCHEMAS : VALUES.contains(name) ? VALUE : SCHEMA;
				case MAP_OF_SCHEMAS -> SCHEMA;
				case VALUE -> VALUE;
			};
		}

	}

}
