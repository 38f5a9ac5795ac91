package io.tokensaving.budget;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Accounts in the memory of this process: each instance has its budgets for itself, and
 * they are whole again when it starts. Never blocks. Thread-safe.
 */
public final class InMemoryBudgetAccounts implements BudgetAccounts {

	/**
	 * The number of accounts that are kept apart. Further ones share one account for each
	 * budget.
	 */
	public static final int MAX_ACCOUNTS = 10_000;

	/**
	 * After this time an amount is not held any more, as its call was abandoned.
	 */
	public static final Duration MAX_HELD = Duration.ofMinutes(10);

	private static final String OTHER = "*other";

	private final Clock clock;

	// One lock for all accounts, so that a call takes from all its budgets at once. It is
	// held for some additions, once for each call of a model
	private final Object lock = new Object();

	private final Map<BudgetKey, Account> accounts = new HashMap<>();

	private final Set<Held> held = new LinkedHashSet<>();

	private volatile @Nullable Listener listener;

	/**
	 * Create accounts.
	 * @param clock tells when amounts were reserved
	 */
	public InMemoryBudgetAccounts(Clock clock) {
		this.clock = clock;
	}

	@Override
	public void setListener(Listener listener) {
		this.listener = listener;
	}

	@Override
	public CompletableFuture<Answer> reserve(List<BudgetClaim> claims, BudgetAmount amount) {
		Instant now = this.clock.instant();
		List<Runnable> news = new ArrayList<>(0);
		Answer answer;
		synchronized (this.lock) {
			abandon(now);
			answer = reserve(claims, amount, now, news);
		}
		news.forEach(Runnable::run);
		return CompletableFuture.completedFuture(answer);
	}

	private Answer reserve(List<BudgetClaim> claims, BudgetAmount amount, Instant now, List<Runnable> news) {
		List<Account> taken = new ArrayList<>(claims.size());
		for (BudgetClaim claim : claims) {
			Account account = account(claim, now);
			if (claim.refuses() && !account.hasRoom(claim.limit(), amount)) {
				BudgetUsage usage = account.usage();
				if (!account.exceeded) {
					account.exceeded = true;
					news.add(() -> tell((told) -> told.exceeded(claim, usage)));
				}
				return new Answer(null, claim, usage);
			}
			taken.add(account);
		}
		taken.forEach((account) -> account.reserve(amount, 1));
		Held reservation = new Held(List.copyOf(claims), taken, amount, now.plus(MAX_HELD));
		this.held.add(reservation);
		return new Answer(reservation, null, BudgetUsage.NONE);
	}

	private Account account(BudgetClaim claim, Instant now) {
		Account account = this.accounts.get(claim.key());
		if (account != null && account.window.equals(claim.window())) {
			return account;
		}
		BudgetKey key = claim.key();
		if (account == null && this.accounts.size() >= MAX_ACCOUNTS) {
			this.accounts.values().removeIf((ended) -> !ended.window.end().isAfter(now));
			if (this.accounts.size() >= MAX_ACCOUNTS) {
				key = new BudgetKey(key.budget(), OTHER, key.scope(), OTHER);
				Account other = this.accounts.get(key);
				if (other != null && other.window.equals(claim.window())) {
					return other;
				}
			}
		}
		Account started = new Account(claim.window());
		this.accounts.put(key, started);
		return started;
	}

	private void abandon(Instant now) {
		Iterator<Held> oldest = this.held.iterator();
		while (oldest.hasNext()) {
			Held reservation = oldest.next();
			if (reservation.until.isAfter(now)) {
				return;
			}
			oldest.remove();
			reservation.accounts.forEach((account) -> account.reserve(reservation.amount, -1));
		}
	}

	@Override
	public BudgetUsage usage(BudgetClaim claim) {
		synchronized (this.lock) {
			abandon(this.clock.instant());
			Account account = this.accounts.get(claim.key());
			return (account != null && account.window.equals(claim.window())) ? account.usage() : BudgetUsage.NONE;
		}
	}

	private void tell(Consumer<Listener> event) {
		Listener told = this.listener;
		if (told != null) {
			event.accept(told);
		}
	}

	/**
	 * What was taken in one period. Guarded by the lock.
	 */
	private static final class Account {

		private final BudgetWindow window;

		private long usedPicoUsd;

		private long usedTokens;

		private long reservedPicoUsd;

		private long reservedTokens;

		private boolean warned;

		private boolean exceeded;

		Account(BudgetWindow window) {
			this.window = window;
		}

		boolean hasRoom(BudgetAmount limit, BudgetAmount amount) {
			return this.usedPicoUsd + this.reservedPicoUsd + amount.picoUsd() <= limit.picoUsd()
					&& this.usedTokens + this.reservedTokens + amount.tokens() <= limit.tokens();
		}

		void reserve(BudgetAmount amount, int sign) {
			this.reservedPicoUsd += sign * amount.picoUsd();
			this.reservedTokens += sign * amount.tokens();
		}

		void use(BudgetAmount cost) {
			this.usedPicoUsd += cost.picoUsd();
			this.usedTokens += cost.tokens();
		}

		boolean reaches(BudgetAmount amount) {
			return this.usedPicoUsd >= amount.picoUsd() || this.usedTokens >= amount.tokens();
		}

		BudgetUsage usage() {
			return new BudgetUsage(new BudgetAmount(this.usedPicoUsd, this.usedTokens),
					new BudgetAmount(this.reservedPicoUsd, this.reservedTokens));
		}

	}

	/**
	 * An amount that is held.
	 */
	private final class Held implements Reservation {

		private final List<BudgetClaim> claims;

		private final List<Account> accounts;

		private final BudgetAmount amount;

		private final Instant until;

		private boolean settled;

		Held(List<BudgetClaim> claims, List<Account> accounts, BudgetAmount amount, Instant until) {
			this.claims = claims;
			this.accounts = accounts;
			this.amount = amount;
			this.until = until;
		}

		@Override
		public void settle(BudgetAmount cost) {
			List<Runnable> news = new ArrayList<>(0);
			synchronized (InMemoryBudgetAccounts.this.lock) {
				if (this.settled) {
					return;
				}
				this.settled = true;
				boolean stillHeld = InMemoryBudgetAccounts.this.held.remove(this);
				for (int i = 0; i < this.accounts.size(); i++) {
					Account account = this.accounts.get(i);
					if (stillHeld) {
						account.reserve(this.amount, -1);
					}
					account.use(cost);
					look(this.claims.get(i), account, news);
				}
			}
			news.forEach(Runnable::run);
		}

		private void look(BudgetClaim claim, Account account, List<Runnable> news) {
			if (!account.warned && account.reaches(claim.warning())) {
				account.warned = true;
				BudgetUsage usage = account.usage();
				news.add(() -> tell((told) -> told.warned(claim, usage)));
			}
			if (!account.exceeded && account.reaches(claim.limit())) {
				account.exceeded = true;
				BudgetUsage usage = account.usage();
				news.add(() -> tell((told) -> told.exceeded(claim, usage)));
			}
		}

	}

}
