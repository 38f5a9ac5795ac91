package io.tokensaving.cache;

import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.content.Media;
import org.springframework.util.ReflectionUtils;

/**
 * Sets the data of media. Spring AI 2.0.0 takes any object, 2.0.1 has a method for each
 * type instead, so a method is chosen that the version in use has. Thread-safe.
 */
final class MediaData {

	private static final @Nullable Method BYTES = method(byte[].class);

	private static final @Nullable Method TEXT = method(String.class);

	private MediaData() {
	}

	private static @Nullable Method method(Class<?> type) {
		Method method = ReflectionUtils.findMethod(Media.Builder.class, "data", type);
		return (method != null) ? method : ReflectionUtils.findMethod(Media.Builder.class, "data", Object.class);
	}

	/**
	 * Set the data.
	 * @param builder builds the media
	 * @param data what {@link Media#getData()} returned: bytes, which are not copied, or
	 * a text
	 * @return the builder
	 * @throws IllegalArgumentException if the data are neither
	 */
	static Media.Builder set(Media.Builder builder, Object data) {
		Method method = (data instanceof byte[]) ? BYTES : (data instanceof String) ? TEXT : null;
		if (method == null) {
			throw new IllegalArgumentException("The data of media are neither bytes nor text");
		}
		ReflectionUtils.invokeMethod(method, builder, data);
		return builder;
	}

}
