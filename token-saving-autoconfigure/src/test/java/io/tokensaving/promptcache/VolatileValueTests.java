package io.tokensaving.promptcache;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link VolatileValue}.
 */
class VolatileValueTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			2026-11-30T12:00:01Z | DATE_TIME
			2026-11-30T12:00:01.123456789+01:00[Europe/Berlin] | DATE_TIME
			2026-11-30 12:00 | DATE_TIME
			30.11.2026, 12:00 | DATE_TIME
			30. November 2026 um 9:15 | DATE_TIME
			Mon, 30 Nov 2026 12:00:01 GMT | DATE_TIME
			Mon Nov 30 12:00:01 UTC 2026 | DATE_TIME
			12:00:01 | TIME
			9:05 pm | TIME
			2026-11-30 | DATE
			11/30/2026 | DATE
			Monday, November 30, 2026 | DATE
			lundi 30 novembre 2026 | DATE
			30 de noviembre de 2026 | DATE
			Monday | DATE
			Donnerstag | DATE
			1796040001 | EPOCH
			1796040001123 | EPOCH
			7f1b0c3e-2d4a-4c55-9f60-0a1b2c3d4e5f | ID
			01ARZ3NDEKTSV4RRFFQ69G5FAV | ID
			req_8fjK29Xk2mQ01b | ID
			9b74c9897bac770ffc029102a200c5de | ID
			20261130120001123 | ID
			4711 | COUNTER
			1,234.56 | COUNTER
			jane.doe+x@mail.example.org | EMAIL
			""")
	void knowsKinds(String text, VolatileKind kind) {
		for (String line : List.of(text, "Now: " + text + ".", "(" + text + ")", "x " + text + "\n")) {
			List<VolatileValue> values = VolatileValue.in(line);
			assertThat(values).as(line).extracting(VolatileValue::kind).containsExactly(kind);
			assertThat(line.substring(values.get(0).start(), values.get(0).end())).isEqualTo(text);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			You are a helpful assistant of the shop.
			It may rain in march, he marches on.
			Answer in the style of a well-known-newspaper-column
			Monday's child
			version v2
			""")
	void seesNoValueInWords(String text) {
		assertThat(VolatileValue.in(text)).noneMatch((value) -> value.kind() != VolatileKind.DATE);
	}

	@Test
	void readsHostileTextInTime() {
		for (String part : List.of("a@", "1.", "1:", "a-", "a1_", "Mon ", "30 Nov ", "....@", "0-0", "a.a@a.")) {
			String text = part.repeat(TextChange.MAX_LINE / part.length());
			long start = System.nanoTime();
			VolatileValue.in(text);
			assertThat(Duration.ofNanos(System.nanoTime() - start)).as(part).isLessThan(Duration.ofSeconds(2));
		}
	}

}
