package io.tokensaving.shadow;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.feature.Suggestion;

/**
 * The settings that features would choose, as the endpoint shows them. Immutable.
 *
 * @param suggestions the suggestions of all features
 */
record SuggestedSettings(List<Suggestion> suggestions) {

	/**
	 * Copy the suggestions.
	 */
	SuggestedSettings {
		suggestions = List.copyOf(suggestions);
	}

	/**
	 * Add the settings and what they are chosen by to a forecast.
	 * @param forecast the forecast
	 */
	void describe(Map<String, Object> forecast) {
		Map<String, Map<String, Object>> settings = new LinkedHashMap<>();
		List<Map<String, Object>> described = new ArrayList<>();
		for (Suggestion suggestion : this.suggestions) {
			Object value = suggestion.value();
			if (value != null) {
				int dot = suggestion.setting().indexOf('.');
				settings.computeIfAbsent(suggestion.setting().substring(0, dot), (section) -> new LinkedHashMap<>())
					.put(suggestion.setting().substring(dot + 1), value);
			}
			described.add(describe(suggestion));
		}
		forecast.put("suggested", settings);
		forecast.put("suggestions", described);
	}

	private static Map<String, Object> describe(Suggestion suggestion) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("setting", suggestion.setting());
		described.put("now", suggestion.now());
		Object value = suggestion.value();
		if (value != null) {
			described.put("value", value);
			described.put("basis", suggestion.certain() ? "certain" : "as_far_as_known");
		}
		described.put("observations", suggestion.observations());
		described.put("needed", suggestion.needed());
		described.put("curve", suggestion.curve());
		return described;
	}

}
