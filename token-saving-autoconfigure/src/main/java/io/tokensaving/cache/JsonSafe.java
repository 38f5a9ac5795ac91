package io.tokensaving.cache;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Values that JSON can hold: texts, numbers, booleans, enum constants, and lists and maps
 * of them.
 */
final class JsonSafe {

	private static final Object UNSAFE = new Object();

	private static final int SCALAR_BYTES = 24;

	private static final int ENTRY_BYTES = 48;

	private JsonSafe() {
	}

	/**
	 * Copy the entries whose values JSON can hold, and leave out the others.
	 * @param entries the entries
	 * @return an unmodifiable deep copy
	 */
	static Map<String, Object> copy(Collection<Map.Entry<String, Object>> entries) {
		Map<String, Object> copy = new HashMap<>();
		for (Map.Entry<String, Object> entry : entries) {
			Object value = copyValue(entry.getValue());
			if (value != null && value != UNSAFE) {
				copy.put(entry.getKey(), value);
			}
		}
		return Map.copyOf(copy);
	}

	private static @Nullable Object copyValue(@Nullable Object value) {
		if (value == null || value instanceof String || value instanceof Boolean || value instanceof Integer
				|| value instanceof Long || value instanceof Double || value instanceof Float || value instanceof Short
				|| value instanceof Byte || value instanceof BigDecimal || value instanceof BigInteger
				|| value instanceof Enum) {
			return value;
		}
		if (value instanceof List<?> list) {
			List<@Nullable Object> copy = new ArrayList<>(list.size());
			for (Object element : list) {
				Object safe = copyValue(element);
				if (safe == UNSAFE) {
					return UNSAFE;
				}
				copy.add(safe);
			}
			return Collections.unmodifiableList(copy);
		}
		if (value instanceof Map<?, ?> map) {
			Map<String, @Nullable Object> copy = new LinkedHashMap<>();
			for (Map.Entry<?, ?> entry : map.entrySet()) {
				Object safe = copyValue(entry.getValue());
				if (safe == UNSAFE || !(entry.getKey() instanceof String key)) {
					return UNSAFE;
				}
				copy.put(key, safe);
			}
			return Collections.unmodifiableMap(copy);
		}
		return UNSAFE;
	}

	/**
	 * Return about how many bytes a value takes up in memory.
	 * @param value the value
	 * @return the size in bytes
	 */
	static long size(@Nullable Object value) {
		if (value instanceof CharSequence text) {
			// Two bytes for each UTF-16 unit: an upper bound for compact strings
			return ENTRY_BYTES + 2L * text.length();
		}
		if (value instanceof byte[] bytes) {
			return (long) SCALAR_BYTES + bytes.length;
		}
		if (value instanceof Collection<?> collection) {
			return ENTRY_BYTES + collection.stream().mapToLong(JsonSafe::size).sum();
		}
		if (value instanceof Map<?, ?> map) {
			long size = ENTRY_BYTES;
			for (Map.Entry<?, ?> entry : map.entrySet()) {
				size += ENTRY_BYTES + size(entry.getKey()) + size(entry.getValue());
			}
			return size;
		}
		return SCALAR_BYTES;
	}

}
