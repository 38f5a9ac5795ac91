package io.tokensaving.text;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TimeText}.
 */
class TimeTextTests {

	@ParameterizedTest
	@ValueSource(strings = { "2026-03-31T12:00:05.123Z", "2026-03-31 12:00", "2026-03-31", "31.03.2026",
			"Tuesday, 31 March 2026 at 13:00", "March 31st, 2026", "31. März 2026 um 12:00", "12:00", "1:05 pm UTC",
			"1774958400", "1774958400123", "Tue Mar 31 12:00:00 UTC 2026" })
	void aTimeIsMaskedWhereverItStands(String time) {
		assertThat(TimeText.masked(time)).isEqualTo(TimeText.masked("2026-01-01")).hasSize(1);
		String between = "x".repeat(100) + " rule 7. ";
		assertThat(TimeText.masked(between + time + ". " + between))
			.isEqualTo(TimeText.masked(between + "00:00. " + between))
			.contains(between);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "Be brief.", "Rule 42 of version 1.2.3", "Call 555-1234", "a12:00b", "Monday" })
	void whatIsNoTimeStays(String text) {
		assertThat(TimeText.masked(text)).isSameAs(text);
	}

	@Test
	void aTimeIsSeenBehindMuchTextAndMuchTextOfDigitsIsLeftAlone() {
		String words = "Answer briefly and name the rule. ".repeat(2000);
		assertThat(TimeText.masked(words + "Now: 12:00:05")).isEqualTo(TimeText.masked(words + "Now: 13:00"));
		String digits = "1 2 3 ".repeat(1000);
		assertThat(TimeText.masked(digits + "12:00")).endsWith("12:00");
	}

}
