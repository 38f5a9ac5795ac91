package io.tokensaving.cache;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import io.tokensaving.provider.MetadataType;
import io.tokensaving.provider.MetadataTypes;
import org.jspecify.annotations.Nullable;

/**
 * Converts metadata values to their stored form and back, and measures stored values.
 * Texts, numbers, booleans, bytes, lists and maps of them, and sets of texts are stored
 * as they are, values of other supported classes as {@link StoredObject}. Both directions
 * copy whatever is mutable, so that no caller can change a stored answer.
 */
final class StoredValues {

	/**
	 * The approximate size of a scalar value in memory, in bytes.
	 */
	static final int SCALAR_BYTES = 24;

	/**
	 * The approximate size of a text, a list, a map or a map entry in memory without its
	 * contents, in bytes.
	 */
	static final int ENTRY_BYTES = 48;

	/**
	 * What an empty collection or map takes up, with the view that keeps it from being
	 * changed.
	 */
	static final int COLLECTION_BYTES = 96;

	/**
	 * The approximate size in memory of what one delimiter in the JSON text of an object
	 * stands for, in bytes.
	 */
	private static final int NODE_BYTES = 128;

	// Map.copyOf and Set.copyOf make compact copies, but take quadratic time if many keys
	// have the same hash, which an attacker can arrange
	private static final int MAX_COMPACT_ENTRIES = 32;

	private static final int MAX_DEPTH = 100;

	private StoredValues() {
	}

	/**
	 * Convert entries to their stored form.
	 * @param entries the entries
	 * @param types the supported classes of values
	 * @return an unmodifiable deep copy
	 * @throws NotStorableException if a value cannot be restored
	 */
	static Map<String, @Nullable Object> copy(Collection<Map.Entry<String, Object>> entries, MetadataTypes types) {
		Map<String, @Nullable Object> copy = new HashMap<>();
		for (Map.Entry<String, Object> entry : entries) {
			copy.put(entry.getKey(), store(entry.getValue(), types));
		}
		return immutable(copy);
	}

	/**
	 * Restore values from their stored form.
	 * @param stored the stored form
	 * @param types the supported classes of values
	 * @return the values; the same map if none of them is mutable
	 * @throws IllegalArgumentException if a value cannot be restored
	 */
	@SuppressWarnings("unchecked")
	static Map<String, Object> replay(Map<String, ? extends @Nullable Object> stored, MetadataTypes types) {
		return (Map<String, Object>) Objects.requireNonNull(replay((Object) stored, types));
	}

	/**
	 * Copy a map in linear time, even if many keys have the same hash.
	 * @param map a map without {@code null} keys
	 * @return an unmodifiable copy
	 */
	static Map<String, @Nullable Object> immutable(Map<String, ? extends @Nullable Object> map) {
		return (map.size() <= MAX_COMPACT_ENTRIES && !hasNull(map)) ? Map.copyOf(map)
				: Collections.unmodifiableMap(new LinkedHashMap<>(map));
	}

