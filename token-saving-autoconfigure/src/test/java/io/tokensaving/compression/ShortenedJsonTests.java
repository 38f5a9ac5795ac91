package io.tokensaving.compression;

import java.util.Random;

import io.tokensaving.ledger.TokenCounter;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * Tests for {@link ShortenedJson}.
 */
class ShortenedJsonTests {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final TokenCounter COUNTER = new TokenCounter();

	@Property(tries = 300)
	void staysJsonAndWithinTheLimit(@ForAll long seed) {
		Random random = new Random(seed);
		StringBuilder text = new StringBuilder((random.nextBoolean()) ? "[" : "{\"items\": [");
		String close = (text.length() == 1) ? "]" : "], \"next\": null}";
		for (int i = 20 + random.nextInt(80); i > 0; i--) {
			text.append(
					"{\"id\": %d, \"note\": \"%s\"}".formatted(i, "it is \\\"so\\\" \\n ".repeat(random.nextInt(12))))
				.append((i > 1) ? ",\n " : "");
		}
		text.append(close);
		int limit = 100 + random.nextInt(400);
		String shortened = shorten(text.toString(), limit);
		assertThatCode(() -> JSON.readTree(shortened)).doesNotThrowAnyException();
		assertThat(COUNTER.count(shortened, 1)).isLessThanOrEqualTo(limit + limit / 4 + 60);
		assertThat(shortened.length()).isLessThan(text.length());
	}

	@Test
	void keepsBeginningAndEndAndSaysThatRecordsAreLeftOut() {
		StringBuilder text = new StringBuilder("[");
		for (int i = 0; i < 200; i++) {
			text.append((i > 0) ? "," : "").append("{\"id\":").append(i).append(",\"name\":\"name of the record\"}");
		}
		assertThat(shorten(text.append("]").toString(), 200)).startsWith("[{\"id\":0,")
			.endsWith("record\"}]")
			.contains("left out");
	}

	@Test
	void shortensWithinAStringAndLeavesOtherTextToOthers() {
		String shortened = shorten("\"" + "a word \\\" ".repeat(500) + "\"", 100);
		assertThat(JSON.readTree(shortened).asString()).startsWith("a word \" a word");
		assertThat(shorten("not JSON { at all", 100)).isNull();
		assertThat(shorten("{ not: JSON }", 100)).isNull();
		assertThat(shorten("\"one\" and more", 100)).isNull();
	}

	private static @Nullable String shorten(String text, int limit) {
		return ShortenedJson.shorten(text, limit, (part) -> COUNTER.count(part, 1),
				(part) -> part.substring(0, Math.min(part.length(), 2 * limit)));
	}

}
