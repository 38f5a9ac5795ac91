package io.tokensaving.actuate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.SettingsDocument;
import org.jspecify.annotations.Nullable;

/**
 * A plan in a request body: either with its settings next to its id, or in the form in
 * which the endpoint shows a plan. Immutable.
 *
 * @param id the id in the body, or {@code null} if there is none
 * @param idField the name by which the body has the id
 * @param version the expected version, or {@code null} for any
 * @param settings the settings
 * @param hasSettingsSection whether the settings were in a section of their own, as the
 * endpoint shows them
 */
record PlanRequest(@Nullable String id, String idField, @Nullable Long version, Map<String, @Nullable Object> settings,
		boolean hasSettingsSection) {

	/**
	 * The field that holds the id.
	 */
	static final String ID = "id";

	/**
	 * The name that other products have for the field.
	 */
	static final String PLAN_NAME = "plan_name";

	/**
	 * The field that holds the expected version.
	 */
	static final String VERSION = "version";

	private static final String SETTINGS = "settings";

	// Fields that the endpoint shows but that cannot be set
	private static final Set<String> SHOWN_ONLY = Set.of("source", "stats", "resumed");

	/**
	 * Return the name by which the endpoint shows a setting.
	 * @param name the name in kebab case
	 * @return the name in snake case
	 */
	static String endpointName(String name) {
		return name.replace('-', '_');
	}

	/**
	 * Create the request from the fields of a body.
	 * @param fields the fields
	 * @return the request
	 * @throws InvalidPlanException if the id or the version has the wrong type, or if
	 * there are other fields next to a section of settings
	 */
	static PlanRequest of(Map<String, ? extends @Nullable Object> fields) {
		Map<String, @Nullable Object> settings = new LinkedHashMap<>(fields);
		Object name = settings.remove(PLAN_NAME);
		Object id = settings.remove(ID);
		String idField = (name != null && id == null) ? PLAN_NAME : ID;
		id = (id != null) ? id : name;
		if (id != null && !(id instanceof String)) {
			throw new InvalidPlanException(idField, id, "a text");
		}
		if (name != null && !name.equals(id)) {
			throw new InvalidPlanException(PLAN_NAME, name, "nothing, or the same as '%s'".formatted(ID));
		}
		Long version = version(settings.remove(VERSION));
		if (!settings.containsKey(SETTINGS)) {
			return new PlanRequest((String) id, idField, version, settings, false);
		}
		if (!(settings.remove(SETTINGS) instanceof Map<?, ?> section)) {
			throw new InvalidPlanException(SETTINGS, "no section", "a section with the settings of the plan");
		}
		settings.keySet().removeAll(SHOWN_ONLY);
		for (String field : settings.keySet()) {
			throw new InvalidPlanException(field, "given beside 'settings'", "a setting in the section 'settings'");
		}
		section.forEach((setting, value) -> settings.put(String.valueOf(setting), value));
		return new PlanRequest((String) id, idField, version, settings, true);
	}

	/**
	 * Read an expected version.
	 * @param value the value, or {@code null} for any
	 * @return the version, or {@code null} for any
	 * @throws InvalidPlanException if it is not a whole number above zero
	 */
	static @Nullable Long version(@Nullable Object value) {
		if (value == null) {
			return null;
		}
		if (value instanceof String || value instanceof Integer || value instanceof Long) {
			String text = value.toString();
			if (text.matches("[0-9]{1,18}") && Long.parseLong(text) >= 1) {
				return Long.parseLong(text);
			}
		}
		throw new InvalidPlanException(VERSION, value, "a whole number of at least 1");
	}

	/**
	 * Return the name of a field as the request contains it.
	 * @param field the field in kebab case
	 * @return the name in the request, or else the name that the endpoint shows
	 */
	String nameInRequest(String field) {
		String written = find(this.settings, field, "", "");
		if (written == null && (field.equals(ID) || field.equals(VERSION))) {
			return field.equals(ID) ? this.idField : field;
		}
		return (this.hasSettingsSection ? SETTINGS + "." : "") + ((written != null) ? written : endpointName(field));
	}

	private static @Nullable String find(Map<?, ?> section, String field, String path, String written) {
		for (Map.Entry<?, ?> entry : section.entrySet()) {
			String name = String.valueOf(entry.getKey());
			String canonical = path + SettingsDocument.canonicalName(name);
			if (field.equals(canonical)) {
				return written + name;
			}
			if (field.startsWith(canonical + "[")) {
				return written + name + element(entry.getValue(), field.substring(canonical.length()));
			}
			if (entry.getValue() instanceof Map<?, ?> inner && field.startsWith(canonical + ".")) {
				String found = find(inner, field, canonical + ".", written + name + ".");
				if (found != null) {
					return found;
				}
			}
		}
		return null;
	}

	// The rest of a field behind the name of a list: an index, and a setting of a section
	private static String element(@Nullable Object value, String rest) {
		int end = rest.indexOf("].") + 1;
		if (end == 0) {
			return rest;
		}
		String index = rest.substring(0, end);
		String setting = rest.substring(end + 1);
		Map<?, ?> section = (value instanceof List<?> list && section(list, index) instanceof Map<?, ?> found) ? found
				: Map.of();
		String written = find(section, setting, "", "");
		return index + "." + ((written != null) ? written : endpointName(setting));
	}

	private static @Nullable Object section(List<?> list, String index) {
		String number = index.substring(1, index.length() - 1);
		int i = number.matches("[0-9]{1,6}") ? Integer.parseInt(number) : list.size();
		return (i < list.size()) ? list.get(i) : null;
	}

}
