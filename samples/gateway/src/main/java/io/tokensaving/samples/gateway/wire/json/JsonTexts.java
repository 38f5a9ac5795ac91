package io.tokensaving.samples.gateway.wire.json;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/**
 * Finds texts in an answer and replaces them. To be used by one thread.
 */
public final class JsonTexts {

	private final byte[] body;

	private final JsonEdits edits;

	private final List<Text> texts = new ArrayList<>();

	/**
	 * Create an object that knows no text yet.
	 * @param body the body of an answer
	 */
	public JsonTexts(String body) {
		this.body = body.getBytes(StandardCharsets.UTF_8);
		this.edits = new JsonEdits(this.body);
	}

	/**
	 * Find the texts of all objects in an array.
	 * @param array the name of the array in the answer
	 * @param path the names of the objects and of the text in an element
	 * @return a text for each element, without a place if it has none
	 */
	public List<Text> find(String array, String... path) {
		try (JsonReader in = new JsonReader(this.body)) {
			in.next();
			while (in.next() != JsonToken.END_OBJECT) {
				boolean wanted = in.text().equals(array);
				if (in.next() == JsonToken.START_ARRAY && wanted) {
					while (in.next() != JsonToken.END_ARRAY) {
						this.texts.add(element(in, path));
					}
				}
				else {
					in.skip();
				}
			}
		}
		return this.texts;
	}

	/**
	 * Find the texts at a path that leads through objects and arrays of them.
	 * @param path the names of the members and of the text
	 * @return the texts that are there, in their order
	 */
	public List<Text> findAll(String... path) {
		try (JsonReader in = new JsonReader(this.body)) {
			in.next();
			walkAll(in, path, 0);
		}
		return this.texts;
	}

	private void walkAll(JsonReader in, String[] path, int depth) {
		if (in.token() == JsonToken.START_ARRAY && depth < path.length) {
			while (in.next() != JsonToken.END_ARRAY) {
				walkAll(in, path, depth);
			}
			return;
		}
		if (depth == path.length && in.token() == JsonToken.VALUE_STRING) {
			int start = in.start();
			String text = in.text();
			this.texts.add(new Text(new Span(start, in.end()), text));
			return;
		}
		if (depth == path.length || in.token() != JsonToken.START_OBJECT) {
			in.skip();
			return;
		}
		while (in.next() != JsonToken.END_OBJECT) {
			boolean wanted = in.text().equals(path[depth]);
			in.next();
			if (wanted) {
				walkAll(in, path, depth + 1);
			}
			else {
				in.skip();
			}
		}
	}

	/**
	 * Put one text into the first of several places, and leave the others empty.
	 * @param places the places
	 * @param text the text
	 */
	public void replaceAll(List<Text> places, String text) {
		String given = places.stream().map(Text::text).collect(Collectors.joining());
		if (places.isEmpty() || given.equals(text)) {
			return;
		}
		replace(places.get(0), text);
		places.subList(1, places.size()).forEach((place) -> replace(place, ""));
	}

	private static Text element(JsonReader in, String[] path) {
		Text[] found = { new Text(null, "") };
		walk(in, path, 0, found);
		return found[0];
	}

	private static void walk(JsonReader in, String[] path, int depth, Text[] found) {
		if (depth == path.length) {
			if (in.token() == JsonToken.VALUE_STRING) {
				int start = in.start();
				String text = in.text();
				found[0] = new Text(new Span(start, in.end()), text);
			}
			in.skip();
			return;
		}
		if (in.token() != JsonToken.START_OBJECT) {
			in.skip();
			return;
		}
		while (in.next() != JsonToken.END_OBJECT) {
			boolean wanted = in.text().equals(path[depth]);
			in.next();
			if (wanted) {
				walk(in, path, depth + 1, found);
			}
			else {
				in.skip();
			}
		}
	}

	/**
	 * Replace a text.
	 * @param text the text
	 * @param other what is put there
	 */
	public void replace(Text text, String other) {
		if (text.span() != null && !text.text().equals(other)) {
			this.edits.replace(text.span(), JsonWriter.quote(other));
		}
	}

	/**
	 * Return the answer with its new texts.
	 * @return the body
	 */
	public String body() {
		JsonPieces pieces = new JsonPieces();
		this.edits.copy(0, this.body.length, pieces);
		return new String(pieces.toByteArray(), StandardCharsets.UTF_8);
	}

	/**
	 * A text. Immutable.
	 *
	 * @param span where it is, or {@code null} if there is none
	 * @param text what it says
	 */
	public record Text(@Nullable Span span, String text) {

	}

}
