package io.tokensaving.budget;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.Deadlines;
import org.jspecify.annotations.Nullable;

/**
 * How full a budget of a plan or a workspace is, for meters. It is read at most once a
 * second, however often it is asked for, and for at most half a second. Thread-safe.
 */
public final class BudgetLevel {

	private static final long MAX_AGE = TimeUnit.SECONDS.toNanos(1);

	// All meters are read by one thread, which must not wait for accounts that hang
	private static final Duration DEADLINE = Duration.ofMillis(500);

	private final BudgetKey key;

	private final Supplier<@Nullable BudgetClaim> claim;

	private final BudgetAccounts accounts;

	private final Ticker ticker;

	private Shares shares = Shares.UNKNOWN;

	private long readAt;

	private boolean read;

	BudgetLevel(BudgetKey key, Supplier<@Nullable BudgetClaim> claim, BudgetAccounts accounts, Ticker ticker) {
		this.key = key;
		this.claim = claim;
		this.accounts = accounts;
		this.ticker = ticker;
	}

	/**
	 * Return whose budget it is.
	 * @return the key, of the scope of a plan or a workspace
	 */
	public BudgetKey key() {
		return this.key;
	}

	/**
	 * Return what ended calls have cost. If a budget has two limits, that of which the
	 * larger share is taken counts.
	 * @return the share of the limit, 0 or more, and more than 1 if a budget that only
	 * warns is exceeded; not a number if it cannot be read
	 */
	public double used() {
		return shares().used();
	}

	/**
	 * Return what calls in flight may cost.
	 * @return the share of the same limit, 0 or more; not a number if it cannot be read
	 */
	public double reserved() {
		return shares().reserved();
	}

	private synchronized Shares shares() {
		long now = this.ticker.read();
		if (!this.read || now - this.readAt >= MAX_AGE) {
			this.shares = readShares();
			this.read = true;
			// Behind the reading, which may have taken its whole deadline
			this.readAt = this.ticker.read();
		}
		return this.shares;
	}

	private Shares readShares() {
		BudgetClaim claim = this.claim.get();
		if (claim == null) {
			return Shares.UNKNOWN;
		}
		try {
			BudgetUsage usage = usage(claim);
			BudgetAmount limit = claim.limit();
			Shares usd = Shares.of(usage.used().picoUsd(), usage.reserved().picoUsd(), limit.picoUsd());
			Shares tokens = Shares.of(usage.used().tokens(), usage.reserved().tokens(), limit.tokens());
			return (usd.taken() >= tokens.taken()) ? usd : tokens;
		}
		catch (RuntimeException | LinkageError ex) {
			// The accounts count and log that they cannot be reached when a call needs
			// them
			return Shares.UNKNOWN;
		}
	}

	private BudgetUsage usage(BudgetClaim claim) {
		AtomicReference<BudgetUsage> usage = new AtomicReference<>(BudgetUsage.NONE);
		Deadlines.run(DEADLINE, () -> usage.set(this.accounts.usage(claim)), () -> {
		});
		return Objects.requireNonNull(usage.get());
	}

	private record Shares(double used, double reserved) {

		private static final Shares UNKNOWN = new Shares(Double.NaN, Double.NaN);

		static Shares of(long used, long reserved, long limit) {
			return (limit == Long.MAX_VALUE) ? new Shares(0, 0)
					: new Shares(Math.max(0, (double) used / limit), Math.max(0, (double) reserved / limit));
		}

		double taken() {
			return this.used + this.reserved;
		}

	}

}
