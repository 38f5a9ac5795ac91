package io.tokensaving.actuate;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

/**
 * The body of a write to the endpoint. Spring Boot reads the body of an operation as a
 * map of texts, which cannot represent nesting, lists or {@code null}. So the whole body
 * is passed through Spring Boot as one such text, and parsed here.
 */
final class JsonBody {

	/**
	 * The argument of an operation that holds the body.
	 */
	static final String ARGUMENT = "json";

	/**
	 * The argument of an operation that says why the body was not read.
	 */
	static final String REFUSED_ARGUMENT = "json_refused";

	/**
	 * The size in bytes above which a body is rejected.
	 */
	static final int MAX_BYTES = 64 * 1024;

	private static final int MAX_DEPTH = 16;

	private static final String TOO_BIG = "The body is too big";

	private static final String NOT_UTF_8 = "The body is not UTF-8";

	private static final JsonFactory FACTORY = JsonFactory.builder()
		.streamReadConstraints(StreamReadConstraints.builder()
			.maxNestingDepth(MAX_DEPTH)
			.maxStringLength(MAX_BYTES)
			.maxNameLength(MAX_BYTES)
			.maxNumberLength(100)
			.build())
		.build();

	private JsonBody() {
	}

	/**
	 * Wrap a body into an object with one text field.
	 * @param body the bytes that were sent
	 * @return a JSON object in ASCII, which has the same bytes in all charsets that the
	 * request may declare
	 */
	static byte[] wrap(byte[] body) {
		Map.Entry<String, Object> argument = argument(body).entrySet().iterator().next();
		return object(argument.getKey(), (String) argument.getValue());
	}

	/**
	 * Return a body as the argument of an operation.
	 * @param body the bytes that were sent
	 * @return the argument, for {@link #fields}
	 */
	static Map<String, Object> argument(byte[] body) {
		if (body.length > MAX_BYTES) {
			return Map.of(REFUSED_ARGUMENT, TOO_BIG);
		}
		try {
			return Map.of(ARGUMENT, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString());
		}
		catch (CharacterCodingException ex) {
			return Map.of(REFUSED_ARGUMENT, NOT_UTF_8);
		}
	}

	private static byte[] object(String name, String text) {
		StringBuilder json = new StringBuilder(text.length() + 32).append("{\"").append(name).append("\":\"");
		text.chars().forEach((character) -> {
			if (character < ' ' || character > '~' || character == '"' || character == '\\') {
				json.append("\\u").append("%04x".formatted(character));
			}
			else {
				json.append((char) character);
			}
		});
		return json.append("\"}").toString().getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * Read a body.
	 * @param text the JSON
	 * @return its fields: maps, lists, texts, numbers, booleans and {@code null}
	 * @throws InvalidBodyException if the text is not exactly one JSON object
	 */
	static Map<String, @Nullable Object> read(String text) {
		String json = text.startsWith("\ufeff") ? text.substring(1) : text;
		if (json.isBlank()) {
			return Map.of();
		}
		try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				throw new InvalidBodyException("The body is no JSON object");
			}
			Map<String, @Nullable Object> fields = object(parser, "");
			if (parser.nextToken() != null) {
				throw new InvalidBodyException("The body goes on after the JSON object");
			}
			return fields;
		}
		catch (JacksonException ex) {
			TokenStreamLocation location = ex.getLocation();
			throw new InvalidBodyException("The body is no valid JSON, or nested too deeply" + ((location != null)
					? ": line %d, column %d".formatted(location.getLineNr(), location.getColumnNr()) : ""));
		}
	}

	private static Map<String, @Nullable Object> object(JsonParser parser, String path) {
		Map<String, @Nullable Object> fields = new LinkedHashMap<>();
		while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
			String name = parser.currentName();
			if (fields.containsKey(name)) {
				throw new InvalidBodyException("The body has the field '%s' twice".formatted(path + name));
			}
			fields.put(name, value(parser, parser.nextToken(), path + name));
		}
		return fields;
	}

	private static @Nullable Object value(JsonParser parser, JsonToken token, String path) {
		return switch (token) {
			case START_OBJECT -> object(parser, path + ".");
			case START_ARRAY -> list(parser, path);
			case VALUE_STRING -> parser.getString();
			case VALUE_NUMBER_INT -> parser.getNumberValue();
			case VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
			case VALUE_TRUE -> Boolean.TRUE;
			case VALUE_FALSE -> Boolean.FALSE;
			case VALUE_NULL -> null;
			default -> throw new InvalidBodyException("The body is no valid JSON");
		};
	}

	private static Object list(JsonParser parser, String path) {
		List<@Nullable Object> elements = new ArrayList<>();
		for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
			elements.add(value(parser, token, path + "[" + elements.size() + "]"));
		}
		return elements;
	}

	/**
	 * Read the fields from the arguments of an operation.
	 * @param arguments the arguments: a whole body, or one text for each field
	 * @param parameters the names that may be given next to a whole body
	 * @return the fields
	 * @throws InvalidBodyException if the body cannot be read
	 */
	static Map<String, @Nullable Object> fields(Map<String, ? extends @Nullable Object> arguments,
			Set<String> parameters) {
		Object refused = arguments.get(REFUSED_ARGUMENT);
		if (refused != null) {
			throw new InvalidBodyException(TOO_BIG.equals(refused) ? TOO_BIG : NOT_UTF_8);
		}
		if (!(arguments.get(ARGUMENT) instanceof String json)) {
			return new LinkedHashMap<>(arguments);
		}
		Map<String, @Nullable Object> fields = new LinkedHashMap<>(read(json));
		Set<String> others = new LinkedHashSet<>(arguments.keySet());
		others.remove(ARGUMENT);
		for (String name : others) {
			if (!parameters.contains(name)) {
				throw new InvalidBodyException(
						"There is no parameter '%s'; settings belong into the body".formatted(name));
			}
			if (fields.containsKey(name)) {
				throw new InvalidBodyException("'%s' is given twice, in the body and as a parameter".formatted(name));
			}
			fields.put(name, arguments.get(name));
		}
		return fields;
	}

	/**
	 * A body that cannot be read.
	 */
	static final class InvalidBodyException extends RuntimeException {

		/**
		 * What is accepted, in words.
		 */
		static final String ACCEPTED = "a JSON object in UTF-8 of at most %d KB and %d levels, no field twice"
			.formatted(MAX_BYTES / 1024, MAX_DEPTH);

		InvalidBodyException(String message) {
			super(message);
		}

	}

}
