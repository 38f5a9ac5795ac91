package io.tokensaving.budget;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What holds for all accounts. Two instances share them where they can be shared; the
 * same one is used twice otherwise. The number of rounds is that of the system property
 * {@code token-saving.storm.rounds}.
 */
public abstract class BudgetAccountsContract {

	protected static final long CENT = 10_000_000_000L;

	private static final int ROUNDS = Integer.getInteger("token-saving.storm.rounds", 5);

	private static final int THREADS = 100;

	private static final AtomicInteger WORKSPACES = new AtomicInteger();

	private final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();

	protected abstract List<BudgetAccounts> instances();

	@BeforeEach
	void listen() {
		instances().forEach((accounts) -> accounts.setListener(new BudgetAccounts.Listener() {

			@Override
			public void warned(BudgetClaim claim, BudgetUsage usage) {
				BudgetAccountsContract.this.told.add("warned");
			}

			@Override
			public void exceeded(BudgetClaim claim, BudgetUsage usage) {
				BudgetAccountsContract.this.told.add("exceeded");
			}

			@Override
			public void failed(Throwable failure) {
				BudgetAccountsContract.this.told.add("failed");
			}

		}));
	}

	protected static BudgetSettings settings(String usd, Long tokens, BudgetSettings.Action action) {
		return new BudgetSettings(BudgetSettings.Period.DAY, (usd != null) ? new BigDecimal(usd) : null, tokens, 0.8,
				action, BudgetSettings.UnknownPrice.COUNT, BudgetSettings.OnFailure.ALLOW, 100, ZoneId.of("UTC"));
	}

	protected static BudgetClaim claim(String workspace, String budget, BudgetSettings settings) {
		BudgetKey key = new BudgetKey(budget, workspace, BudgetScope.WORKSPACE, "");
		return new BudgetClaim(key, "p", settings, settings.window(Clock.system(ZoneOffset.UTC).instant()));
	}

	protected static String workspace() {
		return "w" + WORKSPACES.incrementAndGet();
	}

	protected static BudgetAccounts.Answer reserve(BudgetAccounts accounts, BudgetAmount amount, BudgetClaim... claims)
			throws Exception {
		return accounts.reserve(List.of(claims), amount).get(60, TimeUnit.SECONDS);
	}

	protected final void awaitNothingReserved(BudgetClaim claim) {
		Eventually.await("nothing is reserved",
				() -> instances().get(0).usage(claim).reserved().equals(BudgetAmount.ZERO));
	}

