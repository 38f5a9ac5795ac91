package io.tokensaving.provider;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * A class whose text is all that there is to know of a value.
 */
final class TextType extends NamedType<TextType.Access> {

	// What is read may have been written by anybody
	private static final int MAX_LENGTH = 8192;

	private final String factory;

	TextType(String className, String factory) {
		super(className);
		this.factory = factory;
	}

	@Override
	Access access(Class<?> type) throws ReflectiveOperationException {
		if (this.factory.isEmpty()) {
			Constructor<?> constructor = type.getConstructor(String.class);
			return constructor::newInstance;
		}
		Method method = find(type);
		return (text) -> method.invoke(null, text);
	}

	private Method find(Class<?> type) throws NoSuchMethodException {
		try {
			return type.getMethod(this.factory, CharSequence.class);
		}
		catch (NoSuchMethodException ex) {
			return type.getMethod(this.factory, String.class);
		}
	}

	@Override
	public List<? extends @Nullable Object> parts(Object value) {
		return List.of(value.toString());
	}

	@Override
	public Object create(List<? extends @Nullable Object> parts) throws Exception {
		String text = text(parts);
		Assert.isTrue(text.length() <= MAX_LENGTH, "The text is too long");
		return unwrap(() -> access().of(text));
	}

	/**
	 * Makes a value of a text.
	 */
	interface Access {

		Object of(String text) throws ReflectiveOperationException;

	}

}
