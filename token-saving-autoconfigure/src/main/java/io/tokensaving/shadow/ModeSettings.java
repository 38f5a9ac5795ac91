package io.tokensaving.shadow;

import java.util.Map;

import io.tokensaving.plan.PlanSettings;

/**
 * The {@code mode} of a plan that is not active. Immutable.
 *
 * @param mode what the plan does to its requests
 */
public record ModeSettings(PlanMode mode) implements PlanSettings {

	/**
	 * The name of the setting in plans.
	 */
	public static final String SECTION = "mode";

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		return Map.of();
	}

	@Override
	public Object document() {
		return this.mode.value();
	}

}