	private static boolean hasNull(Map<String, ? extends @Nullable Object> map) {
		for (Object value : map.values()) {
			if (value == null) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Copy a set in linear time, even if many elements have the same hash.
	 * @param texts a set without {@code null}
	 * @return an unmodifiable copy
	 */
	static Set<String> immutable(Set<String> texts) {
		return (texts.size() <= MAX_COMPACT_ENTRIES) ? Set.copyOf(texts)
				: Collections.unmodifiableSet(new LinkedHashSet<>(texts));
	}

	/**
	 * Convert a value to its stored form.
	 * @param value the value
	 * @param types the supported classes of values
	 * @return a deep copy, unmodifiable but for byte arrays
	 * @throws NotStorableException if the value cannot be restored
	 */
	static @Nullable Object store(@Nullable Object value, MetadataTypes types) {
		// As the codec counts, for which the map of the metadata is the first level
		return store(value, types, 1);
	}

	private static @Nullable Object store(@Nullable Object value, MetadataTypes types, int depth) {
		if (depth > MAX_DEPTH) {
			throw new NotStorableException("Values are nested more than %d levels deep".formatted(MAX_DEPTH));
		}
		if (value == null || isScalar(value)) {
			return value;
		}
		if (CachedResponseCodec.isNumber(value)) {
			return value;
		}
		if (value instanceof byte[] bytes) {
			return bytes.clone();
		}
		if (value instanceof List<?> list) {
			List<@Nullable Object> copy = new ArrayList<>(list.size());
			for (Object element : list) {
				copy.add(store(element, types, depth + 1));
			}
			return Collections.unmodifiableList(copy);
		}
		if (value instanceof Set<?> set) {
			// Elements that are not comparable take quadratic time if their hashes are
			// equal
			if (!set.stream().allMatch(String.class::isInstance)) {
				throw new NotStorableException("A set holds something else than texts");
			}
			return Collections.unmodifiableSet(new LinkedHashSet<>(set));
		}
		if (value instanceof Map<?, ?> map) {
			Map<String, @Nullable Object> copy = new LinkedHashMap<>();
			for (Map.Entry<?, ?> entry : map.entrySet()) {
				if (!(entry.getKey() instanceof String key)) {
					throw new NotStorableException("A key is no text");
				}
				copy.put(key, store(entry.getValue(), types, depth + 1));
			}
			return Collections.unmodifiableMap(copy);
		}
		return takeApart(value, types, depth);
	}

	private static boolean isScalar(Object value) {
		return value instanceof String || value instanceof Boolean || value instanceof Integer || value instanceof Long
				|| value instanceof Double || value instanceof Float || value instanceof Short || value instanceof Byte;
	}

	// The value is restored at once and compared, because no rule can guarantee for every
	// class that it comes back equal
	private static StoredObject takeApart(Object value, MetadataTypes types, int depth) {
		MetadataType type = types.of(value);
		if (type == null) {
			throw new NotStorableException("No dialect names " + value.getClass().getName());
		}
		try {
			StoredObject stored = parts(value, type, types, depth);
			Object created = create(stored, types);
			if (created == value || created.equals(value)
					|| (!definesEquals(value.getClass()) && isEqual(parts(created, type, types, depth), stored))) {
				return stored;
			}
		}
		catch (NotStorableException ex) {
			throw ex;
		}
		catch (Exception | LinkageError ex) {
			throw new NotStorableException("Cannot take apart a value of type %s: %s".formatted(type.className(), ex));
		}
		throw new NotStorableException("A value of type %s would not come back".formatted(type.className()));
	}

	private static StoredObject parts(Object value, MetadataType type, MetadataTypes types, int depth)
			throws Exception {
		List<@Nullable Object> parts = new ArrayList<>();
		for (Object part : type.parts(value)) {
			parts.add(store(part, types, depth + 1));
		}
		return new StoredObject(type.className(), parts);
	}

	private static boolean definesEquals(Class<?> type) throws NoSuchMethodException {
		return type.getMethod("equals", Object.class).getDeclaringClass() != Object.class;
	}

	/**
	 * Whether two stored values are equal. Arrays of bytes are, if their bytes are.
	 * @param one a stored value
	 * @param other a stored value
	 * @return whether they are equal
	 */
	static boolean isEqual(@Nullable Object one, @Nullable Object other) {
		if (one instanceof byte[] bytes) {
			return other instanceof byte[] others && Arrays.equals(bytes, others);
		}
		if (one instanceof StoredObject object) {
			return other instanceof StoredObject another && object.type().equals(another.type())
					&& isEqual(object.parts(), another.parts());
		}
		if (one instanceof List<?> list) {
			if (!(other instanceof List<?> others) || list.size() != others.size()) {
				return false;
			}
			Iterator<?> iterator = others.iterator();
			for (Object element : list) {
				if (!isEqual(element, iterator.next())) {
					return false;
				}
			}
			return true;
		}
		if (one instanceof Map<?, ?> map) {
			return other instanceof Map<?, ?> others && map.keySet().equals(others.keySet())
					&& map.entrySet()
						.stream()
						.allMatch((entry) -> isEqual(entry.getValue(), others.get(entry.getKey())));
		}
		return (one != null) ? one.equals(other) : other == null;
	}

	/**
	 * Restore a value from its stored form.
	 * @param stored the stored form
	 * @param types the supported classes of values
	 * @return the value; the same instance if it is immutable
	 * @throws IllegalArgumentException if it cannot be restored
	 */
	static @Nullable Object replay(@Nullable Object stored, MetadataTypes types) {
		if (stored instanceof byte[] bytes) {
			return bytes.clone();
		}
		if (stored instanceof StoredObject object) {
			try {
				return create(object, types);
			}
			catch (Exception | LinkageError ex) {
				throw new IllegalArgumentException("A stored value cannot be built", ex);
			}
		}
		if (stored instanceof List<?> list) {
			return replay(list, types);
		}
		if (stored instanceof Map<?, ?> map) {
			Map<Object, @Nullable Object> copy = null;
			for (Map.Entry<?, ?> entry : map.entrySet()) {
				Object replayed = replay(entry.getValue(), types);
				if (replayed != entry.getValue()) {
					copy = (copy != null) ? copy : new LinkedHashMap<>(map);
					copy.put(entry.getKey(), replayed);
				}
			}
			return (copy != null) ? Collections.unmodifiableMap(copy) : map;
		}
		return stored;
	}

	private static List<? extends @Nullable Object> replay(List<?> list, MetadataTypes types) {
		List<@Nullable Object> copy = null;
		for (int i = 0; i < list.size(); i++) {
			Object replayed = replay(list.get(i), types);
			if (replayed != list.get(i)) {
				copy = (copy != null) ? copy : new ArrayList<>(list);
				copy.set(i, replayed);
			}
		}
		return (copy != null) ? Collections.unmodifiableList(copy) : list;
	}

	private static Object create(StoredObject object, MetadataTypes types) throws Exception {
		MetadataType type = types.named(object.type());
		if (type == null) {
			throw new IllegalArgumentException("No dialect names the class");
		}
		return type.create(replay(object.parts(), types));
	}

	/**
	 * Estimate how much memory a value occupies.
	 * @param value the value in its stored form, or {@code null}
	 * @return the size in bytes
	 */
	static long size(@Nullable Object value) {
		if (value instanceof CharSequence text) {
			return textSize(text.length());
		}
		if (value instanceof StoredObject object) {
			return objectSize(object);
		}
		if (value instanceof BigInteger integer) {
			return SCALAR_BYTES + digitsSize(integer);
		}
		if (value instanceof BigDecimal decimal) {
			return 2L * SCALAR_BYTES + digitsSize(decimal.unscaledValue());
		}
		if (value instanceof byte[] bytes) {
			return (long) SCALAR_BYTES + bytes.length;
		}
		if (value instanceof Collection<?> collection) {
			long entries = (value instanceof Set) ? (long) ENTRY_BYTES * collection.size() : 0;
			return COLLECTION_BYTES + entries + collection.stream().mapToLong(StoredValues::size).sum();
		}
		if (value instanceof Map<?, ?> map) {
			long size = COLLECTION_BYTES;
			for (Map.Entry<?, ?> entry : map.entrySet()) {
				size += ENTRY_BYTES + size(entry.getKey()) + size(entry.getValue());
			}
			return size;
		}
		return SCALAR_BYTES;
	}

	private static long objectSize(StoredObject object) {
		long size = ENTRY_BYTES + size(object.type()) + size(object.parts());
		for (Object part : object.parts()) {
			size += (part instanceof String text) ? structureSize(text) : 0;
		}
		return size;
	}

	/**
	 * Estimate how much memory an object occupies that is restored from a JSON text,
	 * without the text.
	 * @param text the text
	 * @return the size in bytes
	 */
	static long structureSize(String text) {
		long delimiters = 0;
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '{' || c == '[' || c == ',' || c == ':') {
				delimiters++;
			}
		}
		return delimiters * NODE_BYTES;
	}

	/**
	 * Estimate how much memory a text occupies.
	 * @param length the number of UTF-16 units
	 * @return the size in bytes
	 */
	static long textSize(int length) {
		// Compact strings may need less than two bytes a unit: this is an upper bound
		return ENTRY_BYTES + 2L * length;
	}

	/**
	 * Estimate how much memory the magnitude of a number occupies.
	 * @param number the number
	 * @return the size in bytes
	 */
	static long digitsSize(BigInteger number) {
		return ENTRY_BYTES + (long) number.bitLength() / Byte.SIZE;
	}

}
