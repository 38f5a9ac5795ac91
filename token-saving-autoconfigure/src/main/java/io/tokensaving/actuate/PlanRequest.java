package io.tokensaving.actuate;

import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.SettingsDocument;
import org.jspecify.annotations.Nullable;

/**
 * A plan as a request describes it. Immutable.
 *
 * @param id the id in the body, or {@code null} if there is none
 * @param version the expected version, or {@code null} for any
 * @param settings everything else
 */
record PlanRequest(@Nullable String id, @Nullable Long version, Map<String, @Nullable Object> settings) {

	/**
	 * The field that holds the id.
	 */
	static final String ID = "id";

	/**
	 * The field that holds the expected version.
	 */
	static final String VERSION = "version";

	/**
	 * Take the fields of a body apart.
	 * @param fields the fields
	 * @return the request
	 * @throws InvalidPlanException if the id or the version is of the wrong type
	 */
	static PlanRequest of(Map<String, ? extends @Nullable Object> fields) {
		Map<String, @Nullable Object> settings = new LinkedHashMap<>(fields);
		Object id = settings.remove(ID);
		if (id != null && !(id instanceof String)) {
			throw new InvalidPlanException(ID, id, "a text");
		}
		return new PlanRequest((String) id, version(settings.remove(VERSION)), settings);
	}

	/**
	 * Read an expected version.
	 * @param value the value, or {@code null} for any
	 * @return the version, or {@code null} for any
	 * @throws InvalidPlanException if it is no whole number above zero
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
	 * Find how a field was written in the request.
	 * @param field the field as plans name it, in kebab case
	 * @return the field as it was written, or else the given one
	 */
	String asWritten(String field) {
		String written = find(this.settings, field, "", "");
		return (written != null) ? written : field;
	}

	private static @Nullable String find(Map<?, ?> section, String field, String path, String written) {
		for (Map.Entry<?, ?> entry : section.entrySet()) {
			String name = String.valueOf(entry.getKey());
			String canonical = path + SettingsDocument.canonicalName(name);
			if (field.equals(canonical)) {
				return written + name;
			}
			if (field.startsWith(canonical + "[")) {
				return written + name + field.substring(canonical.length());
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

}
