package io.tokensaving.simulator;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/**
 * Finds the requests in the file of a batch without reading it into memory: what is kept
 * of a request is where it stands.
 */
final class BatchItems {

	private static final int HEADERS_LIMIT = 8 * 1024;

	private final String idField;

	private final String bodyField;

	private final List<Item> items = new ArrayList<>();

	private final Map<String, String> texts = new LinkedHashMap<>();

	private BatchItems(String idField, String bodyField) {
		this.idField = idField;
		this.bodyField = bodyField;
	}

	/**
	 * Reads one object that holds the requests in an array {@code requests}, at whatever
	 * depth of objects.
	 * @param content the object
	 * @param idField the field of the id
	 * @param bodyField the field of the request
	 */
	static BatchItems ofObject(BatchContent content, String idField, String bodyField) throws IOException, Rejection {
		BatchItems items = new BatchItems(idField, bodyField);
		try (InputStream in = content.open(); JsonParser parser = ProviderWire.JSON.createParser(in)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				throw Rejection.invalid("The body of the request must be a JSON object");
			}
			items.readObject(parser);
		}
		catch (JacksonException ex) {
			throw Rejection.invalid("The body of the request is not valid JSON");
		}
		return items;
	}

	/** Reads one request a line; a line that holds none is given as null. */
	static void ofLines(BatchContent content, String idField, String bodyField, LineReader reader) throws IOException {
		BatchItems items = new BatchItems(idField, bodyField);
		try (InputStream in = new BufferedInputStream(content.open(), 256 * 1024)) {
			ByteArrayOutputStream line = new ByteArrayOutputStream();
			long start = 0;
			long position = 0;
			int number = 0;
			for (int next = in.read(); true; next = in.read()) {
				if (next >= 0 && next != '\n') {
					line.write(next);
					position++;
					continue;
				}
				byte[] bytes = line.toByteArray();
				if (!new String(bytes, 0, Math.min(bytes.length, 100), StandardCharsets.UTF_8).isBlank()) {
					reader.read(++number, items.item(bytes, start));
				}
				line.reset();
				start = ++position;
				if (next < 0) {
					return;
				}
			}
		}
	}

	private @Nullable Item item(byte[] line, long base) {
		try (JsonParser parser = ProviderWire.JSON.createParser(line)) {
			if (parser.nextToken() != JsonToken.START_OBJECT) {
				return null;
			}
			Item item = readItem(parser, base);
			return (parser.nextToken() == null) ? item : null;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	private void readObject(JsonParser parser) {
		while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
			String name = parser.currentName();
			JsonToken value = parser.nextToken();
			if (value == JsonToken.START_OBJECT) {
				readObject(parser);
			}
			else if (value == JsonToken.START_ARRAY && name.equals("requests")) {
				while (parser.nextToken() == JsonToken.START_OBJECT) {
					this.items.add(readItem(parser, 0));
				}
			}
			else if (value == JsonToken.VALUE_STRING) {
				this.texts.put(name, parser.getString());
			}
			else {
				parser.skipChildren();
			}
		}
	}

	private Item readItem(JsonParser parser, long base) {
		Map<String, String> fields = new LinkedHashMap<>();
		JsonNode metadata = null;
		long from = -1;
		long end = -1;
		while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
			String name = parser.currentName();
			JsonToken value = parser.nextToken();
			if (value == JsonToken.VALUE_STRING) {
				fields.put(name, parser.getString());
			}
			else if (value == JsonToken.START_OBJECT && name.equals(this.bodyField)) {
				from = parser.currentTokenLocation().getByteOffset();
				parser.skipChildren();
				end = parser.currentLocation().getByteOffset();
			}
			else if (value == JsonToken.START_OBJECT && name.equals("metadata")) {
				metadata = parser.readValueAsTree();
			}
			else {
				parser.skipChildren();
			}
		}
		String id = fields.get(this.idField);
		if (id == null && metadata != null && metadata.path(this.idField).isString()) {
			id = metadata.path(this.idField).asString();
		}
		return new Item(id, fields.get("method"), fields.get("url"), base + from, (int) (end - from),
				(metadata != null) ? metadata.toString() : null);
	}

	List<Item> items() {
		return this.items;
	}

	/** A text of an object around the requests. */
	@Nullable String text(String name) {
		return this.texts.get(name);
	}

	/**
	 * Takes a body of {@code multipart/form-data} apart.
	 * @param body the body
	 * @param contentType its header
	 * @return the parts by name
	 */
	static Map<String, Part> multipart(BatchContent body, String contentType) throws IOException, Rejection {
		String boundary = contentType.replaceFirst("(?i).*boundary=\"?([^\";]+)\"?.*", "$1");
		if (!contentType.toLowerCase(java.util.Locale.ROOT).startsWith("multipart/form-data")) {
			throw Rejection.invalid("Content-Type must be multipart/form-data");
		}
		byte[] delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
		List<Long> ends = ends(body, delimiter);
		Map<String, Part> parts = new LinkedHashMap<>();
		try (BatchContent.Reader reader = body.reader()) {
			for (int index = 0; index + 1 < ends.size(); index++) {
				long start = ends.get(index);
				long end = ends.get(index + 1) - delimiter.length;
				String head = new String(reader.read(start, (int) Math.min(HEADERS_LIMIT, end - start)),
						StandardCharsets.ISO_8859_1);
				int blank = head.indexOf("\r\n\r\n");
				if (blank >= 0) {
					String headers = head.substring(0, blank);
					long from = start + blank + 4;
					parts.put(parameter(headers, "name"),
							new Part(parameter(headers, "filename"), body.part(from, end - from)));
				}
			}
		}
		return parts;
	}

	private static String parameter(String headers, String name) {
		String pattern = "(?is).*[; ]" + name + "=\"([^\"]*)\".*";
		return headers.matches(pattern) ? headers.replaceFirst(pattern, "$1") : "";
	}

	/** Where each delimiter ends; Knuth, Morris and Pratt's search. */
	private static List<Long> ends(BatchContent body, byte[] delimiter) throws IOException {
		int[] back = new int[delimiter.length + 1];
		back[0] = -1;
		for (int index = 0, matched = -1; index < delimiter.length;) {
			while (matched >= 0 && delimiter[index] != delimiter[matched]) {
				matched = back[matched];
			}
			back[++index] = ++matched;
		}
		List<Long> ends = new ArrayList<>();
		try (InputStream in = new BufferedInputStream(body.open(), 256 * 1024)) {
			// The first one has no line before it
			int matched = 2;
			long position = 0;
			for (int next = in.read(); next >= 0; next = in.read()) {
				while (matched >= 0 && (matched == delimiter.length || delimiter[matched] != (byte) next)) {
					matched = back[matched];
				}
				matched++;
				position++;
				if (matched == delimiter.length) {
					ends.add(position);
				}
			}
		}
		return ends;
	}

	/** Reads line by line. */
	interface LineReader {

		void read(int number, @Nullable Item item) throws IOException;

	}

	/**
	 * A request.
	 *
	 * @param customId its id, or null
	 * @param method of HTTP, or null
	 * @param url the path that it is for, or null
	 * @param offset where the body begins
	 * @param length bytes of the body, 0 if there is none
	 * @param metadata what is to be given back with the result, or null
	 */
	record Item(@Nullable String customId, @Nullable String method, @Nullable String url, long offset, int length,
			@Nullable String metadata) {

	}

	/**
	 * A part of a form.
	 *
	 * @param filename of a file, or empty
	 * @param content its bytes
	 */
	record Part(String filename, BatchContent content) {

		String text() throws IOException {
			try (InputStream in = this.content.open()) {
				return new String(in.readNBytes(HEADERS_LIMIT), StandardCharsets.UTF_8);
			}
		}

	}

}
