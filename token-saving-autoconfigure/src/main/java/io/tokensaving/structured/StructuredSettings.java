package io.tokensaving.structured;

import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.LabelText;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

/**
 * The {@code structured} settings of a plan. Immutable.
 *
 * @param nativeMode whether the provider is asked to enforce the schema
 * @param repair whether answers are repaired that are not valid
 * @param retry how an answer that cannot be repaired is asked for again
 * @param retryTier the tier that patches such answers, or {@code null} if none does
 * @param holdout the share of requests, 0 to 1, whose schema the provider is not asked to
 * enforce although it could, so that the difference is measured
 */
public record StructuredSettings(NativeMode nativeMode, boolean repair, RetryMode retry, @Nullable String retryTier,
		double holdout) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "structured";

	/**
	 * The defaults.
	 */
	public static final StructuredSettings DEFAULTS = new StructuredSettings(NativeMode.AUTO, true, RetryMode.SAME,
			null, 0);

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range, or answers are to be
	 * patched and no tier is named
	 */
	public StructuredSettings {
		if (!(holdout >= 0 && holdout <= 1)) {
			throw new InvalidPlanException("structured.holdout", holdout, "a share from 0 to 1");
		}
		// Turns -0.0 into 0.0, as equals() tells them apart
		holdout = holdout + 0.0;
		if (retryTier != null && !LabelText.isAccepted(retryTier)) {
			throw new InvalidPlanException("structured.retry-tier", retryTier, "the name of a tier");
		}
		if (retry == RetryMode.PATCH && retryTier == null) {
			throw new InvalidPlanException("structured.retry", SettingText.of(retry),
					"'same', or 'patch' together with the name of a tier in 'structured.retry-tier'");
		}
	}

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("enabled", true);
		values.put("native", SettingText.of(this.nativeMode));
		values.put("repair", this.repair);
		values.put("retry", SettingText.of(this.retry));
		if (this.retryTier != null) {
			values.put("retry-tier", this.retryTier);
		}
		values.put("holdout", this.holdout);
		return values;
	}

}
