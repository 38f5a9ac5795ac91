package io.tokensaving.structured;

import org.jspecify.annotations.Nullable;

/**
 * The {@code structured} section of a plan.
 */
public class StructuredProperties {

	/**
	 * Whether structured output is looked after.
	 */
	private boolean enabled = true;

	/**
	 * Whether the provider is asked to enforce the schema of the output: 'auto' where
	 * provider, model and schema are known to allow it, 'on' wherever nothing is known
	 * against it, or 'off'.
	 */
	private NativeMode nativeMode = NativeMode.AUTO;

	/**
	 * Whether answers that are not valid are repaired without asking again.
	 */
	private boolean repair = true;

	/**
	 * How an answer that cannot be repaired is asked for again: 'same' with the whole
	 * prompt, or 'patch' to give a cheaper tier the answer and what is wrong with it
	 * first.
	 */
	private RetryMode retry = RetryMode.SAME;

	/**
	 * Tier that patches answers.
	 */
	private @Nullable String retryTier;

	/**
	 * Share of requests, from 0 to 1, whose schema the provider is not asked to enforce,
	 * so that the difference is measured.
	 */
	private double holdout = 0.0;

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public NativeMode getNative() {
		return this.nativeMode;
	}

	public void setNative(NativeMode nativeMode) {
		this.nativeMode = nativeMode;
	}

	public boolean isRepair() {
		return this.repair;
	}

	public void setRepair(boolean repair) {
		this.repair = repair;
	}

	public RetryMode getRetry() {
		return this.retry;
	}

	public void setRetry(RetryMode retry) {
		this.retry = retry;
	}

	public @Nullable String getRetryTier() {
		return this.retryTier;
	}

	public void setRetryTier(@Nullable String retryTier) {
		this.retryTier = retryTier;
	}

	public double getHoldout() {
		return this.holdout;
	}

	public void setHoldout(double holdout) {
		this.holdout = holdout;
	}

	@Nullable StructuredSettings toSettings() {
		return this.enabled
				? new StructuredSettings(this.nativeMode, this.repair, this.retry, this.retryTier, this.holdout) : null;
	}

}
