package io.tokensaving.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link GraphemeClusters}.
 */
class GraphemeClustersTests {

	private static final String FAMILY = "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67\u200D\uD83D\uDC66";

	private static final String FLAG = "\uD83C\uDDE9\uD83C\uDDEA";

	private static final List<String> CLUSTERS = List.of("a", " ", "1", "\u00e4", "e\u0301", "\r\n", "\n",
			"\uD83D\uDE00", FAMILY, FLAG, "\uD83D\uDC4D\uD83C\uDFFD", "1\uFE0F\u20E3", "\u2764\uFE0F", "\u4F60",
			"\uD55C", "\u1112\u1161\u11AB", "\u0928\u093F", "\u0E01\u0E33", "\u0915");

	@Property(tries = 5_000)
	void findsTheBeginningOfTheClusterOrTheIndexItself(@ForAll long seed) {
		Random random = new Random(seed);
		StringBuilder text = new StringBuilder();
		List<Integer> starts = new ArrayList<>();
		for (int i = random.nextInt(80); i >= 0; i--) {
			starts.add(text.length());
			text.append(CLUSTERS.get(random.nextInt(CLUSTERS.size())));
		}
		starts.add(text.length());
		int expected = 0;
		for (int index = 0; index <= text.length(); index++) {
			expected = starts.contains(index) ? index : expected;
			assertThat(GraphemeClusters.floor(text.toString(), index)).as("%s at %d", text, index).isEqualTo(expected);
		}
	}

	@Test
	void keepsWithinTheText() {
		assertThat(GraphemeClusters.floor("", 3)).isZero();
		assertThat(GraphemeClusters.floor("abc", 9)).isEqualTo(3);
		assertThat(GraphemeClusters.floor("abc", -1)).isZero();
	}

	@Test
	void staysInTimeWhateverComes() {
		for (String hostile : List.of("\u0301".repeat(1_000_000), FLAG.repeat(300_000), "\uD83D".repeat(1_000_000),
				"\u200D".repeat(1_000_000))) {
			for (int index = 0; index < hostile.length(); index += 997) {
				assertThat(GraphemeClusters.floor(hostile, index)).isBetween(Math.max(0, index - 256), index);
			}
		}
	}

}
