package io.tokensaving.budget;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Locale;

import io.tokensaving.ledger.PicoUsd;
import org.jspecify.annotations.Nullable;

/**
 * A call was refused because of a budget; the model was not called. It is no failure of
 * the model, and to try again before {@link #getResetsAt()} does not help unless calls in
 * flight end. Holds no text of the prompt.
 */
public class TokenBudgetExceededException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Reason reason;

	private final String budget;

	private final @Nullable BigDecimal limitUsd;

	private final BigDecimal usedUsd;

	private final @Nullable Long limitTokens;

	private final long usedTokens;

	private final Instant resetsAt;

	TokenBudgetExceededException(Reason reason, BudgetClaim claim, BudgetUsage usage, @Nullable Throwable cause) {
		super(describe(reason, claim, usage), cause);
		this.reason = reason;
		this.budget = claim.key().budget();
		this.limitUsd = claim.settings().usd();
		this.usedUsd = PicoUsd.toUsd(usage.used().picoUsd());
		this.limitTokens = claim.settings().tokens();
		this.usedTokens = usage.used().tokens();
		this.resetsAt = claim.window().end();
	}

	private static String describe(Reason reason, BudgetClaim claim, BudgetUsage usage) {
		String budget = "The budget '%s' of the %s".formatted(claim.key().budget(), owner(claim.key()));
		return switch (reason) {
			case LIMIT -> "%s has no room for this call: %s; it is whole again at %s".formatted(budget,
					amounts(claim.settings(), usage), claim.window().end());
			case UNKNOWN_PRICE -> budget + " takes no call of a model without a price. Add the price below "
					+ "'token-saving.prices', or set 'unknown-price' to 'count'";
			case UNAVAILABLE -> budget + " cannot be read, and 'on-failure' is 'refuse'";
		};
	}

	private static String owner(BudgetKey key) {
		return (key.scope() == BudgetScope.WORKSPACE) ? "workspace '" + key.workspace() + "'"
				: "%s '%s'".formatted(key.scope().name().toLowerCase(Locale.ROOT), key.value());
	}

	private static String amounts(BudgetSettings settings, BudgetUsage usage) {
		StringBuilder text = new StringBuilder();
		if (settings.usd() != null) {
			text.append("%s of %s USD are used and %s reserved".formatted(usd(usage.used()),
					settings.usd().toPlainString(), usd(usage.reserved())));
		}
		if (settings.tokens() != null) {
			text.append((settings.usd() != null) ? ", " : "")
				.append("%d of %d tokens are used and %d reserved".formatted(usage.used().tokens(), settings.tokens(),
						usage.reserved().tokens()));
		}
		return text.toString();
	}

	private static String usd(BudgetAmount amount) {
		return PicoUsd.toUsd(amount.picoUsd()).toPlainString();
	}

	/**
	 * Return why the call was refused.
	 * @return the reason
	 */
	public Reason getReason() {
		return this.reason;
	}

	/**
	 * Return the name of the budget.
	 * @return the name, {@value Budget#OF_PLAN} for that of the plan itself
	 */
	public String getBudget() {
		return this.budget;
	}

	/**
	 * Return the limit in US dollars.
	 * @return the limit, or {@code null} if there is none
	 */
	public @Nullable BigDecimal getLimitUsd() {
		return this.limitUsd;
	}

	/**
	 * Return what ended calls of this period have cost.
	 * @return the cost in US dollars
	 */
	public BigDecimal getUsedUsd() {
		return this.usedUsd;
	}

	/**
	 * Return the limit in tokens.
	 * @return the limit, or {@code null} if there is none
	 */
	public @Nullable Long getLimitTokens() {
		return this.limitTokens;
	}

	/**
	 * Return the tokens of ended calls of this period.
	 * @return the input and output tokens
	 */
	public long getUsedTokens() {
		return this.usedTokens;
	}

	/**
	 * Return when the budget is whole again.
	 * @return the time
	 */
	public Instant getResetsAt() {
		return this.resetsAt;
	}

	/**
	 * Why a call was refused.
	 */
	public enum Reason {

		/**
		 * What the call may cost is more than what is left.
		 */
		LIMIT,

		/**
		 * The model has no price.
		 */
		UNKNOWN_PRICE,

		/**
		 * The budget cannot be read.
		 */
		UNAVAILABLE

	}

}
