package io.tokensaving.sampling;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * What judging may cost a plan each day, in UTC. The budget is never exceeded by more
 * than one judgement, whatever that costs: of each plan one judgement at a time is paid,
 * and none is begun when the budget is used up. One that hangs stands in the way of the
 * next until it ends, as nobody knows what it costs.
 * <p>
 * What has no price, or was given up before it said what it costs, cannot be compared
 * with an amount of money. Such a judgement takes one part in {@value #UNKNOWN_PARTS} of
 * the budget in addition to what is known of it, so there are at most
 * {@value #UNKNOWN_PARTS} of them a day. A model that costs nothing needs a price of 0 to
 * be used without this limit.
 * <p>
 * What was spent is kept in the memory of this process: each instance has the budget for
 * itself, and anew when it starts, unless it is told from time to time what others have
 * {@linkplain #setSpentElsewhere spent}. Then each can exceed it by one judgement and by
 * what was spent since. Never blocks. Thread-safe.
 */
public final class JudgeBudget {

	/**
	 * The number of parts of a budget, one of which a judgement takes whose cost is not
	 * known.
	 */
	public static final int UNKNOWN_PARTS = 100;

	/**
	 * The number of plans that have a budget of their own. Further ones share one.
	 */
	public static final int MAX_PLANS = 10_000;

	private static final PlanKey OTHERS = new PlanKey("*", "*");

	private final Clock clock;

	private final PriceTable prices;

	private final Map<PlanKey, Account> accounts = new HashMap<>();

	private LocalDate day;

	/**
	 * Create budgets.
	 * @param clock tells the day
	 * @param prices the prices of the models that are paid
	 */
	public JudgeBudget(Clock clock, PriceTable prices) {
		this.clock = clock;
		this.prices = prices;
		this.day = today();
	}

	private LocalDate today() {
		return LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC);
	}

	/**
	 * Begin a judgement, if the budget of the plan is not used up and no other judgement
	 * of the plan is open.
	 * @param plan the plan and its workspace
	 * @param usdPerDay the budget in US dollars, 0 or more; with 0 nothing is judged
	 * @return the judgement, which must be closed, or {@code null} if it may not begin
	 */
	public @Nullable Judgement begin(PlanKey plan, BigDecimal usdPerDay) {
		long limit = picoUsd(usdPerDay);
		synchronized (this.accounts) {
			Account account = account(plan, true);
			if (account.open != null || account.total() >= limit) {
				return null;
			}
			Judgement judgement = new Judgement(account, limit);
			account.open = judgement;
			return judgement;
		}
	}

	/**
	 * Begin a judgement for which somebody waits, so that it does not wait for others of
	 * the plan. Each of those that are open at a time may exceed the budget.
	 * @param plan the plan and its workspace
	 * @param usdPerDay the budget in US dollars, 0 or more; with 0 nothing is judged
	 * @return the judgement, or {@code null} if the budget of the plan is used up
	 */
	public @Nullable Judgement beginAtOnce(PlanKey plan, BigDecimal usdPerDay) {
		long limit = picoUsd(usdPerDay);
		synchronized (this.accounts) {
			Account account = account(plan, true);
			return (account.spentPicoUsd < limit) ? new Judgement(account, limit) : null;
		}
	}

	/**
	 * Whether the budget of a plan is used up.
	 * @param plan the plan and its workspace
	 * @param usdPerDay the budget in US dollars, 0 or more
	 * @return whether nothing is judged any more this day
	 */
	public boolean isUsedUp(PlanKey plan, BigDecimal usdPerDay) {
		long limit = picoUsd(usdPerDay);
		synchronized (this.accounts) {
			return account(plan, false).total() >= limit;
		}
	}

	/**
	 * Return what was spent of the budget of a plan this day.
	 * @param plan the plan and its workspace
	 * @return the amount in US dollars, with the parts for what has no price
	 */
	public BigDecimal spentUsd(PlanKey plan) {
		synchronized (this.accounts) {
			return PicoUsd.toUsd(account(plan, false).total());
		}
	}

	/**
	 * Return what this process has spent of the budget of a plan.
	 * @param plan the plan and its workspace
	 * @param day the day in UTC
	 * @return the amount in pico-dollars, with the parts for what has no price; 0 if it
	 * is another day now
	 */
	public long spentHere(PlanKey plan, LocalDate day) {
		synchronized (this.accounts) {
			Account account = account(plan, false);
			return day.equals(this.day) ? account.spentPicoUsd : 0;
		}
	}

	/**
	 * Say what other instances have spent of the budget of a plan, which is taken from it
	 * from now on.
	 * @param plan the plan and its workspace
	 * @param day the day in UTC; if it is another day now, nothing happens
	 * @param picoUsd the sum of the others in pico-dollars, 0 or more
	 */
	public void setSpentElsewhere(PlanKey plan, LocalDate day, long picoUsd) {
		Assert.isTrue(picoUsd >= 0, () -> "'picoUsd' must be 0 or more, but is " + picoUsd);
		synchronized (this.accounts) {
			Account account = account(plan, picoUsd > 0 && this.accounts.size() < MAX_PLANS);
			// Not of the plans that share one
			if (day.equals(this.day) && this.accounts.containsKey(plan)) {
				account.elsewherePicoUsd = picoUsd;
			}
		}
	}

	/**
	 * Return the present day of the budgets.
	 * @return the day in UTC
	 */
	public LocalDate day() {
		return today();
	}

	private static long picoUsd(BigDecimal usdPerDay) {
		Assert.isTrue(usdPerDay.signum() >= 0, () -> "'usdPerDay' must be 0 or more, but is " + usdPerDay);
		return PicoUsd.of(usdPerDay);
	}

	private Account account(PlanKey plan, boolean add) {
		LocalDate today = today();
		if (!today.equals(this.day)) {
			this.day = today;
			// A judgement that is still open stays so, and is paid from the new day
			this.accounts.values().removeIf((account) -> account.open == null);
			this.accounts.values().forEach(Account::startDay);
		}
		Account known = this.accounts.get(plan);
		if (known != null) {
			return known;
		}
		boolean room = this.accounts.size() < MAX_PLANS;
		Account account = room ? new Account() : this.accounts.getOrDefault(OTHERS, new Account());
		if (add) {
			this.accounts.put(room ? plan : OTHERS, account);
		}
		return account;
	}

	/**
	 * What a plan has spent. Guarded by the lock of the accounts.
	 */
	private static final class Account {

		private long spentPicoUsd;

		private long elsewherePicoUsd;

		private @Nullable Judgement open;

		long total() {
			long total = this.spentPicoUsd + this.elsewherePicoUsd;
			return (total >= 0) ? total : Long.MAX_VALUE;
		}

		void startDay() {
			this.spentPicoUsd = 0;
			this.elsewherePicoUsd = 0;
		}

	}

	/**
	 * A judgement that has begun: all that is paid for one sample, such as the answer of
	 * another model and one or two verdicts. Thread-safe.
	 */
	public final class Judgement implements AutoCloseable {

		private final Account account;

		private final long limit;

		private boolean unknown;

		Judgement(Account account, long limit) {
			this.account = account;
			this.limit = limit;
		}

		/**
		 * A model was paid.
		 * @param model the model, or {@code null} if it is not known or none was paid
		 * @param usage the tokens that were bought
		 */
		public void paid(@Nullable String model, TokenUsage usage) {
			if (usage.total() == 0) {
				return;
			}
			ModelPrice price = JudgeBudget.this.prices.find(model);
			if (price == null) {
				unknown();
				return;
			}
			long picoUsd = price.picoUsd(usage);
			synchronized (JudgeBudget.this.accounts) {
				this.account.spentPicoUsd += picoUsd;
			}
		}

		/**
		 * A model was paid, or may have been, and nobody says how much.
		 */
		public void unknown() {
			synchronized (JudgeBudget.this.accounts) {
				if (!this.unknown) {
					this.unknown = true;
					// Rounded up, so that there is always an end
					this.account.spentPicoUsd += this.limit / UNKNOWN_PARTS + 1;
				}
			}
		}

		/**
		 * End the judgement, so that the next one can begin.
		 */
		@Override
		public void close() {
			synchronized (JudgeBudget.this.accounts) {
				if (this.account.open == this) {
					this.account.open = null;
				}
			}
		}

	}

}
