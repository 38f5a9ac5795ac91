package io.tokensaving.compression;

import io.tokensaving.provider.PrefixPrice;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link CompactionEffect}.
 */
class CompactionEffectTests {

	private static final PrefixPrice CLAUDE = new PrefixPrice(0.1, 1.25);

	@Property
	void whatStaysIsAsMuchAsPays(@ForAll @DoubleRange(min = 0.05, max = 1) double lowMark,
			@ForAll @DoubleRange(min = 100, max = 100_000) double room,
			@ForAll @DoubleRange(min = 0, max = 0.9) double fixedShare,
			@ForAll @DoubleRange(min = 1, max = 10_000) double growth,
			@ForAll @DoubleRange(min = 0, max = 1) double read, @ForAll @DoubleRange(min = 1, max = 2) double write) {
		PrefixPrice price = new PrefixPrice(read, write);
		double fixed = fixedShare * room;
		double mark = CompactionEffect.mark(lowMark, room, fixed, growth, price);
		assertThat(mark).isBetween(CompactionEffect.LEAST_SHARE * lowMark, lowMark);
		if (mark < lowMark) {
			assertThat((long) ((1 - mark) * (room - fixed) / growth)).as("the next one comes later")
				.isGreaterThan((long) ((1 - lowMark) * (room - fixed) / growth));
		}
		if (mark < lowMark * 0.9999) {
			assertThat(worth(mark * 1.0001, room, fixed, growth, price)).as("no more would pay").isNegative();
		}
		if (mark < lowMark * 0.9999 && mark > CompactionEffect.LEAST_SHARE * lowMark * 1.0001) {
			assertThat(worth(mark * 0.9999, room, fixed, growth, price)).as("it pays").isNotNegative();
		}
	}

	// What a compaction that leaves a share of the room saves above what it costs
	private static double worth(double share, double room, double fixed, double growth, PrefixPrice price) {
		double free = (1 - share) * (room - fixed);
		double saved = price.read() * free * (free / growth);
		return saved - (price.write() - price.read()) * (fixed + share * (room - fixed));
	}

	@Test
	void shortTurnsLeaveTheMarkOfThePlan() {
		assertThat(CompactionEffect.mark(0.4, 4000, 0, 110, CLAUDE)).isEqualTo(0.4);
	}

	@Test
	void longTurnsAreCompactedLessOftenAndDeeper() {
		assertThat(CompactionEffect.mark(0.4, 4000, 0, 700, CLAUDE)).isCloseTo(0.267, within(0.001));
		assertThat(CompactionEffect.mark(0.4, 6800, 1700, 850, CLAUDE)).isEqualTo(0.2);
	}

	@Test
	void whatPutsOffNothingIsNotLeftOut() {
		assertThat(CompactionEffect.mark(0.4, 6800, 3200, 1600, CLAUDE)).isEqualTo(0.4);
		assertThat(CompactionEffect.mark(0.4, 4000, 4000, 100, CLAUDE)).isEqualTo(0.4);
	}

	@Test
	void providerWithoutPromptCacheChangesNothing() {
		assertThat(CompactionEffect.mark(0.4, 4000, 0, 800, new PrefixPrice(1, 1))).isEqualTo(0.4);
	}

	@Test
	void costsAndSavesInTokensOfInput() {
		CompactionEffect effect = new CompactionEffect(1000, 2000, 5);
		assertThat(effect.cost(CLAUDE)).isEqualTo(1150, within(1e-9));
		assertThat(effect.saving(CLAUDE)).isEqualTo(1000, within(1e-9));
	}

}
