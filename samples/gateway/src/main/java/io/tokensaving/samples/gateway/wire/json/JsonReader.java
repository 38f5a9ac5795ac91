package io.tokensaving.samples.gateway.wire.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads JSON in one pass and tells where each part of it stands. Refuses what is not
 * strictly JSON, names that occur twice in an object, and what is nested too deeply. Not
 * thread-safe.
 */
public final class JsonReader implements AutoCloseable {

	/**
	 * How deeply arrays and objects may be nested.
	 */
	public static final int MAX_DEPTH = 128;

	private static final JsonFactory FACTORY = JsonFactory.builder()
		.streamReadConstraints(StreamReadConstraints.builder()
			.maxNestingDepth(MAX_DEPTH)
			.maxStringLength(Integer.MAX_VALUE)
			.maxNumberLength(1000)
			.build())
		.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
		.build();

	private final JsonParser parser;

	/**
	 * Start to read.
	 * @param bytes the bytes
	 * @throws WireException if they are not UTF-8
	 */
	public JsonReader(byte[] bytes) {
		JsonBytes.check(bytes);
		this.parser = FACTORY.createParser(bytes);
	}

	/**
	 * Read a document whole.
	 * @param bytes the bytes
	 * @return the value, as {@link #value()} returns it
	 * @throws WireException if the bytes are not JSON
	 */
	public static @Nullable Object read(byte[] bytes) {
		try (JsonReader reader = new JsonReader(bytes)) {
			reader.next();
			Object value = reader.value();
			reader.finish();
			return value;
		}
	}

	/**
	 * Go to the next token.
	 * @return the token
	 * @throws WireException if there is none, or it is not JSON
	 */
	public JsonToken next() {
		try {
			JsonToken token = this.parser.nextToken();
			if (token == null) {
				throw new WireException("The body must be JSON but ends too early", null, "invalid_json");
			}
			return token;
		}
		catch (JacksonException ex) {
			throw refused(ex);
		}
	}

	/**
	 * Check that nothing follows.
	 * @throws WireException if something does
	 */
	public void finish() {
		try {
			if (this.parser.nextToken() != null) {
				throw new WireException("The body must be one JSON value but more follows it", null, "invalid_json");
			}
		}
		catch (JacksonException ex) {
			throw refused(ex);
		}
	}

	/**
	 * Return the current token.
	 * @return the token
	 */
	public JsonToken token() {
		return this.parser.currentToken();
	}

	/**
	 * Return the offset of the current token.
	 * @return the offset of its first byte
	 */
	public int start() {
		return (int) this.parser.currentTokenLocation().getByteOffset();
	}

	/**
	 * Return the offset behind the current token.
	 * @return the offset behind its last byte
	 */
	public int end() {
		try {
			this.parser.finishToken();
			return (int) this.parser.currentLocation().getByteOffset();
		}
		catch (JacksonException ex) {
			throw refused(ex);
		}
	}

	/**
	 * Return the text of a string, the name of a member, or a number as it is written.
	 * @return the text
	 */
	public String text() {
		try {
			return this.parser.getString();
		}
		catch (JacksonException ex) {
			throw refused(ex);
		}
	}

	/**
	 * Read the value that begins with the current token, and go to its last token.
	 * @return a {@link Map} in the order of the document, a {@link List}, a text, a
	 * {@link Long} or {@link JsonNumber}, a {@link Boolean} or {@code null}
	 */
	public @Nullable Object value() {
		return switch (token()) {
			case START_OBJECT -> object();
			case START_ARRAY -> array();
			case VALUE_STRING -> text();
			case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> JsonNumber.of(text());
			case VALUE_TRUE -> true;
			case VALUE_FALSE -> false;
			default -> null;
		};
	}

	/**
	 * Go to the end of the value at which it stands.
	 * @throws WireException if there is no JSON
	 */
	public void skip() {
		try {
			this.parser.skipChildren();
		}
		catch (JacksonException ex) {
			throw refused(ex);
		}
	}

	private Map<String, @Nullable Object> object() {
		Map<String, @Nullable Object> members = new LinkedHashMap<>();
		while (next() != JsonToken.END_OBJECT) {
			String name = text();
			next();
			members.put(name, value());
		}
		return members;
	}

	private List<@Nullable Object> array() {
		List<@Nullable Object> elements = new ArrayList<>();
		while (next() != JsonToken.END_ARRAY) {
			elements.add(value());
		}
		return elements;
	}

	@Override
	public void close() {
		this.parser.close();
	}

	// The messages of the parser quote what they have read
	private static WireException refused(JacksonException ex) {
		TokenStreamLocation location = ex.getLocation();
		String place = (location != null) ? " at byte " + location.getByteOffset() : "";
		if (ex instanceof StreamConstraintsException) {
			return new WireException(
					"The body must not be nested deeper than " + MAX_DEPTH
							+ " levels or have longer numbers than 1000 digits but is or has" + place,
					null, "invalid_json");
		}
		if (ex.getOriginalMessage().startsWith("Duplicate")) {
			return new WireException("The body must not have a name twice in an object but has" + place, null,
					"duplicate_key");
		}
		return new WireException("The body must be JSON but is not" + place, null, "invalid_json");
	}

}
