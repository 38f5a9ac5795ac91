package io.tokensaving.cache;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.provider.TokenUsage;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeTypeUtils;

/**
 * Texts that a Java string can hold and that are easily lost on the way to a server.
 */
public final class StrangeTexts {

	private static final List<String> KNOWN = List.of("", "?", "\uFFFD", "\uD800", "\uDC00", "\uD83D", "\uDE00\uD83D",
			"half \uD83D a pair", "\uD83D\uDE00", "\uD83D\uD83D\uDE00", "\u0000", "a\u0000", "\uFFFF", "\uFEFFb",
			"\uFFFE", "\u2028\u2029\u0085\r\n\r", "\u007F\u0080\u00FF\u0100\u07FF\u0800", "\u4F60\u597D".repeat(1000),
			"\uD83D".repeat(1000));

	private StrangeTexts() {
	}

	/**
	 * Return the texts.
	 * @param seed makes up those that are random
	 * @return different texts
	 */
	public static List<String> all(long seed) {
		List<String> texts = new ArrayList<>(KNOWN);
		Random random = new Random(seed);
		for (int i = 0; i < 200; i++) {
			int[] ranges = { 0x80, 0x100, 0x800, 0x10000, 0x10000 };
			int range = ranges[random.nextInt(ranges.length)];
			int from = (random.nextInt(4) == 0) ? 0xD800 : 0;
			StringBuilder text = new StringBuilder();
			for (int length = 4 + random.nextInt((i % 20 == 0) ? 2000 : 20); length > 0; length--) {
				text.append((char) (from + random.nextInt((from > 0) ? 0x800 : range)));
			}
			texts.add(text.toString());
		}
		return texts;
	}

	/**
	 * Put a text wherever an answer has text.
	 * @param text the text
	 * @return the answer
	 */
	public static CachedResponse response(String text) {
		CachedGeneration generation = new CachedGeneration(text, List.of(new ToolCall(text, text, text, text)),
				List.of(Media.builder().mimeType(MimeTypeUtils.TEXT_PLAIN).id(text).name(text).data(text).build()),
				Map.of(text, text, text + ".list", List.of(text, Map.of(text, text))), text, Map.of(text, text));
		return new CachedResponse(text, text, List.of(generation), Map.of(text, text), TokenUsage.ZERO, Instant.EPOCH,
				new CachedResponse.Origin("f".repeat(64), Set.of(text), Instant.EPOCH));
	}

}
