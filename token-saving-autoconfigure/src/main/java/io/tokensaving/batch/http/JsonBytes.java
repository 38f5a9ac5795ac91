package io.tokensaving.batch.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON of which the bytes matter.
 */
public final class JsonBytes {

	private static final JsonMapper MAPPER = new JsonMapper();

	// Reads a value of which more follows
	private static final JsonMapper PARTS = JsonMapper.builder()
		.disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private JsonBytes() {
	}

	/**
	 * Read a value.
	 * @param json the JSON
	 * @return the value
	 */
	public static JsonNode read(byte[] json) {
		return MAPPER.readTree(json);
	}

	/**
	 * Read a value.
	 * @param json the JSON; not closed
	 * @return the value
	 */
	public static JsonNode read(InputStream json) {
		return MAPPER.readTree(json);
	}

	/**
	 * Read an object, but not what is in some of its fields.
	 * @param json the JSON; not closed
	 * @param without the names of the fields that are left out, at whatever depth
	 * @return the object
	 */
	public static ObjectNode read(InputStream json, Set<String> without) {
		try (JsonParser parser = MAPPER.createParser(json)) {
			ObjectNode object = MAPPER.createObjectNode();
			if (parser.nextToken() == JsonToken.START_OBJECT) {
				read(parser, object, without);
			}
			return object;
		}
	}

	private static void read(JsonParser parser, ObjectNode object, Set<String> without) {
		while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
			String name = parser.currentName();
			JsonToken value = parser.nextToken();
			if (without.contains(name)) {
				parser.skipChildren();
			}
			else if (value == JsonToken.START_OBJECT) {
				read(parser, object.putObject(name), without);
			}
			else if (value == JsonToken.START_ARRAY) {
				read(parser, object.putArray(name), without);
			}
			else {
				object.set(name, PARTS.readTree(parser));
			}
		}
	}

	private static void read(JsonParser parser, ArrayNode array, Set<String> without) {
		for (JsonToken value = parser.nextToken(); value != JsonToken.END_ARRAY; value = parser.nextToken()) {
			if (value == JsonToken.START_OBJECT) {
				read(parser, array.addObject(), without);
			}
			else if (value == JsonToken.START_ARRAY) {
				read(parser, array.addArray(), without);
			}
			else {
				array.add(PARTS.readTree(parser));
			}
		}
	}

	/**
	 * Write a value.
	 * @param json the value
	 * @return the JSON
	 */
	public static byte[] write(JsonNode json) {
		return MAPPER.writeValueAsBytes(json);
	}

	/**
	 * Return the bytes of a value as they stand in a document.
	 * @param json the document
	 * @param path the names of the fields that lead to the value
	 * @return the bytes, {@code null} if there is no such value
	 */
	public static byte @Nullable [] slice(byte[] json, String... path) {
		try (JsonParser parser = MAPPER.createParser(json)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				return null;
			}
			int depth = 0;
			while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
				boolean on = parser.currentName().equals(path[depth]);
				JsonToken value = parser.nextToken();
				if (on && depth == path.length - 1) {
					int start = (int) parser.currentTokenLocation().getByteOffset();
					if (value.isScalarValue()) {
						parser.finishToken();
					}
					parser.skipChildren();
					return Arrays.copyOfRange(json, start, (int) parser.currentLocation().getByteOffset());
				}
				if (on && value == JsonToken.START_OBJECT) {
					depth++;
				}
				else if (on) {
					return null;
				}
				else {
					parser.skipChildren();
				}
			}
			return null;
		}
	}

	/**
	 * Return JSON that stands in one line. Line feeds are white space there, because in
	 * strings they are escaped.
	 * @param json the JSON
	 * @return the same JSON if it has no line feed
	 */
	public static byte[] oneLine(byte[] json) {
		byte[] line = json;
		for (int i = 0; i < json.length; i++) {
			if (json[i] == '\n' || json[i] == '\r') {
				line = (line != json) ? line : json.clone();
				line[i] = ' ';
			}
		}
		return line;
	}

	/**
	 * Read lines that are not empty, of which only one is in memory.
	 * @param in where they are read from; not closed
	 * @param lines is given each line without its end
	 * @throws IOException if they cannot be read
	 */
	public static void lines(InputStream in, Consumer<byte[]> lines) throws IOException {
		BufferedInputStream buffered = new BufferedInputStream(in, 1 << 16);
		ByteArrayOutputStream line = new ByteArrayOutputStream(1 << 12);
		for (int next = buffered.read(); next != -1; next = buffered.read()) {
			if (next != '\n') {
				line.write(next);
			}
			else if (!isBlank(line)) {
				lines.accept(line.toByteArray());
				line.reset();
			}
			else {
				line.reset();
			}
		}
		if (!isBlank(line)) {
			lines.accept(line.toByteArray());
		}
	}

	/**
	 * Read the elements of an array somewhere in a document, of which only one is in
	 * memory.
	 * @param in the document; not closed
	 * @param name the name of the field whose value is the array, which is the only array
	 * of that name
	 * @param elements is given the bytes of each element that is an object
	 */
	public static void elements(InputStream in, String name, Consumer<byte[]> elements) {
		Window window = new Window(in);
		try (JsonParser parser = MAPPER.createParser(window)) {
			for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
				window.forget(parser.currentTokenLocation().getByteOffset());
				if (token == JsonToken.START_ARRAY && name.equals(parser.currentName())) {
					elements(parser, window, elements);
				}
			}
		}
	}

	private static void elements(JsonParser parser, Window window, Consumer<byte[]> elements) {
		for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
			long start = parser.currentTokenLocation().getByteOffset();
			window.forget(start);
			parser.skipChildren();
			if (token == JsonToken.START_OBJECT) {
				elements.accept(window.copy(start, parser.currentLocation().getByteOffset()));
			}
		}
	}

	private static boolean isBlank(ByteArrayOutputStream line) {
		return line.size() == 0 || line.size() < 16 && line.toString(StandardCharsets.UTF_8).isBlank();
	}

	/**
	 * Keeps what was read from a stream from some point on.
	 */
	private static final class Window extends InputStream {

		private final InputStream in;

		private byte[] kept = new byte[1 << 14];

		private int size;

		private long start;

		Window(InputStream in) {
			this.in = in;
		}

		@Override
		public int read() throws IOException {
			byte[] one = new byte[1];
			return (read(one, 0, 1) != -1) ? one[0] & 0xff : -1;
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			int read = this.in.read(bytes, offset, length);
			if (read > 0) {
				if (this.size + read > this.kept.length) {
					this.kept = Arrays.copyOf(this.kept, Math.max(this.kept.length * 2, this.size + read));
				}
				System.arraycopy(bytes, offset, this.kept, this.size, read);
				this.size += read;
			}
			return read;
		}

		void forget(long offset) {
			int gone = (int) (offset - this.start);
			// Moving bytes for each token would take the square of the time
			if (gone > this.size / 2) {
				System.arraycopy(this.kept, gone, this.kept, 0, this.size - gone);
				this.size -= gone;
				this.start = offset;
			}
		}

		byte[] copy(long from, long to) {
			return Arrays.copyOfRange(this.kept, (int) (from - this.start), (int) (to - this.start));
		}

	}

}
