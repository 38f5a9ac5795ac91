package io.tokensaving.budget;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

/**
 * The {@code budget} section of a plan.
 */
public class BudgetProperties {

	/**
	 * Whether the budget holds.
	 */
	private boolean enabled = true;

	/**
	 * Period after which the budget is whole again: 'day' or 'month'.
	 */
	private BudgetSettings.Period per = BudgetSettings.Period.DAY;

	/**
	 * Limit in US dollars.
	 */
	private @Nullable BigDecimal usd;

	/**
	 * Limit of input and output tokens together.
	 */
	private @Nullable Long tokens;

	/**
	 * Share of the limit at which there is a warning, above 0 and at most 1.
	 */
	private double warn = 0.8;

	/**
	 * What happens to a call that the budget has no room for: 'warn' lets it go to the
	 * model, 'refuse' fails with a TokenBudgetExceededException.
	 */
	private BudgetSettings.Action action = BudgetSettings.Action.WARN;

	/**
	 * What happens to a call of a model without a price, if there is a limit in US
	 * dollars: 'count' counts its tokens only, 'refuse' fails.
	 */
	private BudgetSettings.UnknownPrice unknownPrice = BudgetSettings.UnknownPrice.COUNT;

	/**
	 * What happens to calls while the budget cannot be read: 'allow' or 'refuse'.
	 */
	private BudgetSettings.OnFailure onFailure = BudgetSettings.OnFailure.ALLOW;

	/**
	 * Output tokens that are reserved for a request that does not limit them.
	 */
	private int maxOutputTokens = 4096;

	/**
	 * Time zone in which days and months begin.
	 */
	private String zone = "UTC";

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public BudgetSettings.Period getPer() {
		return this.per;
	}

	public void setPer(BudgetSettings.Period per) {
		this.per = per;
	}

	public @Nullable BigDecimal getUsd() {
		return this.usd;
	}

	public void setUsd(@Nullable BigDecimal usd) {
		this.usd = usd;
	}

	public @Nullable Long getTokens() {
		return this.tokens;
	}

	public void setTokens(@Nullable Long tokens) {
		this.tokens = tokens;
	}

	public double getWarn() {
		return this.warn;
	}

	public void setWarn(double warn) {
		this.warn = warn;
	}

	public BudgetSettings.Action getAction() {
		return this.action;
	}

	public void setAction(BudgetSettings.Action action) {
		this.action = action;
	}

	public BudgetSettings.UnknownPrice getUnknownPrice() {
		return this.unknownPrice;
	}

	public void setUnknownPrice(BudgetSettings.UnknownPrice unknownPrice) {
		this.unknownPrice = unknownPrice;
	}

	public BudgetSettings.OnFailure getOnFailure() {
		return this.onFailure;
	}

	public void setOnFailure(BudgetSettings.OnFailure onFailure) {
		this.onFailure = onFailure;
	}

	public int getMaxOutputTokens() {
		return this.maxOutputTokens;
	}

	public void setMaxOutputTokens(int maxOutputTokens) {
		this.maxOutputTokens = maxOutputTokens;
	}

	public String getZone() {
		return this.zone;
	}

	public void setZone(String zone) {
		this.zone = zone;
	}

	/**
	 * Check the settings.
	 * @return the settings, or {@code null} if the budget does not hold
	 * @throws io.tokensaving.plan.InvalidPlanException if a value is not accepted
	 */
	@Nullable BudgetSettings toSettings() {
		return this.enabled ? new BudgetSettings(this.per, this.usd, this.tokens, this.warn, this.action,
				this.unknownPrice, this.onFailure, this.maxOutputTokens, BudgetSettings.zone(this.zone)) : null;
	}

}
