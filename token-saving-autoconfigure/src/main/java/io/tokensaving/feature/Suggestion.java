package io.tokensaving.feature;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * A value that a feature would choose for one of its settings, by what a plan that only
 * observes has shown, and the figures behind it. Immutable.
 *
 * @param setting the setting as the endpoint names it, such as {@code cache.ttl}
 * @param now the value that the plan has, as a configuration would contain it
 * @param value the value that it should have, in the same form, or {@code null} if what
 * was seen does not tell
 * @param certain whether the figures prove that the value keeps the limits of the plan;
 * otherwise it is the best as far as is known
 * @param observations how many observations the value is chosen by
 * @param needed how many there have to be for a value to be chosen
 * @param curve what other values come to: texts and numbers by name in snake case,
 * {@code value} first
 */
public record Suggestion(String setting, Object now, @Nullable Object value, boolean certain, long observations,
		long needed, List<Map<String, Object>> curve) {

	/**
	 * Check and copy the values.
	 * @throws IllegalArgumentException if the setting is not in a section
	 */
	public Suggestion {
		Assert.isTrue(setting.indexOf('.') > 0, () -> "'setting' must name a section, but is '" + setting + "'");
		curve = curve.stream().map((point) -> Collections.unmodifiableMap(new LinkedHashMap<>(point))).toList();
	}

}
