package io.tokensaving.promptcache;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.tokensaving.ledger.TokenCounter;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link TokenEstimate}.
 */
class TokenEstimateTests {

	private static final Path LANGUAGES = Path
		.of("src/test/resources/io/tokensaving/cache/semantic/guard/question-pairs-languages.tsv");

	private final TokenCounter counter = new TokenCounter();

	private static double estimate(String text) {
		return (double) TokenEstimate.of(text.getBytes(StandardCharsets.UTF_8)) / TokenEstimate.UNIT;
	}

	/** Only differences between the parts of a prompt matter to the planner. */
	@Test
	void isNearTheCountWhateverTheKindOfText() throws IOException {
		Map<String, String> texts = new TreeMap<>();
		texts.put("markdown", Files.readString(Path.of("../docs/prompt-caching.md")));
		texts.put("java", Files.readString(Path.of("src/test/java/io/tokensaving/promptcache/CachePlannerTests.java")));
		texts.put("xml", Files.readString(Path.of("pom.xml")));
		texts.put("json", IntStream.range(0, 200)
			.mapToObj((i) -> "{\"id\": \"order-%d\", \"state\": \"delivered\", \"total\": %d.50, \"items\": [1, 2]}"
				.formatted(i, 7 * i))
			.collect(Collectors.joining(", ", "[", "]")));
		texts.put("numbers",
				IntStream.range(0, 900).mapToObj((i) -> i * 7919 + ";" + i * 0.25).collect(Collectors.joining("\n")));
		for (String line : Files.readAllLines(LANGUAGES)) {
			String[] parts = line.split("\t", -1);
			if (!line.startsWith("#")) {
				texts.merge(parts[0], parts[2] + "\n" + parts[3] + "\n", String::concat);
			}
		}
		assertThat(texts).hasSizeGreaterThan(8);
		assertThat(texts).allSatisfy((kind, text) -> {
			assertThat(text.length()).isGreaterThan(TokenEstimate.SAMPLED_BYTES);
			assertThat(estimate(text) / pieces(text).stream().mapToInt((piece) -> this.counter.count(piece, 1)).sum())
				.as(kind)
				.isCloseTo(1, within(0.2));
		});
	}

	@Test
	void sampleTellsWhatTheWholeDoes() throws IOException {
		String text = Files.readString(Path.of("../docs/benchmarks.md"));
		double whole = pieces(text).stream().mapToDouble(TokenEstimateTests::estimate).sum();
		assertThat(estimate(text) / whole).isCloseTo(1, within(0.05));
	}

	private static List<String> pieces(String text) {
		List<String> pieces = new ArrayList<>();
		for (int start = 0; start < text.length(); start += 500) {
			pieces.add(text.substring(start, Math.min(text.length(), start + 500)));
		}
		return pieces;
	}

	@Test
	void takesAnyBytes() {
		assertThat(TokenEstimate.of(new byte[0])).isZero();
		for (int length : new int[] { 1, TokenEstimate.SAMPLED_BYTES, TokenEstimate.SAMPLED_BYTES + 1, 100_000 }) {
			byte[] bytes = new byte[length];
			for (int index = 0; index < length; index++) {
				bytes[index] = (byte) (index * 31);
			}
			assertThat(TokenEstimate.of(bytes)).isBetween(0L, 200L * length);
		}
	}

}
