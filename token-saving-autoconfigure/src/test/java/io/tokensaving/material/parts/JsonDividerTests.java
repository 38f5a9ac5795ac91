package io.tokensaving.material.parts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JsonDivider}.
 */
class JsonDividerTests {

	static final JsonMapper MAPPER = JsonMapper.builder()
		.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
		.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	static boolean parses(String json) {
		try {
			MAPPER.readTree(json);
			return true;
		}
		catch (RuntimeException ex) {
			return false;
		}
	}

	@Property(tries = 400)
	void anyPartsOfAnyJsonAreJson(@ForAll long seed) {
		Random random = new Random(seed);
		String json = GeneratedJson.value(random, 5 + random.nextInt(3000));
		DividedText divided = Dividers.divide(json);
		if (json.startsWith("{") || json.startsWith("[")) {
			assertThat(divided.kind()).isEqualTo(ContentKind.JSON);
			DividedTextAssert.check(divided, JsonDividerTests::parses, random);
		}
	}

	@Test
	void keepsARecordWholeAndSaysHowManyAreLeftOut() {
		StringBuilder json = new StringBuilder("{\"status\":\"ok\",\"orders\":[");
		for (int i = 0; i < 20; i++) {
			json.append((i > 0) ? ", " : "")
				.append("{\"id\": ")
				.append(1000 + i)
				.append(", \"price\": 1.50, \"note\": \"a \\u00e9 note of this order\"}");
		}
		DividedText divided = Dividers.divide(json.append("], \"total\" : 20}").toString());
		int wanted = -1;
		for (int i = 0; i < divided.parts().size(); i++) {
			wanted = divided.content(i).contains("1012") ? i : wanted;
		}
		assertThat(divided.path(wanted)).isEqualTo("orders");
		BitSet kept = new BitSet();
		kept.set(wanted);
		assertThat(divided.render(kept)).isEqualTo("{\"status\":\"ok\",\"orders\":[\"… 12 records left out\", "
				+ "{\"id\": 1012, \"price\": 1.50, \"note\": \"a \\u00e9 note of this order\"}, "
				+ "\"… 7 records left out\"], \"total\" : 20}");
	}

	@Test
	void marksTheEntriesOfAMapUnderAKeyOfItsOwn() {
		StringBuilder json = new StringBuilder("{\"…\":\"mine\"");
		for (int i = 0; i < 30; i++) {
			json.append(",\"user-")
				.append(i)
				.append("\":{\"name\":\"Name ")
				.append(i)
				.append("\",\"city\":\"Ulm an der Donau\"}");
		}
		DividedText divided = Dividers.divide(json.append("}").toString());
		BitSet kept = new BitSet();
		for (int i = 0; i < divided.parts().size(); i++) {
			kept.set(i, divided.content(i).startsWith("\"user-7\"") || divided.content(i).startsWith("\"user-20\""));
		}
		assertThat(divided.render(kept)).isEqualTo("{\"……\":\"29 entries left out: …, user-0, user-1, 26 more\","
				+ "\"user-7\":{\"name\":\"Name 7\",\"city\":\"Ulm an der Donau\"},"
				+ "\"user-20\":{\"name\":\"Name 20\",\"city\":\"Ulm an der Donau\"}}");
	}

	@Test
	void leavesAnObjectAnObjectAndAnArrayAnArray() {
		DividedText object = Dividers.divide("{\"a\": \"" + "x".repeat(100) + "\"}");
		assertThat(object.render(new BitSet())).isEqualTo("{\"…\":\"109 chars left out\"}");
		DividedText array = Dividers.divide("[" + "123456789, ".repeat(30) + "1]");
		assertThat(array.render(new BitSet())).isEqualTo("[\"… 333 chars left out\"]");
	}

	@Test
	void dividesALongStringBetweenItsEscapeSequences() {
		String json = "{\"text\":\""
				+ "One sentence.\\nIt said: \\\"Two!\\\" \\ud83d\\ude00 \\u0041nd so on. ".repeat(20) + "\"}";
		DividedText divided = Dividers.divide(json);
		assertThat(divided.parts()).hasSizeGreaterThan(40);
		DividedTextAssert.check(divided, JsonDividerTests::parses, new Random(1));
		BitSet kept = new BitSet();
		kept.set(2);
		JsonNode text = MAPPER.readTree(divided.render(kept)).get("text");
		assertThat(text.asString()).startsWith("…").contains("sentences left out]");
	}

	@Test
	void dividesDocumentsOfOthers() throws IOException {
		try (Stream<Path> files = Files.list(Path.of("src/main/resources/META-INF"))) {
			files.filter((file) -> file.toString().endsWith(".json")).forEach((file) -> {
				try {
					DividedText divided = Dividers.divide(Files.readString(file));
					assertThat(divided.kind()).isEqualTo(ContentKind.JSON);
					DividedTextAssert.check(divided, JsonDividerTests::parses, new Random(7));
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			});
		}
	}

	@Test
	void dividesDocumentsInTheJarsOfOthers() throws IOException {
		int checked = 0;
		for (Map.Entry<String, String> document : JarDocuments.read(".json").entrySet()) {
			if (parses(document.getValue())) {
				DividedText divided = Dividers.divide(document.getValue());
				assertThat(divided.kind()).as(document.getKey()).isEqualTo(ContentKind.JSON);
				DividedTextAssert.check(divided, JsonDividerTests::parses, new Random(7));
				checked++;
			}
		}
		assertThat(checked).isGreaterThan(20);
	}

	@Test
	void whatIsNotQuiteJsonIsNotJson() {
		for (String text : new String[] { "{\"a\":1,}", "[1 2]", "{a:1}", "[01]", "[1]x", "[\"\u0001\"]", "[\"\\x\"]",
				"{\"a\":1", "[1]]", "[NaN]", "[\u00A01]", "{\"a\" 1}", "[,]", "[1,]", "{\"a\"}", "[-]", "[1.]",
				"[1e]" }) {
			assertThat(Dividers.divide(text).kind()).as(text).isNotEqualTo(ContentKind.JSON);
			assertThat(parses(text)).as(text).isFalse();
		}
	}

}
