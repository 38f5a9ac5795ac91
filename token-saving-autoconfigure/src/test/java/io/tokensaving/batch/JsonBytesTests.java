package io.tokensaving.batch;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

import io.tokensaving.batch.http.JsonBytes;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests that bytes of JSON stay what they are.
 */
class JsonBytesTests {

	private static final String[] SPACES = { "", " ", "\t", "  " };

	@Property(tries = 300)
	void aValueIsCutOutByteForByte(@ForAll long seed) {
		Random random = new Random(seed);
		String value = value(random, 3);
		String json = space(random) + "{" + space(random) + field(random, "before") + ",\"result\"" + space(random)
				+ ":" + space(random) + "{" + field(random, "message_id") + ",\"message\"" + space(random) + ":"
				+ space(random) + value + space(random) + "," + field(random, "message") + "}," + field(random, "after")
				+ "}" + space(random);
		byte[] slice = JsonBytes.slice(bytes(json), "result", "message");
		assertThat(text(slice)).isEqualTo(value);
		assertThat(JsonBytes.slice(bytes(json), "result", "none")).isNull();
		assertThat(JsonBytes.slice(bytes(json), "none", "message")).isNull();
	}

	@Property(tries = 200)
	void elementsAreCutOutByteForByteHoweverTheStreamIsCut(@ForAll long seed,
			@ForAll @IntRange(min = 1, max = 40) int count) {
		Random random = new Random(seed);
		List<String> elements = new ArrayList<>();
		StringBuilder json = new StringBuilder("{" + field(random, "before") + ",\"all\":{\"list\":[");
		for (int i = 0; i < count; i++) {
			String element = object(random, 3, (random.nextInt(20) == 0) ? 20_000 : 0);
			elements.add(element);
			json.append((i > 0) ? "," : "").append(space(random)).append(element).append(space(random));
		}
		json.append("]},").append(field(random, "after")).append('}');
		List<String> read = new ArrayList<>();
		JsonBytes.elements(inPieces(bytes(json.toString()), random), "list", (element) -> read.add(text(element)));
		assertThat(read).isEqualTo(elements);
	}

	@Property(tries = 200)
	void linesAreReadAsTheyAreAndOneLineIsTheSameJson(@ForAll long seed) throws IOException {
		Random random = new Random(seed);
		List<String> lines = new ArrayList<>();
		StringBuilder all = new StringBuilder();
		for (int i = 0; i < 1 + random.nextInt(10); i++) {
			String value = object(random, 2, 0).replace("  ", "\r\n");
			String line = text(JsonBytes.oneLine(bytes(value)));
			assertThat(line).doesNotContain("\n", "\r");
			assertThat(JsonBytes.read(bytes(line))).isEqualTo(JsonBytes.read(bytes(value)));
			lines.add(line);
			all.append(line).append((random.nextInt(4) == 0) ? "\n\n" : "\n");
		}
		if (random.nextBoolean()) {
			all.setLength(all.length() - 1);
		}
		List<String> read = new ArrayList<>();
		JsonBytes.lines(inPieces(bytes(all.toString()), random), (line) -> read.add(text(line)));
		assertThat(read).isEqualTo(lines);
	}

	@Property(tries = 200)
	void whatIsLeftOutIsAllThatIsMissing(@ForAll long seed) {
		Random random = new Random(seed);
		String kept = field(random, "kept");
		String json = "{" + kept + ",\"response\":" + value(random, 3) + ",\"metadata\":{" + field(random, "kept")
				+ ",\"output\":" + value(random, 2) + "}}";
		String expected = json.replaceFirst("(?s),\"response\":.*,\"metadata\"", ",\"metadata\"")
			.replaceFirst("(?s),\"output\":.*$", "}}");
		assertThat(JsonBytes.read(new ByteArrayInputStream(bytes(json)), Set.of("response", "output")))
			.isEqualTo(JsonBytes.read(bytes(expected)));
	}

	@Test
	void jsonThatIsCutOffIsAFailure() {
		String json = "{\"list\":[{\"a\":1},{\"b\":[1,2]}]}";
		for (int length = 1; length < json.length(); length++) {
			byte[] part = bytes(json.substring(0, length));
			assertThatThrownBy(() -> JsonBytes.elements(new ByteArrayInputStream(part), "list", (element) -> {
			})).as("length " + length).isInstanceOf(JacksonException.class);
			assertThatThrownBy(() -> JsonBytes.read(new ByteArrayInputStream(part), Set.of())).as("length " + length)
				.isInstanceOf(JacksonException.class);
		}
	}

	private static InputStream inPieces(byte[] bytes, Random random) {
		return new ByteArrayInputStream(bytes) {

			@Override
			public synchronized int read(byte[] target, int offset, int length) {
				return super.read(target, offset, Math.min(length, 1 + random.nextInt(700)));
			}

		};
	}

	private static String field(Random random, String name) {
		return "\"" + name + "\":" + space(random) + ((name.equals("message")) ? "0" : value(random, 2));
	}

	private static String object(Random random, int depth, int length) {
		return "{" + space(random) + "\"x\":" + value(random, depth) + ",\"text\":\"" + "é\\\"}]".repeat(length / 6)
				+ "\"}";
	}

	private static String value(Random random, int depth) {
		return switch (random.nextInt((depth > 0) ? 7 : 5)) {
			case 0 -> "\"" + "a 東京 \\\" \\\\ {[ \\u00e9 😀".substring(0, 1 + random.nextInt(4)) + "\"";
			case 1 -> "1.50";
			case 2 -> "-12e3";
			case 3 -> "null";
			case 4 -> "true";
			case 5 -> "[" + value(random, depth - 1) + space(random) + "," + value(random, depth - 1) + "]";
			default -> "{" + space(random) + "\"k\\\"ey\":" + value(random, depth - 1) + "}";
		};
	}

	private static String space(Random random) {
		return SPACES[random.nextInt(SPACES.length)];
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

}
