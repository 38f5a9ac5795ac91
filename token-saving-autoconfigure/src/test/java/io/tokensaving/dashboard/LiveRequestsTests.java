package io.tokensaving.dashboard;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ledger.CallCost;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.CallMeasures;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LiveRequests}.
 */
class LiveRequestsTests {

	private static final PlanKey PLAN = new PlanKey("default", "faq");

	private static final CallMeasures MEASURES = new CallMeasures(null, true, false, 1_234_567, -1, -1);

	private final LiveRequests requests = new LiveRequests(Clock.systemUTC());

	@Test
	void keepsTheLatestCalls() {
		for (int i = 0; i < LiveRequests.SIZE + 50; i++) {
			this.requests.ended(PLAN, call(i), MEASURES, null);
		}
		List<Map<String, Object>> shown = this.requests.describe("default", null, 0);
		assertThat(shown).hasSize(LiveRequests.SIZE);
		assertThat(shown).extracting("tokens_bought")
			.containsExactlyElementsOf(LongStream.rangeClosed(50, 249).map((number) -> 299 - number).boxed().toList());
		long third = (Long) shown.get(2).get("seq");
		assertThat(this.requests.describe("default", null, third)).isEqualTo(shown.subList(0, 2));
		assertThat(this.requests.describe("default", null, Long.MAX_VALUE)).isEmpty();
	}

	@Test
	void numbersDoNotTellHowManyCallsOthersMake() {
		TestClock clock = new TestClock("2026-12-01T10:00:00Z");
		LiveRequests listed = new LiveRequests(clock);
		listed.ended(PLAN, call(0), MEASURES, null);
		clock.pass(Duration.ofSeconds(1));
		for (int i = 0; i < 100; i++) {
			listed.ended(new PlanKey("acme", "faq"), call(0), MEASURES, null);
		}
		clock.pass(Duration.ofSeconds(1));
		listed.ended(PLAN, call(0), MEASURES, null);
		assertThat(listed.describe("default", null, 0)).extracting((call) -> (Long) call.get("seq"))
			.containsExactly(1_796_119_202_000_000L, 1_796_119_200_000_000L);
	}

	@Test
	void showsMoneyExactlyAndTimesThatAreKnown() {
		this.requests.ended(PLAN, call(7), MEASURES, null);
		assertThat(this.requests.describe("default", "faq", 0).get(0))
			.containsEntry("spent_usd", new BigDecimal("0.000000000007"))
			.containsEntry("call_ms", 1.235)
			.doesNotContainKeys("model_ms", "first_token_ms", "failed", "key", "feature", "tier");
	}

	@Test
	void likeRequestsHaveLikeKeysThatAreNotTheFingerprint() {
		String fingerprint = "ab".repeat(32);
		this.requests.ended(PLAN, call(0), MEASURES, fingerprint);
		this.requests.ended(PLAN, call(0), MEASURES, "cd".repeat(32));
		this.requests.ended(PLAN, call(0), MEASURES, fingerprint);
		List<Object> keys = this.requests.describe("default", null, 0).stream().map((call) -> call.get("key")).toList();
		assertThat(keys.get(0)).isEqualTo(keys.get(2)).isNotEqualTo(keys.get(1));
		assertThat(fingerprint).doesNotContain(keys.get(0).toString());
		LiveRequests restarted = new LiveRequests(Clock.systemUTC());
		restarted.ended(PLAN, call(0), MEASURES, fingerprint);
		assertThat(restarted.describe("default", null, 0).get(0).get("key")).isNotEqualTo(keys.get(0));
	}

	@Test
	void showsNothingOfOtherWorkspacesOrPlans() {
		this.requests.ended(PLAN, call(0), MEASURES, null);
		assertThat(this.requests.describe("acme", null, 0)).isEmpty();
		assertThat(this.requests.describe("default", "bot", 0)).isEmpty();
		assertThat(this.requests.describe("default", "faq", 0)).hasSize(1);
	}

	@Test
	void showsWholeCallsOnlyWhileOthersAreAdded() throws InterruptedException {
		CountDownLatch start = new CountDownLatch(1);
		List<Thread> threads = IntStream.range(0, 4).mapToObj((number) -> new Thread(() -> {
			try {
				start.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			for (int i = 0; i < 20_000; i++) {
				this.requests.ended(PLAN, call(i), MEASURES, null);
			}
		})).toList();
		threads.forEach(Thread::start);
		start.countDown();
		while (threads.stream().anyMatch(Thread::isAlive)) {
			assertThat(this.requests.describe("default", null, 0)).extracting((call) -> (Long) call.get("seq"))
				.isSortedAccordingTo((first, second) -> Long.compare(second, first))
				.doesNotHaveDuplicates();
		}
		assertThat(this.requests.describe("default", null, 0)).hasSize(LiveRequests.SIZE);
	}

	private static ClosedLedger call(int number) {
		SavingsReport report = new SavingsReport("default", "faq", Outcome.MISS, "m", null, null, number, number,
				Map.of(), Map.of(), BigDecimal.ZERO, 0, BigDecimal.ZERO, true, false, Set.of());
		return new ClosedLedger(report, List.of(), List.of(), Labels.NONE,
				new CallCost(TokenUsage.ZERO, number, Map.of()));
	}

}