	@Test
	void holdsWhatIsReservedUntilItIsSettled() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
		BudgetAccounts one = instances().get(0);
		BudgetAccounts two = instances().get(1);
		BudgetAccounts.Answer held = reserve(one, new BudgetAmount(60 * CENT, 7), claim);
		assertThat(held.reservation()).isNotNull();
		assertThat(two.usage(claim)).isEqualTo(new BudgetUsage(BudgetAmount.ZERO, new BudgetAmount(60 * CENT, 7)));
		BudgetAccounts.Answer refused = reserve(two, new BudgetAmount(40 * CENT + 1, 7), claim);
		assertThat(refused.reservation()).isNull();
		assertThat(refused.refusedBy()).isEqualTo(claim);
		assertThat(refused.usage().reserved().picoUsd()).isEqualTo(60 * CENT);
		BudgetAccounts.Answer fits = reserve(two, new BudgetAmount(40 * CENT, 7), claim);
		assertThat(fits.reservation()).isNotNull();
		held.reservation().settle(new BudgetAmount(10 * CENT + 3, 5));
		held.reservation().settle(new BudgetAmount(90 * CENT, 5));
		fits.reservation().settle(BudgetAmount.ZERO);
		awaitNothingReserved(claim);
		assertThat(two.usage(claim)).isEqualTo(new BudgetUsage(new BudgetAmount(10 * CENT + 3, 5), BudgetAmount.ZERO));
	}

	@Test
	void countsTokensApart() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings(null, 1000L, BudgetSettings.Action.REFUSE));
		BudgetAccounts accounts = instances().get(0);
		assertThat(reserve(accounts, new BudgetAmount(Long.MAX_VALUE / 4, 1000), claim).reservation()).isNotNull();
		assertThat(reserve(accounts, new BudgetAmount(0, 1), claim).refusedBy()).isEqualTo(claim);
	}

	@Test
	void takesFromAllBudgetsOrFromNone() throws Exception {
		String workspace = workspace();
		BudgetClaim large = claim(workspace, "large", settings("10", null, BudgetSettings.Action.REFUSE));
		BudgetClaim small = claim(workspace, "small", settings("0.1", null, BudgetSettings.Action.REFUSE));
		BudgetAccounts accounts = instances().get(0);
		assertThat(reserve(accounts, new BudgetAmount(11 * CENT, 1), large, small).refusedBy()).isEqualTo(small);
		assertThat(accounts.usage(large)).isEqualTo(BudgetUsage.NONE);
		assertThat(accounts.usage(small)).isEqualTo(BudgetUsage.NONE);
		assertThat(reserve(accounts, new BudgetAmount(10 * CENT, 1), large, small).reservation()).isNotNull();
		assertThat(accounts.usage(large).reserved()).isEqualTo(accounts.usage(small).reserved());
	}

	@Test
	void aBudgetThatOnlyWarnsAlwaysHasRoom() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings("0.01", null, BudgetSettings.Action.WARN));
		for (int i = 0; i < 3; i++) {
			reserve(instances().get(i % 2), new BudgetAmount(CENT, 1), claim).reservation()
				.settle(new BudgetAmount(CENT, 1));
			awaitNothingReserved(claim);
		}
		assertThat(instances().get(0).usage(claim).used().picoUsd()).isEqualTo(3 * CENT);
		Eventually.await(() -> this.told.size() == 2);
		assertThat(this.told).containsExactly("warned", "exceeded");
	}

	@Test
	void tellsOfTheWarningAndOfTheLimitOnce() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
		for (int i = 0; i < 10; i++) {
			reserve(instances().get(i % 2), new BudgetAmount(10 * CENT, 1), claim).reservation()
				.settle(new BudgetAmount(10 * CENT - 1, 1));
			awaitNothingReserved(claim);
			// 0.8 USD are not reached by eight calls that cost a little less
			assertThat(this.told).hasSize((i < 8) ? 0 : 1);
		}
		for (int i = 0; i < 4; i++) {
			assertThat(reserve(instances().get(i % 2), new BudgetAmount(CENT, 1), claim).reservation()).isNull();
		}
		assertThat(this.told).containsExactly("warned", "exceeded");
	}

	@Test
	void isExactForAmountsThatFloatingPointIsNot() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings("1000000", null, BudgetSettings.Action.REFUSE));
		BudgetAccounts accounts = instances().get(0);
		long million = 1_000_000 * 100 * CENT;
		reserve(accounts, new BudgetAmount(million - 3, 1), claim).reservation()
			.settle(new BudgetAmount(million - 3, 1));
		awaitNothingReserved(claim);
		assertThat(accounts.usage(claim).used().picoUsd()).isEqualTo(million - 3);
		assertThat(reserve(accounts, new BudgetAmount(4, 1), claim).reservation()).isNull();
		assertThat(reserve(accounts, new BudgetAmount(3, 1), claim).reservation()).isNotNull();
	}

	@Test
	void aStormNeverTakesMoreThanTheBudget() throws Exception {
		long limit = 100 * CENT;
		for (int round = 0; round < ROUNDS; round++) {
			// Calls that cost at most what they reserve
			long estimate = CENT + new Random(round).nextLong(CENT);
			BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
			long spent = storm(claim, estimate, (random) -> random.nextLong(estimate + 1));
			assertThat(spent).isLessThanOrEqualTo(limit).isGreaterThan(limit - estimate);
		}
	}

	@Test
	void aStormOfCallsThatCostMoreThanReservedStaysWithinTheBound() throws Exception {
		long limit = 100 * CENT;
		for (int round = 0; round < ROUNDS; round++) {
			long estimate = CENT + new Random(round).nextLong(CENT);
			long excess = estimate / 2;
			BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
			long spent = storm(claim, estimate, (random) -> estimate + excess);
			// As many calls can be in flight as the budget has room for
			long inFlight = Math.min(THREADS, limit / estimate);
			assertThat(spent).isGreaterThan(limit - estimate).isLessThanOrEqualTo(limit + inFlight * excess);
		}
	}

	private long storm(BudgetClaim claim, long estimate, Cost cost) throws Exception {
		List<BudgetAccounts> instances = instances();
		AtomicLong spent = new AtomicLong();
		ExecutorService callers = Executors.newFixedThreadPool(THREADS);
		try {
			List<Future<?>> running = new ArrayList<>();
			for (int caller = 0; caller < THREADS; caller++) {
				BudgetAccounts accounts = instances.get(caller % instances.size());
				Random random = new Random(caller);
				running.add(callers.submit(() -> {
					BudgetAccounts.Answer answer = reserve(accounts, new BudgetAmount(estimate, 10), claim);
					while (answer.reservation() != null) {
						long paid = cost.of(random);
						spent.addAndGet(paid);
						answer.reservation().settle(new BudgetAmount(paid, 9));
						answer = reserve(accounts, new BudgetAmount(estimate, 10), claim);
					}
					return null;
				}));
			}
			for (Future<?> caller : running) {
				caller.get(60, TimeUnit.SECONDS);
			}
		}
		finally {
			callers.shutdownNow();
		}
		awaitNothingReserved(claim);
		// What is left once nothing is held any more is spent one by one
		BudgetAccounts.Answer answer = reserve(instances.get(0), new BudgetAmount(estimate, 10), claim);
		while (answer.reservation() != null) {
			long paid = Math.max(1, cost.of(new Random()));
			spent.addAndGet(paid);
			answer.reservation().settle(new BudgetAmount(paid, 9));
			awaitNothingReserved(claim);
			answer = reserve(instances.get(0), new BudgetAmount(estimate, 10), claim);
		}
		assertThat(instances.get(0).usage(claim).used().picoUsd()).isEqualTo(spent.get());
		return spent.get();
	}

	@FunctionalInterface
	private interface Cost {

		long of(Random random);

	}

}
