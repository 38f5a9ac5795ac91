package io.tokensaving.request;

import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.tokensaving.provider.Dialect;
import org.jspecify.annotations.Nullable;

/**
 * HTTP headers in one canonical form: they may be given as a map of names to one or
 * several values, as pairs of name and value, or as lines such as {@code X-Model:
 * large}. Names are compared without regard to case, the values of one name keep their
 * order, and headers that cannot change the answer are left out.
 */
final class HeaderFields {

	private HeaderFields() {
	}

	/**
	 * Read headers.
	 * @param value an object that may hold headers
	 * @param dialect knows which headers cannot change the answer
	 * @return the values by name, without irrelevant headers, or {@code null} if the
	 * value has none of these forms
	 */
	static @Nullable SortedMap<String, List<@Nullable Object>> of(@Nullable Object value, Dialect dialect) {
		if (value instanceof Map<?, ?> map) {
			return collect(map.entrySet(), dialect);
		}
		if (value instanceof Object[] array) {
			return collect(Arrays.asList(array), dialect);
		}
		return (value instanceof Collection<?> collection) ? collect(collection, dialect) : null;
	}

	private static @Nullable SortedMap<String, List<@Nullable Object>> collect(Collection<?> elements,
			Dialect dialect) {
		SortedMap<String, List<@Nullable Object>> fields = new TreeMap<>();
		for (Object element : elements) {
			Map.Entry<?, ?> entry = entry(element);
			if (entry == null) {
				return null;
			}
			String name = String.valueOf(entry.getKey()).toLowerCase(Locale.ROOT);
			if (!dialect.isIrrelevantHeader(name)) {
				add(fields.computeIfAbsent(name, (added) -> new ArrayList<>(1)), entry.getValue());
			}
		}
		return fields;
	}

	private static void add(List<@Nullable Object> values, @Nullable Object value) {
		if (value instanceof Collection<?> several) {
			values.addAll(several);
		}
		else if (value instanceof Object[] several) {
			values.addAll(Arrays.asList(several));
		}
		else {
			values.add(value);
		}
	}

	private static Map.@Nullable Entry<?, ?> entry(@Nullable Object element) {
		if (element instanceof Map.Entry<?, ?> entry) {
			return entry;
		}
		if (element instanceof CharSequence line) {
			int colon = line.toString().indexOf(':');
			return (colon > 0) ? new AbstractMap.SimpleEntry<>(line.subSequence(0, colon).toString(),
					line.subSequence(colon + 1, line.length()).toString()) : null;
		}
		if (element == null || element.getClass().isArray() || element instanceof Collection<?>) {
			return null;
		}
		return pair(element);
	}

	private static Map.@Nullable Entry<?, ?> pair(Object element) {
		Object name = null;
		Object value = null;
		for (ObjectProperty property : ObjectProperty.of(element.getClass())) {
			String what = property.lowerCaseName();
			if ("name".equals(what) || "key".equals(what)) {
				name = property.read(element);
			}
			else if ("value".equals(what) || "values".equals(what)) {
				value = property.read(element);
			}
			else {
				// Its other properties would be lost
				return null;
			}
		}
		return (name instanceof CharSequence) ? new AbstractMap.SimpleEntry<>(name, value) : null;
	}

}
