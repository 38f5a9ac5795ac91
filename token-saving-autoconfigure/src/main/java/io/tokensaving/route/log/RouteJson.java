package io.tokensaving.route.log;

import java.util.Map;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes records as JSON on one line, and reads them. Thread-safe.
 */
final class RouteJson {

	private static final JsonMapper JSON = JsonMapper.builder()
		.enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
		.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {
	};

	private RouteJson() {
	}

	static String write(Map<String, ?> object) {
		return JSON.writeValueAsString(object);
	}

	/**
	 * Read an object.
	 * @param json the JSON
	 * @return the object
	 * @throws IllegalArgumentException if it is not JSON; the message quotes nothing
	 */
	static Map<String, Object> read(String json) {
		Map<String, Object> object;
		try {
			object = JSON.readValue(json, OBJECT);
		}
		catch (JacksonException ex) {
			// The cause would quote the line
			throw new IllegalArgumentException("Not a JSON object");
		}
		if (object == null) {
			throw new IllegalArgumentException("Not a JSON object");
		}
		return object;
	}

}
