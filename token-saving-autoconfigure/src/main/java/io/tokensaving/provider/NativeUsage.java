package io.tokensaving.provider;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import org.jspecify.annotations.Nullable;

import org.springframework.util.ReflectionUtils;

/**
 * Reads numbers and texts from classes of a provider's SDK by reflection, because an
 * application need not have its classes.
 */
final class NativeUsage {

	private static final ClassValue<ConcurrentMap<String, Optional<Method>>> METHODS = new ClassValue<>() {

		@Override
		protected ConcurrentMap<String, Optional<Method>> computeValue(Class<?> type) {
			return new ConcurrentHashMap<>();
		}

	};

	private NativeUsage() {
	}

	/**
	 * Read a number.
	 * @param usage the object to start from
	 * @param path the names of the methods without parameters, or the keys of maps, that
	 * lead to the number; an {@link Optional} on the way is unwrapped
	 * @return the number, or 0 if there is none
	 */
	static long number(@Nullable Object usage, String... path) {
		Object value = usage;
		for (String step : path) {
			value = (value != null) ? open(next(value, step)) : null;
		}
		return (value instanceof Number number) ? Math.max(0, number.longValue()) : 0;
	}

	/**
	 * Read a value.
	 * @param object the object
	 * @param method the name of a method without parameters
	 * @return its result, or {@code null} if there is none
	 */
	static @Nullable Object value(Object object, String method) {
		return open(next(object, method));
	}

	/**
	 * Read texts and byte arrays.
	 * @param value the object to start from
	 * @param steps the names of methods without parameters, or keys of maps, each of
	 * which leads to a text or byte array
	 * @return those that are there
	 */
	static List<Object> contents(Object value, String... steps) {
		List<Object> contents = null;
		for (String step : steps) {
			Object content = open(next(value, step));
			if (content instanceof byte[] || (content instanceof String text && !text.isBlank())) {
				contents = (contents != null) ? contents : new ArrayList<>();
				contents.add(content);
			}
		}
		return (contents != null) ? contents : List.of();
	}

	private static @Nullable Object open(@Nullable Object value) {
		return (value instanceof Optional<?> optional) ? optional.orElse(null) : value;
	}

	private static @Nullable Object next(Object value, String step) {
		if (value instanceof Map<?, ?> map) {
			return map.get(step);
		}
		Method method = METHODS.get(value.getClass())
			.computeIfAbsent(step, (name) -> find(value.getClass(), name))
			.orElse(null);
		try {
			return (method != null) ? method.invoke(value) : null;
		}
		catch (ReflectiveOperationException ex) {
			// A value that cannot be read counts as not reported
			return null;
		}
	}

	private static Optional<Method> find(Class<?> type, String name) {
		Method method = ReflectionUtils.findMethod(type, name);
		return (method != null && method.trySetAccessible()) ? Optional.of(method) : Optional.empty();
	}

}
