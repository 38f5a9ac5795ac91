package io.tokensaving.budget;

import java.math.BigDecimal;
import java.time.Instant;

import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.ledger.PicoUsd;
import org.jspecify.annotations.Nullable;

/**
 * A budget has reached its limit, or had no room for a call for the first time. Published
 * once in a period, by one of the instances that share the budget. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan of the call that made it happen
 * @param budget the name of the budget
 * @param limitUsd the limit in US dollars, or {@code null} if there is none
 * @param usedUsd what ended calls have cost in US dollars
 * @param limitTokens the limit in tokens, or {@code null} if there is none
 * @param usedTokens the tokens of ended calls
 * @param resetsAt when the budget is whole again
 */
public record BudgetExceededEvent(String workspace, String plan, String budget, @Nullable BigDecimal limitUsd,
		BigDecimal usedUsd, @Nullable Long limitTokens, long usedTokens, Instant resetsAt) implements TokenSavingEvent {

	static BudgetExceededEvent of(BudgetClaim claim, BudgetUsage usage) {
		return new BudgetExceededEvent(claim.key().workspace(), claim.plan(), claim.key().budget(),
				claim.settings().usd(), PicoUsd.toUsd(usage.used().picoUsd()), claim.settings().tokens(),
				usage.used().tokens(), claim.window().end());
	}

}
