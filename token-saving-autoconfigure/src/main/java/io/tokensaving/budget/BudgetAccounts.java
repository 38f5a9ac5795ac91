package io.tokensaving.budget;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Keeps what was taken from budgets. A call reserves what it may cost from all its
 * budgets at once, or from none, and settles with what it did cost. Implementations are
 * thread-safe.
 */
public interface BudgetAccounts {

	/**
	 * Reserve an amount from budgets. Budgets that only warn always have room.
	 * @param claims the budgets, at least one
	 * @param amount what the call may cost
	 * @return the answer, perhaps later; fails if the accounts cannot be reached
	 */
	CompletableFuture<Answer> reserve(List<BudgetClaim> claims, BudgetAmount amount);

	/**
	 * Read what was taken from a budget.
	 * @param claim the budget and the period
	 * @return what was taken
	 * @throws RuntimeException if the accounts cannot be reached
	 */
	BudgetUsage usage(BudgetClaim claim);

	/**
	 * Set who is told when a budget reaches its warning or its limit.
	 * @param listener is told once in a period, by one of the instances
	 */
	void setListener(Listener listener);

	/**
	 * The answer to a reservation: it is held, or one of the budgets has no room.
	 *
	 * @param reservation what is held, or {@code null} if nothing is
	 * @param refusedBy the budget that has no room, or {@code null} if all have
	 * @param usage what has been taken from the budget that has no room
	 */
	record Answer(@Nullable Reservation reservation, @Nullable BudgetClaim refusedBy, BudgetUsage usage) {

	}

	/**
	 * An amount that is held for a call in flight. Thread-safe.
	 */
	@FunctionalInterface
	interface Reservation {

		/**
		 * End the reservation. Does not block; only the first call has an effect.
		 * @param cost what the call did cost, nothing if it failed
		 */
		void settle(BudgetAmount cost);

	}

	/**
	 * Is told when a budget reaches its warning or its limit. Must neither block nor
	 * throw.
	 */
	interface Listener {

		/**
		 * Ended calls have reached the share at which there is a warning.
		 * @param claim the budget
		 * @param usage what was taken
		 */
		void warned(BudgetClaim claim, BudgetUsage usage);

		/**
		 * Ended calls have reached the limit, or a call was refused.
		 * @param claim the budget
		 * @param usage what was taken
		 */
		void exceeded(BudgetClaim claim, BudgetUsage usage);

		/**
		 * What a call did cost could not be written down.
		 * @param failure the reason
		 */
		void failed(Throwable failure);

	}

}
