package io.tokensaving.compression;

import java.util.BitSet;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;

import io.tokensaving.material.parts.ContentKind;
import io.tokensaving.material.parts.DividedText;
import io.tokensaving.material.parts.Dividers;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Shortens JSON to its beginning and end so that it stays JSON, because some models parse
 * the results of tools. Thread-safe.
 */
final class ShortenedJson {

	/**
	 * The share of the beginning in what stays.
	 */
	private static final double BEGINNING = 0.75;

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private ShortenedJson() {
	}

	/**
	 * Shorten a text if it is JSON.
	 * @param text the text
	 * @param maxTokens about how many tokens may stay
	 * @param tokens counts the tokens of a text
	 * @param shortener shortens a text that is no JSON
	 * @return the shortened JSON; {@code null} if the text is not JSON
	 */
	static @Nullable String shorten(String text, long maxTokens, ToIntFunction<String> tokens,
			UnaryOperator<String> shortener) {
		String content = text.strip();
		if (content.startsWith("{") || content.startsWith("[")) {
			DividedText divided = Dividers.divide(text);
			if (divided.kind() != ContentKind.JSON) {
				return null;
			}
			String shortened = shorten(divided, maxTokens, tokens);
			// What cannot be left out in parts is cut like a text
			return (tokens.applyAsInt(shortened) <= maxTokens + maxTokens / 4) ? shortened
					: quoted(shortener.apply(text));
		}
		String value = value(text);
		return (value != null) ? quoted(shortener.apply(value)) : null;
	}

	private static String shorten(DividedText text, long maxTokens, ToIntFunction<String> tokens) {
		int low = 0;
		int high = text.parts().size();
		while (low < high) {
			int middle = (low + high + 1) / 2;
			boolean fits = tokens.applyAsInt(render(text, middle)) <= maxTokens;
			low = fits ? middle : low;
			high = fits ? high : middle - 1;
		}
		return render(text, low);
	}

	private static String render(DividedText text, int count) {
		int size = text.parts().size();
		int beginning = (int) Math.ceil(BEGINNING * count);
		BitSet kept = new BitSet();
		kept.set(0, beginning);
		kept.set(size - (count - beginning), size);
		return text.render(kept);
	}

	/**
	 * Return the value of a JSON string.
	 * @param text the text
	 * @return the value; {@code null} if the text is no JSON string
	 */
	static @Nullable String value(String text) {
		if (!text.stripLeading().startsWith("\"")) {
			return null;
		}
		try {
			JsonNode node = JSON.readTree(text);
			return node.isString() ? node.asString() : null;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	static String quoted(String text) {
		return JSON.writeValueAsString(text);
	}

}
