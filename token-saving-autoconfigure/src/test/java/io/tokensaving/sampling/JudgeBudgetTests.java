package io.tokensaving.sampling;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link JudgeBudget}.
 */
class JudgeBudgetTests {

	private static final PlanKey PLAN = new PlanKey("default", "p");

	private static final BigDecimal DOLLAR = BigDecimal.ONE;

	private final AtomicLong now = new AtomicLong(Instant.parse("2026-12-01T23:00:00Z").toEpochMilli());

	private final Clock clock = new Clock() {

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			return this;
		}

		@Override
		public Instant instant() {
			return Instant.ofEpochMilli(JudgeBudgetTests.this.now.get());
		}

	};

	private final JudgeBudget budget = new JudgeBudget(this.clock,
			new PriceTable(List.of(new ModelPrice("judge-model", BigDecimal.ONE, BigDecimal.TEN, null, null),
					new ModelPrice("free-model", BigDecimal.ZERO, BigDecimal.ZERO, null, null))));

	private static TokenUsage input(long tokens) {
		return new TokenUsage(tokens, 0, 0, 0, false);
	}

	private boolean judge(PlanKey plan, BigDecimal usdPerDay, String model, long tokens) {
		try (JudgeBudget.Judgement judgement = this.budget.begin(plan, usdPerDay)) {
			if (judgement == null) {
				return false;
			}
			judgement.paid(model, input(tokens));
			return true;
		}
	}

	@Test
	void countsMoneyExactly() {
		try (JudgeBudget.Judgement judgement = this.budget.begin(PLAN, DOLLAR)) {
			judgement.paid("judge-model", new TokenUsage(3, 1, 0, 0, false));
			judgement.paid(null, TokenUsage.ZERO);
			judgement.paid("free-model", input(1_000_000));
		}
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.000013");
		assertThat(this.budget.isUsedUp(PLAN, new BigDecimal("0.000013"))).isTrue();
		assertThat(this.budget.isUsedUp(PLAN, new BigDecimal("0.000013000001"))).isFalse();
	}

	@Test
	void beginsNothingMoreOnceItIsUsedUpUntilTheNextDay() {
		assertThat(judge(PLAN, DOLLAR, "judge-model", 900_000)).isTrue();
		assertThat(judge(PLAN, DOLLAR, "judge-model", 900_000)).as("one judgement may exceed it").isTrue();
		assertThat(judge(PLAN, DOLLAR, "judge-model", 1)).isFalse();
		assertThat(judge(new PlanKey("other", "p"), DOLLAR, "judge-model", 1)).isTrue();
		assertThat(judge(PLAN, new BigDecimal("2"), "judge-model", 1)).as("a higher budget counts at once").isTrue();
		this.now.addAndGet(Duration.ofHours(1).toMillis());
		assertThat(this.budget.spentUsd(PLAN)).isZero();
		assertThat(judge(PLAN, DOLLAR, "judge-model", 1)).isTrue();
	}

	@Test
	void aBudgetOfZeroJudgesNothing() {
		assertThat(this.budget.begin(PLAN, BigDecimal.ZERO)).isNull();
		assertThatIllegalArgumentException().isThrownBy(() -> this.budget.begin(PLAN, new BigDecimal("-1")));
	}

	@Test
	void whatHasNoPriceIsBoundedInNumber() {
		int judged = 0;
		while (judge(PLAN, DOLLAR, "nobody-knows-the-price", 5)) {
			judged++;
		}
		assertThat(judged).isEqualTo(JudgeBudget.UNKNOWN_PARTS);
		PlanKey poor = new PlanKey("default", "poor");
		judged = 0;
		while (judge(poor, new BigDecimal("0.000000000001"), null, 5)) {
			judged++;
		}
		assertThat(judged).isEqualTo(1);
	}

	@Test
	void aJudgementWithoutPriceTakesItsPartOnceAndWhatIsKnownOfIt() {
		try (JudgeBudget.Judgement judgement = this.budget.begin(PLAN, DOLLAR)) {
			judgement.paid("judge-model", input(1000));
			judgement.paid("nobody-knows-the-price", input(1000));
			judgement.unknown();
		}
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.011000000001");
	}

	@Test
	void aFreeModelWithAPriceIsNotBounded() {
		for (int i = 0; i < 1000; i++) {
			assertThat(judge(PLAN, DOLLAR, "free-model", 1000)).isTrue();
		}
	}

	@Test
	void paysOneJudgementOfAPlanAtATime() {
		JudgeBudget.Judgement open = this.budget.begin(PLAN, DOLLAR);
		assertThat(this.budget.begin(PLAN, DOLLAR)).isNull();
		assertThat(this.budget.isUsedUp(PLAN, DOLLAR)).isFalse();
		this.now.addAndGet(Duration.ofDays(1).toMillis());
		assertThat(this.budget.begin(PLAN, DOLLAR)).as("on the next day too").isNull();
		open.close();
		JudgeBudget.Judgement next = this.budget.begin(PLAN, DOLLAR);
		assertThat(next).isNotNull();
		open.close();
		assertThat(this.budget.begin(PLAN, DOLLAR)).as("closing twice ends no other").isNull();
	}

	@Test
	void isNeverExceededByMoreThanOneJudgementHoweverManyAsk() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(8);
		SplittableRandom seeds = new SplittableRandom(5);
		long worst = 0;
		try {
			for (int round = 0; round < 200; round++) {
				PlanKey plan = new PlanKey("default", "round " + round);
				CountDownLatch start = new CountDownLatch(1);
				AtomicLong largest = new AtomicLong();
				List<Future<?>> ended = new ArrayList<>();
				for (int thread = 0; thread < 8; thread++) {
					SplittableRandom random = seeds.split();
					ended.add(threads.submit(() -> {
						start.await();
						for (int i = 0; i < 50; i++) {
							// Some are dearer than all others together
							long tokens = (long) Math.pow(10, 7 * random.nextDouble());
							if (judge(plan, DOLLAR, "judge-model", tokens)) {
								largest.accumulateAndGet(tokens, Math::max);
							}
						}
						return null;
					}));
				}
				start.countDown();
				for (Future<?> end : ended) {
					end.get();
				}
				long over = PicoUsd.of(this.budget.spentUsd(plan)) - PicoUsd.of(DOLLAR);
				assertThat(over).isLessThan(1_000_000 * largest.get());
				worst = Math.max(worst, over);
			}
		}
		finally {
			threads.shutdownNow();
		}
		assertThat(worst).as("it was exceeded at times").isPositive();
	}

	@Test
	void plansBeyondTheMostShareOneBudget() {
		for (int i = 0; i < JudgeBudget.MAX_PLANS; i++) {
			judge(new PlanKey("default", "plan " + i), DOLLAR, "judge-model", 1);
		}
		assertThat(judge(new PlanKey("default", "one more"), DOLLAR, "judge-model", 1_000_000)).isTrue();
		assertThat(judge(new PlanKey("default", "and another"), DOLLAR, "judge-model", 1)).isFalse();
		assertThat(judge(new PlanKey("default", "plan 0"), DOLLAR, "judge-model", 1)).isTrue();
	}

	@Test
	void whatOthersHaveSpentIsTakenFromTheBudgetOfTheDay() {
		LocalDate day = this.budget.day();
		this.budget.setSpentElsewhere(PLAN, day.minusDays(1), 2_000_000_000_000L);
		assertThat(this.budget.spentUsd(PLAN)).isZero();
		this.budget.setSpentElsewhere(PLAN, day, 600_000_000_000L);
		assertThat(this.budget.spentUsd(PLAN)).isEqualByComparingTo("0.6");
		assertThat(this.budget.spentHere(PLAN, day)).isZero();
		try (JudgeBudget.Judgement judgement = this.budget.begin(PLAN, DOLLAR)) {
			judgement.paid("judge-model", new TokenUsage(400_000, 0, 0, 0, false));
		}
		assertThat(this.budget.spentHere(PLAN, day)).isEqualTo(400_000_000_000L);
		assertThat(this.budget.isUsedUp(PLAN, DOLLAR)).isTrue();
		assertThat(this.budget.begin(PLAN, DOLLAR)).isNull();
		this.budget.setSpentElsewhere(PLAN, day, Long.MAX_VALUE);
		assertThat(this.budget.isUsedUp(PLAN, new BigDecimal("9000000"))).isTrue();
		this.now.addAndGet(Duration.ofHours(2).toMillis());
		assertThat(this.budget.spentUsd(PLAN)).isZero();
		assertThat(this.budget.spentHere(PLAN, day)).isZero();
		assertThat(this.budget.day()).isEqualTo(day.plusDays(1));
	}

}
