package io.tokensaving.shadow;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Forecast}.
 */
class ForecastTests {

	private static final Outcome HIT = Outcome.hit("exact_hit", "Answered by a test");

	private static final BigDecimal PRICE = new BigDecimal("0.001");

	@Test
	void saysNothingOfWhatWasHardlySeen() {
		ShadowTally tally = new ShadowTally();
		for (int i = 0; i < 4 * ShadowTally.BLOCK - 1; i++) {
			record(tally, i % 2 == 0, PRICE);
		}
		assertThat(new Forecast(tally.sums()).hitRate()).isNull();
		record(tally, false, PRICE);
		assertThat(new Forecast(tally.sums()).hitRate()).isNotNull();
	}

	// Trends come and go, so neighbours are alike: an interval that took requests for
	// independent would hold in far fewer cases
	@ParameterizedTest
	@ValueSource(ints = { 1_000, 4_000, 20_000 })
	void nextRequestsAreWithinTheInterval(int requests) {
		int hitRates = 0;
		int shares = 0;
		for (int seed = 1; seed <= 100; seed++) {
			Random random = new Random(seed);
			Traffic traffic = new Traffic(random);
			ShadowTally tally = new ShadowTally();
			for (int i = 0; i < requests; i++) {
				traffic.next();
				record(tally, traffic.hit, traffic.price);
			}
			int hits = 0;
			double spent = 0;
			double saved = 0;
			for (int i = 0; i < requests; i++) {
				traffic.next();
				hits += traffic.hit ? 1 : 0;
				spent += traffic.price.doubleValue();
				saved += traffic.hit ? traffic.price.doubleValue() : 0;
			}
			Forecast forecast = new Forecast(tally.sums());
			hitRates += isWithin(forecast.hitRate(), (double) hits / requests) ? 1 : 0;
			shares += isWithin(forecast.savedShare(), saved / spent) ? 1 : 0;
		}
		assertThat(hitRates).isGreaterThanOrEqualTo(90);
		assertThat(shares).isGreaterThanOrEqualTo(90);
	}

	@Test
	void showsHitsThatOtherSettingsWouldHaveHad() {
		ShadowTally tally = new ShadowTally();
		tally.record(report(HIT, 0.95, 30L, PRICE), PRICE);
		tally.record(report(HIT, 0.91, 500L, PRICE), PRICE);
		tally.record(report(HIT, 1.0, 100_000L, PRICE), PRICE);
		Map<String, Object> described = new Forecast(tally.sums()).describe();
		assertThat(described.get("hits_by_similarity")).isEqualTo(Map.of("1.00", 1L, "0.95", 2L, "0.91", 3L));
		assertThat(described.get("hits_by_age"))
			.isEqualTo(Map.of("1m", 1L, "10m", 2L, "1h", 2L, "6h", 2L, "1d", 2L, "7d", 3L, "more", 3L));
	}

	private static boolean isWithin(Forecast.Interval interval, double value) {
		return interval != null && interval.lower() <= value && value <= interval.upper();
	}

	private static void record(ShadowTally tally, boolean hit, BigDecimal price) {
		tally.record(report(hit ? HIT : Outcome.MISS, null, hit ? 10L : null, hit ? price : BigDecimal.ZERO), price);
	}

	private static SavingsReport report(Outcome outcome, Double similarity, Long age, BigDecimal saved) {
		return new SavingsReport("default", "plan", outcome, "model", similarity, age, 0, 0, Map.of(), Map.of(), saved,
				0, BigDecimal.ZERO, true, false, Set.of());
	}

	// Hits whose probability wanders, and prices of which a few are high
	private static final class Traffic {

		private final Random random;

		private double drift;

		private boolean hit;

		private BigDecimal price = PRICE;

		Traffic(Random random) {
			this.random = random;
		}

		void next() {
			this.drift = 0.97 * this.drift + 0.1 * this.random.nextGaussian();
			this.hit = this.random.nextDouble() < Math.min(1, Math.max(0, 0.3 + this.drift));
			this.price = BigDecimal.valueOf(Math.round(1_000 * Math.exp(this.random.nextGaussian())), 6);
		}

	}

}
