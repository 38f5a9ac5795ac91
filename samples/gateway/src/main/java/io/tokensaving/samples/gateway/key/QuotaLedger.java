package io.tokensaving.samples.gateway.key;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * The money of keys with a quota. An instance takes a block out of the account in the
 * database before it spends any of it, reserves for its requests out of the block, and
 * gives back what is left as soon as the key is idle.
 * <p>
 * So the account never shows less than what was spent, whatever dies at any time, and
 * most requests wait for no database. The price: while other instances hold blocks, a key
 * can be refused up to a block for each of them before its quota is used up; and what an
 * instance held when it was killed (its block, and what was reserved for its requests)
 * counts as spent for the rest of the period. A reservation that is neither settled nor
 * released counts as spent in full after its time to live, until it is settled after all.
 * <p>
 * A quota is exceeded only by what requests cost more than was reserved for them, and in
 * {@link WhenUnavailable#LOCAL} by what other instances took since this one last read the
 * account. Thread-safe.
 */
final class QuotaLedger {

	private static final Log logger = LogFactory.getLog(QuotaLedger.class);

	// A block is at most this part of what is left, so that little is held near the end
	private static final int SHARE_OF_REST = 16;

	private static final int ATTEMPTS = 5;

	private final QuotaAccounts accounts;

	private final Clock clock;

	private final long block;

	private final Duration timeToLive;

	private final WhenUnavailable whenUnavailable;

	private final ConcurrentMap<AccountId, Account> open = new ConcurrentHashMap<>();

	private volatile int instances = 1;

	/**
	 * Create a ledger.
	 * @param accounts the accounts
	 * @param clock the clock
	 * @param block the most that is taken in advance, in pico-dollars
	 * @param timeToLive after what time a reservation that was left counts as spent
	 * @param whenUnavailable what happens while the accounts cannot be reached
	 */
	QuotaLedger(QuotaAccounts accounts, Clock clock, long block, Duration timeToLive, WhenUnavailable whenUnavailable) {
		this.accounts = accounts;
		this.clock = clock;
		this.block = block;
		this.timeToLive = timeToLive;
		this.whenUnavailable = whenUnavailable;
	}

	/**
	 * Set the number of instances that run.
	 */
	void setInstances(int instances) {
		this.instances = Math.max(1, instances);
	}

	/**
	 * Reserve an amount.
	 * @param key a key with a quota
	 * @param amount the amount in pico-dollars
	 * @return what is reserved, or {@code null} if the quota does not suffice
	 * @throws DataAccessException if the account cannot be reached and must be
	 */
	@Nullable Held reserve(ApiKey key, long amount) {
		long limit = (key.quotaPicoUsd() != null) ? key.quotaPicoUsd() : Long.MAX_VALUE;
		Instant now = this.clock.instant();
		AccountId id = new AccountId(key.id(), key.quotaPeriod().start(now));
		while (true) {
			Account account = this.open.computeIfAbsent(id, Account::new);
			account.lock.lock();
			try {
				if (!account.closed) {
					return account.reserve(amount, limit, now);
				}
			}
			finally {
				account.lock.unlock();
			}
		}
	}

	/**
	 * Count reservations that were left, write what is owed, and give back what is not
	 * needed. To be called each second.
	 */
	void tick() {
		Instant now = this.clock.instant();
		this.open.values().forEach((account) -> {
			try {
				account.tick(now, false);
			}
			catch (DataAccessException | TransactionException ex) {
				logger.debug("An account could not be written", ex);
			}
		});
	}

	/**
	 * Give back all that is not reserved.
	 */
	void close() {
		Instant now = this.clock.instant();
		this.open.values().forEach((account) -> {
			try {
				account.tick(now, true);
			}
			catch (DataAccessException | TransactionException ex) {
				logger.warn("What a key has left could not be given back. It counts as spent: " + ex.getMessage());
			}
		});
	}

	/**
	 * Return the number of accounts in memory, for tests.
	 */
	int size() {
		return this.open.size();
	}

	private record AccountId(String keyId, LocalDate periodStart) {

	}

	/**
	 * What this instance has in hand of an account. Guarded by its lock.
	 */
	private final class Account {

		private final ReentrantLock lock = new ReentrantLock();

		private final AccountId id;

		// In the order of their ends
		private final Set<Held> held = new LinkedHashSet<>();

		private long limit = -1;

		// What the account in the database knows to be with this instance
		private long drawn;

		// What was promised while the database was away, and is not in it yet
		private long borrowed;

		private long spent;

		private long reserved;

		private long lastTaken = -1;

		private boolean used;

		private boolean closed;

		Account(AccountId id) {
			this.id = id;
		}

		private long free() {
			return this.drawn + this.borrowed - this.spent - this.reserved;
		}

		@Nullable Held reserve(long amount, long limit, Instant now) {
			this.used = true;
			if (limit != this.limit) {
				if (limit < this.limit && free() > 0) {
					giveBack(free());
				}
				this.limit = limit;
			}
			if (amount > free() && !draw(amount - free(), limit)) {
				return null;
			}
			this.reserved += amount;
			Held reservation = new Held(this, amount, now.plus(QuotaLedger.this.timeToLive));
			this.held.add(reservation);
			return reservation;
		}

		private boolean draw(long need, long limit) {
			try {
				for (int i = 0; i < ATTEMPTS; i++) {
					this.lastTaken = QuotaLedger.this.accounts.taken(this.id.keyId(), this.id.periodStart());
					long rest = limit - this.lastTaken;
					if (rest < need) {
						return false;
					}
					long amount = need + Math.min(Math.min(QuotaLedger.this.block, rest / SHARE_OF_REST), rest - need);
					if (take((i < ATTEMPTS - 1) ? amount : need, limit)) {
						return true;
					}
				}
				return false;
			}
			catch (DataAccessException | TransactionException ex) {
				if (QuotaLedger.this.whenUnavailable == WhenUnavailable.REFUSE) {
					throw ex;
				}
				return borrow(need, limit, ex);
			}
		}

		private boolean take(long amount, long limit) {
			if (!QuotaLedger.this.accounts.take(this.id.keyId(), this.id.periodStart(), amount, limit)) {
				return false;
			}
			this.drawn += amount;
			this.lastTaken += amount;
			return true;
		}

		private boolean borrow(long need, long limit, RuntimeException ex) {
			if (this.lastTaken < 0) {
				throw ex;
			}
			long share = (limit - this.lastTaken) / QuotaLedger.this.instances;
			if (need > share - this.borrowed) {
				return false;
			}
			this.borrowed += need;
			return true;
		}

		private void giveBack(long amount) {
			// If this fails it is not known whether it was written. Then it counts as
			// spent
			this.drawn -= amount;
			QuotaLedger.this.accounts.add(this.id.keyId(), this.id.periodStart(), -amount);
			this.lastTaken -= amount;
		}

		void tick(Instant now, boolean all) {
			this.lock.lock();
			try {
				expire(now);
				long owed = this.borrowed + Math.max(0, -free());
				if (owed > 0) {
					QuotaLedger.this.accounts.add(this.id.keyId(), this.id.periodStart(), owed);
					this.drawn += owed;
					this.borrowed = 0;
				}
				if (this.used && QuotaLedger.this.whenUnavailable == WhenUnavailable.LOCAL) {
					this.lastTaken = QuotaLedger.this.accounts.taken(this.id.keyId(), this.id.periodStart());
				}
				boolean idle = !this.used || all;
				this.used = false;
				long spare = idle ? free() : free() - QuotaLedger.this.block;
				if (spare > 0) {
					giveBack(spare);
				}
				if (idle && this.held.isEmpty() && free() == 0) {
					this.closed = true;
					QuotaLedger.this.open.remove(this.id, this);
				}
			}
			finally {
				this.lock.unlock();
			}
		}

		private void expire(Instant now) {
			Iterator<Held> oldest = this.held.iterator();
			while (oldest.hasNext()) {
				Held reservation = oldest.next();
				if (reservation.until.isAfter(now)) {
					return;
				}
				oldest.remove();
				reservation.expired = true;
				this.reserved -= reservation.amount;
				this.spent += reservation.amount;
			}
		}

		void settle(Held reservation, long cost) {
			this.lock.lock();
			try {
				if (reservation.settled) {
					return;
				}
				reservation.settled = true;
				if (reservation.expired) {
					this.spent += cost - reservation.amount;
				}
				else {
					this.held.remove(reservation);
					this.reserved -= reservation.amount;
					this.spent += cost;
				}
				this.used = true;
				if (this.closed) {
					reopen();
				}
			}
			finally {
				this.lock.unlock();
			}
		}

		// An account that was closed is not ticked any more, so the difference is moved
		// to
		// the one that is
		private void reopen() {
			long difference = free();
			this.spent += difference;
			while (true) {
				Account other = QuotaLedger.this.open.computeIfAbsent(this.id, Account::new);
				other.lock.lock();
				try {
					if (!other.closed) {
						other.spent -= difference;
						return;
					}
				}
				finally {
					other.lock.unlock();
				}
			}
		}

	}

	/**
	 * An amount that is reserved. Thread-safe.
	 */
	static final class Held {

		private final Account account;

		private final long amount;

		private final Instant until;

		// Guarded by the lock of the account
		private boolean settled;

		private boolean expired;

		private Held(Account account, long amount, Instant until) {
			this.account = account;
			this.amount = amount;
			this.until = until;
		}

		/**
		 * Replace what is reserved by what was spent. Does nothing the second time.
		 * @param cost the cost in pico-dollars, 0 to give all back
		 */
		void settle(long cost) {
			this.account.settle(this, cost);
		}

	}

}
