package io.tokensaving.plan;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * The settings of a plan as they are stored: sections are maps, names are in kebab case,
 * and a setting is a text, a boolean, a number, a section, or a list of these but lists.
 * Whole numbers are {@link Long} or, if they are too large, {@link BigInteger}; other
 * numbers are {@link BigDecimal}, so that two documents with the same settings are equal.
 * The document does not check which settings exist. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class SettingsDocument {

	/**
	 * The document without settings.
	 */
	public static final SettingsDocument EMPTY = new SettingsDocument(Map.of());

	/**
	 * The name of the setting that names the plan on which a plan is based.
	 */
	public static final String BASED_ON = "based-on";

	private static final int MAX_DEPTH = 10;

	private final Map<String, @Nullable Object> settings;

	private SettingsDocument(Map<String, @Nullable Object> settings) {
		this.settings = settings;
	}

	/**
	 * Read settings.
	 * @param settings the settings: names in kebab or snake case, where dots may stand
	 * for nesting; may hold {@code null}, which removes a setting if this is a patch
	 * @return the document
	 * @throws InvalidPlanException if a value has a type that no setting has, or if a
	 * name is set twice
	 */
	public static SettingsDocument of(Map<String, ? extends @Nullable Object> settings) {
		TreeMap<String, @Nullable Object> copy = new TreeMap<>();
		addAll(copy, settings, "", 1);
		return new SettingsDocument(sealed(copy));
	}

	/**
	 * Create the document of a plan. Reading the document creates an equal plan.
	 * @param plan the plan
	 * @return the document, with all settings of the sections that the plan has
	 */
	public static SettingsDocument of(Plan plan) {
		Map<String, Object> sections = new TreeMap<>();
		plan.settings().forEach((settings) -> sections.put(settings.section(), settings.document()));
		return of(sections);
	}

	/**
	 * Return the name by which a setting is stored.
	 * @param name the name in kebab or snake case
	 * @return the name in kebab case
	 */
	public static String canonicalName(String name) {
		return name.replace('_', '-');
	}

	private static void addAll(TreeMap<String, @Nullable Object> target, Map<?, ? extends @Nullable Object> source,
			String path, int depth) {
		if (depth > MAX_DEPTH) {
			throw new InvalidPlanException(path, "a section in a section", "at most " + MAX_DEPTH + " levels");
		}
		source.forEach((key, value) -> {
			if (!(key instanceof String name)) {
				throw new InvalidPlanException(path, String.valueOf(key), "a text as the name of a setting");
			}
			add(target, canonicalName(name), value, path, depth);
		});
	}

	private static void add(TreeMap<String, @Nullable Object> target, String name, @Nullable Object value, String path,
			int depth) {
		int dot = name.indexOf('.');
		String first = (dot >= 0) ? name.substring(0, dot) : name;
		String field = path + first;
		if (first.isBlank() || dot == name.length() - 1 || !isText(first)) {
			throw new InvalidPlanException(path + name, name, "the name of a setting");
		}
		if (dot >= 0) {
			addAll(section(target, first, field), Collections.singletonMap(name.substring(dot + 1), value), field + ".",
					depth + 1);
		}
		else if (value instanceof Map<?, ?> map) {
			addAll(section(target, first, field), map, field + ".", depth + 1);
		}
		else if (target.containsKey(first)) {
			throw twice(field);
		}
		else {
			target.put(first, (value != null) ? leaf(field, value, depth) : null);
		}
	}

	@SuppressWarnings("unchecked")
	private static TreeMap<String, @Nullable Object> section(TreeMap<String, @Nullable Object> target, String name,
			String field) {
		if (!target.containsKey(name)) {
			target.put(name, new TreeMap<String, @Nullable Object>());
		}
		if (target.get(name) instanceof TreeMap<?, ?> section) {
			return (TreeMap<String, @Nullable Object>) section;
		}
		throw twice(field);
	}

	private static InvalidPlanException twice(String field) {
		return new InvalidPlanException(field, "given twice", "one value");
	}

	private static Object leaf(String field, Object value, int depth) {
		if (value instanceof Collection<?> elements) {
			List<Object> list = new ArrayList<>();
			for (Object element : elements) {
				String place = field + "[" + list.size() + "]";
				list.add((element instanceof Map<?, ?> map) ? element(place, map, depth) : scalar(place, element));
			}
			return Collections.unmodifiableList(list);
		}
		return scalar(field, value);
	}

	private static Map<String, @Nullable Object> element(String field, Map<?, ? extends @Nullable Object> section,
			int depth) {
		TreeMap<String, @Nullable Object> element = new TreeMap<>();
		addAll(element, section, field + ".", depth + 1);
		refuseNull(field + ".", element);
		return sealed(element);
	}

	// A patch replaces a list as a whole, so that there is nothing in it to remove
	private static void refuseNull(String path, Map<?, ? extends @Nullable Object> section) {
		section.forEach((name, value) -> {
			if (value == null) {
				throw new InvalidPlanException(path + name, "null",
						"a value, or no such setting: a list replaces the one before as a whole");
			}
			if (value instanceof Map<?, ?> inner) {
				refuseNull(path + name + ".", inner);
			}
		});
	}

	private static Object scalar(String field, @Nullable Object value) {
		if (value instanceof String text) {
			if (!isText(text)) {
				throw new InvalidPlanException(field, "a text with half a character", "valid Unicode");
			}
			return text;
		}
		if (value instanceof BigDecimal decimal && decimal.scale() == 0) {
			// As which it is read again from JSON
			return scalar(field, decimal.unscaledValue());
		}
		if (value instanceof Boolean || value instanceof BigDecimal) {
			return value;
		}
		if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
			return ((Number) value).longValue();
		}
		if (value instanceof BigInteger whole) {
			return (whole.bitLength() < Long.SIZE) ? (Object) whole.longValue() : whole;
		}
		if ((value instanceof Double || value instanceof Float) && Double.isFinite(((Number) value).doubleValue())) {
			return new BigDecimal(value.toString());
		}
		throw new InvalidPlanException(field, String.valueOf(value), field.endsWith("]")
				? "a text, a number, true, false or a section" : "a text, a number, true, false or a list");
	}

	// An unpaired surrogate cannot be encoded as UTF-8
	private static boolean isText(String text) {
		for (int i = 0; i < text.length(); i++) {
			char character = text.charAt(i);
			if (Character.isHighSurrogate(character) && i + 1 < text.length()
					&& Character.isLowSurrogate(text.charAt(i + 1))) {
				i++;
			}
			else if (Character.isSurrogate(character)) {
				return false;
			}
		}
		return true;
	}

	private static Map<String, @Nullable Object> sealed(TreeMap<String, @Nullable Object> settings) {
		settings.replaceAll((name, value) -> {
			@SuppressWarnings("unchecked")
			Object sealed = (value instanceof TreeMap<?, ?> section)
					? sealed((TreeMap<String, @Nullable Object>) section) : value;
			return sealed;
		});
		return Collections.unmodifiableMap(settings);
	}

	/**
	 * Apply a patch, as a JSON merge patch (RFC 7396) does.
	 * @param patch what changes; {@code null} removes a setting or a section
	 * @return the changed document, which holds no {@code null}
	 */
	public SettingsDocument merge(SettingsDocument patch) {
		return new SettingsDocument(merge(this.settings, patch.settings));
	}

	@SuppressWarnings("unchecked")
	private static Map<String, @Nullable Object> merge(Map<String, @Nullable Object> target,
			Map<String, @Nullable Object> patch) {
		Map<String, @Nullable Object> merged = new TreeMap<>(target);
		patch.forEach((name, value) -> {
			if (value == null) {
				merged.remove(name);
			}
			else if (value instanceof Map<?, ?> section) {
				Map<String, @Nullable Object> before = (merged.get(name) instanceof Map<?, ?> present)
						? (Map<String, @Nullable Object>) present : Map.of();
				merged.put(name, merge(before, (Map<String, @Nullable Object>) section));
			}
			else {
				merged.put(name, value);
			}
		});
		return Collections.unmodifiableMap(merged);
	}

	/**
	 * Return the names that a patch removes but that this document does not have.
	 * @param patch the patch
	 * @return the names, with dots for nesting
	 */
	List<String> removedButMissing(SettingsDocument patch) {
		List<String> names = new ArrayList<>();
		addRemovedInVain(names, this.settings, patch.settings, "");
		return names;
	}

	private static void addRemovedInVain(List<String> names, Map<?, ? extends @Nullable Object> target, Map<?, ?> patch,
			String path) {
		patch.forEach((name, value) -> {
			if (value instanceof Map<?, ?> section) {
				Map<?, ?> before = (target.get(name) instanceof Map<?, ?> present) ? present : Map.of();
				addRemovedInVain(names, before, section, path + name + ".");
			}
			else if (value == null && !target.containsKey(name)) {
				names.add(path + name);
			}
		});
	}

	/**
	 * Return the settings.
	 * @return unmodifiable maps in maps, ordered by name; holds {@code null} only if this
	 * is a patch
	 */
	// Only a patch holds null
	@SuppressWarnings("NullAway")
	public Map<String, Object> asMap() {
		return this.settings;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof SettingsDocument document && this.settings.equals(document.settings);
	}

	@Override
	public int hashCode() {
		return this.settings.hashCode();
	}

	@Override
	public String toString() {
		return this.settings.toString();
	}

}
