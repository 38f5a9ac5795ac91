package io.tokensaving.plan;

import java.util.Map;

/**
 * The settings of one feature in a plan: a section of the plan. A plan holds at most one
 * instance of each class. Implementations are immutable, compare by value, and validate
 * themselves in their constructor.
 */
public interface PlanSettings {

	/**
	 * Return the name of the section.
	 * @return the name in kebab case, such as {@code cache}
	 */
	String section();

	/**
	 * Return the settings as they may be written in a configuration or a stored plan.
	 * Reading them again creates equal settings.
	 * @return texts, booleans, numbers, sections, which are such maps, and lists of these
	 * by their names in kebab case
	 */
	Map<String, Object> values();

	/**
	 * Return what stands behind the name of the section.
	 * @return {@link #values()}, or a text if the section is a single setting
	 */
	default Object document() {
		return values();
	}

}
