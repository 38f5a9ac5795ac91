package io.tokensaving.sampling;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.tokensaving.sampling.AdaptiveRate.Rate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link AdaptiveRate}.
 */
class AdaptiveRateTests {

	private final AdaptiveRate rates = new AdaptiveRate();

	private int raised(String key, String version, int decisions) {
		int raised = 0;
		for (int i = 0; i < decisions; i++) {
			double propensity = this.rates.decide(key, version, 0.02, 1).propensity();
			assertThat(propensity).isIn(0.02, AdaptiveRate.RAISED_RATE);
			raised += (propensity == AdaptiveRate.RAISED_RATE) ? 1 : 0;
		}
		return raised;
	}

	@Test
	void judgesManyOfTheFirstDecisionsOfEachKey() {
		assertThat(raised("nano", "v1", 1000)).isEqualTo(100);
		assertThat(raised("mid", "v1", 99)).isEqualTo(99);
		assertThat(raised("mid", "v1", 99)).isEqualTo(1);
	}

	@Test
	void judgesManyAgainAfterAChange() {
		raised("nano", "v1", 500);
		Rate rate = this.rates.decide("nano", "v2", 0.02, 1);
		assertThat(rate).isEqualTo(new Rate(AdaptiveRate.RAISED_RATE, 1, true));
		assertThat(raised("nano", "v2", 500)).isEqualTo(99);
		assertThat(raised("nano", "v1", 500)).as("both are used at the same time").isZero();
		assertThat(raised("mid", "v1", 1)).isEqualTo(1);
	}

	@Test
	void judgesManyWhileSomethingIsSuspected() {
		raised("nano", "v1", 100);
		assertThat(this.rates.decide("nano", "v1", 0.02, 3).propensity()).isEqualTo(0.02);
		assertThat(this.rates.decide("nano", "v1", 0.02, 3.1).propensity()).isEqualTo(AdaptiveRate.RAISED_RATE);
		assertThat(this.rates.decide("nano", "v1", 0.02, 1).propensity()).isEqualTo(0.02);
	}

	@Test
	void neverGoesBelowTheBaseRateAndJudgesNothingWithARateOfZero() {
		assertThat(this.rates.decide("nano", "v1", 0.5, 100).propensity()).isEqualTo(0.5);
		assertThat(this.rates.decide("mid", "v1", 0, 100).propensity()).isZero();
		assertThatIllegalArgumentException().isThrownBy(() -> this.rates.decide("mid", "v1", 1.1, 1));
	}

	@Test
	void aVersionThatChangesWithEveryRequestIsSeldomAChange() {
		int raised = 0;
		int changes = 0;
		for (int i = 0; i < 100_000; i++) {
			Rate rate = this.rates.decide("nano", "version " + i, 0.02, 1);
			raised += (rate.propensity() > 0.02) ? 1 : 0;
			changes += rate.changed() ? 1 : 0;
		}
		assertThat(changes).isBetween(90, 104);
		assertThat(raised).as("ten percent of the decisions").isLessThan(10_600);
		assertThat(raised("nano", "a real change", 2000)).as("is found nevertheless").isGreaterThan(99);
	}

	@Test
	void keysBeyondTheMostAreOne() {
		for (int i = 0; i < AdaptiveRate.MAX_KEYS; i++) {
			raised("key " + i, "v1", 1);
		}
		assertThat(raised("one more", "v1", 60)).isEqualTo(60);
		assertThat(raised("and another", "v1", 60)).isEqualTo(40);
		assertThat(raised("key 0", "v1", 200)).isEqualTo(99);
	}

	@Test
	void countsEachDecisionOnceWhenManyAskAtATime() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(8);
		try {
			for (int round = 0; round < 50; round++) {
				String version = "round " + round;
				CountDownLatch start = new CountDownLatch(1);
				AdaptiveRate shared = new AdaptiveRate();
				shared.decide("nano", "before", 0.02, 1);
				List<Future<int[]>> counts = new ArrayList<>();
				for (int thread = 0; thread < 8; thread++) {
					counts.add(threads.submit(() -> {
						start.await();
						int[] count = new int[2];
						for (int i = 0; i < 50; i++) {
							Rate rate = shared.decide("nano", version, 0.02, 1);
							count[0] += (rate.propensity() > 0.02) ? 1 : 0;
							count[1] += rate.changed() ? 1 : 0;
						}
						return count;
					}));
				}
				start.countDown();
				int raised = 0;
				int changed = 0;
				for (Future<int[]> count : counts) {
					raised += count.get()[0];
					changed += count.get()[1];
				}
				assertThat(changed).isEqualTo(1);
				// Those that were decided just before the change was known
				assertThat(raised).isBetween(100, 108);
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Property(tries = 200)
	void aChangeIsAlwaysOneOfAVersionThatWasNotJustUsed(
			@ForAll @Size(min = 1, max = 400) List<@IntRange(min = 0, max = 12) Integer> versions) {
		AdaptiveRate own = new AdaptiveRate();
		int changes = 0;
		Integer before = null;
		for (Integer version : versions) {
			Rate rate = own.decide("nano", "v" + version, 0.02, 1);
			if (rate.changed()) {
				assertThat(version).isNotEqualTo(before);
				changes++;
			}
			assertThat(rate.changes()).isEqualTo(changes);
			before = version;
		}
		assertThat(changes).isLessThanOrEqualTo(Math.min(AdaptiveRate.MAX_CHANGES, Set.copyOf(versions).size() - 1));
	}

	@Test
	void aLaterProcessGoesOnWithTheState() {
		AdaptiveRate before = new AdaptiveRate();
		for (int i = 0; i < 60; i++) {
			before.decide("nano", "one", 0.02, 1);
		}
		AdaptiveRate after = new AdaptiveRate();
		after.restore(before.states());
		assertThat(after.states()).isEqualTo(before.states())
			.containsEntry("nano", new AdaptiveRate.State(List.of("one"), 40));
		for (int i = 0; i < 40; i++) {
			assertThat(after.decide("nano", "one", 0.02, 1).propensity()).isEqualTo(0.2);
		}
		assertThat(after.decide("nano", "one", 0.02, 1).propensity()).isEqualTo(0.02);
		assertThat(after.decide("nano", "two", 0.02, 1)).isEqualTo(new AdaptiveRate.Rate(0.2, 1, true));
		// What was decided here is not undone
		after.restore(before.states());
		assertThat(after.states().get("nano").versions()).containsExactly("one", "two");
	}

	@Test
	void onlyStatesOfRatesAreAccepted() {
		assertThatIllegalArgumentException().isThrownBy(() -> new AdaptiveRate.State(List.of(), 101));
		assertThatIllegalArgumentException().isThrownBy(() -> new AdaptiveRate.State(List.of(), -1));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new AdaptiveRate.State(Collections.nCopies(9, "version"), 0));
	}

}
