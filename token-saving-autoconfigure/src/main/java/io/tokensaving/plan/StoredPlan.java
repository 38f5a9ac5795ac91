package io.tokensaving.plan;

import java.util.Map;

import org.springframework.util.Assert;

/**
 * A plan of a {@link MutablePlanRepository}. Immutable.
 *
 * @param plan the plan
 * @param version the version, 1 or more
 * @param settings the document that the plan was read from, names in kebab case
 */
public record StoredPlan(Plan plan, long version, Map<String, Object> settings) {

	/**
	 * Check the version.
	 * @throws IllegalArgumentException if it is below 1
	 */
	public StoredPlan {
		Assert.isTrue(version >= 1, "'version' must be at least 1");
		settings = SettingsDocument.of(settings).asMap();
	}

}
