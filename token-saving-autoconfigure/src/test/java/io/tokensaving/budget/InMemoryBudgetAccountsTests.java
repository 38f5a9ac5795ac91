package io.tokensaving.budget;

import java.time.Duration;
import java.util.List;

import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link InMemoryBudgetAccounts}.
 */
class InMemoryBudgetAccountsTests extends BudgetAccountsContract {

	private final TestClock clock = new TestClock("2026-11-30T10:00:00Z");

	private final BudgetAccounts accounts = new InMemoryBudgetAccounts(this.clock);

	@Override
	protected List<BudgetAccounts> instances() {
		return List.of(this.accounts, this.accounts);
	}

	@Test
	void whatAnAbandonedCallHoldsIsFreeAgain() throws Exception {
		BudgetClaim claim = claim(workspace(), "b", settings("1", null, BudgetSettings.Action.REFUSE));
		BudgetAccounts.Answer abandoned = reserve(this.accounts, new BudgetAmount(100 * CENT, 1), claim);
		this.clock.pass(InMemoryBudgetAccounts.MAX_HELD.minus(Duration.ofMillis(1)));
		assertThat(reserve(this.accounts, new BudgetAmount(CENT, 1), claim).reservation()).isNull();
		this.clock.pass(Duration.ofMillis(1));
		assertThat(reserve(this.accounts, new BudgetAmount(CENT, 1), claim).reservation()).isNotNull();
		// It did end, late
		abandoned.reservation().settle(new BudgetAmount(50 * CENT, 1));
		assertThat(this.accounts.usage(claim))
			.isEqualTo(new BudgetUsage(new BudgetAmount(50 * CENT, 1), new BudgetAmount(CENT, 1)));
	}

	@Test
	void keepsABoundedNumberOfAccounts() throws Exception {
		BudgetSettings settings = settings("0.01", null, BudgetSettings.Action.REFUSE);
		for (int i = 0; i < InMemoryBudgetAccounts.MAX_ACCOUNTS; i++) {
			assertThat(
					reserve(this.accounts, new BudgetAmount(CENT, 1), claim("full-" + i, "b", settings)).reservation())
				.isNotNull();
		}
		// Further ones share an account, so that they are limited too
		assertThat(reserve(this.accounts, new BudgetAmount(CENT, 1), claim("more-1", "b", settings)).reservation())
			.isNotNull();
		assertThat(reserve(this.accounts, new BudgetAmount(CENT, 1), claim("more-2", "b", settings)).reservation())
			.isNull();
	}

}
