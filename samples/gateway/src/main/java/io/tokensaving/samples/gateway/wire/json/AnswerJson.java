package io.tokensaving.samples.gateway.wire.json;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads answers and events of answers into trees in which numbers keep their value and
 * objects their order. Thread-safe.
 */
public final class AnswerJson {

	private static final JsonMapper MAPPER = JsonMapper.builder()
		.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
		.build();

	private AnswerJson() {
	}

	/**
	 * Read an object.
	 * @param body the bytes
	 * @return the object
	 * @throws WireException if the bytes are no JSON object
	 */
	public static ObjectNode object(byte[] body) {
		try {
			return object(MAPPER.readTree(body));
		}
		catch (JacksonException ex) {
			throw refused();
		}
	}

	/**
	 * Read an object.
	 * @param body the text
	 * @return the object
	 * @throws WireException if the text is no JSON object
	 */
	public static ObjectNode object(String body) {
		try {
			return object(MAPPER.readTree(body));
		}
		catch (JacksonException ex) {
			throw refused();
		}
	}

	/**
	 * Read any value.
	 * @param text the text
	 * @return the value, or {@code null} if the text is no JSON
	 */
	public static @Nullable JsonNode value(String text) {
		try {
			JsonNode value = MAPPER.readTree(text);
			return value.isMissingNode() ? null : value;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	/**
	 * Create an empty object.
	 * @return the object
	 */
	public static ObjectNode object() {
		return MAPPER.createObjectNode();
	}

	/**
	 * Decode a body.
	 * @param body the bytes
	 * @return the text, or the bytes if they are not UTF-8
	 */
	public static Object textOrBytes(byte[] body) {
		return JsonBytes.isUtf8(body) ? new String(body, StandardCharsets.UTF_8) : body;
	}

	/**
	 * Read a number of tokens.
	 * @param value the value
	 * @return the number, 0 if it is none or negative
	 */
	public static long tokens(@Nullable JsonNode value) {
		return (value != null && value.isIntegralNumber() && value.canConvertToLong()) ? Math.max(0, value.longValue())
				: 0;
	}

	/**
	 * Make a number of tokens fit.
	 * @param tokens the number
	 * @return the number, or the largest that fits
	 */
	public static int clamp(long tokens) {
		return (int) Math.min(Integer.MAX_VALUE, tokens);
	}

	/**
	 * Copy an object into maps, lists, texts, numbers and truth values.
	 * @param object the object
	 * @return the members that are not {@code null}, in a map that may be changed
	 */
	public static Map<String, Object> plain(ObjectNode object) {
		Map<String, Object> plain = new LinkedHashMap<>();
		object.properties().forEach((field) -> {
			Object value = plain(field.getValue());
			if (value != null) {
				plain.put(field.getKey(), value);
			}
		});
		return plain;
	}

	private static @Nullable Object plain(JsonNode value) {
		if (value instanceof ObjectNode object) {
			return plain(object);
		}
		if (value.isArray()) {
			List<Object> elements = new ArrayList<>();
			value.forEach((element) -> {
				Object plain = plain(element);
				if (plain != null) {
					elements.add(plain);
				}
			});
			return elements;
		}
		if (value.isNumber()) {
			return (value.isIntegralNumber() && value.canConvertToLong()) ? (Object) value.longValue()
					: (Object) value.doubleValue();
		}
		return value.isBoolean() ? (Object) value.booleanValue() : value.isString() ? value.stringValue() : null;
	}

	private static ObjectNode object(JsonNode value) {
		if (value instanceof ObjectNode object) {
			return object;
		}
		throw refused();
	}

	private static WireException refused() {
		return new WireException("The answer must be a JSON object", null, null);
	}

}
