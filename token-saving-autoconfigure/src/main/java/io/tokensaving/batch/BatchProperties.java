package io.tokensaving.batch;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The {@code batch} section of a plan.
 */
public class BatchProperties {

	/**
	 * Whether these settings hold.
	 */
	private boolean enabled = true;

	/**
	 * How long a deferred answer may take if the application does not say, from 1 minute
	 * to 14 days.
	 */
	private Duration within = Duration.ofHours(24);

	/**
	 * How later rounds of a tool loop are asked: 'live' at once, 'batch' in a batch of
	 * their own.
	 */
	private BatchSettings.Tools tools = BatchSettings.Tools.LIVE;

	/**
	 * Whether a request that says how long its caller can wait goes to a cheaper service
	 * tier.
	 */
	private boolean flex = true;

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public Duration getWithin() {
		return this.within;
	}

	public void setWithin(Duration within) {
		this.within = within;
	}

	public BatchSettings.Tools getTools() {
		return this.tools;
	}

	public void setTools(BatchSettings.Tools tools) {
		this.tools = tools;
	}

	public boolean isFlex() {
		return this.flex;
	}

	public void setFlex(boolean flex) {
		this.flex = flex;
	}

	/**
	 * Check the settings.
	 * @return the settings, or {@code null} if they do not hold
	 * @throws io.tokensaving.plan.InvalidPlanException if a value is not accepted
	 */
	@Nullable BatchSettings toSettings() {
		return this.enabled ? new BatchSettings(this.within, this.tools, this.flex) : null;
	}

}
