package io.tokensaving.promptcache;

import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;

import io.tokensaving.promptcache.VolatileTexts.Finding;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link VolatileTexts} and {@link VolatileLines}.
 */
class VolatileTextsTests {

	private static final String RULES = "You help the customers of a shop.\nBe brief and be polite.\n".repeat(40);

	private final VolatileTexts texts = new VolatileTexts();

	@Test
	void findsATimeAtTheTop() {
		Finding finding = observe((i) -> "Now: 2026-11-30 12:00:%02d\n".formatted(i) + RULES, 5);
		assertThat(finding.kinds()).containsExactly(VolatileKind.DATE_TIME);
		assertThat(finding.stableHead()).isZero();
		assertThat(finding.requests()).isEqualTo(5);
		assertThat(finding.changes()).isEqualTo(4);
	}

	@Test
	void findsWhereTheStableHeadEnds() {
		Finding finding = observe((i) -> RULES + "Request " + UUID.randomUUID() + " of today.\r\n" + RULES, 9);
		assertThat(finding.kinds()).containsExactly(VolatileKind.ID);
		assertThat(finding.stableHead()).isEqualTo(RULES.length());
	}

	@Test
	void tellsACounterFromOtherNumbers() {
		assertThat(observe((i) -> RULES + "Visits: " + (98 + i) + "\n", 6).kinds())
			.containsExactly(VolatileKind.COUNTER);
		assertThat(observe((i) -> RULES + "Stock: " + ((i * 7919) % 1000) + "\n", 12).kinds())
			.contains(VolatileKind.OTHER);
	}

	@Test
	void findsEachKindThatDiffers() {
		Finding finding = observe(
				(i) -> RULES + "It is 12:0" + i + ".\nYou speak with u" + "x".repeat(i + 1) + "\n" + RULES, 6);
		assertThat(finding.kinds()).containsExactlyInAnyOrder(VolatileKind.TIME, VolatileKind.OTHER);
	}

	@Test
	void knowsUserDataByTheConversation() {
		List<String> names = List.of("Anna", "Björn", "Chloé");
		Finding finding = null;
		for (int i = 0; i < 12; i++) {
			String name = names.get(i % 3);
			finding = this.texts.observe("plan", RULES + "The customer is " + name + "\n", "conversation " + name);
		}
		assertThat(finding).isNotNull();
		assertThat(finding.kinds()).containsExactly(VolatileKind.USER_DATA);
	}

	@Test
	void saysNothingOfFewRequests() {
		assertThat(tryObserve((i) -> "Now: 12:00:0" + i + "\n" + RULES, VolatileTexts.MIN_CHANGES)).isNull();
	}

	@Test
	void saysNothingOfTextsThatDoNotDiffer() {
		assertThat(tryObserve((i) -> RULES, 50)).isNull();
	}

	@Test
	void doesNotCompareTextsOfTwoKinds() {
		String other = "Translate what follows into French.\nKeep names.\n".repeat(40);
		assertThat(tryObserve((i) -> (i % 2 == 0) ? RULES : other, 50)).isNull();
	}

	@Test
	void keepsScopesApart() {
		for (int i = 0; i < 20; i++) {
			assertThat(this.texts.observe("plan " + i, "Now: 12:00:" + (10 + i) + "\n" + RULES, null)).isNull();
		}
	}

	@Test
	void forgetsADeployment() {
		for (int i = 0; i < 4; i++) {
			this.texts.observe("plan", RULES + "Version of the text: " + "x".repeat(i) + "\n", null);
		}
		Finding finding = null;
		for (int i = 0; i < 1000; i++) {
			finding = this.texts.observe("plan", RULES + "Version of the text: final\n", null);
		}
		assertThat(finding).isNull();
	}

	@Test
	void comparesLongTextsToABound() {
		String text = "x".repeat(2 * VolatileTexts.MAX_CHARS);
		assertThat(tryObserve((i) -> text + i, 20)).isNull();
	}

	@Test
	void movesOnlyLinesThatDifferInATimeOrAnIdentifier() {
		String moved = "Now: 2026-11-30T12:00:0%dZ\n";
		String kept = "The customer is %s, born 1980-01-01\n";
		IntFunction<String> text = (i) -> RULES + moved.formatted(i) + kept.formatted("xyz".repeat(i + 1)) + RULES;
		Finding finding = observe(text, 6);
		VolatileLines lines = VolatileLines.of(text.apply(7), finding.lines());
		assertThat(lines.moved()).isEqualTo(moved.formatted(7));
		assertThat(lines.stable()).isEqualTo(RULES + kept.formatted("xyz".repeat(8)) + RULES);
	}

	@Test
	void movesNothingWhereNothingWasFound() {
		String text = "Born 1980-01-01\n" + RULES + "no line break";
		assertThat(VolatileLines.of(text, Set.of("Now: \uE000"))).isEqualTo(new VolatileLines(text, ""));
	}

	private Finding observe(IntFunction<String> text, int requests) {
		Finding finding = tryObserve(text, requests);
		assertThat(finding).isNotNull();
		return finding;
	}

	private @Nullable Finding tryObserve(IntFunction<String> text, int requests) {
		Finding finding = null;
		String scope = UUID.randomUUID().toString();
		for (int i = 0; i < requests; i++) {
			finding = this.texts.observe(scope, text.apply(i), null);
		}
		return finding;
	}

}
