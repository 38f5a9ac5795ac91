package io.tokensaving.samples.gateway.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import org.jspecify.annotations.Nullable;

/**
 * JSON that is made up, changed and written at random.
 */
public final class RandomJson {

	private RandomJson() {
	}

	public static Arbitrary<@Nullable Object> values(int depth) {
		Arbitrary<@Nullable Object> leaf = Arbitraries.oneOf(Arbitraries.strings().ofMaxLength(8).map((text) -> text),
				Arbitraries.longs().map((number) -> number), Arbitraries.of(true, false, null));
		if (depth == 0) {
			return leaf;
		}
		return Arbitraries.oneOf(leaf,
				Arbitraries.lazy(() -> values(depth - 1).list().ofMaxSize(3).map((list) -> list)),
				Arbitraries.lazy(() -> Arbitraries
					.maps(Arbitraries.strings().ofMaxLength(4).map((name) -> "k" + name), values(depth - 1))
					.ofMaxSize(3)
					.map((map) -> map)));
	}

	@SuppressWarnings("unchecked")
	public static Map<String, @Nullable Object> object(String body) {
		return (Map<String, @Nullable Object>) JsonReader.read(body.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Change one leaf, or add a member, anywhere.
	 * @param container a map or list, which is changed
	 * @param random decides where
	 */
	@SuppressWarnings("unchecked")
	public static void change(Object container, Random random) {
		if (container instanceof Map<?, ?> given) {
			Map<String, @Nullable Object> map = (Map<String, @Nullable Object>) given;
			if (map.isEmpty() || random.nextInt(6) == 0) {
				map.put("added" + random.nextInt(100), 1L);
				return;
			}
			String name = new ArrayList<>(map.keySet()).get(random.nextInt(map.size()));
			Object value = map.get(name);
			if ((value instanceof Map || value instanceof List) && !(value instanceof List<?> list && list.isEmpty())) {
				change(value, random);
			}
			else {
				map.put(name, changed(name, value));
			}
		}
		else {
			List<@Nullable Object> list = (List<@Nullable Object>) container;
			int index = random.nextInt(list.size());
			Object value = list.get(index);
			if (value instanceof Map || (value instanceof List<?> inner && !inner.isEmpty())) {
				change(value, random);
			}
			else {
				list.set(index, changed("", value));
			}
		}
	}

	private static Object changed(String name, @Nullable Object value) {
		if (name.equals("role")) {
			return value.equals("user") ? "system" : "user";
		}
		if (value == null) {
			return "was null";
		}
		return (value instanceof String text) ? text + "!" : (value instanceof Long number) ? (Object) (number ^ 1)
				: (value instanceof Boolean flag) ? (Object) !flag : (Object) 1L;
	}

	public static @Nullable Object shuffled(@Nullable Object value, Random random) {
		if (value instanceof Map<?, ?> map) {
			List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
			Collections.shuffle(entries, random);
			Map<Object, @Nullable Object> copy = new LinkedHashMap<>();
			entries.forEach((entry) -> copy.put(entry.getKey(), shuffled(entry.getValue(), random)));
			return copy;
		}
		if (value instanceof List<?> list) {
			List<@Nullable Object> copy = new ArrayList<>();
			list.forEach((element) -> copy.add(shuffled(element, random)));
			return copy;
		}
		return value;
	}

	public static String spaced(@Nullable Object value, Random random) {
		String space = List.of("", " ", "\n\t").get(random.nextInt(3));
		if (value instanceof Map<?, ?> map) {
			List<String> members = new ArrayList<>();
			map.forEach((name, member) -> members
				.add(space + JsonWriter.quote((String) name) + space + ":" + space + spaced(member, random) + space));
			return "{" + space + String.join(",", members) + "}";
		}
		if (value instanceof List<?> list) {
			return "[" + space
					+ String.join("," + space, list.stream().map((element) -> spaced(element, random)).toList()) + "]";
		}
		return JsonWriter.write(value);
	}

}
