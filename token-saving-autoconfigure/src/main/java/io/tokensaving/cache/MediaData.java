package io.tokensaving.cache;

import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.content.Media;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.ReflectionUtils;

/**
 * Sets the data of media. Spring AI 2.0.0 takes any object, 2.0.1 has a method for each
 * type instead, so a method is chosen that the version in use has. Thread-safe.
 */
final class MediaData {

	private static final @Nullable Method TEXT = textMethod();

	private MediaData() {
	}

	private static @Nullable Method textMethod() {
		Method method = ReflectionUtils.findMethod(Media.Builder.class, "data", String.class);
		return (method != null) ? method : ReflectionUtils.findMethod(Media.Builder.class, "data", Object.class);
	}

	/**
	 * Set the data.
	 * @param builder builds the media
	 * @param data what {@link Media#getData()} returned: bytes, or a text
	 * @return the builder
	 * @throws IllegalArgumentException if the data are neither
	 */
	static Media.Builder set(Media.Builder builder, Object data) {
		if (data instanceof byte[] bytes) {
			return builder.data(new ByteArrayResource(bytes));
		}
		if (data instanceof String text && TEXT != null) {
			ReflectionUtils.invokeMethod(TEXT, builder, text);
			return builder;
		}
		throw new IllegalArgumentException("The data of media are neither bytes nor text");
	}

}
